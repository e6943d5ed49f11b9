"""What a private session shows, and what comes after it, inside one unit."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from sqlite3 import Connection

from bot.caller import Caller
from bot.errors import NotAgeRestrictedError, UnknownPostError
from bot.rating.admission import has_place, sees_unsafe
from bot.rating.receipts import votes_today
from bot.rewards.earning import Earned
from storage import awards, choosing, data_sets, image_stages, images, posts, reservations, votes
from storage.images import Image
from storage.posts import Shown
from storage.raters import Rater


@dataclass(frozen=True, slots=True)
class Showing:
    """One image in a private session, as the card shows it.

    `scores` are those already given (after going back, or a half vote); `undone` says that they
    do not count at present. `previous_post_id` is where a step back leads, None if nowhere.
    `today`: this rater's complete votes since 00:00 UTC. `earned`: the kudos of what led here, None
    while rewards are off.
    """

    post_id: int
    image: Image
    data_set: str
    scores: Mapping[str, int]
    undone: bool
    previous_post_id: int | None
    today: int
    earned: Earned | None = None


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
    if image is None or data_set is None:
        raise UnknownPostError
    if not image.safe and not sees_unsafe(caller):
        raise NotAgeRestrictedError
    vote = votes.find(connection, rater.number, image.id)
    return Showing(
        post_id=post_id,
        image=image,
        data_set=data_set.name,
        scores={} if vote is None else vote.scores,
        undone=vote is not None and vote.state == "undone",
        previous_post_id=_step_back(connection, post_id, rater),
        today=votes_today(connection, rater.number, now),
    )


def show_again(
    connection: Connection, caller: Caller, shown: Shown, rater: Rater, now: datetime
) -> Showing:
    """Return the showing of an earlier post; its place is kept if it waits for scores."""
    if not choosing.is_settled(connection, rater.number, shown.post.image_id):
        image_stages.begin(connection, shown.post.image_id)
        reservations.keep(connection, shown.post.image_id, rater.number, shown.post.id, now)
    return show(connection, caller, shown.post.id, rater, now)


def open_private(
    connection: Connection,
    caller: Caller,
    rater: Rater,
    image_id: int,
    *,
    previous_id: int | None,
    now: datetime,
) -> int:
    """Write a private post of the image and keep a place for the rater; return the post's id."""
    post_id = posts.add_private(
        connection,
        image_id,
        rater.number,
        guild_id=caller.guild_id,
        channel_id=caller.channel_id,
        previous_id=previous_id,
        now=now,
    )
    image_stages.begin(connection, image_id)
    reservations.keep(connection, image_id, rater.number, post_id, now)
    return post_id


def still_waits(
    connection: Connection, caller: Caller, shown: Shown, rater: Rater, now: datetime
) -> bool:
    """Tell whether the post still waits for scores of this rater and can take them here."""
    return (
        not shown.closed
        and (shown.safe or sees_unsafe(caller))
        and not choosing.is_settled(connection, rater.number, shown.post.image_id)
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
        vote = votes.find(connection, rater.number, following.post.image_id)
        open_here = not following.closed and (following.safe or sees_unsafe(caller))
        if (vote is not None and vote.complete and open_here) or still_waits(
            connection, caller, following, rater, now
        ):
            return next_id, following
        shown = following
    return shown.post.id, None


def _step_back(connection: Connection, post_id: int, rater: Rater) -> int | None:
    """Return the nearest earlier post with a vote if that vote can still be taken back."""
    earlier = posts.previous_voted(connection, post_id, rater.number)
    if earlier is None:
        return None
    shown = posts.shown(connection, earlier)
    if shown is None or shown.closed:
        return None
    return None if awards.is_sent(connection, rater.number, shown.post.image_id) else earlier
