"""Private sessions: one rater, one image after another."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from random import Random
from sqlite3 import Connection

from bot.caller import Caller
from bot.clock import Clock
from bot.errors import (
    BannedError,
    ForeignPostError,
    NotAllowedError,
    NothingLeftError,
    NothingToUndoError,
    PlaceTakenError,
    UnknownDataSetError,
)
from bot.rating import lessons
from bot.rating.admission import admit, find_shown, look
from bot.rating.course import Course, End
from bot.rating.receipts import votes_today
from bot.rating.showing import Showing, purpose_of, show, show_again, stands
from bot.rating.voting import ballot_of
from bot.rewards.earning import Earned
from bot.settings import Settings
from bot.trust import rate_limit
from bot.trust.enrolment import Enrolment
from bot.trust.gold.mixing import Draw
from bot.trust.grants import require_use, usable_by
from storage import (
    bars,
    channels,
    choosing,
    data_sets,
    image_stages,
    images,
    reservations,
    skips,
)
from storage.data_sets import DataSet
from storage.database import Database
from storage.images import Image
from storage.posts import Shown
from storage.raters import Rater
from storage.skips import SkipReason

__all__ = ["SessionService", "Showing", "SkipReason"]


class SessionService:
    """Serves images to one rater at a time and keeps a place of each image served.

    All that a session knows is in its posts, so it goes on after a restart.
    """

    def __init__(
        self,
        database: Database,
        clock: Clock,
        settings: Settings,
        random: Random,
        enrolment: Enrolment,
    ) -> None:
        self._database = database
        self._clock = clock
        self._home_guild_id = settings.home_guild_id
        self._ballot = ballot_of(settings, enrolment.hash_key)
        self._random = random
        self._enrolment = enrolment
        self._course = Course.of(settings, random.randbytes(16))

    async def start(self, caller: Caller, data_set_name: str | None = None) -> Showing:
        """Show a first image: one of which the rater holds a place before all others.

        Without a name: from the channel's data set, else from any usable one. Raises
        UnknownDataSetError, NotAllowedError where no data set is usable, BannedError, BarredError,
        RateLimitedError(seconds=...), NothingLeftError.
        """
        now = self._clock.now()
        draw = Draw.of(self._random)

        def unit(connection: Connection) -> Showing | End:
            rater = self._enrolment.rater(connection, caller.discord_id, now)
            if rater.banned_at(now):
                raise BannedError.ending(rater.status_until)
            self._charge(connection, rater, now)
            for data_set in self._data_sets(connection, caller, rater, data_set_name, now):
                showing = self._course.begin(
                    connection, caller, rater, data_set_id=data_set.id, draw=draw, now=now
                )
                if showing is not None:
                    return self._with_kudos(connection, showing, rater, now)
            return NothingLeftError(votes_today(connection, rater.number, now))

        return _shown_or_end(await self._database.write(unit))

    async def advance(self, caller: Caller, post_id: int) -> Showing:
        """Show what follows `post_id`: always the same post for the same finished post.

        A post that still waits for this rater's scores is shown again instead, and so is a lesson
        that was answered, with its explanation. Raises NothingLeftError at the end,
        LessonsOverError at the end of lessons, UnknownPostError, ForeignPostError,
        NotAllowedError, BannedError, BarredError.
        """
        return await self._step(caller, post_id, lambda *_: None)

    async def next_lesson(self, caller: Caller, post_id: int) -> Showing:
        """Go on after a lesson whose explanation was read.

        At the end, however often it is asked: LessonsOverError. Raises RateLimitedError and what
        `advance` raises.
        """

        def act(connection: Connection, shown: Shown, rater: Rater, now: datetime) -> None:
            self._charge(connection, rater, now)
            if lessons.ends_with(connection, shown.post, rater):
                raise lessons.result_of(connection, rater, post_id)

        return await self._step(caller, post_id, act, read=True)

    async def leave_lessons(self, caller: Caller, post_id: int) -> Showing:
        """Go on to images to be judged: after the last lesson, or for whoever may skip them.

        Raises NotAllowedError for lessons under way of somebody who is not validated,
        RateLimitedError and what `advance` raises.
        """

        def act(connection: Connection, _: Shown, rater: Rater, now: datetime) -> None:
            self._charge(connection, rater, now)
            lessons.leave(connection, rater, now)

        return await self._step(caller, post_id, act, read=True)

    async def skip(self, caller: Caller, post_id: int, reason: SkipReason) -> Showing:
        """Pass over the image for good and show the next; repeated, it does the same once.

        Raises NotAllowedError for a lesson that somebody who is not validated could judge,
        RateLimitedError(seconds=...) and what `advance` raises.
        """

        def act(connection: Connection, shown: Shown, rater: Rater, now: datetime) -> None:
            self._charge(connection, rater, now)
            lessons.refuse_skip(connection, shown.post, rater, reason)
            image_id = shown.post.image_id
            purpose = purpose_of(connection, shown, rater)
            if not choosing.is_settled(connection, rater.number, image_id, purpose):
                skips.add(connection, rater.number, image_id, reason, now)
                reservations.end(connection, image_id, rater.number, now)
                image_stages.recount(connection, image_id, now, self._ballot.close_delay)

        return await self._step(caller, post_id, act)

    async def keep(self, caller: Caller, interaction_id: int, post_id: int) -> Showing:
        """Give the undone vote of `post_id` again, unchanged, and show what follows.

        Raises PlaceTakenError, ClosedPostError and what `advance` raises.
        """

        def act(connection: Connection, _: Shown, __: Rater, now: datetime) -> Earned | None:
            try:
                return self._ballot.keep(connection, caller, interaction_id, post_id, now).earned
            except NothingToUndoError:
                return None  # it stands already: a second press of the same button

        return await self._step(caller, post_id, act)

    async def go_back(self, caller: Caller, interaction_id: int, post_id: int) -> Showing:
        """Take back the vote of `post_id` (a `previous_post_id`) and show it with its scores.

        Raises ClosedPostError once its image was closed, PlaceTakenError, PaidVoteError, and the
        refusals of a press.
        """
        now = self._clock.now()

        def unit(connection: Connection) -> Showing:
            found = look(
                connection, caller, post_id, interaction_id=interaction_id, limit="undo", now=now
            )
            standing = admit(connection, caller, found, now=now, home_guild_id=self._home_guild_id)
            shown, rater = _private(standing.shown), standing.rater
            skips.remove(connection, rater.number, shown.post.image_id)
            if stands(connection, standing):
                receipt = self._ballot.undo(connection, caller, interaction_id, post_id, now)
                showing = show(connection, caller, post_id, rater, now)
                return self._with_kudos(connection, showing, rater, now, receipt.earned)
            self._charge(connection, rater, now)
            if not standing.has_place:
                raise PlaceTakenError
            showing = show_again(connection, caller, shown, rater, now)
            return self._with_kudos(connection, showing, rater, now)

        return await self._database.write(unit)

    async def upcoming(self, caller: Caller, post_id: int) -> Image | None:
        """Return what `advance` would most likely show, to prepare its bytes; nothing is kept.

        None at the end. Raises UnknownPostError, ForeignPostError, NotAllowedError, BarredError.
        """
        now = self._clock.now()

        def query(connection: Connection) -> Image | None:
            shown, rater = self._own(connection, caller, post_id, now)
            image_id = self._course.upcoming(connection, caller, shown, rater, now)
            return None if image_id is None else images.by_id(connection, image_id)

        return await self._database.read(query)

    async def _step(
        self,
        caller: Caller,
        post_id: int,
        act: Callable[[Connection, Shown, Rater, datetime], Earned | None],
        *,
        read: bool = False,
    ) -> Showing:
        """Do `act` on the caller's post and show what comes after it, in one unit."""
        now = self._clock.now()

        def unit(connection: Connection) -> Showing | End:
            shown, rater = self._own(connection, caller, post_id, now)
            if rater.banned_at(now):
                raise BannedError.ending(rater.status_until)
            earned = act(connection, shown, rater, now)
            outcome = self._course.follow(connection, caller, post_id, rater, now, read=read)
            if isinstance(outcome, End):
                return outcome
            return self._with_kudos(connection, outcome, rater, now, earned)

        return _shown_or_end(await self._database.write(unit))

    def _with_kudos(
        self,
        connection: Connection,
        showing: Showing,
        rater: Rater,
        now: datetime,
        earned: Earned | None = None,
    ) -> Showing:
        """Add what was `earned` on the way, or what the rater earned today."""
        earning = self._ballot.earning
        if earning is None:
            return showing
        today = earned or earning.today(connection, rater, showing.image.data_set_id, now)
        return replace(showing, earned=today)

    def _charge(self, connection: Connection, rater: Rater, now: datetime) -> None:
        """Count an image that the rater asked for without rating the one before."""
        rate_limit.charge(connection, rater.number, "session", self._ballot.presses_per_minute, now)

    def _own(
        self, connection: Connection, caller: Caller, post_id: int, now: datetime
    ) -> tuple[Shown, Rater]:
        shown, rater = find_shown(connection, caller, post_id, self._home_guild_id, now)
        if rater is None:
            raise ForeignPostError
        return _private(shown), rater

    def _data_sets(
        self,
        connection: Connection,
        caller: Caller,
        rater: Rater,
        name: str | None,
        now: datetime,
    ) -> list[DataSet]:
        """Return the data sets to serve from, the preferred one first."""
        barred = bars.guilds(connection, rater.number, now)
        if name is not None:
            data_set = data_sets.by_name(connection, name)
            if data_set is None:
                raise UnknownDataSetError
            try:
                require_use(connection, data_set.id, caller, barred, self._home_guild_id)
            except NotAllowedError as error:
                raise UnknownDataSetError from error
            return [data_set]
        usable = usable_by(connection, caller, barred, self._home_guild_id)
        channel = (
            None if caller.channel_id is None else channels.by_id(connection, caller.channel_id)
        )
        preferred = None if channel is None else channel.data_set_id
        return sorted(usable, key=lambda data_set: data_set.id != preferred)


def _shown_or_end(outcome: Showing | End) -> Showing:
    """Raise the end after its unit, for inside it would undo what was done."""
    if isinstance(outcome, End):
        raise outcome
    return outcome


def _private(shown: Shown) -> Shown:
    if shown.post.surface != "private":
        raise ForeignPostError
    return shown
