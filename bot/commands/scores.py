"""`jury scores`: scores and raters' quality, of the database or from any table of votes."""

from __future__ import annotations

import asyncio
from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer

from bot.commands.console import AsJson, progress, summarize
from bot.commands.opening import existing, interruptible
from bot.errors import JuryError
from bot.trust.scoring.service import Found


def scores(
    *,
    votes: Annotated[
        Path | None,
        typer.Option(help="A .csv or .parquet file with the columns rater, item, score."),
    ] = None,
    low: Annotated[
        float | None, typer.Option(help="With --votes: the lowest score of the scale.")
    ] = None,
    high: Annotated[
        float | None, typer.Option(help="With --votes: the highest score of the scale.")
    ] = None,
    out: Annotated[
        Path | None, typer.Option(help="With --votes: the folder for the tables scores and raters.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Recover scores from votes, and tell which raters look at the images.

    Without options: of the whole database, now, as the bot does by itself every hour.
    """
    given = {"--votes": votes, "--low": low, "--high": high, "--out": out}
    if votes is None or low is None or high is None or out is None:
        missing = [name for name, value in given.items() if value is None]
        if len(missing) < len(given):
            raise typer.BadParameter(f"{', '.join(missing)}: is needed with the others")
        with interruptible("what was scored anew is kept; the same command does the rest"):
            found = asyncio.run(_of_database())
        summarize(_by_scale(found) if as_json else _facts(found), as_json=as_json)
        return
    # numpy and pyarrow load slowly
    from bot.trust.scoring.run import score_file  # noqa: PLC0415
    from bot.trust.scoring.votes import NARROWEST, WIDEST, is_scale  # noqa: PLC0415

    if not is_scale(low, high):
        raise JuryError(
            f"--low must be below --high, by {NARROWEST:g} to {WIDEST:g}, not {low:g} and {high:g}"
        )
    with interruptible("no table was left unfinished; the same command begins anew"):
        summarize(score_file(votes, low, high, out), as_json=as_json)


async def _of_database() -> Found:
    async with existing() as services:
        with progress("scores written") as report:
            return await services.scores.refresh(report)


def _by_scale(found: Found) -> dict[str, dict[str, int]]:
    return {scale: asdict(summary) for scale, summary in found.items()}


def _facts(found: Found) -> dict[str, int]:
    """Return one fact a figure, such as `aesthetic votes`."""
    return {
        f"{scale} {name}": value
        for scale, summary in _by_scale(found).items()
        for name, value in summary.items()
    }
