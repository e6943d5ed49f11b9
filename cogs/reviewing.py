"""The cases that wait for moderators, one after another, each with its decisions as buttons."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cogs.ui import custom_ids
from cogs.ui.card import NoticeCard
from cogs.ui.edge import Exchange
from cogs.ui.items import JuryItem
from cogs.ui.reviewing import LATER, ReviewCard, picture_of

if TYPE_CHECKING:
    from bot.client import JuryBot


class ReviewButton(JuryItem, template=custom_ids.REVIEW):
    """A decision about a reported image; the role is asked for anew."""

    async def press(self, exchange: Exchange) -> None:
        """Decide, or not now, then show the next case in place of this one."""
        entry, action = int(self.groups["entry"]), self.groups["action"]
        if action == LATER:
            await show_next(exchange, after=entry)
            return
        await exchange.services.review.decide(exchange.caller, entry, action)
        exchange.interaction.client.publisher.wake()
        await show_next(exchange)


async def show_next(exchange: Exchange, *, after: int = 0) -> None:
    """Show the next case: as a new answer to the command, in place of the card pressed."""
    case = await exchange.services.review.next_case(exchange.caller, after=after)
    if case is None:
        await exchange.respond(NoticeCard(exchange.say("review.nothing")))
        return
    picture = await picture_of(exchange, case)
    await exchange.respond(ReviewCard(exchange, case, picture), picture)


async def setup(bot: JuryBot) -> None:
    """Add what this module answers; called by the bot before it connects."""
    bot.answer(ReviewButton)
