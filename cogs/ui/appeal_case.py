"""The moderators' card of an appeal."""

from __future__ import annotations

from collections.abc import Iterator

import discord
from discord import ButtonStyle, ui

from bot.trust.appeal_cases import GRANT, REFUSE, AppealCase
from bot.trust.review import Case
from bot.trust.wording import escape
from cogs.ui.appealing import limit_lines
from cogs.ui.card import Card
from cogs.ui.cards import Row
from cogs.ui.case import decision, heading, later
from cogs.ui.edge import Exchange


class AppealCard(Card):
    """Who appeals, in their words, what limits them, and what granting would do."""

    def __init__(self, exchange: Exchange, case: Case, about: AppealCase) -> None:
        super().__init__()
        said = (heading(exchange, case), *_words(exchange, about))
        self.add_item(ui.TextDisplay("\n".join(said)))
        self.add_item(ui.TextDisplay("\n".join(_limits(exchange, about))))
        # A text of its own: right below a quoted reason it would look like a part of that.
        self.add_item(ui.TextDisplay(f"-# {exchange.say('review.appeal.means')}"))
        self.add_item(
            Row(
                decision(exchange, case, GRANT, ButtonStyle.success),
                decision(exchange, case, REFUSE, ButtonStyle.danger),
                *later(exchange, case),
            )
        )


async def show_appeal(exchange: Exchange, case: Case) -> tuple[AppealCard, discord.File | None]:
    """Return the card of a case; there is no picture to attach."""
    assert isinstance(case.about, AppealCase)  # noqa: S101 - what this kind looks at
    return AppealCard(exchange, case, case.about), None


def _words(exchange: Exchange, about: AppealCase) -> Iterator[str]:
    opened = f"<t:{int(about.appeal.opened_at.timestamp())}:f>"
    yield exchange.say(
        "review.appeal.who",
        user=f"<@{about.rater.discord_id}>",
        number=about.rater.number,
        opened=opened,
    )
    yield f"> {escape(about.appeal.words or '')}"


def _limits(exchange: Exchange, about: AppealCase) -> Iterator[str]:
    yield f"**{exchange.say('review.appeal.limits')}**"
    yield from limit_lines(exchange, about.limits)
    for reason in about.lasting_holds:
        yield exchange.say("review.appeal.operators", reason=reason)
    if not about.limits:
        yield exchange.say("review.appeal.no_limits")
    if about.brings_trust_back:
        yield exchange.say("review.appeal.trust")
