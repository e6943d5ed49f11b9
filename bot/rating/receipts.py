"""What a press leaves behind: the receipt that its answer is made of."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from sqlite3 import Connection
from typing import Literal

from bot.caller import Caller
from bot.errors import UnknownPostError
from bot.rating.scales import SCALES
from bot.rewards.earning import Earned, Earning
from storage import awards, posts, raters, vote_history, votes
from storage.posts import Shown
from storage.vote_history import Entry
from storage.votes import Vote


@dataclass(frozen=True, slots=True)
class Receipt:
    """What is recorded of one rater's vote on one image after a press.

    `changed`: a score replaced an earlier one. `completed_now`: this press made the vote
    complete. `image_full`: the image is at its target, and such a vote counts towards it; or
    another one is so through a score that had waited with this one. `today`: what this rater
    judged since 00:00 UTC. `earned`: the kudos of this press, None while rewards are off. `sent`:
    kudos of this vote were sent or paid, so that it cannot be undone. `others`: scores for other
    pictures that had waited with this one and were recorded with it; `others_refused`: those that
    could not be; `others_dropped`: scores that waited no more when it was their turn.
    """

    post_id: int
    image_id: int
    surface: Literal["public", "private"]
    scores: Mapping[str, int]
    missing: tuple[str, ...]
    state: Literal["given", "undone"]
    changed: bool
    completed_now: bool
    image_full: bool
    today: int
    earned: Earned | None
    sent: bool
    others: int = 0
    others_refused: int = 0
    others_dropped: int = 0


def missing_scales(scores: Mapping[str, int]) -> tuple[str, ...]:
    """Return the scales that have no score yet."""
    return tuple(name for name in SCALES if name not in scores)


def midnight(now: datetime) -> datetime:
    """Return when the day of `now` began, 00:00 UTC."""
    return now.replace(hour=0, minute=0, second=0, microsecond=0)


def votes_today(connection: Connection, rater: int, now: datetime) -> int:
    """Count the rater's complete votes since 00:00 UTC."""
    return votes.completed_since(connection, rater, midnight(now))


def counts_today(vote: Vote | None, now: datetime) -> bool:
    """Tell whether `votes_today` counts this vote."""
    return (
        vote is not None
        and vote.state == "given"
        and vote.completed_at is not None
        and vote.completed_at >= midnight(now)
    )


def receipt_of(
    shown: Shown,
    vote: Vote,
    *,
    changed: bool,
    completed_now: bool,
    image_full: bool,
    today: int,
    earned: Earned | None,
    sent: bool,
) -> Receipt:
    """Build the receipt of a vote that was just written."""
    return Receipt(
        post_id=shown.post.id,
        image_id=vote.image_id,
        surface=shown.post.surface,
        scores=vote.scores,
        missing=missing_scales(vote.scores),
        state="undone" if vote.state == "undone" else "given",
        changed=changed,
        completed_now=completed_now,
        image_full=image_full,
        today=today,
        earned=earned,
        sent=sent,
    )


def replayed(
    connection: Connection,
    caller: Caller,
    interaction_id: int,
    now: datetime,
    earning: Earning | None,
) -> Receipt:
    """Return the receipt of an interaction that was recorded before.

    It is what history and awards say of that moment; `image_full`, `today` and why nothing was
    earned are as of now. Raises UnknownPostError for somebody else's interaction.
    """
    entry = vote_history.of_interaction(connection, interaction_id)
    if entry is None:
        raise UnknownPostError
    rater = raters.find(connection, caller.discord_id)
    shown = None if entry.post_id is None else posts.shown(connection, entry.post_id)
    if rater is None or rater.number != entry.rater or shown is None:
        raise UnknownPostError
    before = vote_history.before(connection, entry)
    earned = None
    if earning is not None and entry.action == "undone":
        earned = earning.told_of_undo(connection, rater, shown, now)
    elif earning is not None:
        stood = before.scores if before is not None and before.action != "undone" else ()
        new = entry.scores.keys() - stood
        earned = earning.told(connection, rater, shown, new, now)
    return Receipt(
        post_id=shown.post.id,
        image_id=entry.image_id,
        surface=shown.post.surface,
        scores=entry.scores,
        missing=missing_scales(entry.scores),
        state="undone" if entry.action == "undone" else "given",
        changed=entry.action == "changed",
        completed_now=_complete(entry) and not (before is not None and _complete(before)),
        image_full=shown.post.purpose == "vote" and shown.stage == "full",
        today=votes_today(connection, entry.rater, now),
        earned=earned,
        sent=awards.is_sent(connection, entry.rater, entry.image_id),
    )


def _complete(entry: Entry) -> bool:
    return entry.action in {"given", "changed", "kept"} and not missing_scales(entry.scores)
