"""What a press makes of a vote, before anything is written."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from sqlite3 import Connection

from bot import CLIENT_AGENT
from bot.caller import Caller
from bot.rating.admission import Standing
from bot.rating.receipts import missing_scales
from storage import votes
from storage.vote_history import Action
from storage.votes import Vote


@dataclass(frozen=True, slots=True)
class ScorePress:
    """One press of a score button.

    `message_id` is the message that holds the button if that is the post itself, None if the
    button sits on one of our ephemeral answers (consent, a private session).
    """

    interaction_id: int
    post_id: int
    scale: str
    value: int
    message_id: int | None = None


def scored(
    connection: Connection, caller: Caller, standing: Standing, press: ScorePress, now: datetime
) -> tuple[Vote, Action]:
    """Return the vote with one more score, and what that is called in the history."""
    vote = standing.vote or _first(connection, caller, standing, now)
    earlier = vote.scores.get(press.scale)
    scores, scored_at = vote.scores, vote.scored_at
    if earlier != press.value:
        scores = {**scores, press.scale: press.value}
        scored_at = {**scored_at, press.scale: now}
    action: Action = "given" if earlier in {None, press.value} else "changed"
    return given(standing, vote, scores, scored_at, now), action


def given(
    standing: Standing,
    vote: Vote,
    scores: Mapping[str, int],
    scored_at: Mapping[str, datetime],
    now: datetime,
) -> Vote:
    """Return the vote as one that the rater stands by; complete once every scale has a score.

    A gold vote is never one from after the reveal: it counts for no result.
    """
    completed_at = vote.completed_at
    if completed_at is None and not missing_scales(scores):
        completed_at = now
    revealed = standing.shown.revealed_at is not None and not vote.gold
    return replace(
        vote,
        scores=scores,
        scored_at=scored_at,
        state="given",
        changed_at=now,
        completed_at=completed_at,
        after_reveal=vote.after_reveal or revealed,
    )


def _first(connection: Connection, caller: Caller, standing: Standing, now: datetime) -> Vote:
    post = standing.shown.post
    return Vote(
        rater=standing.rater.number,
        image_id=post.image_id,
        scores={},
        scored_at={},
        state="given",
        post_id=post.id,
        surface=post.surface,
        locale=standing.rater.locale or caller.locale,
        client_agent_id=standing.found.client_agent_id
        or votes.client_agent_id(connection, CLIENT_AGENT),
        gold=standing.purpose == "gold",
        shown_at=post.shown_at,
        created_at=now,
        changed_at=now,
        completed_at=None,
        after_reveal=False,
        captchas_failed=standing.found.captcha.balance,
    )
