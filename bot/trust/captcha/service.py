"""Asking captchas and taking their answers: each step is one durable unit."""

from __future__ import annotations

import hmac
from dataclasses import dataclass
from datetime import datetime
from random import Random
from sqlite3 import Connection
from typing import Final

import structlog

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
from bot.trust.captcha.answers import meaning
from bot.trust.captcha.challenges import Made
from bot.trust.captcha.expiring import expire
from bot.trust.captcha.keeping import Kept, is_private, kept, take, take_all
from bot.trust.captcha.outcomes import Challenge, Failed, Outcome, Refused, Told
from bot.trust.captcha.questions import number_words
from bot.trust.captcha.workshop import CaptchaUnavailableError, Workshop
from bot.trust.enrolment import Enrolment
from storage import captchas, raters, risks
from storage.captchas import Captcha, CaptchaKind, CaptchaState, KeptPress
from storage.database import Database

ANSWER: Final = "captcha answer"
"""The purpose under which answers are hashed."""

_log = structlog.get_logger()


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
        self._alerts = alerts
        self._hash_key = enrolment.hash_key
        self._numbers = number_words(texts)
        self._workshop = workshop
        self._ballot = ballot_of(settings, enrolment.hash_key)

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
        return await self._offer(caller, waiting, kind, language)

    async def another(
        self, caller: Caller, captcha_id: int, kind: CaptchaKind, language: str
    ) -> Outcome:
        """Ask one of a kind in place of an open one; no spent try comes back.

        Raises RateLimitedError(seconds=...), BusyError and what `open` raises.
        """
        now = self._clock.now()

        def unit(connection: Connection) -> Captcha | Receipt | Refused:
            captcha = _own(connection, caller, captcha_id)
            if captcha.state in _LET_GO_ON:
                return take(connection, self._ballot, caller, captcha.press, now)
            _refuse_settled(connection, captcha, _UNANSWERED)
            _charge(connection, captcha.rater, now)
            return captcha

        found = await self._database.write(unit)
        if isinstance(found, Captcha):
            return await self._offer(caller, found.press, kind, language)
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
            meant = meaning(captcha.kind, typed, self._numbers)
            if not meant:
                raise NoAnswerError
            if hmac.compare_digest(self._digest(captcha.id, meant), captcha.answer_hash):
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
            return self._let_go_on(connection, caller, waiting, captcha.rater, now)

        outcome = await self._database.write(unit)
        await self._alarm(reason)
        return outcome

    async def _follow(self, again: _Again, caller: Caller, language: str) -> Outcome:
        """Ask another one; raises WrongAnswerError after a wrong answer, else RateLimitedError."""
        ended, now = again.ended, self._clock.now()
        try:
            await self._database.write(lambda connection: _charge(connection, ended.rater, now))
        except RateLimitedError as error:
            if again.told == "wrong":
                raise WrongAnswerError(**error.values) from error
            raise
        return await self._offer(caller, ended.press, ended.kind, language, told=again.told)

    async def _offer(
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
            made = await self._workshop.make(kind, language)
        except CaptchaUnavailableError as error:
            await self._alarm(str(error))
            return await self._do_without(caller, press)
        now = self._clock.now()

        def unit(connection: Connection) -> Challenge | Receipt | Refused:
            rater = _number(connection, caller)
            record, because = captchas.record(connection, rater), risks.captcha_because
            if not policy.is_due(self._every, record.votes_left, because(connection, rater)):
                waiting = kept(connection, rater, press, now)
                return take_all(connection, self._ballot, caller, waiting, now)
            policy.refuse_in_pause(record.not_before, now)
            return self._keep(connection, rater, kind, press, made, told=told, now=now)

        return await self._database.write(unit)

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
        meant = meaning(kind, made.answer, self._numbers)
        captchas.set_answer(connection, captcha_id, self._digest(captcha_id, meant))
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
        now = self._clock.now()

        def unit(connection: Connection) -> Receipt | Refused:
            rater = _number(connection, caller)
            policy.refuse_in_pause(captchas.record(connection, rater).not_before, now)
            waiting = kept(connection, rater, press, now)
            last = captchas.last(connection, rater)
            if last is not None:
                captchas.settle(connection, last.id, "unavailable", now)
            return self._let_go_on(connection, caller, waiting, rater, now)

        return await self._database.write(unit)

    def _let_go_on(
        self,
        connection: Connection,
        caller: Caller,
        waiting: Kept,
        rater: int,
        now: datetime,
    ) -> Receipt | Refused:
        record = captchas.record(connection, rater)
        after = policy.after_outage(record, self._every, self._random, len(waiting.presses))
        captchas.save(connection, rater, after)
        risks.settle_captcha(connection, rater)
        return take_all(connection, self._ballot, caller, waiting, now)

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

    def _digest(self, captcha_id: int, meant: str) -> str:
        return self._hash_key.digest(ANSWER, f"{captcha_id} {meant}")

    async def _alarm(self, reason: str) -> None:
        _log.error("captcha_unavailable", reason=reason)
        await self._alerts.notice("captcha_unavailable", reason=reason)


_LET_GO_ON: Final[frozenset[CaptchaState]] = frozenset({"passed", "unavailable"})
_RAN_OUT: Final[frozenset[CaptchaState]] = frozenset({"expired"})
_UNANSWERED: Final[frozenset[CaptchaState]] = frozenset({"expired", "replaced"})
"""Neither passed nor failed; `replaced` with none that replaces it could not be followed yet."""


def _own(connection: Connection, caller: Caller, captcha_id: int) -> Captcha:
    captcha = captchas.by_id(connection, captcha_id)
    if captcha is None:
        raise UnknownCaptchaError
    if captcha.rater != _number(connection, caller):
        raise ForeignCaptchaError
    return captcha


def _number(connection: Connection, caller: Caller) -> int:
    rater = raters.find(connection, caller.discord_id)
    if rater is None:
        raise ForeignCaptchaError
    return rater.number


def _expired(connection: Connection, captcha: Captcha, now: datetime) -> _Again | None:
    """End a captcha if its time is over; one that ended so before is followed by another, too."""
    if captcha.state == "expired" or expire(connection, captcha, now):
        return _Again(captcha, "expired")
    return None


def _charge(connection: Connection, rater: int, now: datetime) -> None:
    """Count a captcha that is about to be made; raises RateLimitedError(seconds=...)."""
    rate_limit.charge(connection, rater, "captcha", policy.PER_MINUTE, now)


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
