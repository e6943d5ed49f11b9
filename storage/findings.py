"""What the online rules find of raters now, and what was done for it."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from sqlite3 import Connection

from storage.times import from_microseconds, to_microseconds


@dataclass(frozen=True, slots=True)
class KeptFinding:
    """One finding; `figure` is what its rule measured last, after `votes` votes.

    `held`: the program holds the rater's kudos for it, or did until a person released them.
    `queued_at` is the number of votes at which a person was asked to look last.
    """

    rule: str
    figure: float
    votes: int
    since: datetime
    held: bool = False
    queued_at: int | None = None


def of_rater(connection: Connection, rater: int) -> dict[str, KeptFinding]:
    """Return what is found of a rater, by the names of the rules."""
    rows = connection.execute(
        "SELECT rule, figure, votes, since, held, queued_at FROM findings WHERE rater = ?"
        " ORDER BY rule",
        (rater,),
    )
    return {
        rule: KeptFinding(rule, figure, votes, from_microseconds(since), bool(held), queued_at)
        for rule, figure, votes, since, held, queued_at in rows
    }


def store(connection: Connection, rater: int, found: Collection[KeptFinding]) -> None:
    """Write findings as they are now; since when they stand stays."""
    if not found:
        return
    connection.executemany(
        "INSERT INTO findings (rater, rule, figure, votes, since, held, queued_at)"
        " VALUES (?, ?, ?, ?, ?, ?, ?) ON CONFLICT (rater, rule) DO UPDATE SET"
        " figure = excluded.figure, votes = excluded.votes, held = excluded.held,"
        " queued_at = excluded.queued_at",
        [
            (
                rater,
                each.rule,
                each.figure,
                each.votes,
                to_microseconds(each.since),
                int(each.held),
                each.queued_at,
            )
            for each in found
        ],
    )


def end(connection: Connection, rater: int, rules: Collection[str]) -> None:
    """Forget findings that are none any more."""
    if not rules:
        return
    connection.executemany(
        "DELETE FROM findings WHERE rater = ? AND rule = ?", [(rater, rule) for rule in rules]
    )


def raters_with(connection: Connection, rule: str) -> list[int]:
    """Return whom a rule finds something of now, by number."""
    rows = connection.execute("SELECT rater FROM findings WHERE rule = ? ORDER BY rater", (rule,))
    return [rater for (rater,) in rows]
