"""Whom numbers and Discord ids lead to, for moderators' eyes."""

from __future__ import annotations

import re
from collections.abc import Iterable
from sqlite3 import Connection
from typing import Final

from bot.errors import NeverSeenError
from storage import raters
from storage.audit import AuditEntry
from storage.raters import Rater

_RATER: Final = re.compile(r"rater:(\d{1,18})", re.ASCII)


def known(connection: Connection, discord_id: int) -> Rater:
    """Return the rater of a Discord id.

    Raises NeverSeenError for somebody who has no number, or erased it: nobody learns under which
    number an erased history goes on.
    """
    rater = raters.find(connection, discord_id)
    if rater is None:
        raise NeverSeenError(user=f"<@{discord_id}>")
    return rater


def as_subject(rater: Rater) -> str:
    """Return how the audit log names a rater; `number_in` reads it."""
    return f"rater:{rater.number}"


def number_in(subject: str) -> int | None:
    """Return the rater's number that a subject of the audit log names."""
    match = _RATER.fullmatch(subject)
    return int(match[1]) if match else None


def people_in(connection: Connection, entries: Iterable[AuditEntry]) -> dict[int, int]:
    """Return to whom the numbers in entries lead, by number; nobody for an erased one."""
    entries = list(entries)
    named = {number_in(entry.subject) for entry in entries} | {entry.rater for entry in entries}
    found = (raters.by_number(connection, number) for number in named if number is not None)
    return {
        rater.number: rater.discord_id
        for rater in found
        if rater is not None and rater.discord_id is not None
    }
