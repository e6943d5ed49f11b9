"""What a press does to a vote, its image and its place, inside one unit of the writer."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import partial
from sqlite3 import Connection
from typing import Literal

from bot.caller import Caller
from bot.errors import (
    NothingToUndoError,
    PlaceTakenError,
    WrongValueError,
)
from bot.rating.admission import Standing, admit, look
from bot.rating.asides import ASIDE, Asides, Charge
from bot.rating.receipts import Receipt, counts_today, receipt_of, replayed
from bot.rating.revision import ScorePress, given, scored
from bot.rating.scales import SCALES
from bot.rewards.earning import Earned, Earning, take_back
from bot.trust import rate_limit
from bot.trust.captcha import policy as captcha
from bot.trust.gold import records
from bot.trust.rate_limit import Kind
from storage import (
    awards,
    captchas,
    image_stages,
    removed_rows,
    reservations,
    signals,
    vote_history,
    votes,
)
from storage.standings import Found
from storage.vote_history import Action
from storage.votes import Vote


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
        repeated = self._repeated(connection, caller, found, press.interaction_id, now)
        if repeated is not None:
            return repeated
        standing = admit(
            connection,
            caller,
            found,
            now=now,
            home_guild_id=self.home_guild_id,
            message_id=press.message_id,
            in_place=True,
        )
        charge = self._charging(connection, standing, "score", now)
        if standing.purpose in ASIDE:
            return Asides(self.earning).take(connection, standing, press, now, charge)
        charge()
        if not standing.complete and not standing.has_place:
            raise PlaceTakenError
        if standing.vote is None:
            captcha.require(found.captcha, self.captcha_every, now)
        vote, action = scored(connection, caller, standing, press, now)
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
        opened = self._reopen(connection, caller, interaction_id, post_id, now, keep=False)
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
        opened = self._reopen(connection, caller, interaction_id, post_id, now, keep=True)
        if isinstance(opened, Receipt):
            return opened
        standing, vote = opened
        if not standing.has_place:
            raise PlaceTakenError
        kept = given(standing, vote, vote.scores, vote.scored_at, now)
        return self._record(
            connection,
            standing,
            kept,
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
        keep: bool,
    ) -> Receipt | tuple[Standing, Vote]:
        """Return the caller's vote if it can be taken back, or kept.

        Or the receipt of what is done already: of a repeated interaction, or of an answer that is
        no vote. Raises NothingToUndoError and the refusals of `admit`.
        """
        found = look(
            connection, caller, post_id, interaction_id=interaction_id, limit="undo", now=now
        )
        repeated = self._repeated(connection, caller, found, interaction_id, now)
        if repeated is not None:
            return repeated
        standing = admit(connection, caller, found, now=now, home_guild_id=self.home_guild_id)
        charge = self._charging(connection, standing, "undo", now)
        if standing.purpose in ASIDE:
            asides = Asides(self.earning)
            return asides.turn(connection, standing, interaction_id, now, charge, keep=keep)
        charge()
        if standing.vote is None or (standing.vote.state == "undone") != keep:
            raise NothingToUndoError
        return standing, standing.vote

    def _repeated(
        self,
        connection: Connection,
        caller: Caller,
        found: Found,
        interaction_id: int,
        now: datetime,
    ) -> Receipt | None:
        """Return the receipt of an interaction that was recorded before, None if it is new."""
        if found.recorded:
            return replayed(connection, caller, interaction_id, now, self.earning)
        if found.purpose in ASIDE:
            return Asides(self.earning).replayed(connection, found, interaction_id, now)
        return None

    def _charging(
        self, connection: Connection, standing: Standing, limit: Kind, now: datetime
    ) -> Charge:
        """Return what counts the press, with the arrival time that `look` brought."""
        return partial(
            rate_limit.charge_after,
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
        gold = standing.purpose == "gold"
        earned = [earning.earn(connection, rater, shown, each, now, gold=gold) for each in new]
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
        if standing.vote is not None:
            removed_rows.rename(connection, vote.rater, vote.image_id, now)
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
        full = self._count(connection, standing, vote, now)
        completed_now = vote.complete and not standing.complete
        if not vote.complete and (action != "undone" or standing.complete or standing.has_place):
            purpose: Literal["gold", "vote"] = "gold" if vote.gold else "vote"
            reservations.keep(
                connection, vote.image_id, vote.rater, shown.post.id, now, purpose=purpose
            )
        elif completed_now:
            reservations.release(connection, vote.image_id, vote.rater)
        earlier_today = standing.found.completed - counts_today(standing.vote, now)
        return receipt_of(
            shown,
            vote,
            changed=action == "changed",
            completed_now=completed_now,
            image_full=full,
            today=earlier_today + counts_today(vote, now),
            earned=earned,
            sent=awards.is_sent(connection, vote.rater, vote.image_id),
        )

    def _count(self, connection: Connection, standing: Standing, vote: Vote, now: datetime) -> bool:
        """Count the vote where it counts; return whether its image is full now."""
        if vote.gold:
            records.note_gold(connection, vote, now)
            return False
        stage = standing.shown.stage
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
        return stage == "full"
