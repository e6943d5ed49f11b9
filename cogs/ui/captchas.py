"""The captcha as its rater sees it: a picture or a question on a card, sound in a message."""

from __future__ import annotations

from collections.abc import Iterator
from io import BytesIO
from typing import Any, Final

import discord
from discord import ButtonStyle, Colour, ui

from bot.rating.scales import SCALES
from bot.rating.voting import ScorePress
from bot.texts import Texts
from bot.trust.captcha.outcomes import Challenge, Failed, Outcome, Refused
from cogs.ui import custom_ids, scores, session
from cogs.ui.card import Card, Upload
from cogs.ui.cards import Row, button
from cogs.ui.edge import UNKNOWN_INTERACTION, Exchange
from cogs.ui.outcomes import offer_others, recorded

KINDS: Final = ("picture", "audio", "question")
PICTURE_NAME: Final = "captcha.png"
AUDIO_NAME: Final = "captcha.wav"


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
    """Show or play a captcha; where Discord does not take it, the rater goes on without."""
    texts, language = exchange.texts, exchange.language
    try:
        if challenge.kind == "audio":
            file = _file(challenge, AUDIO_NAME, texts.say("captcha.audio_text", language))
            lines = [*_what_to_do(texts, language, challenge)]
            lines += _what_for(texts, language, challenge)
            await exchange.play("\n".join(lines), AudioButtons(texts, language, challenge), file)
        elif challenge.kind == "picture":
            file = _file(challenge, PICTURE_NAME, texts.say("captcha.alt_text", language))
            await exchange.respond(ChallengeCard(texts, language, challenge), file)
        else:
            await exchange.respond(ChallengeCard(texts, language, challenge))
    except discord.HTTPException as error:
        if challenge.data is None or error.code == UNKNOWN_INTERACTION:
            raise
        captchas, reason = exchange.services.captchas, f"{challenge.kind}: HTTP {error.status}"
        await present(exchange, await captchas.not_shown(exchange.caller, challenge.id, reason))


async def _present_refusal(exchange: Exchange, refused: Refused) -> None:
    """Say why the score that waited cannot be recorded; a session goes on."""
    refusal, post_id = refused.refusal, refused.press.post_id
    if not isinstance(refusal, session.PASSED_OVER):
        raise refusal
    if refused.private:
        await session.go_on_instead(exchange, post_id, refusal)
    else:
        await offer_others(exchange, post_id, refusal)


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
    scale = SCALES[challenge.press.scale]
    name, value = scores.name(texts, language, scale), challenge.press.value
    label = scores.label(texts, language, scale, value)
    yield texts.say("captcha.kept", language, scale=name, value=label)
    tries = texts.count("captcha.tries", challenge.tries_left, language)
    yield f"-# {tries} · {texts.say('captcha.why', language)}"


def _buttons(texts: Texts, language: str, challenge: Challenge) -> Iterator[ui.Button[Any]]:
    answer = custom_ids.captcha_answer(challenge.id)
    yield button(texts, language, "card.captcha_answer", answer, ButtonStyle.primary)
    for kind in (*(kind for kind in KINDS if kind != challenge.kind), challenge.kind):
        label = "another" if kind == challenge.kind else kind
        custom_id = custom_ids.captcha_kind(kind, challenge.id)
        yield button(texts, language, f"card.captcha_{label}", custom_id, ButtonStyle.secondary)


def _file(challenge: Challenge, name: str, description: str) -> Upload:
    return Upload(BytesIO(challenge.data or b""), name, description=description)
