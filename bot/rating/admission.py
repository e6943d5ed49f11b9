"""Who may do what with a post: the checks that every press passes, on the writer's connection."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from sqlite3 import Connection

from bot import CLIENT_AGENT
from bot.caller import Caller
from bot.errors import (
    BannedError,
    BarredError,
    ClosedPostError,
    ConsentNeededError,
    ForeignPostError,
    NotAgeRestrictedError,
    UnknownPostError,
)
from bot.rating.consent import CONSENT_VERSION
from bot.rating.receipts import midnight
from bot.trust.grants import require_use
from bot.trust.rate_limit import Kind
from storage import bars, posts, raters, reservations, standings
from storage.posts import Purpose, Shown
from storage.raters import Rater
from storage.standings import NOWHERE, Found
from storage.votes import Vote


@dataclass(frozen=True, slots=True)
class Standing:
    """A rater who may press a post: all that decides what a press means."""

    found: Found
    rater: Rater

    @property
    def shown(self) -> Shown:
        """The post and its image."""
        return self.found.shown

    @property
    def vote(self) -> Vote | None:
        """The rater's vote on the image."""
        return self.found.vote

    @property
    def purpose(self) -> Purpose:
        """What the press is for; a vote goes on as what it began."""
        return self.found.purpose

    @property
    def has_place(self) -> bool:
        """The image has a place that is open to this rater, unless their vote is complete.

        Only votes take places.
        """
        if self.purpose != "vote":
            return True
        return self.shown.complete_votes + self.found.others < self.shown.target

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
    now: datetime,
    *,
    message_id: int | None = None,
    in_place: bool = False,
) -> tuple[Shown, Rater | None]:
    """Return the post and its rater if the post is this caller's to press here.

    `in_place`: a public post is pressed from the channel that it is in, even where the button
    sits on an answer of ours. Raises UnknownPostError, ForeignPostError, NotAllowedError,
    BarredError.
    """
    shown = posts.shown(connection, post_id)
    if shown is None:
        raise UnknownPostError
    rater = raters.find(connection, caller.discord_id)
    barred = NOWHERE if rater is None else bars.guilds(connection, rater.number, now)
    _require_reach(
        connection,
        caller,
        shown,
        rater,
        home_guild_id,
        barred=barred,
        message_id=message_id,
        in_place=in_place,
    )
    return shown, rater


def look(
    connection: Connection,
    caller: Caller,
    post_id: int,
    *,
    interaction_id: int,
    limit: Kind,
    now: datetime,
) -> Found:
    """Return what there is to know before the caller's press; raises UnknownPostError."""
    found = standings.find(
        connection,
        post_id,
        caller.discord_id,
        interaction_id=interaction_id,
        limit=limit,
        client_agent=CLIENT_AGENT,
        since=midnight(now),
        now=now,
    )
    if found is None:
        raise UnknownPostError
    return found


def _require_reach(
    connection: Connection,
    caller: Caller,
    shown: Shown,
    rater: Rater | None,
    home_guild_id: int | None,
    *,
    barred: frozenset[int],
    message_id: int | None,
    in_place: bool,
) -> None:
    post = shown.post
    if post.surface == "private":
        if rater is None or rater.number != post.rater:
            raise ForeignPostError
    elif (in_place and post.channel_id != caller.channel_id) or (
        message_id is not None and post.message_id not in {None, message_id}
    ):
        raise UnknownPostError
    if post.guild_id in barred:
        raise BarredError
    require_use(connection, shown.data_set_id, caller, barred, home_guild_id)


def admit(
    connection: Connection,
    caller: Caller,
    found: Found,
    *,
    now: datetime,
    home_guild_id: int | None,
    message_id: int | None = None,
    in_place: bool = False,
) -> Standing:
    """Return the caller's standing if they may give, change or take back a vote there now.

    `found` is what `look` returned in this unit; `message_id` and `in_place` are as of
    `find_shown`. Raises UnknownPostError, ForeignPostError, NotAllowedError, BarredError,
    ClosedPostError, NotAgeRestrictedError, BannedError, ConsentNeededError.
    """
    shown, rater = found.shown, found.rater
    _require_reach(
        connection,
        caller,
        shown,
        rater,
        home_guild_id,
        barred=found.barred,
        message_id=message_id,
        in_place=in_place,
    )
    if _is_closed(found, now) or (in_place and shown.closed(now)):
        raise ClosedPostError
    if not shown.safe and not sees_unsafe(caller):
        raise NotAgeRestrictedError
    if rater is not None and rater.banned_at(now):
        raise BannedError.ending(rater.status_until)
    if rater is None or rater.consent_version != CONSENT_VERSION:
        raise ConsentNeededError
    if found.vote is not None and found.vote.state == "void":
        raise ClosedPostError
    return Standing(found, rater)


def _is_closed(found: Found, now: datetime) -> bool:
    """Tell whether what the press is for has had its time; second answers and lessons have none."""
    shown = found.shown
    if shown.out_of_sight:
        return True
    if found.purpose in {"repeat", "lesson"}:
        return False
    if found.purpose == "gold" and shown.twinned:
        return shown.gold_closed(now)
    return shown.votes_closed or (shown.closes_at is not None and shown.closes_at <= now)


def has_place(connection: Connection, shown: Shown, rater: int, now: datetime) -> bool:
    """Tell whether the image has a place that is open to this rater, who has no complete vote."""
    others = reservations.of_others(connection, shown.post.image_id, rater, now)
    return shown.complete_votes + others < shown.target
