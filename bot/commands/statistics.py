"""`jury stats`: what the votes say, as one page or picture."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Annotated, Literal

import typer

from bot.commands.console import AsJson, progress, summarize
from bot.commands.opening import existing, interruptible
from bot.commands.selection import (
    DataSets,
    LinkedOnly,
    MinimumReliability,
    MinimumVotes,
    RaterOption,
    SafeOption,
    Since,
    SurfaceOption,
    Until,
    selected,
)
from bot.datasets.exports.selection import Selection
from bot.statistics.service import Made
from bot.trust.scoring.service import EXPORT_AGE

Language = Annotated[Literal["en", "de"], typer.Option(help="The language of the page.")]


def stats(
    out: Annotated[Path, typer.Argument(help="The page, OUT.html, or the plots alone, OUT.png.")],
    *,
    data_sets: DataSets = None,
    since: Since = None,
    until: Until = None,
    minimum_votes: MinimumVotes = 1,
    raters: RaterOption = "all",
    linked_only: LinkedOnly = False,
    minimum_reliability: MinimumReliability = 0.0,
    surface: SurfaceOption = None,
    safe: SafeOption = None,
    language: Language = "en",
    as_json: AsJson = False,
) -> None:
    """Draw what the votes say as one page that needs no network, or as one picture."""
    selection = selected(
        data_sets,
        since=since,
        until=until,
        minimum_votes=minimum_votes,
        raters=raters,
        linked_only=linked_only,
        minimum_reliability=minimum_reliability,
        surface=surface,
        safe=safe,
    )
    with interruptible("nothing was written; the same command begins anew"):
        made = asyncio.run(_make(out, language, selection))
    summarize({"path": made.path, "votes": made.votes, "images": made.images}, as_json=as_json)


async def _make(out: Path, language: str, selection: Selection) -> Made:
    async with existing() as services:
        await services.scores.refresh_if_old(EXPORT_AGE)
        with progress("votes read") as report:
            return await services.statistics.make(out, language, selection, report)
