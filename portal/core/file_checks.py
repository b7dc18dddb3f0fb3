"""What a file is, by its content: magic bytes against the name's ending, an archive's size before it is unpacked."""

import re
import stat
import struct
import zipfile
from collections.abc import Callable, Collection
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from .errors import DomainError

UNPACKED = 200 * 1024 * 1024
RATIO = 100
ENTRIES = 2_000
PIXELS = 40_000_000


@dataclass(frozen=True)
class FileType:
    """A type the portal takes: its ending, what it is sent as, and how its content is looked at."""

    ending: str
    mimetype: str
    name: str
    looks_right: Callable[[Path], bool]


def _begins(*marks: bytes) -> Callable[[Path], bool]:
    def look(path: Path) -> bool:
        with path.open("rb") as file:
            return file.read(16).startswith(marks)

    return look


def _is_text(path: Path) -> bool:
    """UTF-8 or GB18030, without the bytes that only programs write."""
    data = path.read_bytes()
    if b"\0" in data:
        return False
    for encoding in ("utf-8-sig", "gb18030"):
        try:
            data.decode(encoding)
            return True
        except UnicodeDecodeError:
            continue
    return False


def _is_office(main: str) -> Callable[[Path], bool]:
    """An Office document: a harmless archive that holds the main part and no macros."""

    def look(path: Path) -> bool:
        names = set(check_zip(path))
        if any(name.lower().endswith("vbaproject.bin") for name in names):
            raise DomainError("文件带宏，没有收下：请另存为不带宏的格式再传")
        return "[Content_Types].xml" in names and main in names

    return look


def _is_zip(path: Path) -> bool:
    check_zip(path)
    return True


def _is_png(path: Path) -> bool:
    """From the first chunk to the last, with nothing after it, and not too many pixels."""
    data = path.read_bytes()
    if not data.startswith(b"\x89PNG\r\n\x1a\n") or data[12:16] != b"IHDR" or len(data) < 33:
        return False
    width, height = struct.unpack(">II", data[16:24])
    at = 8
    while at + 12 <= len(data):
        length = struct.unpack(">I", data[at : at + 4])[0]
        kind = data[at + 4 : at + 8]
        at += 12 + length
        if kind == b"IEND":
            return bool(at == len(data) and 0 < width * height <= PIXELS)
    return False


def _is_jpeg(path: Path) -> bool:
    """From the first marker to the last, and not too many pixels."""
    data = path.read_bytes().rstrip(b"\0")
    if not data.startswith(b"\xff\xd8\xff") or not data.endswith(b"\xff\xd9"):
        return False
    at = 2
    while at + 9 < len(data) and data[at] == 0xFF:
        marker, length = data[at + 1], struct.unpack(">H", data[at + 2 : at + 4])[0]
        if 0xC0 <= marker <= 0xCF and marker not in (0xC4, 0xC8, 0xCC):
            height, width = struct.unpack(">HH", data[at + 5 : at + 9])
            return bool(0 < width * height <= PIXELS)
        at += 2 + length
    return False


_WORD = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"
_SHEET = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"

TYPES = {
    kind.ending: kind
    for kind in (
        FileType("xlsx", _SHEET, "Excel 表格", _is_office("xl/workbook.xml")),
        FileType("docx", _WORD, "Word 文档", _is_office("word/document.xml")),
        FileType("pdf", "application/pdf", "PDF", _begins(b"%PDF-")),
        FileType("png", "image/png", "PNG 图片", _is_png),
        FileType("jpg", "image/jpeg", "JPEG 图片", _is_jpeg),
        FileType("jpeg", "image/jpeg", "JPEG 图片", _is_jpeg),
        FileType("csv", "text/csv", "CSV 表格", _is_text),
        FileType("txt", "text/plain", "纯文本", _is_text),
        FileType("md", "text/plain", "纯文本", _is_text),
        FileType("zip", "application/zip", "压缩包", _is_zip),
    )
}
"""Everything the portal ever takes. SVG, HTML, XML, GIF and programs are not among it."""


def check(path: Path, filename: str, *, allowed: Collection[str]) -> FileType:
    """Whether a file is what its name says, and may come in here.

    Args:
        path: where the content lies.
        filename: what its owner calls it; only its ending is looked at.
        allowed: the endings taken here, a part of TYPES.

    Raises:
        DomainError: an ending that is not taken here, or content of another kind, or an archive beyond the limits.
    """
    ending = filename.rsplit(".", 1)[-1].lower() if "." in filename else ""
    kinds = "、".join(sorted(allowed))
    if ending not in allowed or ending not in TYPES:
        raise DomainError(f"这里只收 {kinds}，没有收下「{filename[:60]}」")
    if not path.stat().st_size:
        raise DomainError(f"「{filename[:60]}」是空的，没有收下")
    kind = TYPES[ending]
    if not kind.looks_right(path):
        raise DomainError(f"「{filename[:60]}」的内容不是 {kind.name}，没有收下：请另存为 {ending} 再传")
    return kind


def check_zip(path: Path) -> list[str]:
    """The names in an archive, read from its directory alone; nothing is unpacked.

    Raises:
        DomainError: broken, encrypted, too many entries, too large once unpacked, or names that lead elsewhere.
    """
    _check_directory_size(path)
    try:
        with zipfile.ZipFile(path) as archive:
            entries = archive.infolist()
    except (zipfile.BadZipFile, NotImplementedError, UnicodeDecodeError, struct.error, OSError):
        raise DomainError("压缩内容已损坏，没有收下：请另存一份再传") from None
    if len(entries) > ENTRIES:
        raise DomainError(_many())
    packed, unpacked = sum(e.compress_size for e in entries), sum(e.file_size for e in entries)
    size = path.stat().st_size
    if unpacked > UNPACKED or unpacked > RATIO * max(size, 1) or packed > size:
        raise DomainError(f"展开后超过 {UNPACKED // 1024 // 1024} MB 或压缩得反常，没有收下：请拆成几份再传")
    names = [entry.filename for entry in entries]
    if len({name.casefold() for name in names}) != len(names):
        raise DomainError("压缩内容里有重名的文件，没有收下")
    for entry in entries:
        _check_entry(entry)
    return names


def _many() -> str:
    return f"压缩内容超过 {ENTRIES:,} 个文件，没有收下：请拆成几份再传"


_END = b"PK\x05\x06"


def _check_directory_size(path: Path) -> None:
    """Before the directory is read: it may itself be a bomb of hundreds of thousands of entries."""
    size = path.stat().st_size
    with path.open("rb") as file:
        file.seek(max(0, size - 65_557))
        tail = file.read()
    at = tail.rfind(_END)
    if at < 0 or at + 22 > len(tail):
        raise DomainError("压缩内容已损坏，没有收下：请另存一份再传")
    count, length = struct.unpack("<HI", tail[at + 10 : at + 16])
    if count > ENTRIES or length > ENTRIES * 512 or b"PK\x06\x07" in tail[max(0, at - 20) : at]:
        raise DomainError(_many())


def _check_entry(entry: zipfile.ZipInfo) -> None:
    name = entry.orig_filename
    parts = PurePosixPath(name.replace("\\", "/")).parts
    leads_out = name.startswith(("/", "\\")) or ".." in parts or "\0" in name or re.match(r"^[A-Za-z]:", name)
    if leads_out or stat.S_ISLNK(entry.external_attr >> 16):
        raise DomainError("压缩内容里有指向别处的文件名，没有收下")
    if entry.flag_bits & 0x1:
        raise DomainError("文件有密码，没有收下：请去掉密码再传")
