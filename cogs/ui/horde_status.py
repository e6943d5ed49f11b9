"""The card of `/horde status`: what was earned, what became of it, and what comes next."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from types import MappingProxyType
from typing import Final

from discord import Colour, ui

from bot.rewards.cases import OPERATOR
from bot.rewards.month import FILENAME
from bot.rewards.status import Month, Status
from bot.trust.wording import quoted
from cogs.ui.card import Card
from cogs.ui.edge import Exchange
from cogs.ui.horde import Box, moment, shown
from storage.payouts import Payout

WHY: Final[Mapping[str, str]] = MappingProxyType(
    {
        "InvalidTargetUsername": "unknown",
        "DeletedUser": "deleted",
        "TargetAccountFlagged": "flagged",
        "FaultWhenKudosReceiving": "flagged",
        "KudosTransferToSelf": "own",
        "KudosTransferToAnon": "anonymous",
        "SharedKeyExpired": "expired",
        OPERATOR: "operator",
    }
)
"""The return codes of the Horde, and our own, for which raters have words of their own."""


class StatusCard(Card):
    """A rater's kudos; `with_month` where the picture of the month is attached."""

    def __init__(self, exchange: Exchange, status: Status, *, with_month: bool) -> None:
        super().__init__()
        box: Box = ui.Container(accent_colour=Colour.gold())
        box.add_item(ui.TextDisplay("\n".join(_sums(exchange, status))))
        box.add_item(ui.TextDisplay("\n".join(_ahead(exchange, status))))
        if with_month:
            box.add_item(ui.Separator())
            box.add_item(ui.TextDisplay(_month_title(exchange, status.month)))
            gallery: ui.MediaGallery[ui.LayoutView] = ui.MediaGallery()
            gallery.add_item(
                media=f"attachment://{FILENAME}", description=month_alt(exchange, status.month)
            )
            box.add_item(gallery)
        if status.payouts:
            box.add_item(ui.Separator())
            lines = [f"**{exchange.say('horde.status.payouts')}**"]
            lines += [_payout(exchange, payout) for payout in status.payouts]
            box.add_item(ui.TextDisplay("\n".join(lines)))
        self.add_item(box)


def month_alt(exchange: Exchange, month: Month) -> str:
    """Say in words what the picture of the month shows."""
    most = max(month.kudos, default=0)
    return exchange.say("horde.month.alt", **_month_words(exchange, month), most=most)


def refusal(exchange: Exchange, answer: str | None) -> str:
    """Say why the Horde refused a payout."""
    return exchange.say(f"horde.refusal.{WHY.get(answer or '', 'else')}")


def _sums(exchange: Exchange, status: Status) -> Iterator[str]:
    sums = status.ledger
    yield f"### {exchange.say('horde.status.title')}"
    if not status.rewards_on:
        yield exchange.say("horde.status.off")
    if not status.rewards_on and not sums.earned:
        return
    yield exchange.say("horde.status.sums", earned=sums.earned, paid=sums.paid)
    if sums.paying:
        yield exchange.say("horde.status.paying", kudos=sums.paying)
    if sums.released:
        yield exchange.say("horde.status.released", kudos=sums.released)
    if sums.held:
        yield exchange.say("horde.status.held", kudos=sums.held)
        yield from (f"- {reason}" for reason in _held(exchange, status))
    if sums.written_off:
        yield f"-# {exchange.say('horde.status.written_off', kudos=sums.written_off)}"


def _held(exchange: Exchange, status: Status) -> Iterator[str]:
    waiting = status.waiting
    if waiting.images_until is not None:
        yield exchange.say("horde.status.held_images", until=moment(waiting.images_until, "R"))
    if waiting.checked:
        yield exchange.say("horde.status.held_checked")
    if waiting.banned_until is not None:
        yield exchange.say("horde.status.held_banned", until=moment(waiting.banned_until, "R"))


def _ahead(exchange: Exchange, status: Status) -> Iterator[str]:
    """Say whom and when the next payout reaches."""
    if status.banned:
        yield exchange.say("horde.status.banned")
    elif status.rewards_on or status.ledger.earned:
        coming = status.next_payout
        when = "" if coming.moment is None else moment(coming.moment)
        yield exchange.say(f"horde.next.{coming.outlook}", kudos=coming.kudos, when=when)
    link = status.link
    if link is None:
        if status.displaced is not None:
            yield exchange.say("horde.status.displaced", account=quoted(status.displaced))
        on = "" if status.rewards_on else "_off"
        yield exchange.say(f"horde.status.link_none{_banned(status) or on}")
        return
    proved = f"unproved{_banned(status)}" if link.verified_at is None else "verified"
    yield exchange.say(f"horde.status.link_{proved}", account=shown(link))
    if link.refused_answer is not None:
        why = refusal(exchange, link.refused_answer)
        yield exchange.say("horde.status.link_refused", why=why)


def _banned(status: Status) -> str:
    """Return what marks texts for who is banned, be it for a while: they link and prove nothing."""
    return "_banned" if status.banned or status.waiting.banned_until is not None else ""


def _month_title(exchange: Exchange, month: Month) -> str:
    return exchange.say("horde.month.title", **_month_words(exchange, month))


def _month_words(exchange: Exchange, month: Month) -> dict[str, object]:
    name = exchange.say(f"horde.month.{month.today.month}")
    return {"month": name, "year": month.today.year, "kudos": sum(month.kudos)}


def _payout(exchange: Exchange, payout: Payout) -> str:
    why = refusal(exchange, payout.answer)
    when = moment(payout.settled_at or payout.planned_at, "d")
    state = exchange.say(f"horde.payout.{payout.state}", why=why)
    return exchange.say("horde.status.payout", when=when, kudos=payout.amount, state=state)
