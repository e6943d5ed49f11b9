"""The hash key that a database's raters are known by: no other one may come in its place."""

from __future__ import annotations

from pathlib import Path
from sqlite3 import Connection

from bot.errors import SettingsError
from bot.keyed_hash import KeyedHash
from storage import raters, remembered
from storage.database import Database

FINGERPRINT = "hash_key"
"""Under this name, and for this purpose, the database keeps a digest of the key."""


async def load_key(database: Database, path: Path) -> KeyedHash:
    """Read the key file; make it where there is none and the database has no rater yet.

    Raises SettingsError where the database has raters and the file is missing or another key: they
    would get new pseudonyms, and erasures and bans would not be recognised.
    """
    has_raters = await database.read(raters.exist)
    if has_raters and not path.exists():  # noqa: ASYNC240 - once, before anything else runs
        raise SettingsError(
            f"HASH_KEY_FILE: {path} is missing, but {database.path} has raters under a key; "
            "put your copy of the key file back"
        )
    key = KeyedHash.load_or_create(path)
    fingerprint = key.digest(FINGERPRINT, "")

    def known(connection: Connection) -> str | None:
        return remembered.recall(connection, FINGERPRINT)

    before = await database.read(known)
    if before == fingerprint:
        return key
    if before is not None and has_raters:
        raise SettingsError(
            f"HASH_KEY_FILE: {path} is not the key that the raters in {database.path} are known by;"
            " put the right file back"
        )
    await database.write(lambda c: remembered.remember(c, FINGERPRINT, fingerprint))
    return key
