"""Bars: who may not rate in the posts of one server."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from sqlite3 import Connection
from typing import Final, Literal

from storage.times import from_microseconds, to_microseconds

PlacedBy = Literal["manager", "moderator"]


@dataclass(frozen=True, slots=True)
class Bar:
    """One server's; `until` None: until somebody lifts it. `placed_by` says who may do that.

    manager: who manages that server. moderator: at home, whom no manager overrules. One of each may
    stand at once.
    """

    guild_id: int
    placed_by: PlacedBy
    until: datetime | None

    def holds_at(self, moment: datetime) -> bool:
        """Tell whether the bar is not over at this moment."""
        return self.until is None or moment < self.until


@dataclass(frozen=True, slots=True)
class Barred:
    """A bar with whom it concerns, as a server's managers see it."""

    bar: Bar
    discord_id: int
    reason: str | None
    barred_at: datetime


LIVE: Final = "(b.until IS NULL OR b.until > :now)"
"""Condition under which a row `b` holds at `now`."""


def place(
    connection: Connection, rater: int, bar: Bar, now: datetime, *, reason: str | None = None
) -> bool:
    """Bar a rater from a server, in the place of a bar there of the same people.

    False where one stands with this end and reason: since when it does, too, stays as it is.
    """
    placed = connection.execute(
        _PLACE,
        (
            bar.guild_id,
            rater,
            bar.placed_by,
            reason,
            None if bar.until is None else to_microseconds(bar.until),
            to_microseconds(now),
        ),
    )
    return placed.rowcount > 0


def lift(connection: Connection, rater: int, guild_id: int, by: PlacedBy | None = None) -> None:
    """Lift the rater's bar in a server that these people placed; without `by` both."""
    connection.execute(
        "DELETE FROM bars WHERE guild_id = ? AND rater = ? AND placed_by = coalesce(?, placed_by)",
        (guild_id, rater, by),
    )


def replaced(held: Iterable[Bar], bar: Bar) -> tuple[Bar, ...]:
    """Return the bars with a new one in the place of that of the same people and server."""
    kept = (
        each for each in held if (each.guild_id, each.placed_by) != (bar.guild_id, bar.placed_by)
    )
    return (*kept, bar)


def there(held: Iterable[Bar], guild_id: int, now: datetime, by: PlacedBy | None = None) -> bool:
    """Tell whether one of the bars holds in a server, placed by these people or by anybody."""
    return any(
        bar.guild_id == guild_id and bar.placed_by == (by or bar.placed_by) and bar.holds_at(now)
        for bar in held
    )


def of_rater(connection: Connection, rater: int, now: datetime) -> list[Bar]:
    """Return the rater's bars that hold now."""
    rows = connection.execute(_OF_RATER, {"rater": rater, "now": to_microseconds(now)})
    return [_bar(*row) for row in rows]


def guilds(connection: Connection, rater: int, now: datetime) -> frozenset[int]:
    """Return the servers from which the rater is barred now."""
    return frozenset(bar.guild_id for bar in of_rater(connection, rater, now))


def of_guild(connection: Connection, guild_id: int, now: datetime) -> list[Barred]:
    """Return whom a server bars now, the latest first; nobody who was erased."""
    rows = connection.execute(_OF_GUILD, {"guild": guild_id, "now": to_microseconds(now)})
    return [
        Barred(_bar(guild_id, placed_by, until), discord_id, reason, from_microseconds(at))
        for placed_by, until, discord_id, reason, at in rows
    ]


def _bar(guild_id: int, placed_by: PlacedBy, until: int | None) -> Bar:
    return Bar(guild_id, placed_by, None if until is None else from_microseconds(until))


_PLACE: Final = """
    INSERT INTO bars (guild_id, rater, placed_by, reason, until, barred_at)
    VALUES (?, ?, ?, ?, ?, ?)
    ON CONFLICT (guild_id, rater, placed_by) DO UPDATE SET
        reason = excluded.reason, until = excluded.until, barred_at = excluded.barred_at
        WHERE reason IS NOT excluded.reason OR until IS NOT excluded.until
"""
_OF_RATER: Final = f"""
    SELECT b.guild_id, b.placed_by, b.until FROM bars b
    WHERE b.rater = :rater AND {LIVE} ORDER BY b.guild_id, b.placed_by
"""  # noqa: S608 - constants
_OF_GUILD: Final = f"""
    SELECT b.placed_by, b.until, r.discord_id, b.reason, b.barred_at
    FROM bars b JOIN raters r ON r.number = b.rater
    WHERE b.guild_id = :guild AND {LIVE} AND r.discord_id IS NOT NULL
    ORDER BY b.barred_at DESC, b.rater, b.placed_by
"""  # noqa: S608 - constants
