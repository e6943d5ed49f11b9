"""Asking captchas and taking their answers: each step is one durable unit."""

from __future__ import annotations

import hmac
from dataclasses import dataclass
from datetime import datetime
from random import Random
from sqlite3 import Connection
from typing import Final

from bot.caller import Caller
from bot.clock import Clock
from bot.errors import (
    CaptchaFailedError,
    CaptchaReplacedError,
    ConsentNeededError,
    ForeignCaptchaError,
    NoAnswerError,
    RateLimitedError,
    UnknownCaptchaError,
    WrongAnswerError,
)
from bot.rating.receipts import Receipt
from bot.rating.revision import ScorePress
from bot.rating.voting import ballot_of
from bot.settings import Settings
from bot.texts import Texts
from bot.trust import rate_limit
from bot.trust.alerts import AlertService
from bot.trust.captcha import policy
from bot.trust.captcha.expiring import expire
from bot.trust.captcha.keeping import is_private, kept, take, take_all
from bot.trust.captcha.offering import Offering, number_of
from bot.trust.captcha.outcomes import Failed, Outcome, Refused, Told
from bot.trust.captcha.questions import number_words
from bot.trust.captcha.refusals import TooManyCaptchasError
from bot.trust.captcha.workshop import Workshop
from bot.trust.enrolment import Enrolment
from storage import captchas, raters, risks
from storage.captchas import Captcha, CaptchaKind, CaptchaState, KeptPress
from storage.database import Database


@dataclass(frozen=True, slots=True)
class _Again:
    """A captcha ended without a pass or a fail: another one follows."""

    ended: Captcha
    told: Told


class CaptchaService:
    """Asks captchas. A captcha is answered once; whatever comes late or twice is harmless."""

    def __init__(
        self,
        database: Database,
        clock: Clock,
        settings: Settings,
        random: Random,
        *,
        enrolment: Enrolment,
        alerts: AlertService,
        texts: Texts,
        workshop: Workshop,
    ) -> None:
        self._database = database
        self._clock = clock
        self._every = settings.captcha_every
        self._random = random
        self._ballot = ballot_of(settings, enrolment.hash_key)
        self._offering = Offering(
            database=database,
            clock=clock,
            every=settings.captcha_every,
            random=random,
            ballot=self._ballot,
            alerts=alerts,
            hash_key=enrolment.hash_key,
            numbers=number_words(texts),
            workshop=workshop,
        )

    async def ask(self, caller: Caller, press: ScorePress, language: str) -> Outcome:
        """Keep a press that needs a captcha first, and ask one of the kind last passed.

        Where none can be made the vote is taken. Raises CaptchaPausedError(until=...),
        RateLimitedError(seconds=...), BusyError.
        """
        now = self._clock.now()

        def unit(connection: Connection) -> CaptchaKind:
            rater = raters.find(connection, caller.discord_id)
            if rater is None:
                raise ConsentNeededError
            _charge(connection, rater.number, now)
            return captchas.record(connection, rater.number).kind

        kind = await self._database.write(unit)
        waiting = KeptPress(press.post_id, press.scale, press.value, press.interaction_id)
        return await self._offering.offer(caller, waiting, kind, language)

    async def another(
        self, caller: Caller, captcha_id: int, kind: CaptchaKind, language: str
    ) -> Outcome:
        """Ask one of a kind in place of an open one; no spent try comes back.

        Raises TooManyCaptchasError(seconds=...), BusyError and what `open` raises.
        """
        now = self._clock.now()

        def unit(connection: Connection) -> Captcha | Receipt | Refused:
            captcha = _own(connection, caller, captcha_id)
            if captcha.state in _LET_GO_ON:
                return take(connection, self._ballot, caller, captcha.press, now)
            _refuse_settled(connection, captcha, _UNANSWERED)
            _charge_another(connection, captcha.rater, now)
            return captcha

        found = await self._database.write(unit)
        if isinstance(found, Captcha):
            return await self._offering.offer(caller, found.press, kind, language)
        return found

    async def open(self, caller: Caller, captcha_id: int, language: str) -> CaptchaKind | Outcome:
        """Return the kind of a captcha that may be answered now, or a new one if it ran out.

        Of one that let the rater go on, the receipt is returned again. Raises
        UnknownCaptchaError, ForeignCaptchaError, CaptchaFailedError, CaptchaReplacedError,
        BusyError.
        """
        now = self._clock.now()

        def unit(connection: Connection) -> CaptchaKind | _Again | Receipt | Refused:
            captcha = _own(connection, caller, captcha_id)
            if captcha.state in _LET_GO_ON:
                return take(connection, self._ballot, caller, captcha.press, now)
            _refuse_settled(connection, captcha, _UNANSWERED)
            if captcha.state == "replaced":
                return _Again(captcha, "wrong")
            return _expired(connection, captcha, now) or captcha.kind

        found = await self._database.write(unit)
        return await self._follow(found, caller, language) if isinstance(found, _Again) else found

    async def answer(self, caller: Caller, captcha_id: int, typed: str, language: str) -> Outcome:
        """Take an answer: the right one takes what was pressed with it, in the same unit.

        A wrong one is followed by another captcha, the last wrong one by a pause; one that comes
        too late counts as nothing. Raises NoAnswerError and what `open` raises.
        """
        now = self._clock.now()

        def unit(connection: Connection) -> _Again | Receipt | Failed | Refused:
            captcha = _own(connection, caller, captcha_id)
            if captcha.state in _LET_GO_ON:
                return take(connection, self._ballot, caller, captcha.press, now)
            _refuse_settled(connection, captcha)
            if (expired := _expired(connection, captcha, now)) is not None:
                return expired
            given = self._offering.digest(captcha.id, captcha.kind, typed)
            if given is None:
                raise NoAnswerError
            if hmac.compare_digest(given, captcha.answer_hash):
                return self._pass(connection, caller, captcha, now)
            return self._miss(connection, captcha, now)

        found = await self._database.write(unit)
        return await self._follow(found, caller, language) if isinstance(found, _Again) else found

    async def not_shown(self, caller: Caller, captcha_id: int, reason: str) -> Outcome:
        """Take the vote without an answer, because Discord did not take the captcha.

        `reason` is for the operators. Raises what `open` raises.
        """
        now = self._clock.now()

        def unit(connection: Connection) -> Receipt | Refused:
            captcha = _own(connection, caller, captcha_id)
            _require_open(captcha)
            waiting = kept(connection, captcha.rater, captcha.press, now)
            captchas.settle(connection, captcha.id, "unavailable", now)
            return self._offering.let_go_on(connection, caller, waiting, captcha.rater, now)

        outcome = await self._database.write(unit)
        await self._offering.alarm(reason)
        return outcome

    async def _follow(self, again: _Again, caller: Caller, language: str) -> Outcome:
        """Ask another; raises WrongAnswerError after a wrong answer, else TooManyCaptchasError."""
        ended, now = again.ended, self._clock.now()
        try:
            await self._database.write(lambda c: _charge_another(c, ended.rater, now))
        except TooManyCaptchasError as error:
            if again.told == "wrong":
                raise WrongAnswerError(**error.values) from error
            raise
        return await self._offering.offer(
            caller, ended.press, ended.kind, language, told=again.told
        )

    def _pass(
        self, connection: Connection, caller: Caller, captcha: Captcha, now: datetime
    ) -> Receipt | Refused:
        waiting = kept(connection, captcha.rater, captcha.press, now)
        captchas.settle(connection, captcha.id, "passed", now)
        record = captchas.record(connection, captcha.rater)
        passed = policy.after_pass(
            record, captcha.kind, self._every, self._random, len(waiting.presses)
        )
        captchas.save(connection, captcha.rater, passed)
        risks.settle_captcha(connection, captcha.rater)
        return take_all(connection, self._ballot, caller, waiting, now)

    def _miss(self, connection: Connection, captcha: Captcha, now: datetime) -> _Again | Failed:
        captchas.miss(connection, captcha.id)
        if captcha.tries_left > 1:
            captchas.settle(connection, captcha.id, "replaced", now)
            return _Again(captcha, "wrong")
        captchas.settle(connection, captcha.id, "failed", now)
        record = policy.after_fail(captchas.record(connection, captcha.rater), now)
        captchas.save(connection, captcha.rater, record)
        until = now + policy.pause(record.fails_in_a_row)
        return Failed(until, captcha.press, is_private(connection, captcha.press))


_LET_GO_ON: Final[frozenset[CaptchaState]] = frozenset({"passed", "unavailable"})
_RAN_OUT: Final[frozenset[CaptchaState]] = frozenset({"expired"})
_UNANSWERED: Final[frozenset[CaptchaState]] = frozenset({"expired", "replaced"})
"""Neither passed nor failed; `replaced` with none that replaces it could not be followed yet."""


def _own(connection: Connection, caller: Caller, captcha_id: int) -> Captcha:
    captcha = captchas.by_id(connection, captcha_id)
    if captcha is None:
        raise UnknownCaptchaError
    if captcha.rater != number_of(connection, caller):
        raise ForeignCaptchaError
    return captcha


def _expired(connection: Connection, captcha: Captcha, now: datetime) -> _Again | None:
    """End a captcha if its time is over; one that ended so before is followed by another, too."""
    if captcha.state == "expired" or expire(connection, captcha, now):
        return _Again(captcha, "expired")
    return None


def _charge(connection: Connection, rater: int, now: datetime) -> None:
    """Count a captcha that is about to be made; raises RateLimitedError(seconds=...)."""
    rate_limit.charge(connection, rater, "captcha", policy.PER_MINUTE, now)


def _charge_another(connection: Connection, rater: int, now: datetime) -> None:
    """Count one that scores wait for already; raises TooManyCaptchasError(seconds=...)."""
    try:
        _charge(connection, rater, now)
    except RateLimitedError as error:
        raise TooManyCaptchasError(**error.values) from error


def _refuse_settled(
    connection: Connection, captcha: Captcha, unless: frozenset[CaptchaState] = _RAN_OUT
) -> None:
    """Refuse what has an outcome, except in states where only a newer one would stand for it."""
    if captcha.state in unless and captcha == captchas.last(connection, captcha.rater):
        return
    _require_open(captcha)


def _require_open(captcha: Captcha) -> None:
    if captcha.state == "failed":
        raise CaptchaFailedError
    if captcha.state != "open":
        raise CaptchaReplacedError
