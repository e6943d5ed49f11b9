"""The moderators' card of a suspect: the picture, what the rules find, and the decisions."""

from __future__ import annotations

from collections.abc import Iterator

import discord
from discord import ButtonStyle, Colour, ui

from bot.trust.dossier import Dossier
from bot.trust.enrolment import BEFORE_ERASURE
from bot.trust.review import Case
from bot.trust.suspects import BAN, HONEST, WATCH, SuspectCase
from cogs.ui.acts import named
from cogs.ui.card import Card
from cogs.ui.cards import Row
from cogs.ui.case import decision, heading, later
from cogs.ui.dossier import findings, gallery, picture_of
from cogs.ui.edge import Exchange
from cogs.ui.fitting import CHARACTERS, blocks
from cogs.ui.horde import moment


class SuspectCard(Card):
    """Who is suspected of what, and what each decision means."""

    def __init__(
        self,
        exchange: Exchange,
        case: Case,
        about: SuspectCase,
        dossier: Dossier,
        picture: discord.File,
    ) -> None:
        super().__init__()
        box: ui.Container[ui.LayoutView] = ui.Container(accent_colour=Colour.orange())
        top = f"{heading(exchange, case)}\n{_who(exchange, dossier)}"
        means = "\n".join(_means(exchange, about))
        found = [list(part(exchange, dossier)) for part in (_findings, _holds)]
        box.add_item(ui.TextDisplay(top))
        box.add_item(gallery(exchange, dossier, picture))
        for text in blocks(exchange, found, CHARACTERS - len(top) - len(means)):
            box.add_item(ui.TextDisplay(text))
        box.add_item(ui.Separator())
        box.add_item(ui.TextDisplay(means))
        self.add_item(box)
        self.add_item(
            Row(
                decision(exchange, case, HONEST, ButtonStyle.success),
                decision(exchange, case, WATCH, ButtonStyle.secondary, _watch(about)),
                decision(exchange, case, BAN, ButtonStyle.danger),
                *later(exchange, case),
            )
        )


async def show_suspect(exchange: Exchange, case: Case) -> tuple[SuspectCard, discord.File | None]:
    """Return the card of a case, with the picture to attach."""
    about = case.about
    assert isinstance(about, SuspectCase)  # noqa: S101 - what this kind looks at
    dossier = await exchange.services.dossiers.of(exchange.caller, about.discord_id)
    picture = await picture_of(exchange, dossier)
    return SuspectCard(exchange, case, about, dossier, picture), picture


def _who(exchange: Exchange, dossier: Dossier) -> str:
    rater = dossier.rater
    status = exchange.say(
        "dossier.status.validated" if rater.status == "validated" else "dossier.status.normal"
    )
    seen = exchange.say("dossier.seen", when=moment(rater.first_seen_at, "d"))
    return f"**{named(rater.number, rater.discord_id)}** {status} {seen}"


def _findings(exchange: Exchange, dossier: Dossier) -> Iterator[str]:
    yield f"**{exchange.say('dossier.findings')}**"
    yield from findings(exchange, dossier.findings)


def _holds(exchange: Exchange, dossier: Dossier) -> Iterator[str]:
    for hold in dossier.holds:
        yield exchange.say("dossier.hold", reason=hold.reason, since=moment(hold.since, "R"))
        if hold.reason == BEFORE_ERASURE:
            yield exchange.say("review.suspect.before_erasure")


def _means(exchange: Exchange, about: SuspectCase) -> Iterator[str]:
    yield exchange.say("review.suspect.honest_lifts" if about.held else "review.suspect.honest")
    yield exchange.say("review.suspect.watch", watch=exchange.say(_watch(about)))
    yield exchange.say("review.suspect.ban")


def _watch(about: SuspectCase) -> str:
    """Return the key of what it is called to change nothing, on the button and in its meaning."""
    return "review.keep_held" if about.held else "review.watch"
