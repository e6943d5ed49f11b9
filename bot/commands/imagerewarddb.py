"""`jury import imagerewarddb`: its options."""

from __future__ import annotations

import asyncio
from pathlib import Path

from bot.commands.console import AsJson, progress, say_summary
from bot.commands.import_options import KEPT, Folder, Name, Near, Safe
from bot.commands.opening import interruptible
from bot.datasets.imports.imagerewarddb.importing import import_imagerewarddb
from bot.datasets.imports.near_duplicates import NearDuplicates
from bot.datasets.imports.summary import Summary
from bot.services import open_services
from bot.settings import load_settings


def imagerewarddb(
    directory: Folder,
    *,
    dataset: Name = "imagerewarddb",
    safe: Safe = None,
    near_duplicates: Near = NearDuplicates.COUNT,
    as_json: AsJson = False,
) -> None:
    """Import ImageRewardDB as published: its metadata, and the parts that lie beside it."""
    with interruptible(KEPT):
        summary = asyncio.run(_imagerewarddb(directory, dataset, safe=safe, near=near_duplicates))
    say_summary(summary, as_json=as_json)


async def _imagerewarddb(
    directory: Path, data_set: str, *, safe: bool | None, near: NearDuplicates
) -> Summary:
    settings = load_settings()
    async with open_services(settings) as services:
        with progress(f"importing {directory}") as report:
            return await import_imagerewarddb(
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
