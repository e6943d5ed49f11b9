"""Who may do what with a post: the checks that every press passes, on the writer's connection."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from sqlite3 import Connection

from bot.caller import Caller
from bot.errors import (
    BannedError,
    ClosedPostError,
    ConsentNeededError,
    ForeignPostError,
    NotAgeRestrictedError,
    NotAllowedError,
    UnknownPostError,
)
from bot.rating.consent import CONSENT_VERSION
from bot.trust.grants import may_use
from storage import posts, raters, reservations, votes
from storage.posts import Shown
from storage.raters import Rater
from storage.votes import Vote


@dataclass(frozen=True, slots=True)
class Standing:
    """A rater before a post: all that decides what a press means."""

    shown: Shown
    rater: Rater
    vote: Vote | None

    @property
    def complete(self) -> bool:
        """The rater's vote counts towards the target already."""
        return self.vote is not None and self.vote.complete


def sees_unsafe(caller: Caller) -> bool:
    """Tell whether images not known to be safe may be shown; never in direct messages."""
    return caller.age_restricted and caller.guild_id is not None


def find_shown(
    connection: Connection,
    caller: Caller,
    post_id: int,
    home_guild_id: int | None,
    *,
    message_id: int | None = None,
    in_place: bool = False,
) -> tuple[Shown, Rater | None]:
    """Return the post and its rater if the post is this caller's to press here.

    `in_place`: a public post is pressed from the channel that it is in, even where the button
    sits on an answer of ours. Raises UnknownPostError, ForeignPostError, NotAllowedError.
    """
    shown = posts.shown(connection, post_id)
    if shown is None:
        raise UnknownPostError
    post = shown.post
    rater = raters.find(connection, caller.discord_id)
    if post.surface == "private":
        if rater is None or rater.number != post.rater:
            raise ForeignPostError
    elif (in_place and post.channel_id != caller.channel_id) or (
        message_id is not None and post.message_id not in {None, message_id}
    ):
        raise UnknownPostError
    if not may_use(connection, shown.data_set_id, caller.guild_ids, home_guild_id):
        raise NotAllowedError
    return shown, rater


def admit(
    connection: Connection,
    caller: Caller,
    post_id: int,
    *,
    now: datetime,
    home_guild_id: int | None,
    message_id: int | None = None,
    in_place: bool = False,
) -> Standing:
    """Return the caller's standing if they may give, change or take back a vote there now.

    `message_id` and `in_place` are as of `find_shown`.

    Raises UnknownPostError, ForeignPostError, NotAllowedError, ClosedPostError,
    NotAgeRestrictedError, BannedError, ConsentNeededError.
    """
    shown, rater = find_shown(
        connection, caller, post_id, home_guild_id, message_id=message_id, in_place=in_place
    )
    if shown.image_closed or (in_place and shown.closed):
        raise ClosedPostError
    if shown.closes_at is not None and shown.closes_at <= now:
        raise ClosedPostError
    if not shown.safe and not sees_unsafe(caller):
        raise NotAgeRestrictedError
    if rater is not None and rater.banned_at(now):
        raise BannedError
    if rater is None or rater.consent_version != CONSENT_VERSION:
        raise ConsentNeededError
    vote = votes.find(connection, rater.number, shown.post.image_id)
    if vote is not None and vote.state == "void":
        raise ClosedPostError
    return Standing(shown, rater, vote)


def has_place(connection: Connection, shown: Shown, rater: int, now: datetime) -> bool:
    """Tell whether the image has a place that is open to this rater, who has no complete vote."""
    others = reservations.of_others(connection, shown.post.image_id, rater, now)
    return shown.complete_votes + others < shown.target
