"""`jury import votes`: votes of other collections in."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Annotated

import typer

from bot.commands.console import AsJson, progress, say_summary
from bot.commands.import_options import KEPT, Name
from bot.commands.opening import interruptible
from bot.datasets.imports.votes.formats import HORDE, Format, VoteFormat
from bot.datasets.imports.votes.importing import import_votes
from bot.datasets.imports.votes.summary import VotesSummary
from bot.services import open_services
from bot.settings import load_settings


def votes(
    file: Annotated[Path, typer.Argument(help="The file as it was published.")],
    *,
    format_: Annotated[
        VoteFormat,
        typer.Option("--format", help="horde: AI Horde Ratings in Parquet, of any vintage."),
    ],
    dataset: Name,
    collection: Annotated[
        str | None,
        typer.Option(
            help="What the votes are kept under, the same for later files of the same collection;"
            " the format's name if left out."
        ),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Import the votes of another collection; they stay apart from those of your raters."""
    kind = {"horde": HORDE}[format_]
    with interruptible(KEPT):
        summary = asyncio.run(_votes(file, kind, dataset, collection or kind.name))
    say_summary(summary, as_json=as_json)


async def _votes(file: Path, kind: Format, data_set: str, collection: str) -> VotesSummary:
    settings = load_settings()
    async with open_services(settings) as services:
        with progress(f"importing {file}") as report:
            return await import_votes(
                services.database,
                file,
                kind,
                data_set=data_set,
                collection=collection,
                target=settings.votes_per_image,
                clock=services.clock,
                keyed_hash=services.hash_key,
                progress=report,
            )
