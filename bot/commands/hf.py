"""`jury import hf`: its options."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Annotated

import typer

from bot.commands.console import AsJson, progress, say_summary
from bot.commands.import_options import KEPT, Folder, Name, Near, Safe
from bot.commands.opening import interruptible
from bot.datasets.imports.hf.importing import import_hf
from bot.datasets.imports.near_duplicates import NearDuplicates
from bot.datasets.imports.summary import Summary
from bot.datasets.imports.tables.columns import SAFE_UP_TO, Columns
from bot.errors import ImportRefusedError
from bot.services import open_services
from bot.settings import load_settings


def hf(
    directory: Folder,
    *,
    dataset: Name,
    safe: Safe = None,
    near_duplicates: Near = NearDuplicates.COUNT,
    image_column: Annotated[
        str | None,
        typer.Option(help="Of parquet files: the column with the pictures.", show_default=False),
    ] = None,
    prompt_column: Annotated[
        str | None,
        typer.Option(help="The prompt.", show_default="prompt, text or caption, if there"),
    ] = None,
    key_column: Annotated[
        str | None,
        typer.Option(help="A name that no two pictures share.", show_default="the file's name"),
    ] = None,
    set_column: Annotated[
        str | None, typer.Option(help="What images made from one prompt share.", show_default=False)
    ] = None,
    safe_column: Annotated[
        str | None,
        typer.Option(help="True where everybody may see the picture.", show_default=False),
    ] = None,
    unsafe_column: Annotated[
        str | None,
        typer.Option(help="How probably (0-1) not everybody may.", show_default=False),
    ] = None,
    safe_up_to: Annotated[
        float, typer.Option(min=0, max=1, help="Up to which of these a picture is safe.")
    ] = SAFE_UP_TO,
    parameter: Annotated[
        list[str] | None,
        typer.Option(help="A column to keep with each image; may be given again."),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Import a Hugging Face image folder with its metadata, or parquet files with pictures."""
    columns = Columns(
        image_column,
        prompt_column,
        key_column,
        set_column,
        safe_column,
        unsafe_column,
        safe_up_to,
        tuple(parameter or ()),
    )
    with interruptible(KEPT):
        summary = asyncio.run(_hf(directory, dataset, columns, safe=safe, near=near_duplicates))
    if not summary.read:
        raise ImportRefusedError(f"no pictures in {directory}; nothing was imported")
    say_summary(summary, as_json=as_json)


async def _hf(
    directory: Path, data_set: str, columns: Columns, *, safe: bool | None, near: NearDuplicates
) -> Summary:
    settings = load_settings()
    async with open_services(settings) as services:
        with progress(f"importing {directory}") as report:
            return await import_hf(
                services.database,
                directory,
                settings.originals_dir / data_set / "hf",
                data_set=data_set,
                target=settings.votes_per_image,
                clock=services.clock,
                random=services.random,
                columns=columns,
                safe=safe,
                near=near,
                progress=report,
            )
