"""The captcha as its rater sees it: a picture or a question on a card, sound in a message."""

from __future__ import annotations

from collections.abc import Iterator
from http import HTTPStatus
from io import BytesIO
from typing import Any, Final

import aiohttp
import discord
from discord import ButtonStyle, Colour, ui

from bot.rating.scales import SCALES
from bot.rating.voting import ScorePress
from bot.texts import Texts
from bot.trust.captcha.outcomes import Challenge, Failed, Outcome, Refused
from cogs.ui import custom_ids, earned, scores, session
from cogs.ui.card import Card, Upload
from cogs.ui.cards import Row, button, dropped, unrecorded
from cogs.ui.edge import UNKNOWN_MESSAGE, Exchange
from cogs.ui.outcomes import offer_others, recorded

KINDS: Final = ("picture", "audio", "question")
PICTURE_NAME: Final = "captcha.png"
AUDIO_NAME: Final = "captcha.wav"
FILE_REFUSED: Final = frozenset({40005, 50045, 50046})
"""Discord's codes for a request or a file that is too large, and for a file it cannot use."""


async def ask(exchange: Exchange, press: ScorePress) -> None:
    """Ask a captcha before a press counts."""
    asked = exchange.services.captchas.ask(exchange.caller, press, exchange.language)
    await present(exchange, await asked)


async def present(exchange: Exchange, outcome: Outcome) -> None:
    """Answer with what came of a step: another captcha, the receipt, or why there is none."""
    if isinstance(outcome, Challenge):
        await _present_challenge(exchange, outcome)
    elif isinstance(outcome, Failed):
        await exchange.respond(FailedCard(exchange.texts, exchange.language, outcome))
    elif isinstance(outcome, Refused):
        await _present_refusal(exchange, outcome)
    else:
        await recorded(exchange, outcome, redraw=True)


async def _present_challenge(exchange: Exchange, challenge: Challenge) -> None:
    """Show or play a captcha; where Discord is out of order, the rater goes on without.

    It stays open after all else that goes wrong, which somebody may have brought about.
    """
    try:
        try:
            await _show(exchange, challenge, anew=False)
        except discord.NotFound as error:
            if error.code != UNKNOWN_MESSAGE:
                raise
            await _show(exchange, challenge, anew=True)
    except (discord.HTTPException, aiohttp.ClientError, OSError) as error:
        outage = _outage(error)
        if challenge.data is None or outage is None:
            raise
        captchas, reason = exchange.services.captchas, f"{challenge.kind}: {outage}"
        await present(exchange, await captchas.not_shown(exchange.caller, challenge.id, reason))


async def _show(exchange: Exchange, challenge: Challenge, *, anew: bool) -> None:
    """Show or play a captcha, `anew` in a message of its own."""
    texts, language = exchange.texts, exchange.language
    if challenge.kind == "audio":
        sound = _file(challenge, AUDIO_NAME, texts.say("captcha.audio_text", language))
        lines = [*_what_to_do(texts, language, challenge)]
        lines += _what_for(texts, language, challenge)
        buttons = AudioButtons(texts, language, challenge)
        await exchange.play("\n".join(lines), buttons, sound, anew=anew)
        return
    file = None
    if challenge.kind == "picture":
        file = _file(challenge, PICTURE_NAME, texts.say("captcha.alt_text", language))
    show = exchange.answer if anew else exchange.respond
    await show(ChallengeCard(texts, language, challenge), file)


def _outage(error: discord.HTTPException | aiohttp.ClientError | OSError) -> str | None:
    """Say what is out of order at Discord: itself, the way there, or its taking of files."""
    if not isinstance(error, discord.HTTPException):
        return type(error).__name__
    too_large = error.status == HTTPStatus.REQUEST_ENTITY_TOO_LARGE
    broken = error.status >= HTTPStatus.INTERNAL_SERVER_ERROR
    if broken or too_large or error.code in FILE_REFUSED:
        return f"HTTP {error.status}"
    return None


async def _present_refusal(exchange: Exchange, refused: Refused) -> None:
    """Say why the score that waited cannot be recorded, and what became of those with it."""
    refusal, post_id = refused.refusal, refused.press.post_id
    if refused.image_full:
        exchange.interaction.client.publisher.wake()
    told = [exchange.why(refusal)]
    if refused.others:
        told.append(exchange.count("captcha.others", refused.others))
    told.extend(unrecorded(exchange.texts, exchange.language, refused))
    told.extend(_earned(exchange, refused))
    said = "\n".join(told)
    if not isinstance(refusal, session.PASSED_OVER):
        await exchange.answer(said)
    elif refused.private:
        await session.go_on_instead(exchange, post_id, said)
    else:
        await offer_others(exchange, post_id, said)


def _earned(exchange: Exchange, refused: Refused) -> Iterator[str]:
    """Say what the scores earned that were recorded all the same, or why they earned nothing."""
    words = (exchange.texts, exchange.language, refused.earned)
    told = [each for each in (earned.gain(*words), earned.today(*words)) if each is not None]
    if told:
        yield " · ".join(told)
    why = earned.reason(*words)
    if why is not None:
        yield f"-# {why}"


class ChallengeCard(Card):
    """A captcha to read, and every way to answer it or to get another."""

    def __init__(self, texts: Texts, language: str, challenge: Challenge) -> None:
        super().__init__()
        box: ui.Container[ui.LayoutView] = ui.Container(accent_colour=Colour.gold())
        box.add_item(ui.TextDisplay("\n".join(_what_to_do(texts, language, challenge))))
        if challenge.question is not None:
            box.add_item(ui.TextDisplay(f"### {challenge.question}"))
        else:
            gallery: ui.MediaGallery[ui.LayoutView] = ui.MediaGallery()
            gallery.add_item(
                media=f"attachment://{PICTURE_NAME}",
                description=texts.say("captcha.alt_text", language),
            )
            box.add_item(gallery)
        box.add_item(ui.TextDisplay("\n".join(_what_for(texts, language, challenge))))
        self.add_item(box)
        self.add_item(Row(*_buttons(texts, language, challenge)))


class AudioButtons(ui.View):
    """The buttons below a captcha to hear; as plain and as forgotten as a card's."""

    def __init__(self, texts: Texts, language: str, challenge: Challenge) -> None:
        super().__init__(timeout=None)
        for each in _buttons(texts, language, challenge):
            self.add_item(each)
        self.stop()


class FailedCard(Card):
    """What a fail means, and in a session the way back into it."""

    def __init__(self, texts: Texts, language: str, failed: Failed) -> None:
        super().__init__()
        until = int(failed.until.timestamp()) + 1
        labels = {
            kind: texts.say(f"card.captcha_{kind}", language) for kind in ("audio", "question")
        }
        said = texts.say("captcha.failed", language, until=until, **labels)
        self.add_item(ui.TextDisplay(said))
        if failed.private:
            more = custom_ids.more(failed.press.post_id)
            self.add_item(Row(button(texts, language, "card.more", more, ButtonStyle.success)))


def _what_to_do(texts: Texts, language: str, challenge: Challenge) -> Iterator[str]:
    yield f"### {texts.say('captcha.title', language)}"
    if challenge.told is not None:
        yield f"**{texts.say(f'captcha.{challenge.told}', language)}**"
    yield texts.say(f"captcha.how.{challenge.kind}", language)


def _what_for(texts: Texts, language: str, challenge: Challenge) -> Iterator[str]:
    """Say what waits for the answer, why it is asked for, and how often it may be tried."""
    yield _kept(texts, language, challenge)
    yield from dropped(texts, language, challenge.dropped)
    tries = texts.count("captcha.tries", challenge.tries_left, language)
    yield f"-# {tries} · {texts.say('captcha.why', language)}"


def _kept(texts: Texts, language: str, challenge: Challenge) -> str:
    here = [each for each in challenge.presses if each.post_id == challenge.press.post_id]
    labels = [
        {
            "scale": scores.name(texts, language, SCALES[each.scale]),
            "value": scores.label(texts, language, SCALES[each.scale], each.value),
        }
        for each in here
    ]
    if len(challenge.presses) == 1:
        return texts.say("captcha.kept", language, **labels[0])
    said = [texts.say("captcha.kept_score", language, **each) for each in labels]
    if others := len(challenge.presses) - len(here):
        said.append(texts.count("captcha.kept_others", others, language))
    return texts.say("captcha.kept_all", language, scores=" · ".join(said))


def _buttons(texts: Texts, language: str, challenge: Challenge) -> Iterator[ui.Button[Any]]:
    answer = custom_ids.captcha_answer(challenge.id)
    yield button(texts, language, "card.captcha_answer", answer, ButtonStyle.primary)
    for kind in (*(kind for kind in KINDS if kind != challenge.kind), challenge.kind):
        label = "another" if kind == challenge.kind else kind
        custom_id = custom_ids.captcha_kind(kind, challenge.id)
        yield button(texts, language, f"card.captcha_{label}", custom_id, ButtonStyle.secondary)


def _file(challenge: Challenge, name: str, description: str) -> Upload:
    return Upload(BytesIO(challenge.data or b""), name, description=description)
