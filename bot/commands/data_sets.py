"""`jury dataset`: who may use which data set, and how many votes it wants."""

from __future__ import annotations

import asyncio
import json
from typing import Annotated

import typer

from bot.commands.console import AsJson, say
from bot.commands.opening import existing
from bot.datasets.administration import Granted
from bot.settings import LARGEST_ID

app = typer.Typer(no_args_is_help=True, help="Data sets: list, grant to servers, set the target.")

Name = Annotated[str, typer.Argument(help="The data set's name.")]
Guild = Annotated[int, typer.Argument(help="Discord's id of the server.", min=1, max=LARGEST_ID)]


@app.command("list")
def list_(*, as_json: AsJson = False) -> None:
    """List the data sets with their targets, progress and servers."""
    found = asyncio.run(_every())
    if as_json:
        say(json.dumps([_facts(granted) for granted in found]))
        return
    for granted in found:
        say(_line(granted))
    if not found:
        say("no data set yet; bring one in with `jury import`")


@app.command()
def grant(name: Name, guild: Guild) -> None:
    """Let a server besides the home server use a data set."""

    async def work() -> bool:
        async with existing() as services:
            return await services.data_sets.grant(name, guild)

    changed = asyncio.run(work())
    say(f"{guild} may use {name} now" if changed else f"{guild} already had {name}")


@app.command()
def revoke(name: Name, guild: Guild) -> None:
    """Take a data set from a server."""

    async def work() -> bool:
        async with existing() as services:
            return await services.data_sets.revoke(name, guild)

    changed = asyncio.run(work())
    say(f"{guild} may not use {name} any more" if changed else f"{guild} did not have {name}")


@app.command()
def target(
    name: Name,
    votes: Annotated[int, typer.Argument(help="Complete votes an image.", min=1, max=1000)],
) -> None:
    """Set how many complete votes each image of a data set is to get."""

    async def work() -> None:
        async with existing() as services:
            await services.data_sets.set_target(name, votes)

    asyncio.run(work())
    say(f"{name}: {votes} votes an image")


async def _every() -> tuple[Granted, ...]:
    async with existing() as services:
        return await services.data_sets.every()


def _facts(granted: Granted) -> dict[str, object]:
    data_set = granted.data_set
    return {
        "name": data_set.name,
        "target": data_set.target,
        "begun_images": data_set.begun_images,
        "full_images": data_set.full_images,
        "servers": [str(guild_id) for guild_id in granted.guild_ids],
    }


def _line(granted: Granted) -> str:
    data_set = granted.data_set
    servers = ", ".join(map(str, granted.guild_ids)) or "the home server only"
    return (
        f"{data_set.name}: {data_set.target} votes an image; {data_set.full_images:,} images full,"
        f" {data_set.begun_images:,} begun; usable in {servers}"
    )
