"""Rating: the buttons of public posts and private sessions, and `/rate`."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import TYPE_CHECKING, ClassVar, Final

import discord
from discord import app_commands, ui
from discord.ext import commands

from bot.errors import (
    CaptchaNeededError,
    ConsentNeededError,
    UnknownButtonError,
    WrongValueError,
)
from bot.rating.scales import SCALES
from bot.rating.sessions import SkipReason
from bot.rating.voting import ScorePress
from cogs.ui import captchas, custom_ids, session
from cogs.ui.cards import ConsentCard, ReceiptCard
from cogs.ui.choices import data_set_choices
from cogs.ui.edge import Exchange
from cogs.ui.items import JuryItem
from cogs.ui.modals import JuryModal
from cogs.ui.outcomes import offer_others, recorded

if TYPE_CHECKING:
    from bot.client import JuryBot

REASON_CHARACTERS: Final = 500
SKIP_REASONS: Final[Mapping[str, SkipReason]] = {
    "not_loading": "not_loading",
    "cannot_judge": "cannot_judge",
    "not_for_me": "not_for_me",
}


class ScoreButton(JuryItem, template=custom_ids.VOTE):
    """A score, on a public post or in a session."""

    async def press(self, exchange: Exchange) -> None:
        """Record the score, or ask first: for consent, then a captcha where one is due."""
        press = self.score(exchange)
        try:
            receipt = await exchange.services.voting.take(exchange.caller, press)
        except ConsentNeededError:
            await exchange.respond(self._consent(exchange, press))
        except CaptchaNeededError:
            await captchas.ask(exchange, press)
        except session.PASSED_OVER as refusal:
            if session.is_session(exchange):
                await session.go_on_instead(exchange, self.post_id, exchange.why(refusal))
            else:
                await offer_others(exchange, self.post_id, exchange.why(refusal))
        else:
            await recorded(exchange, receipt, redraw=False)

    def score(self, exchange: Exchange) -> ScorePress:
        """Return what was pressed; the message counts only where it is the post itself."""
        message = exchange.interaction.message
        return ScorePress(
            interaction_id=exchange.id,
            post_id=self.post_id,
            scale=self.groups["scale"],
            value=int(self.groups["value"]),
            message_id=None if exchange.is_private or message is None else message.id,
        )

    def _consent(self, exchange: Exchange, press: ScorePress) -> ConsentCard:
        if press.scale not in SCALES or press.value not in SCALES[press.scale]:
            raise WrongValueError
        return ConsentCard(
            exchange.texts,
            exchange.language,
            exchange.services.settings,
            custom_ids.agree(press.scale, press.value, press.post_id),
            (press.scale, press.value),
        )


class AgreeButton(ScoreButton, template=custom_ids.AGREE):
    """The consent; the score that was pressed before counts at once, or after a captcha."""

    async def press(self, exchange: Exchange) -> None:
        """Record the consent, then the score."""
        voting = exchange.services.voting
        await voting.agree(exchange.caller)
        press = self.score(exchange)
        try:
            receipt = await voting.take(exchange.caller, press)
        except CaptchaNeededError:
            await captchas.ask(exchange, press)
        except session.PASSED_OVER as refusal:
            await offer_others(exchange, self.post_id, exchange.why(refusal))
        else:
            await recorded(exchange, receipt, redraw=True)


class UndoButton(JuryItem, template=custom_ids.UNDO):
    """Takes back a vote from its receipt."""

    async def press(self, exchange: Exchange) -> None:
        """Undo, and offer to keep the vote after all."""
        voting = exchange.services.voting
        receipt = await voting.undo(exchange.caller, exchange.id, self.post_id)
        await exchange.respond(ReceiptCard(exchange.texts, exchange.language, receipt))


class KeepButton(JuryItem, template=custom_ids.KEEP):
    """Gives an undone vote again: from its receipt, or in a session, which then goes on."""

    async def press(self, exchange: Exchange) -> None:
        """Keep the vote as it was."""
        if session.is_session(exchange):
            sessions = exchange.services.sessions
            following = sessions.keep(exchange.caller, exchange.id, self.post_id)
            try:
                await session.show(exchange, following)
            except session.PASSED_OVER as refusal:
                await session.go_on_instead(exchange, self.post_id, exchange.why(refusal))
            return
        voting = exchange.services.voting
        receipt = await voting.keep(exchange.caller, exchange.id, self.post_id)
        await recorded(exchange, receipt, redraw=False)


class BackButton(JuryItem, template=custom_ids.BACK):
    """The undo of a session: back to the image before, with its scores."""

    async def press(self, exchange: Exchange) -> None:
        """Take back the vote and show its image again."""
        sessions = exchange.services.sessions
        await session.show(exchange, sessions.go_back(exchange.caller, exchange.id, self.post_id))


class SkipSelect(JuryItem, template=custom_ids.SKIP):
    """The reasons to pass over an image in a session."""

    async def press(self, exchange: Exchange) -> None:
        """Pass over the image and show the next."""
        reason = SKIP_REASONS.get(self.choices[0] if self.choices else "")
        if reason is None:
            raise UnknownButtonError
        following = exchange.services.sessions.skip(exchange.caller, self.post_id, reason)
        await session.show(exchange, following)


class MoreButton(JuryItem, template=custom_ids.MORE):
    """From a public post or a receipt into a private session."""

    async def press(self, exchange: Exchange) -> None:
        """Show a first image."""
        await session.show(exchange, exchange.services.sessions.start(exchange.caller))


class LessonButton(JuryItem, template=custom_ids.LESSON):
    """Goes on after a lesson, or past all that are left."""

    async def press(self, exchange: Exchange) -> None:
        """Show the next lesson, how they went, or the first image that counts."""
        sessions = exchange.services.sessions
        go_on = sessions.next_lesson if self.groups["step"] == "next" else sessions.leave_lessons
        await session.show(exchange, go_on(exchange.caller, self.post_id))


class ReportButton(JuryItem, template=custom_ids.REPORT):
    """Asks for the reason of a report."""

    async def press(self, exchange: Exchange) -> None:
        """Open the modal; the post is checked when it comes back."""
        await exchange.interaction.response.send_modal(ReportModal(exchange, self.post_id))


class ReportModal(JuryModal):
    """The reason of a report."""

    template: ClassVar[re.Pattern[str]] = re.compile(custom_ids.REPORT_REASON)

    def __init__(self, exchange: Exchange, post_id: int) -> None:
        super().__init__(exchange.say("report.title"), custom_ids.report_reason(post_id))
        reason: ui.TextInput[ReportModal] = ui.TextInput(
            custom_id="reason",
            style=discord.TextStyle.paragraph,
            max_length=REASON_CHARACTERS,
        )
        self.add_item(
            ui.Label(
                text=exchange.say("report.reason"),
                description=exchange.say("report.reason_hint"),
                component=reason,
            )
        )

    @classmethod
    async def submitted(
        cls, exchange: Exchange, groups: Mapping[str, str], values: Mapping[str, str]
    ) -> None:
        """Keep the report; a session then goes on with another image."""
        post_id = int(groups["post"])
        reports = exchange.services.reports
        reason = values.get("reason")
        receipt = await reports.report(exchange.caller, exchange.id, post_id, reason)
        if receipt.hidden:
            exchange.interaction.client.publisher.wake()
        if session.is_session(exchange):
            following = exchange.services.sessions.skip(exchange.caller, post_id, "not_for_me")
            await session.show(exchange, following, note=exchange.say("session.reported"))
        else:
            await exchange.answer(exchange.say("report.thanks"))


class RatingCog(commands.Cog):
    """`/rate`."""

    def __init__(self, bot: JuryBot) -> None:
        self._bot = bot

    @app_commands.command(name="rate")
    @app_commands.allowed_installs(guilds=True, users=False)
    @app_commands.allowed_contexts(guilds=True, dms=True, private_channels=False)
    async def rate(
        self, interaction: discord.Interaction[JuryBot], dataset: str | None = None
    ) -> None:
        """Start a private session."""

        async def start(exchange: Exchange) -> None:
            following = exchange.services.sessions.start(exchange.caller, dataset)
            await session.show(exchange, following)

        await self._bot.edge.run(interaction, start)

    @rate.autocomplete("dataset")
    async def complete_data_set(
        self, interaction: discord.Interaction[JuryBot], typed: str
    ) -> list[app_commands.Choice[str]]:
        """Offer the data sets that may be used here."""
        exchange = await self._bot.edge.exchange(interaction)
        return await data_set_choices(exchange, typed)


async def setup(bot: JuryBot) -> None:
    """Add what this module answers; called by the bot before it connects."""
    bot.answer(
        ScoreButton,
        AgreeButton,
        UndoButton,
        KeepButton,
        BackButton,
        SkipSelect,
        MoreButton,
        LessonButton,
        ReportButton,
        ReportModal,
    )
    await bot.add_cog(RatingCog(bot))
