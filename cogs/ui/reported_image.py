"""The moderators' card of a reported image."""

from __future__ import annotations

from collections.abc import Iterator

import discord
from discord import ButtonStyle, ui

from bot.errors import ImageUnreadableError, SourceUnavailableError
from bot.trust.reported_images import ReportedImage
from bot.trust.review import Case
from bot.trust.wording import escape
from cogs.ui.card import Card, Upload
from cogs.ui.cards import Row
from cogs.ui.case import decision, heading, later
from cogs.ui.edge import Exchange
from storage.images import Image

REASONS = 5
"""How many reports' words a card shows; more than three are rare, and Discord takes 4000."""


class ReportedImageCard(Card):
    """The picture, small and behind a spoiler, why it was reported, and what can be done."""

    def __init__(
        self, exchange: Exchange, case: Case, reported: ReportedImage, picture: discord.File | None
    ) -> None:
        super().__init__()
        text = "\n".join((heading(exchange, case), *_lines(exchange, reported)))
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
        self.add_item(Row(*_buttons(exchange, case, reported), *later(exchange, case)))


async def show_reported_image(
    exchange: Exchange, case: Case
) -> tuple[ReportedImageCard, discord.File | None]:
    """Return the card of a case, with the picture to attach."""
    assert isinstance(case.about, ReportedImage)  # noqa: S101 - what this kind looks at
    picture = await picture_of(exchange, case.about.image)
    return ReportedImageCard(exchange, case, case.about, picture), picture


async def picture_of(exchange: Exchange, image: Image) -> discord.File | None:
    """Return the picture to attach; None where it cannot be read or may not be shown here."""
    if not image.safe and not exchange.caller.age_restricted:
        return None
    try:
        rendition = await exchange.services.images.rendition(image)
    except (ImageUnreadableError, SourceUnavailableError):
        return None
    return Upload.of(rendition)


def _lines(exchange: Exchange, reported: ReportedImage) -> Iterator[str]:
    image = reported.image
    yield exchange.say(
        "review.image", dataset=escape(reported.data_set), key=escape(image.key[:200]), id=image.id
    )
    yield exchange.say("review.hidden" if reported.hidden else "review.visible")
    if reported.reports:
        yield exchange.count("review.reports", len(reported.reports))
    else:
        yield exchange.say("review.no_reports")
    for report in reported.reports[:REASONS]:
        words = escape(report.reason) if report.reason else exchange.say("review.no_reason")
        yield f"> {words}"


def _buttons(
    exchange: Exchange, case: Case, reported: ReportedImage
) -> Iterator[ui.Button[ui.LayoutView]]:
    if reported.hidden:
        yield decision(exchange, case, "hide", ButtonStyle.danger, "review.keep_hidden")
        yield decision(exchange, case, "restore", ButtonStyle.success)
    else:
        yield decision(exchange, case, "hide", ButtonStyle.danger)
        yield decision(exchange, case, "dismiss", ButtonStyle.secondary)
