"""The cards of linking: a named account, the steps of a proof, and a proved account.

ArtBot, a client of the AI Horde at https://artbot.site, offers shared keys on its settings page: in
its source (Haidra-Org/artbot) `app/(content)/settings/page.tsx` shows
`app/(content)/settings/_component/SharedKeys.tsx`, the section "Manage Shared API Keys" with the
anchor `shared-api-key`, whose form `AddEditSharedKey.tsx` asks for name and kudos. It sends them
as they are to `PUT /v2/sharedkeys`, without an expiry, so that such a key lasts until deleted.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import datetime
from typing import Final

from discord import ButtonStyle, Colour, ui

from bot.rewards.linking import Proved
from bot.trust.wording import quoted
from cogs.ui import custom_ids
from cogs.ui.card import Card
from cogs.ui.cards import Row, button
from cogs.ui.edge import Exchange
from storage.horde_links import HordeLink
from storage.horde_proofs import Proof

CLIENT_PAGE: Final = "https://artbot.site/settings#shared-api-key"

Box = ui.Container[ui.LayoutView]


class LinkedCard(Card):
    """An account that was just linked by its name, and what that is worth."""

    def __init__(self, exchange: Exchange, link: HordeLink) -> None:
        super().__init__()
        account = shown(link)
        box: Box = ui.Container(accent_colour=Colour.green())
        if link.verified_at is not None:
            told = exchange.say("horde.linked_verified", account=account)
        else:
            cap = exchange.services.settings.kudos_daily_cap
            unproved = exchange.say("horde.linked_unproved", cap=cap)
            told = f"{exchange.say('horde.linked', account=account)}\n{unproved}"
        self.add_item(box.add_item(ui.TextDisplay(told)))


class ProofCard(Card):
    """What to do to prove an account, step by step; the button takes the shared key."""

    def __init__(self, exchange: Exchange, proof: Proof, link: HordeLink | None) -> None:
        super().__init__()
        box: Box = ui.Container(accent_colour=Colour.blurple())
        for part in _steps(exchange, proof, link):
            box.add_item(ui.TextDisplay(part))
        self.add_item(box)
        texts, language = exchange.texts, exchange.language
        prove = custom_ids.HORDE_PROVE
        self.add_item(Row(button(texts, language, "horde.prove", prove, ButtonStyle.primary)))


class ProvedCard(Card):
    """An account that was just proved, and that the shared key has done its work."""

    def __init__(self, exchange: Exchange, proved: Proved) -> None:
        super().__init__()
        lines = [exchange.say("horde.verified", account=shown(proved.link))]
        if exchange.services.settings.rewards_on:
            lines.append(exchange.say("horde.paid_there"))
        delete = "horde.delete_key_soon" if proved.spendable else "horde.delete_key"
        lines.append(exchange.say(delete))
        box: Box = ui.Container(accent_colour=Colour.green())
        self.add_item(box.add_item(ui.TextDisplay("\n".join(lines))))


def shown(link: HordeLink) -> str:
    """Return an account as it may stand between backticks; its owner chose the name."""
    return quoted(link.alias)


def moment(when: datetime, style: str = "f") -> str:
    """Return a moment as Discord shows it in everybody's own time zone."""
    return f"<t:{int(when.timestamp())}:{style}>"


def _steps(exchange: Exchange, proof: Proof, link: HordeLink | None) -> Iterator[str]:
    settings = exchange.services.settings
    say = exchange.say
    yield f"### {say('horde.verify.title')}\n{say('horde.verify.why')}"
    until = moment(proof.expires_at, "t")
    yield f"{say('horde.verify.name', until=until)}\n```\n{proof.nonce}\n```"
    call = make_key_call(settings.horde_api_url, proof.nonce)
    yield (
        f"{say('horde.verify.client', address=CLIENT_PAGE)}\n{say('horde.verify.call')}\n"
        f"```sh\n{call}\n```\n{say('horde.verify.never')}"
    )
    yield f"{say('horde.verify.press')} {say('horde.verify.after')} {say('horde.verify.most')}"
    how = "exact" if settings.export_exact_signals else "rounded"
    last = [say("horde.verify.kept", how=say(f"horde.verify.{how}"))]
    if link is not None and link.verified_at is not None:
        last.append(say("horde.verify.replaces", account=shown(link)))
    yield "\n".join(f"-# {line}" for line in last)


def make_key_call(api_url: str, name: str) -> str:
    """Return a shell's line that makes a shared key; its owner puts in their own key."""
    body = json.dumps({"name": name, "kudos": 0, "expiry": 1}, separators=(",", ":"))
    return (
        f"curl -X PUT {api_url}/v2/sharedkeys -H 'apikey: YOUR_API_KEY'"
        f" -H 'Content-Type: application/json' -d '{body}'"
    )
