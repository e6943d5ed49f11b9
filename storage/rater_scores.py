"""What the estimator found of raters, with its history; and whose kudos wait because of it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from sqlite3 import Connection
from typing import Final

from storage.review_queue import SUSPECT
from storage.times import day_of, to_microseconds

FIGURES: Final = (
    "bias",
    "inconsistency",
    "reliability",
    "weight",
    "llr",
    "correlation_z",
    "mode_share",
    "residual_sd",
    "pair_score",
)
Row = tuple[int, int, bool, tuple[float | None, ...]]
"""Rater, votes, whether held, and the FIGURES; None where there is nothing to go by."""


@dataclass(frozen=True, slots=True)
class HeldRater:
    """Whose kudos are held; the most votes and the least reliability of the scales looked at."""

    rater: int
    votes: int
    reliability: float | None


def stored(connection: Connection, scale: str) -> Iterator[tuple[float | None, ...]]:
    """Yield rows of rater, votes, held and FIGURES, by rising rater."""
    return connection.execute(_STORED, (scale,))


def write(connection: Connection, scale: str, rows: Sequence[Row], now: datetime) -> list[int]:
    """Write rows in place of those that are there, and the day's entry in the history.

    Nothing is written about a rater who is erased. Returns the raters who are held now and were
    not before on any scale.
    """
    at, day = to_microseconds(now), day_of(now)
    newly = []
    for rater, votes, held, figures in rows:
        before = _held(connection, rater)
        written = connection.execute(
            _WRITE, (rater, scale, votes, held, *figures, at, rater)
        ).rowcount
        if not written:
            continue
        reliability = figures[FIGURES.index("reliability")]
        connection.execute(_HISTORY, (rater, scale, day, votes, reliability))
        if held and not before:
            newly.append(rater)
    return newly


def remove(connection: Connection, scale: str, raters: Sequence[int]) -> None:
    """Remove the rows of these raters; their history stays."""
    connection.executemany(
        "DELETE FROM rater_scores WHERE rater = ? AND scale = ?",
        [(rater, scale) for rater in raters],
    )


def held_in_vain(connection: Connection, reason: str) -> list[int]:
    """Return who is held for the reason, although no figure says so or a moderator vouches."""
    rows = connection.execute(_IN_VAIN, {"reason": reason})
    return [rater for (rater,) in rows]


def held_without_case(
    connection: Connection, reason: str, votes: int, *, by_scores: bool
) -> list[HeldRater]:
    """Return who is held for the reason, with so many votes or more, and has no open case.

    `by_scores`: of scales alone whose figures say so.
    """
    values = {"reason": reason, "votes": votes, "kind": SUSPECT, "by_scores": by_scores}
    rows = connection.execute(_WITHOUT_CASE, values)
    return [HeldRater(*row) for row in rows]


def _held(connection: Connection, rater: int) -> bool:
    (held,) = connection.execute(
        "SELECT coalesce(max(held), 0) FROM rater_scores WHERE rater = ?", (rater,)
    ).fetchone()
    return bool(held)


_STORED: Final = (
    f"SELECT rater, votes, held, {', '.join(FIGURES)} FROM rater_scores"  # noqa: S608 - constants
    " WHERE scale = ? ORDER BY rater"
)
_WRITE: Final = f"""
    INSERT INTO rater_scores (rater, scale, votes, held, {", ".join(FIGURES)}, scored_at)
    SELECT ?, ?, ?, ?, {", ".join("?" * len(FIGURES))}, ?
    WHERE EXISTS (SELECT 1 FROM raters WHERE number = ? AND erased_at IS NULL)
    ON CONFLICT (rater, scale) DO UPDATE SET
        votes = excluded.votes, held = excluded.held, scored_at = excluded.scored_at,
        {", ".join(f"{name} = excluded.{name}" for name in FIGURES)}
"""  # noqa: S608 - constants
_HISTORY: Final = """
    INSERT INTO reliability_history (rater, scale, day, votes, reliability) VALUES (?, ?, ?, ?, ?)
    ON CONFLICT (rater, scale, day) DO UPDATE SET
        votes = excluded.votes, reliability = excluded.reliability
"""
_WITHOUT_CASE: Final = """
    SELECT h.rater, max(s.votes), min(s.reliability) FROM holds h
    JOIN rater_scores s ON s.rater = h.rater AND s.held >= :by_scores
    WHERE h.reason = :reason AND NOT EXISTS (
        SELECT 1 FROM review_queue q
        WHERE q.kind = :kind AND q.rater = h.rater AND q.settled_at IS NULL
    )
    GROUP BY h.rater HAVING max(s.votes) >= :votes ORDER BY h.rater
"""
_IN_VAIN: Final = """
    SELECT h.rater FROM holds h JOIN raters r ON r.number = h.rater
    WHERE h.reason = :reason AND (
        r.status = 'validated'
        OR NOT EXISTS (SELECT 1 FROM rater_scores s WHERE s.rater = h.rater AND s.held = 1)
    )
    ORDER BY h.rater
"""
