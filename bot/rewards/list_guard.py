"""Payouts are paused while the list of them beside the database cannot be relied on."""

from __future__ import annotations

from datetime import datetime
from sqlite3 import Connection
from typing import Final

from bot.trust.alerts import WINDOW
from storage import alerts, audit, payout_list, payout_pauses, payout_restore
from storage.errors import StorageError
from storage.payout_file import PayoutFile

UNUSABLE: Final = "list_unusable"
"""Why payouts are paused where the list cannot be read or written."""


def fault(connection: Connection, file: PayoutFile) -> str | None:
    """Return what is wrong with the list in one word, or None."""
    try:
        return payout_list.fault(connection, file)
    except StorageError:
        return UNUSABLE


def is_current(connection: Connection, file: PayoutFile) -> bool:
    """Tell whether the tables know all that the list says, and nothing is wrong with it."""
    return (
        fault(connection, file) is None
        and payout_pauses.find(connection, "list") is None
        and file.size() == payout_restore.read_up_to(connection)
    )


def watch(connection: Connection, file: PayoutFile, now: datetime) -> str | None:
    """Pause payouts while something is wrong with the list, and return what; tell it once.

    Once nothing is, they go on.
    """
    found = fault(connection, file)
    if found is None:
        if payout_pauses.lift(connection, "list"):
            _log_act(connection, "payouts.resume", now)
    elif payout_pauses.begin(connection, "list", found, now):
        kind = "payouts_not_listed" if found == UNUSABLE else "payouts_list_changed"
        alerts.add(connection, kind, {"file": file.path.name}, now=now, window=WINDOW)
        _log_act(connection, "payouts.pause", now, answer=found)
    return found


def accept(connection: Connection, file: PayoutFile) -> bool:
    """Take the list as it is now for the right one, and read all of it; False if it is unusable."""
    try:
        payout_list.note(connection, file)
    except StorageError:
        return False
    payout_restore.read_anew(connection)
    return payout_pauses.lift(connection, "list")


def _log_act(
    connection: Connection, action: str, now: datetime, *, answer: str | None = None
) -> None:
    details = {"answer": answer} if answer else None
    audit.record_program(connection, action, now, details=details)
