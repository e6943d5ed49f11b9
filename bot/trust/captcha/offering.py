"""Offering captchas: they are made, and wait for their answers; without one the rater goes on."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from random import Random
from sqlite3 import Connection
from typing import Final

import structlog

from bot.caller import Caller
from bot.clock import Clock
from bot.errors import ForeignCaptchaError
from bot.keyed_hash import KeyedHash
from bot.rating.ballot import Ballot
from bot.rating.receipts import Receipt
from bot.trust.alerts import AlertService
from bot.trust.captcha import policy
from bot.trust.captcha.answers import meaning
from bot.trust.captcha.challenges import Made
from bot.trust.captcha.expiring import expire
from bot.trust.captcha.keeping import Kept, kept, take_all
from bot.trust.captcha.outcomes import Challenge, Outcome, Refused, Told
from bot.trust.captcha.workshop import CaptchaUnavailableError, Workshop
from storage import captchas, raters, risks
from storage.captchas import CaptchaKind, KeptPress
from storage.database import Database

ANSWER: Final = "captcha answer"
"""The purpose under which answers are hashed."""

_log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Offering:
    """What asks a captcha, and does without where none can be made or shown.

    `every` is `CAPTCHA_EVERY`; `numbers` are the digits of folded number words.
    """

    database: Database
    clock: Clock
    every: int
    random: Random
    ballot: Ballot
    alerts: AlertService
    hash_key: KeyedHash
    numbers: Mapping[str, str]
    workshop: Workshop

    async def offer(
        self,
        caller: Caller,
        press: KeptPress,
        kind: CaptchaKind,
        language: str,
        *,
        told: Told | None = None,
    ) -> Outcome:
        """Make a captcha and have it wait for its answer; what was open gives way to it."""
        try:
            made = await self.workshop.make(kind, language)
        except CaptchaUnavailableError as error:
            await self.alarm(str(error))
            return await self._do_without(caller, press)
        now = self.clock.now()

        def unit(connection: Connection) -> Challenge | Receipt | Refused:
            rater = number_of(connection, caller)
            record, because = captchas.record(connection, rater), risks.captcha_because
            if not policy.is_due(self.every, record.votes_left, because(connection, rater)):
                waiting = kept(connection, rater, press, now)
                return take_all(connection, self.ballot, caller, waiting, now)
            policy.refuse_in_pause(record.not_before, now)
            return self._keep(connection, rater, kind, press, made, told=told, now=now)

        return await self.database.write(unit)

    def _keep(
        self,
        connection: Connection,
        rater: int,
        kind: CaptchaKind,
        press: KeptPress,
        made: Made,
        *,
        told: Told | None,
        now: datetime,
    ) -> Challenge:
        last = captchas.last(connection, rater)
        tries_left = policy.tries_for_next(last, now)
        if last is not None and last.state == "open" and not expire(connection, last, now):
            captchas.settle(connection, last.id, "replaced", now)
        captchas.forget(connection, rater, now - policy.KEPT)
        captcha_id = captchas.add(
            connection,
            rater,
            kind,
            press,
            tries_left=tries_left,
            made_at=now,
            expires_at=now + policy.LIFETIME,
        )
        answer = self.digest(captcha_id, kind, made.answer)
        assert answer is not None  # noqa: S101 - a maker's answer means something
        captchas.set_answer(connection, captcha_id, answer)
        waiting = kept(connection, rater, press, now)
        return Challenge(
            captcha_id,
            kind,
            made.data,
            made.question,
            waiting.presses,
            waiting.dropped,
            tries_left,
            told,
        )

    async def _do_without(self, caller: Caller, press: KeptPress) -> Receipt | Refused:
        """Take the vote although no captcha can be made; an outage ends no pause."""
        now = self.clock.now()

        def unit(connection: Connection) -> Receipt | Refused:
            rater = number_of(connection, caller)
            policy.refuse_in_pause(captchas.record(connection, rater).not_before, now)
            waiting = kept(connection, rater, press, now)
            last = captchas.last(connection, rater)
            if last is not None:
                captchas.settle(connection, last.id, "unavailable", now)
            return self.let_go_on(connection, caller, waiting, rater, now)

        return await self.database.write(unit)

    def let_go_on(
        self,
        connection: Connection,
        caller: Caller,
        waiting: Kept,
        rater: int,
        now: datetime,
    ) -> Receipt | Refused:
        """Take what waits although nothing was answered; the next captcha comes soon."""
        record = captchas.record(connection, rater)
        after = policy.after_outage(record, self.every, self.random, len(waiting.presses))
        captchas.save(connection, rater, after)
        risks.settle_captcha(connection, rater)
        return take_all(connection, self.ballot, caller, waiting, now)

    def digest(self, captcha_id: int, kind: CaptchaKind, typed: str) -> str | None:
        """Return the keyed hash of what an answer means; None of one that means nothing."""
        meant = meaning(kind, typed, self.numbers)
        if not meant:
            return None
        return self.hash_key.digest(ANSWER, f"{captcha_id} {meant}")

    async def alarm(self, reason: str) -> None:
        """Tell the operators that something of ours, or of Discord, is out of order."""
        _log.error("captcha_unavailable", reason=reason)
        await self.alerts.notice("captcha_unavailable", reason=reason)


def number_of(connection: Connection, caller: Caller) -> int:
    """Return the caller's number; raises ForeignCaptchaError for whoever has none."""
    rater = raters.find(connection, caller.discord_id)
    if rater is None:
        raise ForeignCaptchaError
    return rater.number
