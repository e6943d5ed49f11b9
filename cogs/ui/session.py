"""Showing a private session: one message, redrawn for each image, the next one made ready."""

from __future__ import annotations

from collections.abc import Awaitable
from dataclasses import replace
from typing import Final

import structlog

from bot.errors import (
    ClosedPostError,
    ImageUnreadableError,
    LessonsOverError,
    NothingLeftError,
    PicturesUnavailableError,
    PlaceTakenError,
    SourceUnavailableError,
)
from bot.images.store import Rendition
from bot.rating.sessions import Showing
from bot.rating.voting import Receipt
from bot.rewards.earning import Earned
from cogs.ui.card import Card, Upload
from cogs.ui.cards import EndCard, Picture, SessionCard, others
from cogs.ui.edge import Exchange
from cogs.ui.lessons import ExplanationCard, LessonCard, LessonsOverCard

PASSED_OVER: Final = (ClosedPostError, PlaceTakenError)
"""Refusals after which a session goes on by itself: the image is simply no longer open."""

UNREADABLE_IN_A_ROW: Final = 5

_log = structlog.get_logger()


async def show(
    exchange: Exchange,
    following: Awaitable[Showing],
    *,
    note: str | None = None,
    on_screen: int | None = None,
    earned: Earned | None = None,
) -> None:
    """Show what follows, or the end card; then make the image after it ready.

    `note` is said above the picture or the end, `on_screen` is the post whose picture the pressed
    message already shows, and `earned` is what the press before earned.
    """
    try:
        showing, rendition = await _readable(exchange, await following)
    except NothingLeftError as end:
        await exchange.respond(EndCard(exchange.texts, exchange.language, end.today, earned, note))
        return
    except LessonsOverError as result:
        await exchange.respond(LessonsOverCard(exchange, result))
        return
    if earned is not None:
        showing = replace(showing, earned=earned)
    picture = Picture.of(showing.image, rendition)
    card = _card(exchange, showing, picture, note)
    if showing.post_id == on_screen:
        await exchange.redraw(card)
        return
    await exchange.respond(card, Upload.of(rendition))
    upcoming = await exchange.services.sessions.upcoming(exchange.caller, showing.post_id)
    if upcoming is not None:
        await exchange.services.images.prepare(upcoming)


async def after_press(exchange: Exchange, receipt: Receipt, *, redraw: bool) -> None:
    """Go on after a score: to the next image, or to the same with the score highlighted.

    `redraw` sends the picture in any case, for a message that does not show it.
    """
    following = exchange.services.sessions.advance(exchange.caller, receipt.post_id)
    on_screen = None if redraw else receipt.post_id
    note = "\n".join(others(exchange.texts, exchange.language, receipt)) or None
    await show(exchange, following, note=note, on_screen=on_screen, earned=receipt.earned)


async def go_on_instead(exchange: Exchange, post_id: int, refusal: str) -> None:
    """Show another image where the one of the session can no longer be rated, and say why."""
    following = exchange.services.sessions.advance(exchange.caller, post_id)
    await show(exchange, following, note=refusal)


def is_session(exchange: Exchange) -> bool:
    """Tell whether the pressed message is a session: ours to this person, with a picture."""
    message = exchange.interaction.message
    return exchange.is_private and message is not None and bool(message.attachments)


def _card(exchange: Exchange, showing: Showing, picture: Picture, note: str | None) -> Card:
    """Return the card of an image to be judged, of a lesson, or of what is right on one."""
    lesson = showing.lesson
    if lesson is None:
        return SessionCard(exchange.texts, exchange.language, showing, picture, note)
    if lesson.explanation is None:
        return LessonCard(exchange, showing, lesson, picture, note)
    return ExplanationCard(exchange, showing.post_id, lesson, lesson.explanation, picture)


async def _readable(exchange: Exchange, showing: Showing) -> tuple[Showing, Rendition]:
    """Pass over images whose bytes turn out to be unreadable; raises PicturesUnavailableError."""
    services = exchange.services
    for _ in range(UNREADABLE_IN_A_ROW):
        try:
            return showing, await services.images.rendition(showing.image)
        except ImageUnreadableError as error:
            await services.posts.broken(showing.post_id, str(error))
            await services.alerts.notice("image_broken", image=showing.image.id)
        except SourceUnavailableError as error:
            _log.exception("images_unavailable", post=showing.post_id)
            raise PicturesUnavailableError from error
        showing = await services.sessions.advance(exchange.caller, showing.post_id)
    raise PicturesUnavailableError
