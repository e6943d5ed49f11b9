"""What moderators see of one rater: the picture, the record in words, and what can be done."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Iterator
from io import BytesIO

import discord
from discord import ButtonStyle, Colour, ui

from bot.rating.scales import SCALES
from bot.trust.dossier import Dossier
from bot.trust.dossier_picture import FILENAME, Words, describe, draw
from bot.trust.people import as_subject
from bot.trust.rules.wording import explain
from bot.trust.wording import escape
from cogs.ui import custom_ids
from cogs.ui.acts import named, sentence
from cogs.ui.card import Card, Upload
from cogs.ui.cards import Row, button
from cogs.ui.edge import Exchange
from cogs.ui.fitting import CHARACTERS, blocks
from cogs.ui.horde import moment
from storage.findings import KeptFinding

_TOP = 1500
"""Characters of what stands above the picture."""


class DossierCard(Card):
    """One rater at a glance."""

    def __init__(self, exchange: Exchange, dossier: Dossier, picture: discord.File) -> None:
        super().__init__()
        box: ui.Container[ui.LayoutView] = ui.Container(accent_colour=_colour(dossier))
        heading = blocks(exchange, [list(part) for part in _heading(exchange, dossier)], _TOP)
        for text in heading:
            box.add_item(ui.TextDisplay(text))
        box.add_item(gallery(exchange, dossier, picture))
        room = CHARACTERS - sum(map(len, heading))
        parts = (_findings, _record, _history)
        for text in blocks(exchange, [list(part(exchange, dossier)) for part in parts], room):
            box.add_item(ui.TextDisplay(text))
        self.add_item(box)
        self.add_item(Row(*_buttons(exchange, dossier)))


async def picture_of(exchange: Exchange, dossier: Dossier) -> discord.File:
    """Draw the picture of a rater in the moderator's language, off the event loop."""
    words = Words(exchange.texts, exchange.language)
    return Upload(BytesIO(await asyncio.to_thread(draw, dossier, words)), FILENAME)


def gallery(
    exchange: Exchange, dossier: Dossier, picture: discord.File
) -> ui.MediaGallery[ui.LayoutView]:
    """Return the picture as a component; its alt text says the main figures."""
    shown: ui.MediaGallery[ui.LayoutView] = ui.MediaGallery()
    words = Words(exchange.texts, exchange.language)
    return shown.add_item(
        media=f"attachment://{picture.filename}", description=describe(dossier, words)
    )


def findings(exchange: Exchange, found: Iterable[KeptFinding]) -> Iterator[str]:
    """Say what the rules find, a sentence each."""
    for each in found:
        said = explain(exchange.texts, each.rule, each.figure, exchange.language)
        since = moment(each.since, "R")
        yield f"- {said} {exchange.say('dossier.since', since=since)}"


def _colour(dossier: Dossier) -> Colour:
    if dossier.banned:
        return Colour.red()
    return Colour.orange() if dossier.findings or dossier.holds else Colour.green()


def _heading(exchange: Exchange, dossier: Dossier) -> Iterator[Iterator[str]]:
    """Say who it is and their status, a reason in the words of a moderator, and where else."""
    yield _status(exchange, dossier)
    if dossier.banned and dossier.rater.status_reason:
        yield iter([f"> {escape(dossier.rater.status_reason)}"])
    yield _places(exchange, dossier)


def _status(exchange: Exchange, dossier: Dossier) -> Iterator[str]:
    rater = dossier.rater
    yield f"### {named(rater.number, rater.discord_id)}"
    seen = moment(rater.first_seen_at, "d")
    agreed = (
        exchange.say("dossier.no_consent")
        if rater.consented_at is None
        else exchange.say("dossier.consent", when=moment(rater.consented_at, "d"))
    )
    yield f"-# {exchange.say('dossier.seen', when=seen)} {agreed}"
    if not dossier.banned:
        over = rater.status == "banned"  # a ban that has ended by itself
        yield exchange.say("dossier.status.normal" if over else f"dossier.status.{rater.status}")
    elif rater.status_until is None:
        yield exchange.say("dossier.status.banned")
    else:
        yield exchange.say("dossier.status.banned_until", until=moment(rater.status_until))


def _places(exchange: Exchange, dossier: Dossier) -> Iterator[str]:
    for bar in dossier.bars:
        until = exchange.say("dossier.lifted") if bar.until is None else moment(bar.until)
        yield exchange.say("dossier.bar", server=bar.guild_id, until=until)


def _record(exchange: Exchange, dossier: Dossier) -> Iterator[str]:
    """Say everything that is known in lines; what is not, in the last of them."""
    for hold in dossier.holds:
        yield exchange.say("dossier.hold", reason=hold.reason, since=moment(hold.since, "R"))
    for pair in dossier.pairs:
        yield exchange.say(
            "dossier.pair",
            rater=named(pair.number, pair.discord_id),
            shared=pair.shared,
            score=exchange.texts.number(pair.score, exchange.language),
        )
    yield _votes(exchange, dossier)
    parts = {
        "agreement": _agreement(exchange, dossier),
        "reliability": _reliability(exchange, dossier),
        "captchas": _captchas(exchange, dossier),
        "gold": _gold(exchange, dossier),
        "repeats": _repeats(exchange, dossier),
    }
    yield from filter(None, parts.values())
    if dossier.kudos.earned:
        sums = dossier.kudos
        open_sum = sums.held + sums.released
        yield exchange.say("dossier.kudos", earned=sums.earned, paid=sums.paid, open=open_sum)
    missing = [exchange.say(f"dossier.missing.{name}") for name, said in parts.items() if not said]
    if missing:
        yield f"-# {exchange.say('dossier.nothing', parts=', '.join(missing))}"


def _findings(exchange: Exchange, dossier: Dossier) -> Iterator[str]:
    if not dossier.findings:
        yield exchange.say("dossier.unsuspected")
        return
    yield f"**{exchange.say('dossier.findings')}**"
    yield from findings(exchange, dossier.findings)


def _votes(exchange: Exchange, dossier: Dossier) -> str:
    votes, pace = dossier.votes, dossier.pace
    others = (("half", votes.half), ("undone", votes.undone), ("void", votes.void))
    told = [
        exchange.say("dossier.votes", n=votes.complete),
        *(exchange.say(f"dossier.votes_{name}", n=count) for name, count in others if count),
    ]
    said = ", ".join(told)
    if not votes.complete + votes.void:
        return f"{said}."
    return f"{said}. {exchange.say('dossier.pace', hour=pace.last_hour, day=pace.last_day)}"


def _agreement(exchange: Exchange, dossier: Dossier) -> str | None:
    told = []
    for scale in SCALES:
        one = dossier.agreement.get(scale)
        if one is None:
            continue
        number = exchange.texts.number
        key = "dossier.agrees" if one.correlation is not None else "dossier.always_alike"
        told.append(
            exchange.say(
                key,
                scale=exchange.say(f"scale.{scale}.name"),
                correlation=number(one.correlation or 0, exchange.language, digits=2),
                difference=_signed(exchange, one.difference),
            )
        )
    if not told:
        return None
    votes = max(one.votes for one in dossier.agreement.values())
    return exchange.say("dossier.agreement", scales=", ".join(told), votes=votes)


def _signed(exchange: Exchange, value: float) -> str:
    sign = "+" if value > 0 else "\N{MINUS SIGN}" if value < 0 else "\N{PLUS-MINUS SIGN}"
    return f"{sign}{exchange.texts.number(abs(value), exchange.language)}"


def _reliability(exchange: Exchange, dossier: Dossier) -> str | None:
    if not dossier.scores:
        return None
    told = [
        exchange.say(
            "dossier.reliable",
            scale=exchange.say(f"scale.{scale}.name"),
            percent=round(100 * one.reliability),
        )
        for scale, one in dossier.scores.items()
    ]
    when = max(one.scored_at for one in dossier.scores.values())
    return exchange.say("dossier.reliability", scales=", ".join(told), when=moment(when, "R"))


def _captchas(exchange: Exchange, dossier: Dossier) -> str | None:
    record = dossier.captchas
    if record is None:
        return None
    others = (("expired", record.expired), ("unavailable", record.unavailable))
    told = [
        exchange.say("dossier.captchas", passed=record.passed, failed=record.failed),
        *(exchange.say(f"dossier.captchas_{name}", n=count) for name, count in others if count),
    ]
    return f"{', '.join(told)}."


def _gold(exchange: Exchange, dossier: Dossier) -> str | None:
    told = [
        exchange.say(f"dossier.{name}", wrong=one.wrong, asked=one.asked, answers=one.answers)
        for name, one in (("gold", dossier.gold), ("lessons", dossier.lessons))
        if one.answers
    ]
    return " ".join(told) or None


def _repeats(exchange: Exchange, dossier: Dossier) -> str | None:
    again = dossier.steadiness
    if again.distance is None:
        return None
    distance = exchange.texts.number(again.distance, exchange.language)
    return exchange.count("dossier.repeats", again.answers, distance=distance)


def _history(exchange: Exchange, dossier: Dossier) -> Iterator[str]:
    if dossier.history:
        yield f"**{exchange.say('dossier.history')}**"
        about = as_subject(dossier.rater)
        for each in dossier.history:
            yield sentence(exchange, each, dossier.people, "d", about)


def _buttons(exchange: Exchange, dossier: Dossier) -> Iterator[ui.Button[ui.LayoutView]]:
    user = dossier.rater.discord_id or 0
    actions = [("ratings", ButtonStyle.primary)]
    if dossier.rater.status == "validated":
        actions.append(("unvalidate", ButtonStyle.secondary))
    elif not dossier.banned:
        actions.append(("validate", ButtonStyle.success))
    if dossier.can_unban:
        actions.append(("unban", ButtonStyle.success))
    if not dossier.banned:
        actions.append(("ban", ButtonStyle.danger))
    for action, style in actions:
        yield button(
            exchange.texts,
            exchange.language,
            f"dossier.button.{action}",
            custom_ids.rater(action, user),
            style,
        )
