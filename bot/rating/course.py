"""The course of a private session: what comes first, and what after a post, inside one unit."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from sqlite3 import Connection

from bot.caller import Caller
from bot.errors import LessonsOverError, NothingLeftError, UnknownPostError
from bot.rating import lessons
from bot.rating.admission import sees_unsafe
from bot.rating.lessons import Lessons
from bot.rating.receipts import votes_today
from bot.rating.serving import Served, Serving
from bot.rating.showing import (
    Showing,
    last_shown,
    open_private,
    show,
    show_again,
    still_waits,
)
from bot.settings import Settings
from bot.trust.gold.mixing import Draw
from storage import onboardings, posts
from storage.choosing import Seeker
from storage.posts import Post, Shown
from storage.raters import Rater

End = NothingLeftError | LessonsOverError
"""What there is where nothing is shown; raised once its unit is stored."""


@dataclass(frozen=True, slots=True)
class Course:
    """Decides what a session shows. `salt` keeps anybody from foreseeing it."""

    serving: Serving
    lessons: Lessons
    salt: bytes

    @classmethod
    def of(cls, settings: Settings, salt: bytes) -> Course:
        """Return what the settings describe."""
        return cls(Serving.of(settings), Lessons(settings.lessons), salt)

    def begin(
        self,
        connection: Connection,
        caller: Caller,
        rater: Rater,
        *,
        data_set_id: int,
        draw: Draw,
        now: datetime,
    ) -> Showing | None:
        """Show the first of a session in a data set: a lesson that is due, else an image.

        None where no image is left to be judged; then there are no lessons either.
        """
        seeker = _seeker(data_set_id, caller, rater)
        served = self.serving.begin(connection, seeker, draw, now)
        if served is None:
            return None
        if self.lessons.is_due(connection, seeker, rater):
            self.lessons.begin(connection, rater, now)
            shown = _lesson_shown(connection, seeker, rater)
            if shown is not None:
                return show(connection, caller, shown.post.id, rater, now)
            # In this place there may be none; the lessons then go on in another one.
            served = lessons.following(connection, seeker, rater, draw.start, None) or served
        post_id = open_private(connection, caller, rater, served, previous_id=None, now=now)
        return show(connection, caller, post_id, rater, now)

    def follow(
        self,
        connection: Connection,
        caller: Caller,
        post_id: int,
        rater: Rater,
        now: datetime,
        *,
        read: bool = False,
    ) -> Showing | End:
        """Show the post while it waits for scores, else what comes after it.

        A lesson that was answered shows its explanation, until it is `read`.
        """
        shown = posts.shown(connection, post_id)
        if shown is None:
            raise UnknownPostError
        if still_waits(connection, caller, shown, rater, now):
            return show_again(connection, caller, shown, rater, now)
        explained = lessons.is_explained(connection, shown.post, rater)
        if explained and not read and _is_visible(caller, shown):
            return show(connection, caller, post_id, rater, now)
        last_id, following = last_shown(connection, caller, shown, rater, now)
        if following is not None:
            return show_again(connection, caller, following, rater, now)
        seeker = _seeker(shown.data_set_id, caller, rater)
        served = None
        if lessons.go_on_after(connection, last_id, rater):
            served = self._lesson_after(connection, seeker, rater, last_id, None)
            if served is None and lessons.is_over(connection, rater):
                return lessons.finish(connection, rater, last_id, now)
        served = served or self._image_after(connection, seeker, last_id, now)
        if served is None:
            return NothingLeftError(votes_today(connection, rater.number, now))
        next_id = open_private(connection, caller, rater, served, previous_id=last_id, now=now)
        return show(connection, caller, next_id, rater, now)

    def upcoming(
        self, connection: Connection, caller: Caller, shown: Shown, rater: Rater, now: datetime
    ) -> int | None:
        """Return the image that most likely follows a post once that is answered."""
        last_id, following = last_shown(connection, caller, shown, rater, now)
        if following is not None:
            return following.post.image_id
        seeker = _seeker(shown.data_set_id, caller, rater)
        served = None
        if lessons.go_on_after(connection, last_id, rater):
            served = self._lesson_after(connection, seeker, rater, last_id, shown.post)
        served = served or self._image_after(connection, seeker, last_id, now)
        return None if served is None else served.image_id

    def _lesson_after(
        self,
        connection: Connection,
        seeker: Seeker,
        rater: Rater,
        post_id: int,
        shown: Post | None,
    ) -> Served | None:
        """Choose the lesson that follows a post, if one is to."""
        start = Draw.after(post_id, self.salt).start
        return lessons.following(connection, seeker, rater, start, shown)

    def _image_after(
        self, connection: Connection, seeker: Seeker, post_id: int, now: datetime
    ) -> Served | None:
        """Choose the image that follows a post; the same each time while nothing changes.

        Votes given since that post was shown are no news: what is made ready before it is judged
        is what comes then.
        """
        last = posts.by_id(connection, post_id)
        before = now if last is None else last.shown_at
        draw = Draw.after(post_id, self.salt)
        return self.serving.choose(connection, seeker, draw, now, before=before)


def _lesson_shown(connection: Connection, seeker: Seeker, rater: Rater) -> Shown | None:
    """Return the newest lesson in the data set, to be answered or to be read once more."""
    post_id = onboardings.last_post(connection, rater.number, seeker.data_set_id)
    shown = None if post_id is None else posts.shown(connection, post_id)
    if shown is None or shown.out_of_sight or not (shown.safe or not seeker.safe_only):
        return None
    if lessons.is_explained(connection, shown.post, rater):
        return shown
    return shown if lessons.is_open(connection, shown.post, rater) else None


def _is_visible(caller: Caller, shown: Shown) -> bool:
    return not shown.out_of_sight and (shown.safe or sees_unsafe(caller))


def _seeker(data_set_id: int, caller: Caller, rater: Rater) -> Seeker:
    return Seeker(data_set_id, safe_only=not sees_unsafe(caller), rater=rater.number)
