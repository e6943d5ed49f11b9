"""What operators see of the kudos: the sums, why payouts wait, and payouts in doubt."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from types import MappingProxyType
from typing import Final

import discord
from discord import ButtonStyle, Colour, ui

from bot.horde.records import Account
from bot.rewards.cases import PayoutCase
from bot.rewards.overview import Overview
from bot.rewards.planning import terms_of
from bot.trust.wording import escape
from cogs.ui import custom_ids
from cogs.ui.card import Card
from cogs.ui.cards import Row, button
from cogs.ui.edge import Exchange
from storage.payout_attempts import Attempt
from storage.payout_pauses import Pause

PAUSE_REASONS: Final = MappingProxyType(
    {
        "KudosTransferNotEnough": "not_enough",
        "FaultWhenKudosSending": "suspicious",
        "SourceAccountFlagged": "flagged",
        "EducationCannotSendKudos": "education",
        "KudosTransferFromAnon": "anonymous",
        "key_anonymous": "anonymous",
        "InvalidAPIKey": "wrong_key",
        "UserNotFound": "wrong_key",
        "key_missing": "unfit_key",
        "key_shared": "unfit_key",
        "DeletedUser": "deleted",
    }
)
"""The text for each answer about our own account; whatever else comes is shown as it is."""

OUTCOMES: Final = MappingProxyType(
    {"not_known": "not_known", "not_sent": "not_sent", "http_429": "limit"}
)
"""The text for each outcome of an attempt that is no return code of the Horde."""

NOT_RESENT: Final = ("keys_ignored", "other_server", "other_account")
"""Why a payout in doubt is not sent again."""

ATTEMPTS: Final = 5
"""How many attempts a card shows: the latest."""

LATER: Final = "later"
"""What an operator says who leaves a payout in doubt and looks at the next."""


class KudosCard(Card):
    """Balance, sums and state at a glance, and the buttons that change it."""

    def __init__(self, exchange: Exchange, overview: Overview) -> None:
        super().__init__()
        calm = overview.rewards_on and not overview.pauses and not overview.cases
        box: ui.Container[ui.LayoutView] = ui.Container(
            accent_colour=Colour.green() if calm else Colour.orange()
        )
        box.add_item(ui.TextDisplay(f"### {exchange.say('kudos.title')}"))
        box.add_item(ui.TextDisplay("\n".join(_state(exchange, overview))))
        box.add_item(ui.Separator())
        box.add_item(ui.TextDisplay("\n".join(_sums(exchange, overview))))
        self.add_item(box)
        self.add_item(Row(*_buttons(exchange, overview)))


def _state(exchange: Exchange, overview: Overview) -> Iterator[str]:
    """Say what the bot pays from, and whether payouts go on."""
    if not overview.rewards_on:
        yield exchange.say("kudos.off")
    if overview.trouble is not None:
        yield exchange.say(f"kudos.{overview.trouble}")
    if overview.account is not None:
        yield from _account(exchange, overview.account)
    yield from (_pause(exchange, pause) for pause in overview.pauses)
    if overview.rewards_on and not overview.pauses:
        yield f"{exchange.say('kudos.running')} {_next_run(exchange, overview)}"


def _account(exchange: Exchange, account: Account) -> Iterator[str]:
    alias = f"**{escape(str(account.alias))}**"
    yield exchange.say("kudos.account", account=alias, kudos=account.spendable)
    for fault in ("flagged", "deleted", "education"):
        if getattr(account, fault):
            yield f"\u26a0\ufe0f {exchange.say(f'kudos.{fault}')}"


def _pause(exchange: Exchange, pause: Pause) -> str:
    if pause.cause == "operator":
        return (
            f"\u23f8\ufe0f {exchange.say('kudos.paused.operator', since=_when(pause.since, 'f'))}"
        )
    if pause.cause == "list":
        text = exchange.say(f"kudos.paused.{pause.answer}", since=_when(pause.since))
        return f"\u26a0\ufe0f {text}"
    reason = PAUSE_REASONS.get(pause.answer, "unforeseen")
    why = exchange.say(f"kudos.paused.{reason}", answer=pause.answer)
    text = exchange.say("kudos.paused.horde", since=_when(pause.since, "f"), why=why)
    if pause.try_at is not None:
        text += f" {exchange.say('kudos.paused.again', when=_when(pause.try_at))}"
    return f"\u26a0\ufe0f {text}"


def _next_run(exchange: Exchange, overview: Overview) -> str:
    if overview.next_run is None:
        minimum = terms_of(exchange.services.settings).least
        return exchange.say("kudos.next_none", minimum=minimum)
    if overview.next_run - overview.now < timedelta(minutes=1):
        return exchange.say("kudos.next_now")
    key = "kudos.next_at" if overview.budget_left else "kudos.budget_spent"
    return exchange.say(key, when=_when(overview.next_run))


def _sums(exchange: Exchange, overview: Overview) -> Iterator[str]:
    totals = overview.totals
    yield exchange.say(
        "kudos.today",
        awarded=totals.awarded_today,
        spent=totals.spent_today,
        budget=overview.budget,
    )
    yield exchange.say("kudos.owed", owed=totals.owed, held=totals.held, released=totals.released)
    if overview.due.raters:
        yield exchange.count("kudos.due", overview.due.raters, kudos=overview.due.kudos)
    yield exchange.say(
        "kudos.under_way",
        planned=totals.planned,
        sending=totals.sending,
        in_doubt=totals.in_doubt,
    )
    key = "kudos.written_off" if totals.written_off else "kudos.paid"
    yield exchange.say(key, paid=totals.paid, written_off=totals.written_off)
    if overview.cases:
        yield f"\u26a0\ufe0f **{exchange.count('kudos.cases', overview.cases)}**"


def _buttons(exchange: Exchange, overview: Overview) -> Iterator[ui.Button[ui.LayoutView]]:
    causes = {pause.cause for pause in overview.pauses}
    if overview.cases:
        yield _button(exchange, "kudos.decide", custom_ids.kudos("cases"), ButtonStyle.primary)
    if causes:
        key = "kudos.resume" if causes - {"horde"} else "kudos.try_now"
        yield _button(exchange, key, custom_ids.kudos("resume"), ButtonStyle.success)
    if "operator" not in causes:
        yield _button(exchange, "kudos.pause", custom_ids.kudos("pause"), ButtonStyle.secondary)
    yield _button(exchange, "kudos.refresh", custom_ids.kudos("refresh"), ButtonStyle.secondary)


class CaseCard(Card):
    """A payout in doubt: all that is known of it, and what each answer means."""

    def __init__(self, exchange: Exchange, case: PayoutCase) -> None:
        super().__init__()
        box: ui.Container[ui.LayoutView] = ui.Container(accent_colour=Colour.orange())
        title = exchange.count("kudos.case.title", case.waiting)
        box.add_item(ui.TextDisplay(f"### {title}"))
        for part in (_what(exchange, case), _attempts(exchange, case), _known(exchange, case)):
            box.add_item(ui.TextDisplay("\n".join(part)))
        box.add_item(ui.Separator())
        means = (exchange.say("kudos.case.paid_means"), exchange.say("kudos.case.unpaid_means"))
        box.add_item(ui.TextDisplay("\n".join(means)))
        self.add_item(box)
        answers = (
            ("paid", ButtonStyle.success),
            ("unpaid", ButtonStyle.danger),
            (LATER, ButtonStyle.secondary),
        )
        self.add_item(
            Row(
                *(
                    _button(
                        exchange,
                        f"kudos.case.{answer}",
                        custom_ids.payout(answer, case.item.id),
                        style,
                    )
                    for answer, style in answers
                )
            )
        )


def _what(exchange: Exchange, case: PayoutCase) -> Iterator[str]:
    payout = case.payout
    user = f"<@{case.discord_id}>" if case.discord_id else exchange.say("kudos.case.nobody")
    yield exchange.say(
        "kudos.case.what",
        amount=payout.amount,
        rater=payout.rater,
        user=user,
        account=_payee(exchange, case),
    )
    yield exchange.say("kudos.case.verified" if payout.verified else "kudos.case.unproved")


def _known(exchange: Exchange, case: PayoutCase) -> Iterator[str]:
    """Say whether a proof may still come, and where to look for one."""
    payout = case.payout
    yield exchange.say(f"kudos.case.{_reason(case)}")
    if payout.server and payout.sender_id:
        users = f"{exchange.services.settings.horde_api_url}/v2/users"
        yield exchange.say(
            "kudos.case.look",
            sender=f"<{users}/{payout.sender_id}>",
            payee=f"<{users}/{payout.horde_id}>",
        )


def _reason(case: PayoutCase) -> str:
    """Return why the payout is not sent again, or that it is."""
    if not case.payout.resendable:
        return "keys_ignored"
    answer = str(case.item.details.get("answer"))
    return answer if answer in NOT_RESENT else "resent"


def _payee(exchange: Exchange, case: PayoutCase) -> str:
    if case.account is None:
        return exchange.say("kudos.case.account_only", number=case.payout.horde_id)
    return f"**{escape(str(case.account))}**"


def _attempts(exchange: Exchange, case: PayoutCase) -> Iterator[str]:
    """Say when the payout was first sent, and the outcome of the latest attempts."""
    first = case.payout.first_sent_at
    if first is not None:
        count = exchange.count("kudos.case.times", len(case.attempts))
        yield exchange.say("kudos.case.since", when=_when(first, "f"), count=count)
    left = len(case.attempts) - ATTEMPTS
    if left > 0:
        yield exchange.say("kudos.case.more", count=left)
    yield from (_attempt(exchange, attempt) for attempt in case.attempts[-ATTEMPTS:])


def _attempt(exchange: Exchange, attempt: Attempt) -> str:
    answer = attempt.outcome
    key = "none" if answer is None else OUTCOMES.get(answer, "rc")
    outcome = exchange.say(f"kudos.outcome.{key}", answer=answer)
    return exchange.say("kudos.case.attempt", when=_when(attempt.sent_at, "f"), outcome=outcome)


def _button(
    exchange: Exchange, key: str, custom_id: str, style: discord.ButtonStyle
) -> ui.Button[ui.LayoutView]:
    return button(exchange.texts, exchange.language, key, custom_id, style)


def _when(moment: datetime, style: str = "R") -> str:
    return f"<t:{int(moment.timestamp())}:{style}>"
