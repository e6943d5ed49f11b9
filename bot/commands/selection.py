"""The options of a command that say which votes, of which images, it is about."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated, Literal

import typer

from bot.datasets.exports.catalogue import FORMATS
from bot.datasets.exports.selection import RaterChoice, Selection
from storage.times import to_microseconds
from storage.votes import Surface

_MOMENTS = ["%Y-%m-%d", "%Y-%m-%dT%H:%M:%S"]

DataSets = Annotated[
    list[str] | None,
    typer.Option("--data-set", "--dataset", help="Of this data set; may be given again."),
]
Since = Annotated[
    datetime | None, typer.Option(formats=_MOMENTS, help="Votes begun then or later (UTC).")
]
Until = Annotated[
    datetime | None, typer.Option(formats=_MOMENTS, help="Votes begun before that (UTC).")
]
MinimumVotes = Annotated[
    int, typer.Option(min=1, help="Images that have at least so many of these votes.")
]
RaterOption = Annotated[
    RaterChoice,
    typer.Option("--raters", help="Votes of all raters, or of those whom moderators validated."),
]
LinkedOnly = Annotated[
    bool,
    typer.Option("--linked-only", help="Votes given with a proved account of the AI Horde."),
]
MinimumReliability = Annotated[
    float, typer.Option(min=0, max=1, help="Votes of raters who are at least so reliable.")
]
SurfaceOption = Annotated[
    Surface | None,
    typer.Option("--surface", help="Votes given under posts in channels, or in private sessions."),
]
SafeOption = Annotated[
    Literal["yes", "no"] | None,
    typer.Option("--safe", help="Images that are known to be safe, or those that are not."),
]
Gold = Annotated[
    bool, typer.Option("--gold", help="With the votes that were given on gold images.")
]
Void = Annotated[bool, typer.Option("--void", help="With the votes that moderators took out.")]
_TAKING = ", ".join(name for name, offer in FORMATS.items() if offer.imported)
WithImported = Annotated[
    bool,
    typer.Option(
        "--with-imported",
        help=f"With imported votes of AI Horde Ratings ({_TAKING}).",
    ),
]


def selected(
    data_sets: list[str] | None,
    *,
    since: datetime | None,
    until: datetime | None,
    minimum_votes: int,
    raters: RaterChoice,
    linked_only: bool,
    minimum_reliability: float,
    surface: Surface | None,
    safe: Literal["yes", "no"] | None,
) -> Selection:
    """Return what the options of every command say; moments that were typed are in UTC."""
    return Selection(
        data_sets=tuple(data_sets or ()),
        since=_microseconds(since),
        until=_microseconds(until),
        minimum_votes=minimum_votes,
        raters=raters,
        linked=linked_only,
        minimum_reliability=minimum_reliability,
        surface=surface,
        safety="any" if safe is None else "safe" if safe == "yes" else "unsafe",
    )


def _microseconds(moment: datetime | None) -> int | None:
    return None if moment is None else to_microseconds(moment.replace(tzinfo=UTC))
