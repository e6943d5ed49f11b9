"""`jury release`: every format of one moment in a folder, and whether such a folder is whole."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from pathlib import Path
from typing import Annotated, Final

import typer

from bot.commands.console import AsJson, facts_of, progress, refuse_given, say, summarize
from bot.commands.opening import existing, interruptible
from bot.datasets.exports.catalogue import PictureForm
from bot.datasets.releases.service import Released
from bot.datasets.releases.sums import shown
from bot.errors import JuryError

NO_AGE: Final = timedelta(0)
"""Scores of a release are of all its votes, so that the same votes make the same release."""


def release(
    folder: Annotated[Path, typer.Argument(help="The folder to make; nothing may be there yet.")],
    *,
    verify: Annotated[
        bool,
        typer.Option("--verify", help="Only tell whether FOLDER still is what was released."),
    ] = False,
    pictures: Annotated[
        PictureForm | None,
        typer.Option(
            "--images",
            help="How the pictures go with it: parquet, or none.",
            show_default="none",
        ),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Publish all votes: every format of one moment, with a data card and checksums.

    The folder appears when it is complete, and is never changed afterwards.
    """
    if verify:
        refuse_given({"--images": pictures}, "says what to release; --verify changes nothing")
        _verify(folder, as_json=as_json)
        return
    with interruptible("no release was left unfinished; the same command begins anew"):
        released = asyncio.run(_release(folder, pictures or "none"))
    summarize(facts_of(released), as_json=as_json)


async def _release(folder: Path, pictures: PictureForm) -> Released:
    async with existing() as services:
        if not await services.scores.is_fresh(NO_AGE):
            await services.scores.refresh()
        with progress("releasing") as report:
            return await services.releases.release(folder, report, pictures=pictures)


def _verify(folder: Path, *, as_json: bool) -> None:
    # pyarrow loads slowly
    from bot.datasets.releases.verifying import verify  # noqa: PLC0415

    with interruptible("nothing was changed"), progress("verifying") as report:
        try:
            verdict = verify(folder, report)
        except OSError as error:
            raise JuryError(f"{error.filename or folder}: {error.strerror or error}") from None
    contents = verdict.contents
    facts = {
        "release": contents.number if contents else None,
        "released_at": shown(contents.released_at) if contents else None,
        "files": verdict.files,
        "tables": len(contents.tables) if contents else 0,
        "sha256_of_sums": verdict.sums_digest or None,
        "problems": list(verdict.problems),
    }
    if as_json:
        summarize(facts, as_json=True)
    else:
        summarize({**facts, "problems": len(verdict.problems)}, as_json=False)
        for problem in verdict.problems:
            say(f"- {problem}")
    if verdict.problems:
        raise JuryError(f"{folder} is not as it was released")
