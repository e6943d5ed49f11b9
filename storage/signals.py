"""Signals: what the Horde says of a rater's verified account, and the votes that keep it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from sqlite3 import Connection
from typing import Final

SIGNALS: Final = ("kudos", "account_age", "usage_requests", "trusted")
"""The columns of `horde_links` that have the signals; all are NULL unless it is verified. Those of
`votes` begin with `horde_`."""


@dataclass(frozen=True, slots=True)
class Signals:
    """A verified account: its balance, its age in seconds, pictures it asked for, and trust."""

    kudos: int
    account_age: int
    usage_requests: int
    trusted: bool


def signals_of(row: Sequence[int]) -> Signals:
    """Build the record of a row of SIGNALS."""
    kudos, account_age, usage_requests, trusted = row
    return Signals(kudos, account_age, usage_requests, bool(trusted))


def keep_on_vote(connection: Connection, rater: int, image_id: int, signals: Signals) -> None:
    """Copy the signals onto a vote that just began."""
    connection.execute(
        _KEEP,
        (
            signals.kudos,
            signals.account_age,
            signals.usage_requests,
            signals.trusted,
            rater,
            image_id,
        ),
    )


_KEEP: Final = f"""
    UPDATE votes SET {", ".join(f"horde_{name} = ?" for name in SIGNALS)}
    WHERE rater = ? AND image_id = ?
"""  # noqa: S608 - constants
