"""What a press does to a vote, its image and its place, inside one unit of the writer."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from sqlite3 import Connection

from bot import CLIENT_AGENT
from bot.caller import Caller
from bot.errors import (
    NothingToUndoError,
    PlaceTakenError,
    WrongValueError,
)
from bot.rating.admission import Standing, admit, has_place
from bot.rating.receipts import Receipt, missing_scales, receipt_of, replayed
from bot.rating.scales import SCALES
from bot.trust import rate_limit
from storage import image_stages, reservations, vote_history, votes
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


@dataclass(frozen=True, slots=True)
class Ballot:
    """The rules of voting; each method is one unit and idempotent by its interaction id."""

    home_guild_id: int | None
    close_delay: timedelta
    presses_per_minute: int

    def take(
        self, connection: Connection, caller: Caller, press: ScorePress, now: datetime
    ) -> Receipt:
        """Record one score; see `VotingService.take`."""
        scale = SCALES.get(press.scale)
        if scale is None or press.value not in scale:
            raise WrongValueError
        known = replayed(connection, caller, press.interaction_id, now)
        if known is not None:
            return known
        standing = admit(
            connection,
            caller,
            press.post_id,
            now=now,
            home_guild_id=self.home_guild_id,
            message_id=press.message_id,
            in_place=True,
        )
        rate_limit.charge(connection, standing.rater.number, "score", self.presses_per_minute, now)
        if not standing.complete:
            _require_place(connection, standing, now)
        vote, action = _scored(connection, caller, standing, press, now)
        return self._record(
            connection, standing, vote, action, interaction_id=press.interaction_id, now=now
        )

    def undo(
        self,
        connection: Connection,
        caller: Caller,
        interaction_id: int,
        post_id: int,
        now: datetime,
    ) -> Receipt:
        """Take a vote back; see `VotingService.undo`."""
        known = replayed(connection, caller, interaction_id, now)
        if known is not None:
            return known
        standing = admit(connection, caller, post_id, now=now, home_guild_id=self.home_guild_id)
        rate_limit.charge(connection, standing.rater.number, "undo", self.presses_per_minute, now)
        if standing.vote is None or standing.vote.state != "given":
            raise NothingToUndoError
        vote = replace(standing.vote, state="undone", completed_at=None, changed_at=now)
        return self._record(
            connection, standing, vote, "undone", interaction_id=interaction_id, now=now
        )

    def keep(
        self,
        connection: Connection,
        caller: Caller,
        interaction_id: int,
        post_id: int,
        now: datetime,
    ) -> Receipt:
        """Give an undone vote again; see `VotingService.keep`."""
        known = replayed(connection, caller, interaction_id, now)
        if known is not None:
            return known
        standing = admit(connection, caller, post_id, now=now, home_guild_id=self.home_guild_id)
        rate_limit.charge(connection, standing.rater.number, "undo", self.presses_per_minute, now)
        if standing.vote is None or standing.vote.state != "undone":
            raise NothingToUndoError
        _require_place(connection, standing, now)
        vote = _given(standing, standing.vote, now)
        return self._record(
            connection, standing, vote, "kept", interaction_id=interaction_id, now=now
        )

    def _record(
        self,
        connection: Connection,
        standing: Standing,
        vote: Vote,
        action: Action,
        *,
        interaction_id: int,
        now: datetime,
    ) -> Receipt:
        """Write the vote, its history, its place and the image's counters."""
        shown = standing.shown
        votes.store(connection, vote)
        vote_history.append(
            connection,
            rater=vote.rater,
            image_id=vote.image_id,
            action=action,
            scores=vote.scores,
            post_id=shown.post.id,
            interaction_id=interaction_id,
            at=now,
        )
        stage = shown.stage
        if vote.complete != standing.complete:
            stage = image_stages.recount(
                connection,
                vote.image_id,
                now,
                self.close_delay,
                again=standing.vote is not None and standing.vote.state == "undone",
            )
        elif stage == "waiting":
            image_stages.begin(connection, vote.image_id)
        if not vote.complete and (
            action != "undone" or standing.complete or has_place(connection, shown, vote.rater, now)
        ):
            reservations.keep(connection, vote.image_id, vote.rater, shown.post.id, now)
        elif vote.complete and not standing.complete:
            reservations.release(connection, vote.image_id, vote.rater)
        return receipt_of(
            connection,
            shown,
            vote,
            changed=action == "changed",
            completed_now=vote.complete and not standing.complete,
            image_full=stage == "full",
            now=now,
        )


def _require_place(connection: Connection, standing: Standing, now: datetime) -> None:
    if not has_place(connection, standing.shown, standing.rater.number, now):
        raise PlaceTakenError


def _scored(
    connection: Connection, caller: Caller, standing: Standing, press: ScorePress, now: datetime
) -> tuple[Vote, Action]:
    """Return the vote with one more score, and what that is called in the history."""
    vote = standing.vote or _first(connection, caller, standing, now)
    earlier = vote.scores.get(press.scale)
    if earlier != press.value:
        vote = replace(
            vote,
            scores={**vote.scores, press.scale: press.value},
            scored_at={**vote.scored_at, press.scale: now},
        )
    action: Action = "given" if earlier in {None, press.value} else "changed"
    return _given(standing, vote, now), action


def _given(standing: Standing, vote: Vote, now: datetime) -> Vote:
    """Return the vote as one that the rater stands by; complete once every scale has a score."""
    completed_at = vote.completed_at
    if completed_at is None and not missing_scales(vote.scores):
        completed_at = now
    return replace(
        vote,
        state="given",
        changed_at=now,
        completed_at=completed_at,
        after_reveal=vote.after_reveal or standing.shown.revealed_at is not None,
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
        client_agent_id=votes.client_agent_id(connection, CLIENT_AGENT),
        shown_at=post.shown_at,
        created_at=now,
        changed_at=now,
        completed_at=None,
        after_reveal=False,
    )
