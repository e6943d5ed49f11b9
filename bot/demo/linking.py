"""The crowd's Horde accounts: named to the bot by some, and proved by others, as by hand."""

from __future__ import annotations

import re
from collections.abc import Iterable

import simcord

from bot.demo.horde.accounts import Account
from bot.demo.horde_people import HordePeople
from bot.demo.raw_components import every_component
from bot.demo.stage import Stage
from bot.demo.turns import Turns
from cogs.ui import custom_ids

NONCE = re.compile(r"jury(-[A-Z0-9]{4}){3}")
TEXT_INPUT = 4
"""Discord's number for a component that takes text."""
FREE_KEY = {"kudos": 0, "expiry": 1}


class Linking:
    """Uses the bot's own commands on behalf of members who have an account."""

    def __init__(self, stage: Stage, turns: Turns, people: HordePeople) -> None:
        self._stage = stage
        self._turns = turns
        self._people = people

    async def introduce(self, actor: simcord.MemberActor) -> None:
        """Let somebody with an account tell the bot of it."""
        account = self._people.of_crowd.get(actor.name)
        if account is None:
            return
        async with self._turns.crowd():
            await self._stage.catch_up()
            channel = self._stage.cast.raters_channel
            if self._people.proves(account):
                await self._prove(actor, account, await actor.slash(channel, "horde verify"))
            else:
                await actor.slash(channel, "horde link", account=account.alias)

    async def _prove(
        self, actor: simcord.MemberActor, account: Account, asked: simcord.InteractionResult
    ) -> None:
        """Make the shared key that the bot asks for, show it, and delete it."""
        answer = asked.response
        nonce = NONCE.search(_text(answer.components)) if answer is not None else None
        if answer is None or nonce is None:
            return
        keys = self._people.stand_in.shared_keys
        key = keys.make(account, {"name": nonce[0], **FREE_KEY})
        shown = await actor.click(answer, custom_id=custom_ids.HORDE_PROVE)
        if shown.modal is not None:
            inputs = [
                found["custom_id"]
                for found in every_component([shown.modal])
                if found.get("type") == TEXT_INPUT
            ]
            await actor.submit_modal(shown, dict.fromkeys(inputs, key.id))
        keys.delete(key, account)


def _text(components: Iterable[dict[str, object]]) -> str:
    return "\n".join(str(found.get("content", "")) for found in every_component(components))
