"""What the online rules keep of each rater, and what they believe of all of them."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from sqlite3 import Connection
from typing import Any, Final

from storage import findings, remembered
from storage.findings import KeptFinding
from storage.raters import RaterStatus
from storage.times import to_microseconds

_CROWD: Final = "rules.crowd"


@dataclass(frozen=True, slots=True)
class KeptRecord:
    """What is kept of a rater: images judged, and two texts that only the rules read."""

    votes: int
    states: str
    agreement: str


@dataclass(frozen=True, slots=True)
class RatedRater:
    """A rater who is not erased; `kept` is None at first. Times are in microseconds.

    `last_repeat` is the moment of the rater's newest whole second answer on an image, 0 without.
    """

    number: int
    discord_id: int
    status: RaterStatus
    status_until: int | None
    first_seen_at: int
    kept: KeptRecord | None
    findings: Mapping[str, KeptFinding]
    last_repeat: int

    def banned_at(self, moment: datetime) -> bool:
        """Tell whether the rater may not rate at this moment."""
        if self.status != "banned":
            return False
        return self.status_until is None or to_microseconds(moment) < self.status_until


def find(connection: Connection, rater: int) -> RatedRater | None:
    """Return a rater with what is kept; None for somebody erased."""
    row = connection.execute(_FIND, (rater,)).fetchone()
    if row is None:
        return None
    number, discord_id, status, until, first_seen, votes, states, agreement, found, repeat = row
    return RatedRater(
        number,
        discord_id,
        status,
        until,
        first_seen,
        None if votes is None else KeptRecord(votes, states, agreement),
        findings.of_rater(connection, rater) if found else {},
        repeat or 0,
    )


def store(connection: Connection, rater: int, kept: KeptRecord) -> None:
    """Keep this of the rater in place of what was there."""
    connection.execute(
        "INSERT INTO rule_records (rater, votes, states, agreement) VALUES (?, ?, ?, ?)"
        " ON CONFLICT (rater) DO UPDATE SET votes = excluded.votes, states = excluded.states,"
        " agreement = excluded.agreement",
        (rater, kept.votes, kept.states, kept.agreement),
    )


def count(connection: Connection) -> int:
    """Return of how many raters something is kept."""
    (number,) = connection.execute("SELECT count(*) FROM rule_records").fetchone()
    return int(number)


def has_judged(connection: Connection, votes: int) -> bool:
    """Tell whether anybody judged so many images."""
    row = connection.execute(
        "SELECT 1 FROM rule_records WHERE votes >= ? LIMIT 1", (votes,)
    ).fetchone()
    return row is not None


def after(
    connection: Connection, rater: int, *, every: int, offset: int, limit: int
) -> list[tuple[int, str]]:
    """Return number and agreement of raters above a number, of whom each `every`th is read."""
    return connection.execute(
        "SELECT rater, agreement FROM rule_records WHERE rater > ? AND rater % ? = ?"
        " ORDER BY rater LIMIT ?",
        (rater, every, offset, limit),
    ).fetchall()


def beside(
    connection: Connection,
    rater: int,
    *,
    seen: tuple[int, int],
    made: tuple[int, int],
    most: int,
) -> int:
    """Count other raters who voted, were first seen then and have Discord ids in this range.

    `seen` is in microseconds. No more than some hundred are looked at, so that a flood costs no
    more than a crowd.
    """
    (number,) = connection.execute(
        "SELECT count(*) FROM (SELECT discord_id FROM raters r"
        " WHERE first_seen_at BETWEEN ? AND ? AND number <> ?"
        " AND EXISTS (SELECT 1 FROM rule_records k WHERE k.rater = r.number) LIMIT ?)"
        " WHERE discord_id BETWEEN ? AND ?",
        (*seen, rater, 4 * most, *made),
    ).fetchone()
    return min(int(number), most)


def crowd(connection: Connection) -> Mapping[str, Any] | None:
    """Return what is believed of all raters; None before anything is."""
    kept = remembered.recall(connection, _CROWD)
    return None if kept is None else json.loads(kept)


def keep_crowd(connection: Connection, kept: Mapping[str, Any]) -> None:
    """Keep what is believed of all raters from now on."""
    remembered.remember(connection, _CROWD, json.dumps(kept, separators=(",", ":")))


_FIND: Final = """
    SELECT r.number, r.discord_id, r.status, r.status_until, r.first_seen_at, k.votes, k.states,
        k.agreement, EXISTS (SELECT 1 FROM findings f WHERE f.rater = r.number),
        (SELECT max(a.answered_at) FROM repeat_answers a WHERE a.rater = r.number)
    FROM raters r LEFT JOIN rule_records k ON k.rater = r.number
    WHERE r.number = ? AND r.erased_at IS NULL AND r.discord_id IS NOT NULL
"""
