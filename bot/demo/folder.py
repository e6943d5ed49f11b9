"""The demo's folder: whose it is, what of the last time is kept, what an export finds there."""

from __future__ import annotations

import shlex
import shutil
import sys
from contextlib import closing
from datetime import datetime
from pathlib import Path

from bot.errors import JuryError
from bot.settings import SQLITE_PREFIX
from storage import leases
from storage.connections import connect
from storage.migrations import upgrade

DEFAULT_FOLDER = Path("data/demo")
MARKER = ".horde-jury-demo"
DATABASE = "jury.db"
HASH_KEY = "hash.key"
EXPORTS = "exports"
TRANSFERS = "horde-transfers.jsonl"
LAST_TIME = "last-time"
GALLERY = "gallery"
AFTER_DARK = "after-dark"
LEASE = "demo"
MADE_EACH_TIME = (
    DATABASE,
    f"{DATABASE}-wal",
    f"{DATABASE}-shm",
    f"{DATABASE}.erasures",
    f"{DATABASE}.payouts",
    TRANSFERS,
    EXPORTS,
    "scores.png",
)


class FolderTakenError(JuryError):
    """The folder is not the demo's, or cannot be."""


def claim(folder: Path) -> None:
    """Make `folder` the demo's own, which only a new, an empty, or a former one of it can become.

    Raises FolderTakenError and touches nothing where it holds anything else.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
        if not (folder / MARKER).is_file():
            if any(folder.iterdir()):
                text = f"{folder} holds files that are not the demo's; give it a folder of its own"
                raise FolderTakenError(text)
            (folder / MARKER).touch()
    except OSError as error:
        text = f"the demo cannot use the folder {folder}: {error.strerror}"
        raise FolderTakenError(text) from error


def set_aside(folder: Path, now: datetime) -> Path | None:
    """Move what the last time left into `last-time`, in the place of the time before it.

    Returns where it is now, None where there was nothing. Raises StorageError, with everything
    left as it was, while a program uses the database or where it is none of ours.
    """
    database = folder / DATABASE
    if not database.exists():
        return None
    upgrade(database)
    with closing(connect(database)) as connection:
        for name in (LEASE, "run"):
            leases.refuse_held(connection, name, now)
    kept = folder / LAST_TIME
    shutil.rmtree(kept, ignore_errors=True)
    kept.mkdir()
    for name in MADE_EACH_TIME:
        if (folder / name).exists():
            (folder / name).rename(kept / name)
    return kept


def export_command(folder: Path) -> str:
    """Return the line to type for an export of the demo in `folder`."""
    program = sys.argv[0] if Path(sys.argv[0]).name == "jury" else "jury"
    where = [] if folder == DEFAULT_FOLDER.absolute() else ["--folder", str(folder)]
    return shlex.join([program, "export", "horde", "votes.parquet", "--demo", *where])


def kept_in(folder: Path) -> dict[str, object]:
    """Return the settings that say where a demo in `folder` keeps its things."""
    return {
        "database_url": f"{SQLITE_PREFIX}{folder / DATABASE}",
        "hash_key_file": folder / HASH_KEY,
        "media_dir": folder / "images",
        "originals_dir": folder / "originals",
    }
