"""The cases that wait for moderators, one after another, each with its decisions as buttons."""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable, Mapping
from types import MappingProxyType
from typing import TYPE_CHECKING, ClassVar, Final

import discord
from discord import ui

from bot.trust.appeal_cases import GRANT, REFUSE
from bot.trust.review import Case, Idle
from bot.trust.suspects import BAN
from bot.trust.wording import REASON_LENGTH
from cogs.ui import custom_ids
from cogs.ui.appeal_case import show_appeal
from cogs.ui.card import Card, NoticeCard
from cogs.ui.case import LATER
from cogs.ui.edge import Exchange
from cogs.ui.gold import show_candidate
from cogs.ui.items import JuryItem
from cogs.ui.modals import JuryModal
from cogs.ui.reported_image import show_reported_image
from cogs.ui.suspect import show_suspect
from storage.review_queue import APPEAL, GOLD_CANDIDATE, REPORTED_IMAGE, SUSPECT

if TYPE_CHECKING:
    from bot.client import JuryBot

CARDS: Final[
    Mapping[str, Callable[[Exchange, Case], Awaitable[tuple[Card, discord.File | None]]]]
] = MappingProxyType(
    {
        REPORTED_IMAGE: show_reported_image,
        SUSPECT: show_suspect,
        APPEAL: show_appeal,
        GOLD_CANDIDATE: show_candidate,
    }
)
"""How a case of each kind is shown, with its picture; a test compares it with the services."""

ASKING: Final[frozenset[str]] = frozenset({BAN, GRANT, REFUSE})
"""The decisions for which a modal asks for words: `review.ask.<decision>.*` are its texts."""


class ReviewButton(JuryItem, template=custom_ids.REVIEW):
    """A decision about a case; the role is asked for anew."""

    async def press(self, exchange: Exchange) -> None:
        """Decide, ask for words first, or not now; then the next case stands in place of this."""
        entry, action = int(self.groups["entry"]), self.groups["action"]
        if action == LATER:
            await show_next(exchange, after=entry)
        elif action in ASKING:
            await exchange.services.review.hold(exchange.caller, entry, action)
            await exchange.interaction.response.send_modal(ReviewModal(exchange, action, entry))
        else:
            await _decide(exchange, entry, action)


class ReviewModal(JuryModal):
    """Asks a moderator for the words that a decision needs."""

    template: ClassVar[re.Pattern[str]] = re.compile(custom_ids.REVIEW_WORDS)

    def __init__(self, exchange: Exchange, decision: str, entry: int) -> None:
        ask = f"review.ask.{decision}"
        super().__init__(exchange.say(f"{ask}.title"), custom_ids.review_words(decision, entry))
        words: ui.TextInput[ReviewModal] = ui.TextInput(
            custom_id="words", style=discord.TextStyle.paragraph, max_length=REASON_LENGTH
        )
        self.add_item(
            ui.Label(
                text=exchange.say(f"{ask}.words"),
                description=exchange.say(f"{ask}.hint"),
                component=words,
            )
        )

    @classmethod
    async def submitted(
        cls, exchange: Exchange, groups: Mapping[str, str], values: Mapping[str, str]
    ) -> None:
        """Decide with these words."""
        await _decide(exchange, int(groups["entry"]), groups["action"], values.get("words", ""))


async def show_next(exchange: Exchange, *, after: int = 0) -> None:
    """Show the next case: as a new answer to the command, in place of the card pressed."""
    case = await exchange.services.review.next_case(exchange.caller, after=after)
    if not exchange.interaction.response.is_done():
        await exchange.think()
    if isinstance(case, Idle):
        await exchange.finish(NoticeCard(_nothing(exchange, case)))
        return
    card, picture = await CARDS[case.item.kind](exchange, case)
    await exchange.finish(card, picture)


async def _decide(exchange: Exchange, entry: int, decision: str, words: str = "") -> None:
    if decision in ASKING:
        await exchange.think()  # what it began is finished before the answer
    await exchange.services.review.decide(exchange.caller, entry, decision, words)
    exchange.interaction.client.publisher.wake()
    await show_next(exchange)


def _nothing(exchange: Exchange, idle: Idle) -> str:
    waiting = idle.waiting
    if waiting.free_at is None:
        return exchange.say("review.nothing")
    free_at = int(waiting.free_at.timestamp())
    return exchange.count("review.taken", waiting.claimed, when=f"<t:{free_at}:R>")


async def setup(bot: JuryBot) -> None:
    """Add what this module answers; called by the bot before it connects."""
    bot.answer(ReviewButton, ReviewModal)
