"""The audit log in sentences: who did what to whom."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Final

from bot.trust.people import number_in
from bot.trust.wording import escape, quoted
from cogs.ui.edge import Exchange
from cogs.ui.horde import moment
from storage.audit import AuditEntry

REFUSED: Final = "refused:"

_DETAIL: Final = 120
"""Characters of one detail of an entry that are shown."""


def act_key(action: str) -> str:
    """Return the key of an action's text."""
    return f"audit.act.{action.replace('.', '_')}"


def sentence(
    exchange: Exchange,
    entry: AuditEntry,
    people: Mapping[int, int],
    style: str = "f",
    about: str = "",
) -> str:
    """Say an entry in one line; numbers that lead to somebody are mentioned.

    To whom or to what it was done goes without saying where they did it to themselves, and on a
    card that is `about` just that subject.
    """
    who = exchange.say(f"audit.actor.{'elsewhere' if entry.elsewhere else entry.actor}")
    if entry.rater is not None:
        who = f"{who} {named(entry.rater, people.get(entry.rater))}"
    act = f"{_act(exchange, entry, people, about)}{_details(exchange, entry)}"
    if entry.times > 1:
        act = f"{act} {exchange.say('audit.times', n=entry.times)}"
    return f"- {moment(entry.at, style)} {who}: {act}"


def named(number: int, discord_id: int | None) -> str:
    """Name a rater by number, and by their mention where the number still leads to somebody."""
    return f"#{number}" if discord_id is None else f"#{number} <@{discord_id}>"


def _act(exchange: Exchange, entry: AuditEntry, people: Mapping[int, int], about: str) -> str:
    if entry.action.startswith(REFUSED):
        return exchange.say("audit.refused", action=entry.action.removeprefix(REFUSED))
    key = act_key(entry.action)
    act = exchange.say(key) if exchange.texts.has(key) else f"`{entry.action}`"
    known = entry.subject in ("", about)
    if known or (entry.rater is not None and number_in(entry.subject) == entry.rater):
        return act
    return f"{act} ({_subject(exchange, entry.subject, people)})"


def _subject(exchange: Exchange, subject: str, people: Mapping[int, int]) -> str:
    number = number_in(subject)
    if number is not None:
        return exchange.say("audit.subject.rater", rater=named(number, people.get(number)))
    kind, _, rest = subject.partition(":")
    key = f"audit.subject.{kind}"
    return exchange.say(key, it=escape(rest)) if exchange.texts.has(key) else escape(subject)


def _details(exchange: Exchange, entry: AuditEntry) -> str:
    """Return what else is kept of an act: words of ours, numbers, never what a person typed."""
    known = {name: value for name, value in (entry.details or {}).items() if value is not None}
    return "".join(f", {_detail(exchange, name, value)}" for name, value in known.items())


def _detail(exchange: Exchange, name: str, value: object) -> str:
    """Word one detail: by its value or by its name alone, and as it is where neither has a text."""
    told = quoted(value)[:_DETAIL]
    if name == "since":
        told = moment(datetime.fromisoformat(told))
    for key in (f"audit.detail.{name}_{value}", f"audit.detail.{name}"):
        if exchange.texts.has(key):
            return exchange.say(key, it=told)
    return f"`{quoted(name)} {told}`"
