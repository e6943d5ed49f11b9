"""`jury import hf`: its options."""

from __future__ import annotations

from typing import Annotated

import typer

from bot.commands.console import AsJson, refuse_given
from bot.commands.import_options import Folder, Name, Near, Safe
from bot.commands.importing import check_pictures, open_sink, run_import
from bot.datasets.imports.hf.importing import import_hf
from bot.datasets.imports.near_duplicates import NearDuplicates
from bot.datasets.imports.summary import Summary
from bot.datasets.imports.tables.columns import SAFE_UP_TO, Columns


def hf(
    directory: Folder,
    *,
    dataset: Name,
    safe: Safe = None,
    near_duplicates: Near = NearDuplicates.COUNT,
    image_column: Annotated[
        str | None,
        typer.Option(help="The column with the pictures, or with their paths.", show_default=False),
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
        float | None,
        typer.Option(
            min=0,
            max=1,
            help="Up to which of these a picture is safe.",
            show_default=f"{SAFE_UP_TO:g}",
        ),
    ] = None,
    parameter: Annotated[
        list[str] | None,
        typer.Option(help="A column to keep with each image; may be given again."),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Import a Hugging Face image folder with its metadata, or parquet files with pictures."""
    if unsafe_column is None:
        refuse_given({"--safe-up-to": safe_up_to}, "needs --unsafe-column")
    columns = Columns(
        image_column,
        prompt_column,
        key_column,
        set_column,
        safe_column,
        unsafe_column,
        SAFE_UP_TO if safe_up_to is None else safe_up_to,
        tuple(parameter or ()),
    )

    async def work() -> Summary:
        async with open_sink(f"importing {directory}", dataset, near_duplicates) as (
            services,
            sink,
        ):
            kept = services.settings.originals_dir / dataset / "hf"
            summary = await import_hf(sink, directory, kept, columns=columns, safe=safe)
            return check_pictures(summary, directory)

    run_import(work(), as_json=as_json)
