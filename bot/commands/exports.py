"""`jury export`: the vote table out."""

from __future__ import annotations

import asyncio
from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer

from bot.commands.console import AsJson, progress, summarize, warn
from bot.commands.opening import existing, interruptible
from bot.datasets.exports.request import ExportFormat
from bot.datasets.exports.service import ExportedFile
from bot.demo.folder import DATABASE, DEFAULT_FOLDER, GALLERY, kept_in
from bot.errors import JuryError
from bot.services import Services
from bot.settings import Settings, load_settings
from bot.trust.scoring.service import EXPORT_AGE, ScoringFailedError

app = typer.Typer(no_args_is_help=True, help="Write the votes of a data set to a file.")


@app.command()
def horde(
    out: Annotated[Path, typer.Argument(help="A file, or a folder for the usual file name.")],
    *,
    dataset: Annotated[
        str | None, typer.Option(help="The data set; may be left out where there is only one.")
    ] = None,
    export_format: Annotated[
        ExportFormat | None,
        typer.Option(
            "--format", help="Where the file's name does not say it: parquet if left out."
        ),
    ] = None,
    gold: Annotated[
        bool, typer.Option("--gold", help="With the votes that were given on gold images.")
    ] = False,
    demo: Annotated[
        bool, typer.Option("--demo", help="The votes of `jury demo`; its gallery if none is named.")
    ] = False,
    folder: Annotated[Path, typer.Option(help="With --demo: the demo's folder.")] = DEFAULT_FOLDER,
    scores: Annotated[
        bool,
        typer.Option(
            "--scores/--no-scores", help="Score votes first that came since the last hour's run."
        ),
    ] = True,
    as_json: AsJson = False,
) -> None:
    """Export one row a vote in the 14 columns of AI Horde Ratings."""
    settings = load_settings(None, **kept_in(folder.absolute())) if demo else _settings(folder)
    with interruptible("nothing was written; the same command begins anew"):
        name = dataset or (GALLERY if demo else None)
        exported = asyncio.run(_horde(settings, out, name, export_format, gold=gold, scores=scores))
    summarize(asdict(exported), as_json=as_json)


def _settings(demo_folder: Path) -> Settings:
    """Read the settings; raises JuryError where only a demo has left a database."""
    settings = load_settings()
    if not settings.database_path.exists() and (demo_folder / DATABASE).exists():
        raise JuryError(
            f"there is no database at {settings.database_path.absolute()}; "
            "for the votes of the demo: jury export horde OUT --demo"
        )
    return settings


async def _horde(
    settings: Settings,
    out: Path,
    data_set: str | None,
    export_format: ExportFormat | None,
    *,
    gold: bool,
    scores: bool,
) -> ExportedFile:
    async with existing(settings) as services:
        name = data_set or await _only_one(services)
        if scores:
            await _score(services)
        with progress(f"exporting {name}") as report:
            return await services.exports.export(name, export_format, report, out=out, gold=gold)


async def _score(services: Services) -> None:
    """Score what is not fresh; a failure keeps nobody from the votes as they were given."""
    try:
        if not await services.scores.is_fresh(EXPORT_AGE):
            await services.scores.refresh()
    except ScoringFailedError as error:
        warn(f"the scores could not be made anew: {error}; this export needs none")


async def _only_one(services: Services) -> str:
    names = [granted.data_set.name for granted in await services.data_sets.every()]
    if len(names) != 1:
        known = ", ".join(names) or "none yet"
        raise JuryError(f"say which data set with --dataset; there is: {known}")
    return names[0]
