"""`jury import imagerewarddb`: its options."""

from __future__ import annotations

from typing import Annotated

import typer

from bot.commands.console import AsJson
from bot.commands.import_options import Folder, Name, Near, Safe
from bot.commands.importing import open_sink, run_import
from bot.datasets.imports.imagerewarddb.importing import import_imagerewarddb
from bot.datasets.imports.imagerewarddb.ratings import import_ratings
from bot.datasets.imports.imagerewarddb.summary import ImageRewardSummary
from bot.datasets.imports.near_duplicates import NearDuplicates


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

    async def work() -> ImageRewardSummary:
        async with open_sink(f"importing {directory}", dataset, near_duplicates) as (_, sink):
            images = await import_imagerewarddb(sink, directory, safe=safe)
        if not ratings:
            return ImageRewardSummary(images, ())
        async with open_sink("importing ratings", dataset) as (services, sink):
            votes = await import_ratings(sink, directory, keyed_hash=services.hash_key)
        return ImageRewardSummary(images, votes)

    run_import(work(), as_json=as_json)
