"""Encryption at rest (Fernet: AES-128-CBC with HMAC-SHA256) under keys from the environment, which can be rotated."""

import base64
import hashlib
from collections.abc import Sequence

from cryptography.fernet import Fernet, InvalidToken, MultiFernet


class SealBroken(Exception):
    """The text was not sealed with any of the keys, or was changed."""


def is_sealed(text: str) -> bool:
    """By its looks, under whatever key: base64 of a version byte and of a time of which the first bytes are zero."""
    return text.startswith("gAAAAA")


class Sealer:
    """Seals with the first key, opens with any. Keys are texts of any length; 32 bytes are derived from each."""

    def __init__(self, keys: Sequence[str]) -> None:
        derived = [base64.urlsafe_b64encode(hashlib.sha256(b"casino.seal:" + key.encode()).digest()) for key in keys]
        self._fernet = MultiFernet([Fernet(key) for key in derived])

    def seal(self, text: str) -> str:
        return self._fernet.encrypt(text.encode()).decode()

    def open(self, sealed: str) -> str:
        try:
            return self._fernet.decrypt(sealed.encode()).decode()
        except InvalidToken as error:
            raise SealBroken("sealed text cannot be opened with the configured keys") from error
