"""`jury import`: images in."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Annotated

import typer

from bot.commands.console import AsJson, progress, say_summary
from bot.commands.hf import hf
from bot.commands.imagerewarddb import imagerewarddb
from bot.commands.import_options import KEPT, Folder, Name, Near, Safe
from bot.commands.laion import laion
from bot.commands.opening import interruptible
from bot.commands.vote_imports import remove_votes, votes
from bot.datasets.imports.diffusiondb import Thresholds, import_diffusiondb
from bot.datasets.imports.folder import import_folder
from bot.datasets.imports.near_duplicates import NearDuplicates
from bot.datasets.imports.summary import Summary
from bot.errors import ImportRefusedError
from bot.services import open_services
from bot.settings import load_settings

app = typer.Typer(no_args_is_help=True, help="Bring images and votes in; again, only what is new.")
app.command()(hf)
app.command()(imagerewarddb)
app.command()(laion)
app.command()(votes)
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
    with interruptible(KEPT):
        summary = asyncio.run(_folder(directory, dataset, safe=safe, near=near_duplicates))
    if not summary.read:
        raise ImportRefusedError(f"no pictures in {directory}; nothing was imported")
    say_summary(summary, as_json=as_json)


async def _folder(
    directory: Path, data_set: str, *, safe: bool | None, near: NearDuplicates
) -> Summary:
    settings = load_settings()
    async with open_services(settings) as services:
        with progress(f"importing {directory}") as report:
            return await import_folder(
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
    with interruptible(KEPT):
        summary = asyncio.run(_diffusiondb(directory, dataset, near_duplicates))
    say_summary(summary, as_json=as_json)


async def _diffusiondb(directory: Path, data_set: str, near: NearDuplicates | None) -> Summary:
    settings = load_settings()
    async with open_services(settings) as services:
        with progress(f"importing {directory}") as report:
            return await import_diffusiondb(
                services.database,
                directory,
                target=settings.votes_per_image,
                thresholds=Thresholds(
                    image_nsfw=settings.diffusiondb_image_nsfw_max,
                    prompt_nsfw=settings.diffusiondb_prompt_nsfw_max,
                ),
                clock=services.clock,
                random=services.random,
                data_set=data_set,
                near=near,
                progress=report,
            )
