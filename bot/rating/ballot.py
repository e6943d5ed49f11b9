"""What a press does to a vote, its image and its place, inside one unit of the writer."""

from __future__ import annotations

from collections.abc import Mapping
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
from bot.rating.admission import Standing, admit, look
from bot.rating.receipts import Receipt, counts_today, missing_scales, receipt_of, replayed
from bot.rating.scales import SCALES
from bot.rewards.earning import Earned, Earning, take_back
from bot.trust import rate_limit
from bot.trust.captcha import policy as captcha
from bot.trust.rate_limit import Kind
from storage import (
    awards,
    captchas,
    image_stages,
    reservations,
    signals,
    vote_history,
    votes,
)
from storage.vote_history import Action
from storage.votes import Vote, VoteState


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
    captcha_every: int
    earning: Earning | None

    def take(
        self, connection: Connection, caller: Caller, press: ScorePress, now: datetime
    ) -> Receipt:
        """Record one score; see `VotingService.take`."""
        scale = SCALES.get(press.scale)
        if scale is None or press.value not in scale:
            raise WrongValueError
        found = look(
            connection,
            caller,
            press.post_id,
            interaction_id=press.interaction_id,
            limit="score",
            now=now,
        )
        if found.recorded:
            return replayed(connection, caller, press.interaction_id, now, self.earning)
        standing = admit(
            connection,
            caller,
            found,
            now=now,
            home_guild_id=self.home_guild_id,
            message_id=press.message_id,
            in_place=True,
        )
        self._charge(connection, standing, "score", now)
        if not standing.complete and not standing.has_place:
            raise PlaceTakenError
        if standing.vote is None:
            captcha.require(found.captcha, self.captcha_every, now)
        vote, action = _scored(connection, caller, standing, press, now)
        return self._record(
            connection,
            standing,
            vote,
            action,
            interaction_id=press.interaction_id,
            now=now,
            earned=self._earn(connection, standing, press.scale, now),
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
        opened = self._reopen(connection, caller, interaction_id, post_id, now, state="given")
        if isinstance(opened, Receipt):
            return opened
        standing, vote = opened
        take_back(connection, vote.rater, vote.image_id, now)
        earned = None
        if self.earning is not None:
            earned = self.earning.told_of_undo(connection, standing.rater, standing.shown, now)
        undone = replace(vote, state="undone", completed_at=None, changed_at=now)
        return self._record(
            connection,
            standing,
            undone,
            "undone",
            interaction_id=interaction_id,
            now=now,
            earned=earned,
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
        opened = self._reopen(connection, caller, interaction_id, post_id, now, state="undone")
        if isinstance(opened, Receipt):
            return opened
        standing, vote = opened
        if not standing.has_place:
            raise PlaceTakenError
        given = _given(standing, vote, vote.scores, vote.scored_at, now)
        return self._record(
            connection,
            standing,
            given,
            "kept",
            interaction_id=interaction_id,
            now=now,
            earned=self._earn(connection, standing, None, now),
        )

    def _reopen(
        self,
        connection: Connection,
        caller: Caller,
        interaction_id: int,
        post_id: int,
        now: datetime,
        *,
        state: VoteState,
    ) -> Receipt | tuple[Standing, Vote]:
        """Return the caller's vote if it is in `state`, or the receipt of a repeated interaction.

        Raises NothingToUndoError and the refusals of `admit`.
        """
        found = look(
            connection, caller, post_id, interaction_id=interaction_id, limit="undo", now=now
        )
        if found.recorded:
            return replayed(connection, caller, interaction_id, now, self.earning)
        standing = admit(connection, caller, found, now=now, home_guild_id=self.home_guild_id)
        self._charge(connection, standing, "undo", now)
        if standing.vote is None or standing.vote.state != state:
            raise NothingToUndoError
        return standing, standing.vote

    def _charge(
        self, connection: Connection, standing: Standing, limit: Kind, now: datetime
    ) -> None:
        """Count the press with the arrival time that `look` brought; raises RateLimitedError."""
        rate_limit.charge_after(
            connection,
            standing.rater.number,
            limit,
            arrival=standing.found.arrival_at,
            per_minute=self.presses_per_minute,
            now=now,
        )

    def _earn(
        self, connection: Connection, standing: Standing, scale: str | None, now: datetime
    ) -> Earned | None:
        """Award the score of a scale that is new, and give again what an undone vote had earned."""
        vote, earning = standing.vote, self.earning
        revived = vote is not None and vote.state == "undone"
        scored = set() if vote is None else set(vote.scores)
        new = set() if scale is None else {scale} - scored
        if vote is not None and revived:
            awards.give_again(connection, vote.rater, vote.image_id)
        if earning is None:
            return None
        rater, shown = standing.rater, standing.shown
        earned = [earning.earn(connection, rater, shown, each, now) for each in new]
        if earned and not revived:
            return earned[0]
        told = scored | new if revived else set()
        return earning.told(connection, rater, shown, told, now)

    def _record(
        self,
        connection: Connection,
        standing: Standing,
        vote: Vote,
        action: Action,
        *,
        interaction_id: int,
        now: datetime,
        earned: Earned | None,
    ) -> Receipt:
        """Write the vote, its history, its place and the image's counters."""
        shown = standing.shown
        votes.store(connection, vote)
        if standing.vote is None and standing.found.verified:
            signals.copy_to_vote(connection, vote.rater, vote.image_id)
        if standing.vote is None and self.captcha_every:
            captchas.count_vote(connection, vote.rater)
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
        completed_now = vote.complete and not standing.complete
        if not vote.complete and (action != "undone" or standing.complete or standing.has_place):
            reservations.keep(connection, vote.image_id, vote.rater, shown.post.id, now)
        elif completed_now:
            reservations.release(connection, vote.image_id, vote.rater)
        earlier_today = standing.found.completed - counts_today(standing.vote, now)
        return receipt_of(
            shown,
            vote,
            changed=action == "changed",
            completed_now=completed_now,
            image_full=stage == "full",
            today=earlier_today + counts_today(vote, now),
            earned=earned,
            sent=awards.is_sent(connection, vote.rater, vote.image_id),
        )


def _scored(
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
    return _given(standing, vote, scores, scored_at, now), action


def _given(
    standing: Standing,
    vote: Vote,
    scores: Mapping[str, int],
    scored_at: Mapping[str, datetime],
    now: datetime,
) -> Vote:
    """Return the vote as one that the rater stands by; complete once every scale has a score."""
    completed_at = vote.completed_at
    if completed_at is None and not missing_scales(scores):
        completed_at = now
    return replace(
        vote,
        scores=scores,
        scored_at=scored_at,
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
        client_agent_id=standing.found.client_agent_id
        or votes.client_agent_id(connection, CLIENT_AGENT),
        shown_at=post.shown_at,
        created_at=now,
        changed_at=now,
        completed_at=None,
        after_reveal=False,
        captchas_failed=standing.found.captcha.balance,
    )
