"""Taking votes: each call is one durable unit with all its checks inside."""

from __future__ import annotations

from datetime import timedelta
from sqlite3 import Connection

from bot.caller import Caller
from bot.clock import Clock
from bot.keyed_hash import KeyedHash
from bot.rating.ballot import Ballot
from bot.rating.consent import CONSENT_VERSION
from bot.rating.receipts import Receipt
from bot.rating.revision import ScorePress
from bot.rewards.earning import Earning
from bot.settings import Settings
from bot.trust.enrolment import Enrolment
from storage import raters
from storage.database import Database

__all__ = ["Receipt", "ScorePress", "VotingService", "ballot_of"]


def ballot_of(settings: Settings, hash_key: KeyedHash) -> Ballot:
    """Return the rules of voting that the settings describe."""
    return Ballot(
        home_guild_id=settings.home_guild_id,
        close_delay=timedelta(seconds=settings.close_delay_seconds),
        presses_per_minute=settings.rate_limit_per_minute,
        captcha_every=settings.captcha_every,
        earning=Earning.of(settings, hash_key),
    )


class VotingService:
    """Takes scores, undoes and keeps votes. Each call is idempotent by its interaction id."""

    def __init__(
        self, database: Database, clock: Clock, settings: Settings, enrolment: Enrolment
    ) -> None:
        self._database = database
        self._clock = clock
        self._enrolment = enrolment
        self._ballot = ballot_of(settings, enrolment.hash_key)

    async def agree(self, caller: Caller) -> None:
        """Record that the caller agreed to the current wording of the consent.

        Agreeing again changes nothing.
        """
        now = self._clock.now()

        def unit(connection: Connection) -> None:
            rater = self._enrolment.rater(connection, caller.discord_id, now)
            if rater.consent_version != CONSENT_VERSION:
                raters.set_consent(connection, rater.number, CONSENT_VERSION, now)

        await self._database.write(unit)

    async def take(self, caller: Caller, press: ScorePress) -> Receipt:
        """Record one score, durably, and return what is now recorded.

        A complete vote may be changed until its image closes; an undone one is given again. Raises
        UnknownPostError, ForeignPostError, ClosedPostError, PlaceTakenError, WrongValueError,
        NotAllowedError, NotAgeRestrictedError, BannedError, BarredError, ConsentNeededError,
        RateLimitedError(seconds=...), and before a new vote CaptchaNeededError and
        CaptchaPausedError(until=...).
        """
        now = self._clock.now()
        return await self._database.write(
            lambda connection: self._ballot.take(connection, caller, press, now)
        )

    async def undo(self, caller: Caller, interaction_id: int, post_id: int) -> Receipt:
        """Take back the vote on the post's image; its scores stay and can be kept again.

        What it earned is taken back too. The post may be lost while its image is open. Raises
        NothingToUndoError, PaidVoteError and the refusals of `take`.
        """
        now = self._clock.now()
        return await self._database.write(
            lambda connection: self._ballot.undo(connection, caller, interaction_id, post_id, now)
        )

    async def keep(self, caller: Caller, interaction_id: int, post_id: int) -> Receipt:
        """Give an undone vote again, unchanged, and what it earned.

        Raises NothingToUndoError, PlaceTakenError and the refusals of `undo`.
        """
        now = self._clock.now()
        return await self._database.write(
            lambda connection: self._ballot.keep(connection, caller, interaction_id, post_id, now)
        )
