"""`jury stats`: what the votes say, as one page or picture."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Annotated, Literal

import typer

from bot.commands.console import AsJson, progress, summarize
from bot.commands.opening import existing, interruptible
from bot.commands.selection import DataSets
from bot.statistics.service import Made
from bot.trust.scoring.service import EXPORT_AGE

Language = Annotated[Literal["en", "de"], typer.Option(help="The language of the page.")]


def stats(
    out: Annotated[Path, typer.Argument(help="The page, OUT.html, or the plots alone, OUT.png.")],
    *,
    data_sets: DataSets = None,
    language: Language = "en",
    as_json: AsJson = False,
) -> None:
    """Draw what the votes say as one page that needs no network, or as one picture."""
    with interruptible("nothing was written; the same command begins anew"):
        made = asyncio.run(_make(out, language, tuple(data_sets or ())))
    summarize({"path": made.path, "votes": made.votes, "images": made.images}, as_json=as_json)


async def _make(out: Path, language: str, data_sets: tuple[str, ...]) -> Made:
    async with existing() as services:
        await services.scores.refresh_if_old(EXPORT_AGE)
        with progress("votes read") as report:
            return await services.statistics.make(out, language, data_sets, report)
