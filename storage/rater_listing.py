"""A rater's votes one by one, newest first, each beside what others say of its image."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields
from datetime import datetime
from sqlite3 import Connection
from typing import Any, Final, NamedTuple

from storage.image_stages import COUNTS
from storage.times import from_microseconds, to_microseconds
from storage.votes import SCALES, Surface, VoteState

LOOKED: Final = 2_000
"""Votes that one page looks through at most, where a filter leaves few of them."""

_NEWEST: Final = 2**63 - 1
_HISTORY: Final = 20_000
"""Entries of the history that are looked through for changes."""


_OTHER_COUNTS: Final = COUNTS.replace("v.", "o.")


@dataclass(frozen=True, slots=True)
class Sieve:
    """Which votes are listed: by their score on a scale, and how far it is from the others'.

    None leaves all; `divergence` leaves those at least so many points from the mean of the
    others' votes that count.
    """

    scale: str = SCALES[0]
    at_least: int | None = None
    at_most: int | None = None
    divergence: int | None = None

    @property
    def open(self) -> bool:
        """Whether every vote is listed."""
        return self.at_least is None and self.at_most is None and self.divergence is None


@dataclass(frozen=True, slots=True)
class Listed:
    """One vote. The means are of the others' votes that count, None where there are none.

    `guild_id`, `channel_id` and `message_id` are of the public post it began on. `gold`: given on
    a showing of gold. `taken_out`: by itself, whatever else wants it void.
    """

    id: int
    image_id: int
    key: str
    data_set: str
    aesthetic: int | None
    artifacts: int | None
    others_aesthetic: float | None
    others_artifacts: float | None
    times_rated: int
    created_at: datetime
    surface: Surface
    state: VoteState
    gold: bool
    after_reveal: bool
    taken_out: bool
    guild_id: int | None
    channel_id: int | None
    message_id: int | None


class Found(NamedTuple):
    """A page; `reached` is the id of the last vote looked at, None at the end of all."""

    votes: list[Listed]
    reached: int | None


def page(
    connection: Connection,
    rater: int,
    sieve: Sieve,
    *,
    size: int,
    before: int | None = None,
    after: int | None = None,
) -> Found:
    """Return at most `size` votes, newest first: the newest, those below an id, or above one.

    Fewer than `size` where LOOKED votes were looked through; then more may lie beyond `reached`.
    """
    upwards = after is not None
    start = after if after is not None else before
    values = {
        "rater": rater,
        "from": _NEWEST if start is None else start,
        "looked": LOOKED,
        "size": size + 1,
        "at_least": sieve.at_least,
        "at_most": sieve.at_most,
        "divergence": sieve.divergence,
    }
    rows = connection.execute(_query(sieve.scale, upwards=upwards), values).fetchall()
    votes = [_listed(row) for row in rows[:size]]
    reached: int | None = None
    if len(rows) > size:
        reached = votes[-1].id
    else:
        many, last = connection.execute(_REACHED[upwards], values).fetchone()
        reached = int(last) if many == LOOKED else None
    return Found(votes[::-1] if upwards else votes, reached)


def changed(connection: Connection, rater: int, votes: Sequence[Listed]) -> set[int]:
    """Return the images of these votes on which the rater replaced a score by another.

    By the newest 20,000 entries of their history.
    """
    if not votes:
        return set()
    oldest = to_microseconds(min(vote.created_at for vote in votes))
    images = {vote.image_id for vote in votes}
    found = set()
    for image, action, at in connection.execute(_CHANGES, (rater, _HISTORY)):
        if at < oldest:
            break
        if action == "changed" and image in images:
            found.add(image)
    return found


def divergences(connection: Connection, rater: int, since: datetime, points: float) -> int:
    """Count the complete votes since a moment that lie at least so far from the others' mean.

    On liking; votes on images that nobody else has judged are never among them.
    """
    (number,) = connection.execute(
        _DIVERGENCES, {"rater": rater, "since": to_microseconds(since), "points": points}
    ).fetchone()
    return int(number)


def _listed(row: tuple[Any, ...]) -> Listed:
    values = list(row)
    values[_CREATED] = from_microseconds(row[_CREATED])
    for flag in _FLAGS:
        values[flag] = bool(row[flag])
    return Listed(*values)


def _others(scale: str) -> str:
    """Return the mean of the others' scores on the image of the vote `v`, as SQL."""
    return (
        f"(SELECT avg(o.{scale}) FROM votes o"  # noqa: S608 - constants
        f" WHERE o.image_id = v.image_id AND o.rater <> v.rater AND {_OTHER_COUNTS})"
    )


def _query(scale: str, *, upwards: bool) -> str:
    """Return the query of a page; `scale` is one of SCALES."""
    asked = SCALES[SCALES.index(scale)]
    order = "ASC" if upwards else "DESC"
    means = ", ".join(_others(each) for each in SCALES)
    return f"""
        WITH looked AS ({_LOOKED[upwards]})
        SELECT v.id, v.image_id, i.key, d.name,
            {", ".join(f"v.{each}" for each in SCALES)}, {means}, i.complete_votes,
            v.created_at, v.surface, v.state, v.gold, v.after_reveal, {_TAKEN_OUT},
            {", ".join(f"iif(p.surface = 'public', p.{name}, NULL)" for name in _PLACE)}
        FROM looked l CROSS JOIN votes v ON v.id = l.id
        JOIN images i ON i.id = v.image_id JOIN data_sets d ON d.id = i.data_set_id
        JOIN posts p ON p.id = v.post_id
        WHERE (:at_least IS NULL OR v.{asked} >= :at_least)
            AND (:at_most IS NULL OR v.{asked} <= :at_most)
            AND (:divergence IS NULL OR abs(v.{asked} - {_others(asked)}) >= :divergence)
        ORDER BY v.id {order} LIMIT :size
    """  # noqa: S608 - constants


_NAMES: Final = [each.name for each in fields(Listed)]
_CREATED: Final = _NAMES.index("created_at")
_FLAGS: Final = [_NAMES.index(name) for name in ("gold", "after_reveal", "taken_out")]
_PLACE: Final = ("guild_id", "channel_id", "message_id")
_TAKEN_OUT: Final = """
    EXISTS (SELECT 1 FROM void_orders t WHERE t.rater = v.rater AND t.cause = 'vote'
        AND t.image_id = v.image_id AND t.lifted_at IS NULL)
"""
_LOOKED: Final = {
    upwards: f"""
        SELECT id FROM votes WHERE rater = :rater AND id {"> " if upwards else "< "} :from
        ORDER BY id {"ASC" if upwards else "DESC"} LIMIT :looked
    """  # noqa: S608 - constants
    for upwards in (False, True)
}
_REACHED: Final = {
    upwards: f"SELECT count(*), {'max' if upwards else 'min'}(id) FROM ({_LOOKED[upwards]})"  # noqa: S608 - constants
    for upwards in (False, True)
}
_CHANGES: Final = """
    SELECT image_id, action, at FROM vote_history WHERE rater = ? ORDER BY id DESC LIMIT ?
"""
_DIVERGENCES: Final = f"""
    SELECT count(*) FROM votes v
    WHERE v.rater = :rater AND v.completed_at >= :since
        AND abs(v.aesthetic - {_others("aesthetic")}) >= :points
"""  # noqa: S608 - constants
