"""Seal what must not be readable in the database file: AES-256-GCM under a key that is kept outside it."""

import base64
import hashlib
import hmac
import os

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

_key: bytes = b""


def use_key(secret: str) -> None:
    """The key of this portal (PORTAL_DATA_KEY); any long random text will do."""
    global _key
    _key = hashlib.sha256(b"zhiying data key\0" + secret.encode()).digest()


def seal(text: str, *, context: str) -> str:
    """The text sealed; `context` names its place (table, column, row) and must be the same when it is opened."""
    nonce = os.urandom(12)
    sealed = AESGCM(_key).encrypt(nonce, text.encode(), context.encode())
    return base64.urlsafe_b64encode(nonce + sealed).decode()


def unseal(sealed: str, *, context: str) -> str:
    """The text that was sealed.

    Raises:
        ValueError: another key, another place, or tampered with.
    """
    raw = base64.urlsafe_b64decode(sealed)
    try:
        return AESGCM(_key).decrypt(raw[:12], raw[12:], context.encode()).decode()
    except InvalidTag:
        raise ValueError("sealed under another key or for another place") from None


def blind_index(text: str, *, context: str) -> str:
    """A keyed hash by which a sealed value can be looked up without being read."""
    return hmac.new(_key, f"{context}\0{text}".encode(), hashlib.sha256).hexdigest()
