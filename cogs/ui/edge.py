"""The edge of every interaction: who asks, in which language, and what happens to errors.

Presses, commands and modals all pass here. This is one of the three places that catch every
exception: a person always gets an answer.
"""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import ExitStack, closing
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import discord
import structlog
from discord import ui

from bot.caller import Caller
from bot.errors import BusyError, StoppingError, UserError
from bot.texts import Texts
from bot.texts.languages import Languages
from cogs.ui.callers import caller_of
from cogs.ui.card import Card, NoticeCard

if TYPE_CHECKING:
    from bot.client import JuryBot
    from bot.services import Services

MAX_IN_FLIGHT: Final = 500
"""Beyond this many at once, queueing alone breaks Discord's 3 seconds: the rest hears 'busy'."""

UNKNOWN_MESSAGE: Final = 10008
"""Discord's code for a message that is gone: deleted, or ephemeral and dismissed."""

UNKNOWN_INTERACTION: Final = 10062
"""Discord's code for an interaction that was answered too late."""

_log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Exchange:
    """One interaction: who asks, the language to answer in, and how to answer."""

    interaction: discord.Interaction[JuryBot]
    caller: Caller
    language: str
    texts: Texts

    @property
    def services(self) -> Services:
        """What the cogs call."""
        return self.interaction.client.services

    @property
    def id(self) -> int:
        """The interaction's id, which makes writes happen once."""
        return self.interaction.id

    @property
    def is_private(self) -> bool:
        """Whether the pressed component sits on an ephemeral message of ours."""
        message = self.interaction.message
        return message is not None and message.flags.ephemeral

    @property
    def _is_plain(self) -> bool:
        """Whether the pressed component sits on a message that has text of its own, no card."""
        message = self.interaction.message
        return message is not None and not message.flags.components_v2

    def say(self, key: str, /, **values: object) -> str:
        """Return a text in this person's language."""
        return self.texts.say(key, self.language, **values)

    def why(self, refusal: UserError) -> str:
        """Return the text of a refusal in this person's language."""
        return self.say(refusal.key, **refusal.values)

    def count(self, key: str, number: int, /, **values: object) -> str:
        """Return a plural text in this person's language."""
        return self.texts.count(key, number, self.language, **values)

    async def answer(self, answer: Card | str, file: discord.File | None = None) -> None:
        """Answer with a new ephemeral message; closes the file."""
        respond = self.interaction.response.send_message
        if isinstance(answer, str):
            await respond(answer, ephemeral=True)
        elif file is None:
            await respond(view=answer, ephemeral=True)
        else:
            with closing(file):
                await respond(view=answer, file=file, ephemeral=True)

    async def redraw(self, card: Card, files: Sequence[discord.File] | None = None) -> None:
        """Answer by changing the pressed message; closes the files.

        None keeps the pictures that are there, `files` replace them.
        """
        edit = self.interaction.response.edit_message
        if files is None:
            await edit(view=card)
            return
        with ExitStack() as open_files:
            for file in files:
                open_files.enter_context(closing(file))
            if self._is_plain:
                await edit(content=None, view=card, attachments=files)
            else:
                await edit(view=card, attachments=files)

    async def play(
        self, text: str, buttons: ui.View, sound: discord.File, *, anew: bool = False
    ) -> None:
        """Answer with a plain message: those made of components play no sound.

        It takes the place of a plain message of this person's own, unless `anew`; no other can
        become one.
        """
        response = self.interaction.response
        with closing(sound):
            if self.is_private and self._is_plain and not anew:
                await response.edit_message(content=text, view=buttons, attachments=[sound])
            else:
                await response.send_message(text, view=buttons, file=sound, ephemeral=True)

    async def respond(self, card: Card, file: discord.File | None = None) -> None:
        """Change the pressed message if it is this person's own, else answer with a new one."""
        if self.is_private:
            await self.redraw(card, [file] if file else [])
        else:
            await self.answer(card, file)

    async def think(self) -> None:
        """Tell Discord that the answer may take longer than 3 s; `finish` then gives it.

        As with `respond`, it will stand in place of a pressed message of this person's own.
        """
        if self.is_private:
            await self.interaction.response.defer()
        else:
            await self.interaction.response.defer(ephemeral=True, thinking=True)

    async def finish(self, answer: Card | str, file: discord.File | None = None) -> None:
        """Give the answer that `think` announced; closes the file."""
        edit = self.interaction.edit_original_response
        if isinstance(answer, str) and self.is_private:
            answer = NoticeCard(answer)
        with ExitStack() as open_files:
            files = [open_files.enter_context(closing(file))] if file else []
            if isinstance(answer, str):
                await edit(content=answer, attachments=files)
            else:
                await edit(view=answer, attachments=files)


Action = Callable[[Exchange], Awaitable[None]]


class Edge:
    """Counts what is in flight, refuses what is too much or too late, answers every error."""

    def __init__(self, texts: Texts, languages: Languages, most: int = MAX_IN_FLIGHT) -> None:
        self._texts = texts
        self._languages = languages
        self._most = most
        self._in_flight = 0
        self._draining = False
        self._idle = asyncio.Event()

    @property
    def in_flight(self) -> int:
        """How many interactions are being answered."""
        return self._in_flight

    async def run(self, interaction: discord.Interaction[JuryBot], action: Action) -> None:
        """Run `action` for this interaction; nothing it raises gets past here."""
        self._in_flight += 1
        try:
            await self._answer(interaction, action)
            if interaction.client.services.answers.waits_for(interaction.user.id):
                await self._bring_answer(interaction)
        finally:
            self._in_flight -= 1
            if self._in_flight == 0:
                self._idle.set()

    async def _answer(self, interaction: discord.Interaction[JuryBot], action: Action) -> None:
        try:
            self._refuse_if_too_much()
            await action(await self.exchange(interaction))
        except Exception as error:  # noqa: BLE001 - the edge: a person always gets an answer
            await self.fail(interaction, error)

    async def fail(self, interaction: discord.Interaction[JuryBot], error: Exception) -> None:
        """Answer an error: a refusal by its text, all else logged under an incident id."""
        if isinstance(error, UserError):
            await self._tell(interaction, error.key, error.values)
        elif isinstance(error, discord.HTTPException) and error.code == UNKNOWN_INTERACTION:
            _log.warning("answered_too_late", interaction=interaction.id)
        else:
            await self._incident(interaction, error)

    async def exchange(self, interaction: discord.Interaction[JuryBot]) -> Exchange:
        """Gather who asks and in which language to answer."""
        language = await self._language(interaction)
        return Exchange(interaction, await caller_of(interaction), language, self._texts)

    async def drain(self, seconds: float) -> None:
        """Take nothing new and wait up to that long for what is in flight."""
        self._draining = True
        self._idle.clear()
        if self._in_flight:
            try:
                await asyncio.wait_for(self._idle.wait(), seconds)
            except TimeoutError:
                _log.warning("stopped_with_interactions_in_flight", count=self._in_flight)

    def _refuse_if_too_much(self) -> None:
        if self._draining:
            raise StoppingError
        if self._in_flight > self._most:
            raise BusyError

    async def _bring_answer(self, interaction: discord.Interaction[JuryBot]) -> None:
        """Tell the answer of an appeal to somebody who takes no direct messages, below ours."""
        if interaction.response.type is discord.InteractionResponseType.modal:
            return
        try:
            language = await self._language(interaction)
            text = await interaction.client.services.answers.take(interaction.user.id, language)
            if text is not None:
                await interaction.followup.send(text, ephemeral=True)
        except Exception as error:  # noqa: BLE001 - the edge: what was asked for is answered
            _log.warning("answer_not_brought", interaction=interaction.id, exc_info=error)

    async def _language(self, interaction: discord.Interaction[JuryBot]) -> str:
        chosen = await self._languages.of_rater(interaction.user.id)
        return self._texts.locale_for(chosen, str(interaction.locale))

    async def _incident(self, interaction: discord.Interaction[JuryBot], error: Exception) -> None:
        incident = secrets.token_hex(4)
        data: Mapping[str, object] = interaction.data or {}
        _log.error(
            "incident",
            incident=incident,
            interaction=interaction.id,
            pressed=data.get("custom_id", data.get("name")),
            exc_info=error,
        )
        await self._tell(interaction, "error.incident", {"incident": incident})
        await interaction.client.services.alerts.notice("incident", incident=incident)

    async def _tell(
        self,
        interaction: discord.Interaction[JuryBot],
        key: str,
        values: dict[str, str | int],
    ) -> None:
        """Say a text ephemerally, whether or not something was answered before."""
        try:
            text = self._texts.say(key, await self._language(interaction), **values)
            if interaction.response.is_done():
                await interaction.followup.send(text, ephemeral=True)
            else:
                await interaction.response.send_message(text, ephemeral=True)
        except Exception as error:  # noqa: BLE001 - the edge: nobody is left to tell
            _log.warning("refusal_not_delivered", interaction=interaction.id, exc_info=error)
