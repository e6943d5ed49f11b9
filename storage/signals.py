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


def copy_to_vote(connection: Connection, rater: int, image_id: int) -> None:
    """Copy what the rater's verified account said last onto their vote, if they have one.

    Its age is that of the moment when the vote began.
    """
    connection.execute(_COPY, (rater, image_id))


AGED: Final = "max(0, l.account_age + {moment} / 1000000 - l.read_at / 1000000)"
"""SQL for the age of the account of a link `l` at a moment in microseconds. In whole seconds both
times, so that moment and age, however often they are told, say one second in which it was made."""

_SAID: Final = {
    f"horde_{name}": AGED.format(moment="votes.created_at")
    if name == "account_age"
    else f"l.{name}"
    for name in SIGNALS
}
_COPY: Final = f"""
    UPDATE votes SET {", ".join(f"{name} = {value}" for name, value in _SAID.items())}
    FROM horde_links l
    WHERE votes.rater = ? AND votes.image_id = ? AND l.rater = votes.rater AND l.read_at IS NOT NULL
"""  # noqa: S608 - constants
