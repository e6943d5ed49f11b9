"""What operators do: `/export`. Home server only."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from datetime import timedelta
from typing import TYPE_CHECKING, Final, Literal

import discord
from discord import app_commands
from discord.ext import commands

from bot.datasets.exports.catalogue import FORMATS, FileType
from bot.datasets.exports.selection import Selection
from bot.datasets.exports.service import Exported
from bot.errors import UnknownFormatError
from bot.trust.moments import parse_past
from bot.trust.scoring.service import EXPORT_AGE
from bot.trust.wording import quoted
from cogs.raters import MOMENT_CHARACTERS
from cogs.ui.card import Upload
from cogs.ui.choices import CHOICES, data_set_choices
from cogs.ui.edge import Exchange
from storage.data_sets import DataSet
from storage.times import to_microseconds

if TYPE_CHECKING:
    from bot.client import JuryBot

TELL_EVERY: Final = timedelta(seconds=5)
"""Discord limits edits; nobody reads faster."""

MEBIBYTE: Final = 2**20

Name = app_commands.Range[str, 1, 40]
Moment = app_commands.Range[str, 1, MOMENT_CHARACTERS]


class Telling:
    """Tells how far an export is, in the answer that waits for it."""

    def __init__(self, exchange: Exchange, data_set: str) -> None:
        self._exchange = exchange
        self._data_set = data_set
        self._clock = exchange.services.clock
        self._next = self._clock.now() + TELL_EVERY
        self._edit: asyncio.Task[None] | None = None

    def __call__(self, done: int, most: int) -> None:
        """Take the votes done, and the most that there can be."""
        now = self._clock.now()
        if now >= self._next and (self._edit is None or self._edit.done()):
            self._next = now + TELL_EVERY
            self._edit = asyncio.create_task(self._tell(done, most))

    async def end(self) -> None:
        """Let the last edit finish, so that it cannot overtake what follows."""
        if self._edit is not None:
            await self._edit

    async def _tell(self, done: int, most: int) -> None:
        text = self._exchange.say("export.progress", dataset=self._data_set, done=done, most=most)
        with suppress(discord.HTTPException):
            await self._exchange.finish(text)


class OperatorCog(commands.Cog):
    """Commands of operators."""

    def __init__(self, bot: JuryBot) -> None:
        self._bot = bot

    @app_commands.command(name="export")
    @app_commands.guild_only()
    @app_commands.default_permissions(manage_guild=True)
    async def export(
        self,
        interaction: discord.Interaction[JuryBot],
        dataset: str,
        format: Name = "horde",  # noqa: A002 - the option's name
        *,
        file: Literal["parquet", "csv", "jsonl"] | None = None,
        since: Moment | None = None,
        until: Moment | None = None,
        minimum_votes: app_commands.Range[int, 1, 1000] = 1,
        raters: Literal["all", "validated"] = "all",
        linked_only: bool = False,
        minimum_reliability: app_commands.Range[float, 0, 1] = 0.0,
        surface: Literal["public", "private"] | None = None,
        images: Literal["any", "safe", "unsafe"] = "any",
        gold: bool = False,
        void: bool = False,
    ) -> None:
        """Export a data set, and hand the file out where Discord takes it."""

        async def act(exchange: Exchange) -> None:
            services = exchange.services
            await services.access.require_operator(exchange.caller, "export")
            found = await services.access.data_set(exchange.caller, dataset)
            if format not in FORMATS:
                raise UnknownFormatError(name=quoted(format), known=", ".join(FORMATS))
            selection = Selection(
                data_sets=(found.name,),
                since=_microseconds(exchange, since),
                until=_microseconds(exchange, until),
                minimum_votes=minimum_votes,
                raters=raters,
                linked=linked_only,
                minimum_reliability=minimum_reliability,
                surface=surface,
                safety=images,
                gold=gold,
                void=void,
            )
            await _export(exchange, found, format, file, selection)

        await self._bot.edge.run(interaction, act)

    @export.autocomplete("format")
    async def complete_format(
        self, interaction: discord.Interaction[JuryBot], typed: str
    ) -> list[app_commands.Choice[str]]:
        """Offer every format, to operators alone."""
        exchange = await self._bot.edge.exchange(interaction)
        if not exchange.services.access.is_operator(exchange.caller):
            return []
        names = [name for name in FORMATS if typed.casefold() in name]
        return [app_commands.Choice(name=name, value=name) for name in names[:CHOICES]]

    @export.autocomplete("dataset")
    async def complete_data_set(
        self, interaction: discord.Interaction[JuryBot], typed: str
    ) -> list[app_commands.Choice[str]]:
        """Offer every data set, to operators alone."""
        exchange = await self._bot.edge.exchange(interaction)
        if not exchange.services.access.is_operator(exchange.caller):
            return []
        return await data_set_choices(exchange, typed)


async def _export(
    exchange: Exchange, data_set: DataSet, name: str, file: FileType | None, selection: Selection
) -> None:
    services = exchange.services
    await exchange.think()
    await services.access.log(
        exchange.caller, "operator", "export", f"data_set:{data_set.id}", {"format": name}
    )
    telling = Telling(exchange, data_set.name)
    await services.scores.refresh_if_old(EXPORT_AGE)
    try:
        done = await services.exports.export(name, selection, file, telling)
    finally:
        await telling.end()
    await _hand_out(exchange, data_set.name, name, done)


async def _hand_out(exchange: Exchange, data_set: str, name: str, done: Exported) -> None:
    is_folder = FORMATS[name].is_folder
    fits = not is_folder and done.bytes <= exchange.interaction.filesize_limit
    text = exchange.say(
        "export.done" if fits else "export.folder" if is_folder else "export.lies",
        dataset=data_set,
        format=name,
        rows=done.rows,
        images=done.images,
        size=exchange.texts.number(done.bytes / MEBIBYTE, exchange.language),
        path=done.path,
    )
    try:
        await exchange.finish(text, Upload(done.path) if fits else None)
    except discord.HTTPException:
        # Discord forgets an interaction after 15 minutes; the file is there all the same.
        alerts = exchange.services.alerts
        await alerts.notice("exported", dataset=data_set, path=str(done.path))


def _microseconds(exchange: Exchange, typed: str | None) -> int | None:
    if typed is None:
        return None
    return to_microseconds(parse_past(typed, exchange.services.clock.now()))


async def setup(bot: JuryBot) -> None:
    """Add what this module answers; called by the bot before it connects."""
    if bot.home is not None:
        await bot.add_cog(OperatorCog(bot), guild=bot.home)
