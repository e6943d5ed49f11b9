"""`jury import`: images in."""

from __future__ import annotations

from typing import Annotated

import typer

from bot.commands.console import AsJson
from bot.commands.hf import hf
from bot.commands.imagerewarddb import imagerewarddb
from bot.commands.import_options import Folder, Name, Near, Safe
from bot.commands.importing import check_pictures, open_sink, run_import
from bot.commands.laion import laion
from bot.commands.vote_imports import list_votes, remove_votes, votes
from bot.datasets.imports.diffusiondb import Thresholds, import_diffusiondb
from bot.datasets.imports.folder import import_folder
from bot.datasets.imports.near_duplicates import NearDuplicates
from bot.datasets.imports.summary import Summary

app = typer.Typer(no_args_is_help=True, help="Bring images and votes in; again, only what is new.")
app.command()(hf)
app.command()(imagerewarddb)
app.command()(laion)
app.command()(votes)
app.command()(list_votes)
app.command()(remove_votes)


@app.command()
def folder(
    directory: Folder,
    *,
    dataset: Name,
    safe: Safe = None,
    near_duplicates: Near = NearDuplicates.COUNT,
    as_json: AsJson = False,
) -> None:
    """Import the pictures of a folder, with prompts from .txt or .json files beside them."""

    async def work() -> Summary:
        async with open_sink(f"importing {directory}", dataset, near_duplicates) as (_, sink):
            return check_pictures(await import_folder(sink, directory, safe=safe), directory)

    run_import(work(), as_json=as_json)


@app.command()
def diffusiondb(
    directory: Folder,
    *,
    dataset: Name = "diffusiondb",
    near_duplicates: Annotated[
        NearDuplicates | None,
        typer.Option(
            "--near-duplicates",
            help="Read every picture now and count, keep or skip those that look like one of the"
            " data set; hours for a million.",
            show_default="no picture is read",
        ),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Import DiffusionDB as published: its metadata, and the parts that lie beside it."""

    async def work() -> Summary:
        near = near_duplicates or NearDuplicates.KEEP
        async with open_sink(f"importing {directory}", dataset, near) as (services, sink):
            settings = services.settings
            thresholds = Thresholds(
                image_nsfw=settings.diffusiondb_image_nsfw_max,
                prompt_nsfw=settings.diffusiondb_prompt_nsfw_max,
            )
            return await import_diffusiondb(
                sink, directory, thresholds=thresholds, looking=near_duplicates is not None
            )

    run_import(work(), as_json=as_json)
