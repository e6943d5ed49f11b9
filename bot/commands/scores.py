"""`jury scores`: scores and raters' quality from any table of votes."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Annotated

import typer

from bot.commands.console import AsJson, summarize
from bot.commands.opening import interruptible
from bot.errors import JuryError


def scores(
    *,
    votes: Annotated[
        Path, typer.Option(help="A .csv or .parquet file with the columns rater, item, score.")
    ],
    low: Annotated[float, typer.Option(help="The lowest score of the scale.")],
    high: Annotated[float, typer.Option(help="The highest score of the scale.")],
    out: Annotated[Path, typer.Option(help="The folder for the tables scores and raters.")],
    as_json: AsJson = False,
) -> None:
    """Recover scores from votes, and tell which raters look at the images."""
    from bot.trust.scoring.run import score_file  # noqa: PLC0415 - numpy and pyarrow load slowly

    if not -math.inf < low < high < math.inf:
        raise JuryError(f"--low must be below --high, not {low:g} and {high:g}")
    with interruptible("no table was left unfinished; the same command begins anew"):
        summarize(score_file(votes, low, high, out), as_json=as_json)
