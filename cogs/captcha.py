"""Captchas: the buttons below one, and the modal into which its answer is typed."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import TYPE_CHECKING, ClassVar, Final

from discord import ui

from bot.errors import UnknownButtonError
from cogs.ui import captchas, custom_ids
from cogs.ui.edge import Exchange
from cogs.ui.items import JuryItem
from cogs.ui.modals import JuryModal
from storage.captchas import CaptchaKind

if TYPE_CHECKING:
    from bot.client import JuryBot

ANSWER_CHARACTERS: Final = 60
KINDS: Final[Mapping[str, CaptchaKind]] = {
    "picture": "picture",
    "audio": "audio",
    "question": "question",
}


class CaptchaAnswerButton(JuryItem, template=custom_ids.CAPTCHA_ANSWER):
    """Asks for the answer."""

    async def press(self, exchange: Exchange) -> None:
        """Open the modal, unless the captcha has ended."""
        captcha_id = int(self.groups["captcha"])
        service = exchange.services.captchas
        opened = await service.open(exchange.caller, captcha_id, exchange.language)
        if isinstance(opened, str):
            modal = CaptchaModal(exchange, captcha_id, opened)
            await exchange.interaction.response.send_modal(modal)
        else:
            await captchas.present(exchange, opened)


class CaptchaKindButton(JuryItem, template=custom_ids.CAPTCHA_KIND):
    """Asks for a captcha of another kind, or for another of the same."""

    async def press(self, exchange: Exchange) -> None:
        """Put a new captcha in the place of this one."""
        kind = KINDS.get(self.groups["kind"])
        if kind is None:
            raise UnknownButtonError
        captcha_id = int(self.groups["captcha"])
        service = exchange.services.captchas
        another = service.another(exchange.caller, captcha_id, kind, exchange.language)
        await captchas.present(exchange, await another)


class CaptchaModal(JuryModal):
    """The answer to a captcha."""

    template: ClassVar[re.Pattern[str]] = re.compile(custom_ids.CAPTCHA_TYPED)

    def __init__(self, exchange: Exchange, captcha_id: int, kind: CaptchaKind) -> None:
        super().__init__(exchange.say("captcha.modal.title"), custom_ids.captcha_typed(captcha_id))
        answer: ui.TextInput[CaptchaModal] = ui.TextInput(
            custom_id="answer", max_length=ANSWER_CHARACTERS
        )
        self.add_item(
            ui.Label(
                text=exchange.say(f"captcha.modal.{kind}"),
                description=exchange.say("captcha.modal.hint"),
                component=answer,
            )
        )

    @classmethod
    async def submitted(
        cls, exchange: Exchange, groups: Mapping[str, str], values: Mapping[str, str]
    ) -> None:
        """Take the answer; the score that waited is recorded with the right one."""
        typed = values.get("answer", "")
        service = exchange.services.captchas
        outcome = service.answer(exchange.caller, int(groups["captcha"]), typed, exchange.language)
        await captchas.present(exchange, await outcome)


async def setup(bot: JuryBot) -> None:
    """Add what this module answers; called by the bot before it connects."""
    bot.answer(CaptchaAnswerButton, CaptchaKindButton, CaptchaModal)
