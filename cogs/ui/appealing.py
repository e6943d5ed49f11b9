"""What limits a rater: as they read it themselves, with the way to the moderators."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Final

from discord import ButtonStyle, ui

from bot.trust.appeal_answers import told
from bot.trust.appeals import Standing, is_managers
from bot.trust.wording import escape
from cogs.ui import custom_ids
from cogs.ui.card import Card
from cogs.ui.cards import Row, button
from cogs.ui.edge import Exchange
from storage.limits import Limit

ROOM: Final = 1400
"""Characters for what limits somebody: with an appeal or an answer, a card may have 4000."""

REASON_SHOWN: Final = 200
"""Characters of a reason that are shown; escaped they may be twice as many."""


class StandingCard(Card):
    """What limits the reader, the answer to their latest appeal, and what they can do."""

    def __init__(self, exchange: Exchange, standing: Standing) -> None:
        super().__init__()
        parts = [
            "\n".join(_limits(exchange, standing)),
            _latest(exchange, standing),
            "\n".join(_ways_on(exchange, standing)),
        ]
        for part in filter(None, parts):
            self.add_item(ui.TextDisplay(part))
        if standing.obstacle is None:
            texts, language = exchange.texts, exchange.language
            write = button(
                texts, language, "appeal.write", custom_ids.APPEAL_WRITE, ButtonStyle.primary
            )
            self.add_item(Row(write))


def _limits(exchange: Exchange, standing: Standing) -> Iterator[str]:
    yield f"### {exchange.say('appeal.title')}"
    # The reason of a hold is a word for moderators; the first of several says since when.
    held = [limit for limit in standing.limits if limit.kind == "held"]
    shown = [limit for limit in standing.limits if limit not in held[1:]]
    yield from limit_lines(
        exchange, [replace(each, reason=None) if each in held else each for each in shown]
    )
    if not standing.limits:
        yield exchange.say("appeal.nothing")


def _latest(exchange: Exchange, standing: Standing) -> str | None:
    """Say how the latest appeal ended, as long as what it was about may still matter."""
    latest = standing.latest
    if latest is None or latest.outcome is None or latest.answer is None:
        return None
    return told(exchange.texts, exchange.language, latest)


def _ways_on(exchange: Exchange, standing: Standing) -> Iterator[str]:
    obstacle = standing.obstacle
    if obstacle is None:
        yield exchange.say("appeal.how")
    elif standing.limits or (standing.latest is not None and standing.latest.outcome is None):
        yield exchange.say(obstacle.key, **obstacle.values)


def limit_lines(exchange: Exchange, limits: Sequence[Limit]) -> Iterator[str]:
    """Say what limits somebody, since when, until when and why; as much as there is room for."""
    room = ROOM
    for number, limit in enumerate(limits):
        line = f"- {_limit(exchange, limit)}"
        if limit.reason:
            line += f"\n  > {_reason(limit.reason)}"
        if len(line) > room:
            yield exchange.count("appeal.more", len(limits) - number)
            return
        room -= len(line)
        yield line


def _limit(exchange: Exchange, limit: Limit) -> str:
    values = {"span": _span(exchange, limit)}
    if limit.guild_id is None:
        return exchange.say(f"appeal.limit.{limit.kind}", **values)
    guild = exchange.interaction.client.get_guild(limit.guild_id)
    server = escape(guild.name) if guild is not None else exchange.say("appeal.some_server")
    line = exchange.say(f"appeal.limit.{limit.kind}", server=server, **values)
    if is_managers(limit, exchange.services.settings.home_guild_id):
        line += f" {exchange.say('appeal.managers')}"
    return line


def _reason(reason: str) -> str:
    short = reason if len(reason) <= REASON_SHOWN else f"{reason[:REASON_SHOWN]}\u2026"
    return escape(short)


def _span(exchange: Exchange, limit: Limit) -> str:
    since, until = limit.since, limit.until
    if since is not None and until is not None:
        return exchange.say("appeal.span.both", since=_day(since), until=_moment(until))
    if until is not None:
        return exchange.say("appeal.span.until", until=_moment(until))
    if since is not None:
        return exchange.say("appeal.span.since", since=_day(since))
    return exchange.say("appeal.span.neither")


def _day(moment: datetime) -> str:
    return f"<t:{int(moment.timestamp())}:D>"


def _moment(moment: datetime) -> str:
    return f"<t:{int(moment.timestamp())}:f>"
