"""`jury export`: the vote table out."""

from __future__ import annotations

import asyncio
from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer

from bot.commands.console import AsJson, progress, summarize
from bot.datasets.exporting import ExportedFile
from bot.datasets.request import ExportFormat
from bot.errors import JuryError
from bot.services import Services, open_services
from bot.settings import load_settings

app = typer.Typer(no_args_is_help=True, help="Write the votes of a data set to a file.")


@app.command()
def horde(
    out: Annotated[Path, typer.Argument(help="A file, or a folder for the usual file name.")],
    *,
    dataset: Annotated[
        str | None, typer.Option(help="The data set; may be left out where there is only one.")
    ] = None,
    export_format: Annotated[ExportFormat, typer.Option("--format")] = "parquet",
    as_json: AsJson = False,
) -> None:
    """Export one row a vote in the 14 columns of AI Horde Ratings."""
    exported = asyncio.run(_horde(out, dataset, export_format))
    summarize(asdict(exported), as_json=as_json)


async def _horde(out: Path, data_set: str | None, export_format: ExportFormat) -> ExportedFile:
    async with open_services(load_settings(), create=False) as services:
        name = data_set or await _only_one(services)
        with progress(f"exporting {name}") as report:
            return await services.exports.export(name, export_format, report, out=out)


async def _only_one(services: Services) -> str:
    names = [granted.data_set.name for granted in await services.data_sets.every()]
    if len(names) != 1:
        known = ", ".join(names) or "none yet"
        raise JuryError(f"say which data set with --dataset; there is {known}")
    return names[0]
