"""The moderators' card of a reported image."""

from __future__ import annotations

from collections.abc import Iterator

import discord
from discord import ButtonStyle, ui

from bot.errors import ImageUnreadableError, SourceUnavailableError
from bot.trust.review import Case
from bot.trust.wording import escape
from cogs.ui import custom_ids
from cogs.ui.card import Card, Upload
from cogs.ui.cards import Row, button
from cogs.ui.edge import Exchange

REASONS = 5
"""How many reports' words a card shows; more than three are rare, and Discord takes 4000."""

LATER = "later"
"""What a moderator says who leaves a case open and looks at the next."""


class ReviewCard(Card):
    """The picture, small and behind a spoiler, why it was reported, and what can be done."""

    def __init__(self, exchange: Exchange, case: Case, picture: discord.File | None) -> None:
        super().__init__()
        text = "\n".join(_lines(exchange, case))
        if picture is not None:
            thumbnail: ui.Thumbnail[ui.LayoutView] = ui.Thumbnail(
                media=f"attachment://{picture.filename}",
                description=exchange.say("card.alt_text"),
                spoiler=True,
            )
            self.add_item(ui.Section(text, accessory=thumbnail))
        else:
            self.add_item(ui.TextDisplay(text))
            self.add_item(ui.TextDisplay(exchange.say("review.no_picture")))
        self.add_item(Row(*_buttons(exchange, case)))


def _lines(exchange: Exchange, case: Case) -> Iterator[str]:
    image = case.image
    yield f"### {exchange.count('review.title', case.waiting)}"
    yield exchange.say(
        "review.image", dataset=escape(case.data_set), key=escape(image.key[:200]), id=image.id
    )
    yield exchange.say("review.hidden" if case.hidden else "review.visible")
    yield exchange.count("review.reports", len(case.reports))
    for report in case.reports[:REASONS]:
        words = escape(report.reason) if report.reason else exchange.say("review.no_reason")
        yield f"> {words}"


def _buttons(exchange: Exchange, case: Case) -> Iterator[ui.Button[ui.LayoutView]]:
    keys = (
        (("keep_hidden", "hide", ButtonStyle.danger), ("restore", "restore", ButtonStyle.success))
        if case.hidden
        else (("hide", "hide", ButtonStyle.danger), ("dismiss", "dismiss", ButtonStyle.secondary))
    )
    for key, decision, style in keys:
        custom_id = custom_ids.review(decision, case.item.id)
        yield button(exchange.texts, exchange.language, f"review.{key}", custom_id, style)
    if case.waiting > 1:
        custom_id = custom_ids.review(LATER, case.item.id)
        yield button(
            exchange.texts, exchange.language, "review.later", custom_id, ButtonStyle.secondary
        )


async def picture_of(exchange: Exchange, case: Case) -> discord.File | None:
    """Return the picture to attach; None where it cannot be read or may not be shown here."""
    if not case.image.safe and not exchange.caller.age_restricted:
        return None
    try:
        rendition = await exchange.services.images.rendition(case.image)
    except (ImageUnreadableError, SourceUnavailableError):
        return None
    return Upload.of(rendition)
