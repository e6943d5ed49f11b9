"""What storage can refuse, as types."""

from __future__ import annotations


class StorageError(Exception):
    """The database cannot do what was asked; the text is one plain sentence for an operator."""


class ForeignDatabaseError(StorageError):
    """The file is not a Horde Jury database."""


class NewerSchemaError(StorageError):
    """The database was written by a newer program than this one."""


class DatabaseBusyError(StorageError):
    """Another process holds the lease or a lock for longer than the busy timeout."""


class DiskError(StorageError):
    """The disk is full, read-only or failing; nothing of the unit was written."""
