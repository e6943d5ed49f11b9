"""What the cards of all kinds of cases have in common."""

from __future__ import annotations

from typing import Final

from discord import ButtonStyle, ui

from bot.trust.review import Case
from cogs.ui import custom_ids
from cogs.ui.cards import button
from cogs.ui.edge import Exchange

LATER: Final = "later"
"""What a moderator says who leaves a case open and looks at the next."""


def heading(exchange: Exchange, case: Case) -> str:
    """Say how many cases are open and what this one is."""
    waiting = exchange.count("review.waiting", case.waiting.cases)
    kind = exchange.say(f"review.kind.{case.item.kind}")
    return f"### {kind}\n-# {waiting} {_claim(exchange, case)}"


def decision(
    exchange: Exchange, case: Case, decision: str, style: ButtonStyle, key: str | None = None
) -> ui.Button[ui.LayoutView]:
    """Return the button of a decision, labelled `review.<decision>` or with another text."""
    custom_id = custom_ids.review(decision, case.item.id)
    label = key or f"review.{decision}"
    return button(exchange.texts, exchange.language, label, custom_id, style)


def later(exchange: Exchange, case: Case) -> list[ui.Button[ui.LayoutView]]:
    """Return the button that leaves the case for later, where there is another to go on with."""
    if case.waiting.cases - case.waiting.claimed < 2:  # noqa: PLR2004 - this one and another
        return []
    return [decision(exchange, case, LATER, ButtonStyle.secondary)]


def _claim(exchange: Exchange, case: Case) -> str:
    return exchange.say("review.yours", until=f"<t:{int(case.until.timestamp())}:t>")
