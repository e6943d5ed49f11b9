"""What a private session shows, and what comes after it, inside one unit."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from sqlite3 import Connection

from bot.caller import Caller
from bot.errors import NotAgeRestrictedError, UnknownPostError
from bot.rating.admission import Standing, has_place, sees_unsafe
from bot.rating.lessons import Lesson, is_open, lesson_of
from bot.rating.receipts import votes_today
from bot.rating.serving import Served
from bot.rewards.earning import Earned
from storage import (
    awards,
    choosing,
    data_sets,
    gold_answers,
    gold_times,
    image_stages,
    images,
    posts,
    repeats,
    reservations,
    votes,
)
from storage.images import Image
from storage.posts import Post, Purpose, Shown
from storage.raters import Rater


@dataclass(frozen=True, slots=True)
class Showing:
    """One image in a private session, as the card shows it.

    `scores` are those already given (after going back, or a half vote); `undone` says that they
    do not count at present. `previous_post_id` is where a step back leads, None if nowhere.
    `today`: this rater's complete votes since 00:00 UTC. `earned`: the kudos of what led here, None
    while rewards are off. `lesson`: it is one of the lessons of a new rater.
    """

    post_id: int
    image: Image
    data_set: str
    scores: Mapping[str, int]
    undone: bool
    previous_post_id: int | None
    today: int
    earned: Earned | None = None
    lesson: Lesson | None = None


def show(
    connection: Connection, caller: Caller, post_id: int, rater: Rater, now: datetime
) -> Showing:
    """Return the showing of a private post of this rater.

    Every image served in private passes here. Raises NotAgeRestrictedError for one that may not
    be seen where the caller is, whatever chose it.
    """
    post = posts.by_id(connection, post_id)
    image = None if post is None else images.by_id(connection, post.image_id)
    data_set = None if image is None else data_sets.by_id(connection, image.data_set_id)
    if post is None or image is None or data_set is None:
        raise UnknownPostError
    if not image.safe and not sees_unsafe(caller):
        raise NotAgeRestrictedError
    scores, undone = _answer(connection, post, rater)
    return Showing(
        post_id=post_id,
        image=image,
        data_set=data_set.name,
        scores=scores,
        undone=undone,
        previous_post_id=_step_back(connection, post_id, rater, now),
        today=votes_today(connection, rater.number, now),
        lesson=lesson_of(connection, post, rater, scores),
    )


def show_again(
    connection: Connection, caller: Caller, shown: Shown, rater: Rater, now: datetime
) -> Showing:
    """Return the showing of an earlier post; its place is kept if it waits for scores."""
    purpose = purpose_of(connection, shown, rater)
    if not choosing.is_settled(connection, rater.number, shown.post.image_id, purpose):
        served = Served(shown.post.image_id, purpose)
        _hold(connection, rater, shown.post.id, served, now)
    return show(connection, caller, shown.post.id, rater, now)


def open_private(
    connection: Connection,
    caller: Caller,
    rater: Rater,
    served: Served,
    *,
    previous_id: int | None,
    now: datetime,
) -> int:
    """Write a private post of the image and keep it for the rater; return the post's id."""
    post_id = posts.add_private(
        connection,
        served.image_id,
        rater.number,
        guild_id=caller.guild_id,
        channel_id=caller.channel_id,
        previous_id=previous_id,
        purpose=served.purpose,
        now=now,
    )
    if served.twin is not None:
        gold_times.give(connection, post_id, served.twin)
    _hold(connection, rater, post_id, served, now)
    return post_id


def purpose_of(connection: Connection, shown: Shown, rater: Rater) -> Purpose:
    """Return what a post is for, for this rater: a vote goes on as what it began."""
    purpose = shown.post.purpose
    if purpose in {"repeat", "lesson"}:
        return purpose
    vote = votes.find(connection, rater.number, shown.post.image_id)
    if vote is None:
        return purpose
    return "gold" if vote.gold else "vote"


def still_waits(
    connection: Connection, caller: Caller, shown: Shown, rater: Rater, now: datetime
) -> bool:
    """Tell whether the post still waits for scores of this rater and can take them here."""
    if not (shown.safe or sees_unsafe(caller)):
        return False
    purpose = purpose_of(connection, shown, rater)
    if purpose == "lesson":
        return not shown.out_of_sight and is_open(connection, shown.post, rater)
    if choosing.is_settled(connection, rater.number, shown.post.image_id, purpose):
        return False
    if purpose == "repeat":
        return not shown.out_of_sight
    if purpose == "gold":
        return not shown.out_of_sight and not shown.gold_closed(now)
    return (
        not shown.out_of_sight
        and not shown.votes_closed
        and has_place(connection, shown, rater.number, now)
    )


def last_shown(
    connection: Connection, caller: Caller, shown: Shown, rater: Rater, now: datetime
) -> tuple[int, Shown | None]:
    """Follow the session from `shown` past posts that can take no scores any more.

    Return the post to show again, or the last one of the session with None.
    """
    while (next_id := posts.successor(connection, shown.post.id)) is not None:
        following = posts.shown(connection, next_id)
        assert following is not None  # noqa: S101 - its id was read in this transaction
        open_here = not following.closed(now) and (following.safe or sees_unsafe(caller))
        if (open_here and _is_answered(connection, following.post, rater)) or still_waits(
            connection, caller, following, rater, now
        ):
            return next_id, following
        shown = following
    return shown.post.id, None


def stands(connection: Connection, standing: Standing) -> bool:
    """Tell whether there is an answer to what the post asks for, and it is not taken back."""
    if standing.purpose == "repeat":
        repeat = repeats.find(connection, standing.rater.number, standing.shown.post.image_id)
        return repeat is not None and repeat.state == "given"
    return standing.vote is not None and standing.vote.state == "given"


def _step_back(connection: Connection, post_id: int, rater: Rater, now: datetime) -> int | None:
    """Return the nearest earlier post with a vote if that vote can still be taken back."""
    earlier = posts.previous_voted(connection, post_id, rater.number)
    if earlier is None:
        return None
    shown = posts.shown(connection, earlier)
    if shown is None or shown.closed(now):
        return None
    if shown.post.purpose == "repeat":
        return earlier
    return None if awards.is_sent(connection, rater.number, shown.post.image_id) else earlier


def _hold(
    connection: Connection, rater: Rater, post_id: int, served: Served, now: datetime
) -> None:
    """Keep what is shown for its rater; a lesson comes back by itself."""
    image_id, purpose = served.image_id, served.purpose
    if purpose == "lesson":
        return
    if purpose == "vote":
        image_stages.begin(connection, image_id)
    reservations.keep(connection, image_id, rater.number, post_id, now, purpose=purpose)


def _answer(connection: Connection, post: Post, rater: Rater) -> tuple[Mapping[str, int], bool]:
    """Return the scores given on a post so far, and whether they are taken back."""
    if post.purpose == "lesson":
        return gold_answers.lesson_scores(connection, rater.number, post.image_id), False
    find = repeats.find if post.purpose == "repeat" else votes.find
    given = find(connection, rater.number, post.image_id)
    return ({}, False) if given is None else (given.scores, given.state == "undone")


def _is_answered(connection: Connection, post: Post, rater: Rater) -> bool:
    """Tell whether the rater's answer on a post is whole; a lesson is explained, and over."""
    if post.purpose == "lesson":
        return False
    if post.purpose == "repeat":
        repeat = repeats.find(connection, rater.number, post.image_id)
        return repeat is not None and repeat.whole
    vote = votes.find(connection, rater.number, post.image_id)
    return vote is not None and vote.complete
