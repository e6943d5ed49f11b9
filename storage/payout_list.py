"""Whether the list of payouts beside the database is still the one that the tables know.

They remember how long it was at least and how it begins: it only ever grows at its end.
"""

from __future__ import annotations

from sqlite3 import Connection
from typing import Literal

from storage import remembered
from storage.payout_file import PayoutFile

Fault = Literal["list_missing", "list_shorter", "list_changed"]

_MARK = "payouts.list"


def fault(connection: Connection, file: PayoutFile) -> Fault | None:
    """Return in what way another list is there than the tables know, or None; raises StorageError.

    So it is where it was lost, put back from a backup or begun anew: what it does not say any more
    would be paid again after a restored backup.
    """
    file.check()
    size, _, beginning = (remembered.recall(connection, _MARK) or "0 ").partition(" ")
    found = file.beginning()
    if beginning and found != beginning:
        return "list_changed" if found else "list_missing"
    return "list_shorter" if file.size() < int(size) else None


def note(connection: Connection, file: PayoutFile) -> None:
    """Remember the list as it is now; raises StorageError."""
    file.check()
    remembered.remember(connection, _MARK, f"{file.size()} {file.beginning()}")
