"""`jury import imagerewarddb`: its options."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Annotated

import typer

from bot.commands.console import AsJson, progress, say_summary
from bot.commands.import_options import KEPT, Folder, Name, Near, Safe
from bot.commands.opening import interruptible
from bot.datasets.imports.imagerewarddb.importing import import_imagerewarddb
from bot.datasets.imports.imagerewarddb.ratings import import_ratings
from bot.datasets.imports.imagerewarddb.summary import ImageRewardSummary
from bot.datasets.imports.near_duplicates import NearDuplicates
from bot.services import open_services
from bot.settings import load_settings


def imagerewarddb(
    directory: Folder,
    *,
    dataset: Name = "imagerewarddb",
    safe: Safe = None,
    near_duplicates: Near = NearDuplicates.COUNT,
    ratings: Annotated[
        bool,
        typer.Option(
            "--ratings", help="Import its ratings too, as votes that stay apart from your raters'."
        ),
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Import ImageRewardDB as published: its metadata, and the parts that lie beside it."""
    with interruptible(KEPT):
        summary = asyncio.run(
            _imagerewarddb(directory, dataset, safe=safe, near=near_duplicates, ratings=ratings)
        )
    say_summary(summary, as_json=as_json)


async def _imagerewarddb(
    directory: Path, data_set: str, *, safe: bool | None, near: NearDuplicates, ratings: bool
) -> ImageRewardSummary:
    settings = load_settings()
    async with open_services(settings) as services:
        with progress(f"importing {directory}") as report:
            images = await import_imagerewarddb(
                services.database,
                directory,
                data_set=data_set,
                target=settings.votes_per_image,
                clock=services.clock,
                random=services.random,
                safe=safe,
                near=near,
                progress=report,
            )
        if not ratings:
            return ImageRewardSummary(images, ())
        with progress("importing ratings") as report:
            votes = await import_ratings(
                services.database,
                directory,
                data_set=data_set,
                target=settings.votes_per_image,
                clock=services.clock,
                keyed_hash=services.hash_key,
                progress=report,
            )
        return ImageRewardSummary(images, votes)
