"""`jury import laion`: its options, and what it is built of."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from bot.commands.console import AsJson
from bot.commands.import_options import Name, Near
from bot.commands.importing import open_sink, run_import
from bot.datasets.fetching.fetcher import Fetcher
from bot.datasets.fetching.turns import Manners
from bot.datasets.imports.laion.importing import import_laion
from bot.datasets.imports.laion.thresholds import MAX_UNSAFE, MAX_WATERMARK, SAFE_UP_TO, Thresholds
from bot.datasets.imports.near_duplicates import NearDuplicates
from bot.datasets.imports.summary import Summary

KEPT = "what was fetched so far is kept; the same command goes on with the rest"


def laion(
    files: Annotated[list[Path], typer.Argument(help="Parquet files with links and captions.")],
    *,
    dataset: Name,
    max_unsafe: Annotated[
        float,
        typer.Option(min=0, max=1, help="Leave out rows with a higher punsafe, or tagged NSFW."),
    ] = MAX_UNSAFE,
    max_watermark: Annotated[
        float, typer.Option(min=0, max=1, help="Leave out rows with a higher pwatermark.")
    ] = MAX_WATERMARK,
    safe_up_to: Annotated[
        float,
        typer.Option(
            min=0,
            max=1,
            help="Up to which punsafe a picture may be shown to everybody; without one it may not.",
        ),
    ] = SAFE_UP_TO,
    connections: Annotated[
        int, typer.Option(min=1, max=256, help="Requests at a time, two of them a server.")
    ] = Manners().connections,
    near_duplicates: Near = NearDuplicates.COUNT,
    retry_dead: Annotated[
        bool, typer.Option("--retry-dead", help="Try links again that gave no picture before.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Fetch the pictures of LAION's tables from their links, with their captions as prompts."""

    async def work() -> Summary:
        async with (
            open_sink("fetching", dataset, near_duplicates) as (services, sink),
            Fetcher(services.clock, manners=Manners(connections=connections)) as fetcher,
        ):
            return await import_laion(
                sink,
                files,
                services.settings.originals_dir / dataset,
                thresholds=Thresholds(max_unsafe, max_watermark, safe_up_to),
                fetcher=fetcher,
                retry_dead=retry_dead,
            )

    run_import(work(), as_json=as_json, kept=KEPT)
