"""The audit log, page by page."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from types import MappingProxyType
from typing import Final, get_args

from discord import ButtonStyle, ui

from bot.trust.acts import REFUSED
from bot.trust.auditing import AuditPage
from cogs.ui import custom_ids
from cogs.ui.acts import named, sentence
from cogs.ui.card import Card
from cogs.ui.cards import Row, button
from cogs.ui.edge import Exchange
from cogs.ui.fitting import CHARACTERS, fit
from cogs.ui.horde import moment
from storage.audit import Filter, Who

ACTORS: Final[Mapping[str, Who]] = MappingProxyType({actor[:2]: actor for actor in get_args(Who)})
"""Two letters for each actor, as custom_ids have them."""


class AuditCard(Card):
    """One page, newest first, in sentences."""

    def __init__(self, exchange: Exchange, page: AuditPage) -> None:
        super().__init__()
        lines = [f"### {exchange.say('audit.title')}"]
        conditions = ", ".join(_conditions(exchange, page))
        if conditions:
            lines.append(f"-# {exchange.say('audit.filter', conditions=conditions)}")
        lines += [sentence(exchange, entry, page.people) for entry in page.entries]
        if not page.entries:
            lines.append(exchange.say("audit.none"))
        self.add_item(ui.TextDisplay(fit(exchange, lines, CHARACTERS)))
        buttons = list(_buttons(exchange, page))
        if buttons:
            self.add_item(Row(*buttons))


def _conditions(exchange: Exchange, page: AuditPage) -> Iterator[str]:
    wanted = page.wanted
    if wanted.actor is not None:
        yield exchange.say(f"audit.actor.{wanted.actor}")
    if wanted.action is not None:
        yield f"`{wanted.action}`"
    if wanted.refused:
        yield exchange.say("audit.refusals")
    if wanted.rater is not None:
        rater = named(wanted.rater, page.people.get(wanted.rater))
        yield exchange.say("audit.subject.rater", rater=rater)
    if wanted.image is not None:
        yield exchange.say("audit.subject.image", it=wanted.image)
    if wanted.since is not None:
        yield exchange.say("audit.since", when=moment(wanted.since))


def _buttons(exchange: Exchange, page: AuditPage) -> Iterator[ui.Button[ui.LayoutView]]:
    for way, place in (("newer", page.newer), ("older", page.older)):
        if place is not None:
            yield button(
                exchange.texts,
                exchange.language,
                f"page.{way}",
                _custom_id(way, place, page.wanted),
                ButtonStyle.secondary,
            )


def _custom_id(way: str, place: int, wanted: Filter) -> str:
    since = None if wanted.since is None else int(wanted.since.timestamp())
    return custom_ids.audit(
        way,
        place,
        (wanted.actor or "")[:2],
        REFUSED if wanted.refused else wanted.action or "",
        (wanted.rater, wanted.image, since),
    )
