"""The one way in which an id may leave the house: HMAC-SHA256 under a key that stays."""

from __future__ import annotations

import hmac
import os
import secrets
import stat
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

from bot.errors import SettingsError
from storage.durable import sync_folder

KEY_BYTES = 32
"""Length of the key: that of SHA-256's output (RFC 2104, section 3)."""

OPEN_TO_OTHERS = stat.S_IRWXG | stat.S_IRWXO


@dataclass(frozen=True, slots=True)
class KeyedHash:
    """Turns ids into pseudonyms that cannot be guessed back without the key.

    The same id has unrelated pseudonyms for different purposes, and for different keys.
    """

    key: bytes = field(repr=False)

    def __post_init__(self) -> None:
        if len(self.key) != KEY_BYTES:
            raise ValueError(f"the key must have {KEY_BYTES} bytes, not {len(self.key)}")

    @classmethod
    def load_or_create(cls, path: Path) -> KeyedHash:
        """Read the key file, or make it with a new random key where there is none.

        Raises SettingsError, naming HASH_KEY_FILE, when the file is open to other accounts, has
        the wrong length, or can be neither read nor made.
        """
        try:
            if not path.exists():
                _create(path)
            return cls(_read(path))
        except OSError as error:
            raise SettingsError(f"HASH_KEY_FILE: {path}: {error.strerror}") from error

    def digest(self, purpose: str, value: int | str) -> str:
        """Return 64 hex digits for `value`; `purpose` keeps kinds of ids apart.

        Raises ValueError for a purpose with a NUL, which ends the purpose in the hashed text.
        """
        if "\0" in purpose:
            raise ValueError("a purpose has no NUL")
        return hmac.digest(self.key, f"{purpose}\0{value}".encode(), "sha256").hex()

    def pseudonym(self, number: int) -> str:
        """Return the name under which a rater of this number leaves the house."""
        return self.digest("rater", number)


def _create(path: Path) -> None:
    """Make the file whole or not at all; of two programs that try at once, one wins."""
    path.parent.mkdir(parents=True, exist_ok=True)
    unfinished = path.with_name(f".{path.name}.{secrets.token_hex(8)}")
    try:
        descriptor = os.open(unfinished, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "wb") as file:
            file.write(secrets.token_bytes(KEY_BYTES))
            file.flush()
            os.fsync(file.fileno())
        with suppress(FileExistsError):
            path.hardlink_to(unfinished)
    finally:
        unfinished.unlink(missing_ok=True)
    # Votes will be published under this key: its name must last.
    sync_folder(path.parent)


def _read(path: Path) -> bytes:
    with path.open("rb") as file:
        mode = os.fstat(file.fileno()).st_mode
        key = file.read(KEY_BYTES + 1)
    # The length first: nobody should be told to change the mode of a file that is no key.
    if len(key) != KEY_BYTES:
        raise SettingsError(
            f"HASH_KEY_FILE: {path} must have {KEY_BYTES} bytes; "
            "put the right file back, a new key would give every rater a new pseudonym"
        )
    if mode & OPEN_TO_OTHERS:
        raise SettingsError(
            f"HASH_KEY_FILE: {path} is open to other accounts; run: chmod 600 {path}"
        )
    return key
