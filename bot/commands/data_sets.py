"""`jury dataset`: who may use which data set, how many votes it wants, and what it pays."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from functools import partial
from typing import Annotated

import typer

from bot.commands.console import AsJson, say, say_list, summarize
from bot.commands.opening import existing
from bot.datasets.administration import Granted
from bot.rating.scales import AESTHETIC, ARTIFACTS
from bot.rewards.prices import Prices
from bot.settings import LARGEST_ID, Settings
from storage.data_sets import DataSet, size

app = typer.Typer(
    no_args_is_help=True, help="Data sets: list, grant to servers, set target and prices."
)

Name = Annotated[str, typer.Argument(help="The data set's name.")]
Price = Annotated[int | None, typer.Option(help="Kudos for one score; 0: none.", min=0, max=1000)]
Guild = Annotated[int, typer.Argument(help="Discord's id of the server.", min=1, max=LARGEST_ID)]


@app.command("list")
def list_(*, as_json: AsJson = False) -> None:
    """List the data sets with their targets, progress and servers."""
    nothing = "no data set yet; bring one in with `jury import`"
    say_list(asyncio.run(_every()), _facts, _line, nothing=nothing, as_json=as_json)


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


@app.command()
def prices(
    name: Name,
    *,
    aesthetic: Price = None,
    artifacts: Price = None,
    default: Annotated[
        bool, typer.Option("--default", help="Pay what the settings say, but for what is given.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Set the kudos that a score in a data set earns from now on; without options, show them."""
    given = {AESTHETIC.name: aesthetic, ARTIFACTS.name: artifacts}
    changes = {scale: price for scale, price in given.items() if default or price is not None}

    async def work() -> dict[str, int]:
        async with existing() as services:
            data_set = await services.data_sets.set_prices(name, changes)
            return _prices(services.settings, data_set)

    summarize(asyncio.run(work()), as_json=as_json)


@dataclass(frozen=True, slots=True)
class _Listed:
    """A data set with its servers and its size."""

    granted: Granted
    images: int
    safe: int
    prices: dict[str, int]


async def _every() -> list[_Listed]:
    async with existing() as services:
        return [
            _Listed(
                each,
                *await services.database.read(partial(size, data_set_id=each.data_set.id)),
                _prices(services.settings, each.data_set),
            )
            for each in await services.data_sets.every()
        ]


def _facts(listed: _Listed) -> dict[str, object]:
    data_set = listed.granted.data_set
    return {
        "name": data_set.name,
        "images": listed.images,
        "safe_images": listed.safe,
        "target": data_set.target,
        "begun_images": data_set.begun_images,
        "full_images": data_set.full_images,
        "kudos": listed.prices,
        "servers": [str(guild_id) for guild_id in listed.granted.guild_ids],
    }


def _line(listed: _Listed) -> str:
    data_set = listed.granted.data_set
    servers = ", ".join(map(str, listed.granted.guild_ids)) or "the home server only"
    kudos = ", ".join(f"{price} for {scale}" for scale, price in listed.prices.items())
    return (
        f"{data_set.name}: {listed.images:,} images ({listed.safe:,} safe), "
        f"{data_set.full_images:,} full, {data_set.begun_images:,} begun; "
        f"target {data_set.target} votes an image; kudos {kudos}; usable in {servers}"
    )


def _prices(settings: Settings, data_set: DataSet) -> dict[str, int]:
    """Return what a score of a usual rater earns there, by scale, were rewards on."""
    usual = Prices.of(settings).usual
    return {scale: usual[scale] if own is None else own for scale, own in data_set.prices.items()}
