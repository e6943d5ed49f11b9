"""Carrying out what takes votes out or brings them back, a batch at a time."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import datetime
from sqlite3 import Connection
from typing import Final

from bot.clock import Clock
from bot.rewards.voiding import restore_vote, void_vote
from bot.trust.recounting import Recounting
from storage import removed_rows, reservations, void_orders, voids, vote_history, votes
from storage.database import Database
from storage.void_orders import VoidOrder
from storage.votes import SCALES, Vote, VoteState

BATCH: Final = 200
"""Votes looked at in one unit: presses wait for no more than that."""

PAUSE_SECONDS: Final = 0.005
"""Between two units, for a bot in another process that waits for its turn."""


class VoidOrders:
    """Keeps votes void exactly as long as an order wants it; goes on after a restart.

    A vote, its history, its image with its scores, what it earned and the list of removed rows
    change together.
    """

    def __init__(self, database: Database, clock: Clock, recounting: Recounting) -> None:
        self._database = database
        self._clock = clock
        self._recounting = recounting

    async def settle(self) -> None:
        """Carry out every order; called after the unit that gives or lifts one, and at a start."""
        while await self._database.write(self._batch):  # noqa: ASYNC110 - work, no waiting
            await asyncio.sleep(PAUSE_SECONDS)

    def void(self, connection: Connection, order: VoidOrder, image_id: int) -> None:
        """Take one vote out because of the order; one that is void has one cause more then."""
        vote = votes.find(connection, order.rater, image_id)
        if vote is None:
            return
        undone = voids.undone(connection, order.rater, image_id)
        if undone is not None:
            voids.put(connection, order, image_id, undone=undone)
            return
        undone = vote.state == "undone"
        voids.put(connection, order, image_id, undone=undone)
        now = self._clock.now()
        removed_rows.add(connection, vote.rater, image_id, "voided", now)
        self._turn(connection, vote, "void", now, undone=undone)
        reservations.end(connection, image_id, vote.rater, now)
        void_vote(connection, vote.rater, image_id, now)
        self._recounting.images(connection, [image_id])

    def restore(self, connection: Connection, order: VoidOrder, image_id: int) -> None:
        """Forget this cause of one vote; without another it is what its rater had made of it."""
        undone = voids.undone(connection, order.rater, image_id)
        voids.remove(connection, order, image_id)
        if undone is None or voids.undone(connection, order.rater, image_id) is not None:
            return
        vote = votes.find(connection, order.rater, image_id)
        if vote is None:
            return
        now = self._clock.now()
        self._turn(connection, vote, "undone" if undone else "given", now, undone=undone)
        removed_rows.take_off(connection, vote.rater, image_id)
        restore_vote(connection, vote.rater, image_id, undone=undone)
        self._recounting.images(connection, [image_id])

    def _turn(
        self,
        connection: Connection,
        vote: Vote,
        state: VoteState,
        now: datetime,
        *,
        undone: bool,
    ) -> None:
        """Write the vote in another state; when its rater changed it last stays.

        One that the rater had taken back is not complete, in neither state.
        """
        complete = len(vote.scores) == len(SCALES) and not undone
        completed_at = (vote.completed_at or vote.changed_at) if complete else None
        votes.store(connection, replace(vote, state=state, completed_at=completed_at))
        vote_history.append(
            connection,
            rater=vote.rater,
            image_id=vote.image_id,
            action="voided" if state == "void" else "restored",
            scores=vote.scores,
            post_id=vote.post_id,
            interaction_id=None,
            at=now,
        )

    def _batch(self, connection: Connection) -> bool:
        order = void_orders.first_unsettled(connection)
        if order is None:
            return False
        if order.lifted_at is None:
            done = self._void_next(connection, order)
        else:
            done = self._restore_next(connection, order)
        if done:
            void_orders.settle(connection, order.id, self._clock.now())
        return True

    def _void_next(self, connection: Connection, order: VoidOrder) -> bool:
        """Carry a part of the order out; return whether it was the last."""
        images, reached = voids.meant(connection, order, BATCH)
        for image_id in images:
            self.void(connection, order, image_id)
        if reached is None:
            return True
        void_orders.go_on(connection, order.id, reached)
        return False

    def _restore_next(self, connection: Connection, order: VoidOrder) -> bool:
        images = voids.because_of(connection, order.id, BATCH)
        for image_id in images:
            self.restore(connection, order, image_id)
        return not images
