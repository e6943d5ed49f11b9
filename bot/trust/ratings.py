"""What a rater voted, for moderators: vote by vote, and in the figures of the Ratings API."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from sqlite3 import Connection
from typing import Final

from bot.caller import Caller
from bot.clock import Clock
from bot.errors import NeverSeenError, WrongValueError
from bot.rating.scales import SCALES
from bot.trust.access import AccessService
from bot.trust.people import known
from storage import rater_listing, rater_records, rater_votes, raters
from storage.database import Database
from storage.rater_listing import Listed, Sieve
from storage.raters import Rater

PAGE: Final = 8
"""Votes on a page: as many as fit Discord's 4000 characters whatever they are."""

MOST_MINUTES: Final = 366 * 24 * 60
"""A year: how far back a check looks at most."""

THREE_HOURS: Final = timedelta(hours=3)


@dataclass(frozen=True, slots=True)
class RatingsPage:
    """One page, newest first. `older` and `newer` are where to go on, None at the ends.

    `changed` are the images on which a score replaced another. `total` are all votes of the rater,
    whatever the sieve leaves.
    """

    rater: Rater
    sieve: Sieve
    votes: tuple[Listed, ...]
    changed: frozenset[int]
    total: int
    older: int | None
    newer: int | None


@dataclass(frozen=True, slots=True)
class Check:
    """The fields of the Ratings API's `user/check`, by its names.

    A rating is a complete vote, taken out later or not. `suspect_divergences` are the ratings of
    the timeframe at least `divergence` points from the mean of the others on the image;
    `captchas_failed` are fails less passes ever, below 0 where more were passed.
    """

    rater: Rater
    minutes: int
    divergence: int
    ratings_in_timeframe: int
    ratings_per_minute_in_timeframe: float
    ratings_past_three_hours: int
    ratings_per_minute_for_past_three_hours: float
    suspect_divergences: int
    captchas_failed: int


class RatingsService:
    """Shows moderators votes; the role is checked at each look."""

    def __init__(self, database: Database, clock: Clock, access: AccessService) -> None:
        self._database = database
        self._clock = clock
        self._access = access

    async def of(self, caller: Caller, discord_id: int, sieve: Sieve) -> RatingsPage:
        """Return the newest votes of a person.

        Raises NotAllowedError, NeverSeenError, WrongValueError for an unknown scale.
        """
        return await self._page(caller, lambda c: known(c, discord_id), sieve)

    async def page(
        self,
        caller: Caller,
        number: int,
        sieve: Sieve,
        *,
        before: int | None = None,
        after: int | None = None,
    ) -> RatingsPage:
        """Return the votes below or above a place in the list of the rater of a number.

        Raises what `of` does; NeverSeenError also for a rater who erased themselves meanwhile.
        """
        find = partial(_linked, number=number)
        return await self._page(caller, find, sieve, before=before, after=after)

    async def check(self, caller: Caller, discord_id: int, minutes: int, divergence: int) -> Check:
        """Return the figures of the last `minutes`, 1 to MOST_MINUTES, for so many points, from 0.

        Raises NotAllowedError, NeverSeenError, WrongValueError.
        """
        await self._access.require_moderator(caller, "rater.check")
        if not 1 <= minutes <= MOST_MINUTES or divergence < 0:
            raise WrongValueError

        def query(connection: Connection) -> Check:
            rater = known(connection, discord_id)
            return self._check(connection, rater, minutes, divergence)

        return await self._database.read(query)

    async def _page(
        self,
        caller: Caller,
        find: Callable[[Connection], Rater],
        sieve: Sieve,
        *,
        before: int | None = None,
        after: int | None = None,
    ) -> RatingsPage:
        await self._access.require_moderator(caller, "rater.ratings")
        if sieve.scale not in SCALES:
            raise WrongValueError

        def query(connection: Connection) -> RatingsPage:
            return _look(connection, find(connection), sieve, before, after)

        return await self._database.read(query)

    def _check(self, connection: Connection, rater: Rater, minutes: int, divergence: int) -> Check:
        now = self._clock.now()
        since = now - timedelta(minutes=minutes)
        count = partial(rater_votes.completed_since, connection, rater.number)
        recent, three_hours = count(since), count(now - THREE_HOURS)
        captchas = rater_records.captcha_record(connection, rater.number)
        return Check(
            rater=rater,
            minutes=minutes,
            divergence=divergence,
            ratings_in_timeframe=recent,
            ratings_per_minute_in_timeframe=recent / minutes,
            ratings_past_three_hours=three_hours,
            ratings_per_minute_for_past_three_hours=three_hours / (THREE_HOURS.seconds / 60),
            suspect_divergences=rater_listing.divergences(
                connection, rater.number, since, divergence
            ),
            captchas_failed=captchas.failed - captchas.passed if captchas else 0,
        )


def _look(
    connection: Connection, rater: Rater, sieve: Sieve, before: int | None, after: int | None
) -> RatingsPage:
    """Return a page; one that would begin above the newest vote is the first one."""
    look = partial(rater_listing.page, connection, rater.number, sieve, size=PAGE)
    older: int | None
    newer: int | None
    if after is not None:
        found = look(after=after)
        if found.reached is None:
            return _look(connection, rater, sieve, None, None)
        older, newer = after + 1, found.reached
    else:
        found = look(before=before)
        older, newer = found.reached, None if before is None else before - 1
    counts = rater_votes.count_votes(connection, rater.number)
    return RatingsPage(
        rater=rater,
        sieve=sieve,
        votes=tuple(found.votes),
        changed=frozenset(rater_listing.changed(connection, rater.number, found.votes)),
        total=counts.complete + counts.half + counts.undone + counts.void,
        older=older,
        newer=newer,
    )


def _linked(connection: Connection, number: int) -> Rater:
    """Return the rater of a number that still leads to a person."""
    rater = raters.by_number(connection, number)
    if rater is None or rater.discord_id is None:
        raise NeverSeenError(user=f"#{number}")
    return rater
