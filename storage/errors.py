"""What storage can refuse, as types."""

from __future__ import annotations

from pathlib import Path


class StorageError(Exception):
    """The database cannot do what was asked; the text is one plain sentence for an operator."""


class NoDatabaseError(StorageError):
    """There is no file at the database's place."""

    def __init__(self, path: Path) -> None:
        super().__init__(
            f"there is no database at {path.absolute()}; the first `jury import` makes one, and a"
            " relative path counts from the folder that `jury` is started in"
        )


class ForeignDatabaseError(StorageError):
    """The file is not a Horde Jury database."""


class NewerSchemaError(StorageError):
    """The database was written by a newer program than this one."""


class DatabaseBusyError(StorageError):
    """Another process holds the lease or a lock for longer than the busy timeout."""


class DiskError(StorageError):
    """The disk is full, read-only or failing; nothing of the unit was written."""
