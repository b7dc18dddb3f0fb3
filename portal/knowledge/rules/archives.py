"""What an Office document is made of, looked at before any library reads it. Runs in the child process."""

import re
import zipfile

from portal.core.errors import DomainError

_DECLARES = re.compile(rb"<!(?:DOCTYPE|ENTITY)", re.IGNORECASE)
_CHUNK = 256 * 1024


def refuse_entities(path: str, what: str) -> None:
    """No part of a document declares entities: neither those that grow nor those that lead outside.

    Raises:
        DomainError: one does, or the archive is broken.
    """
    try:
        with zipfile.ZipFile(path) as archive:
            for name in archive.namelist():
                if name.lower().endswith((".xml", ".rels", ".vml")) and _declares(archive, name):
                    raise DomainError(f"{what}里有外部实体声明，没有收下：请用办公软件打开，另存一份再传")
    except (zipfile.BadZipFile, EOFError, NotImplementedError, RuntimeError):
        raise DomainError(f"{what}坏了，没有收下：请用办公软件打开，另存一份再传") from None


def _declares(archive: zipfile.ZipFile, name: str) -> bool:
    """Whether a part declares something, in whatever width its signs are written."""
    before = b""
    with archive.open(name) as part:
        while chunk := part.read(_CHUNK):
            text = before + chunk.replace(b"\0", b"")
            if _DECLARES.search(text):
                return True
            before = text[-16:]
    return False
