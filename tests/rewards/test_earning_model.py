"""Whatever presses, undos, payouts, moderators and days do in whatever order, awards add up."""

from __future__ import annotations

import asyncio
import shutil
import tempfile
from collections.abc import Callable, Collection, Coroutine
from dataclasses import replace
from functools import partial
from pathlib import Path
from random import Random
from sqlite3 import Connection
from typing import Final, TypeVar
from uuid import UUID

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    rule,
    run_state_machine_as_test,
)

from bot.errors import PaidVoteError, UserError
from bot.rating.scales import SCALES
from bot.rating.voting import Receipt, ScorePress
from bot.rewards.voiding import restore_vote, void_vote
from bot.settings import Settings
from storage import ledger, payouts, votes
from storage.database import Database
from storage.payouts import Sender
from storage.times import day_of
from storage.votes import Vote, VoteState
from tests.rating.world import TurnedClock, World, caller, make_settings

T = TypeVar("T")

KEY: Final = "k" * 22
CAP, BUDGET = 12, 19
IMAGES = 2
RATERS = st.integers(1, 2)
POSTS = st.integers(0, IMAGES - 1)
CHOICES = st.integers(0, 3)
SCALE = st.sampled_from(sorted(SCALES))
WRONG = {
    "a rater earned more than the cap in a day": """
        SELECT rater FROM awards GROUP BY rater, earned_at / 86400000000 HAVING sum(amount) > :cap
    """,
    "a day awarded more than its budget": "SELECT day FROM award_days WHERE amount > :budget",
    "a day does not count its awards": """
        SELECT day, amount FROM award_days
        EXCEPT SELECT earned_at / 86400000000, sum(amount) FROM awards GROUP BY 1
    """,
    "an award is without its score": """
        SELECT a.rater FROM awards a
        LEFT JOIN votes v ON v.rater = a.rater AND v.image_id = a.image_id
        WHERE CASE a.scale WHEN 'aesthetic' THEN v.aesthetic ELSE v.artifacts END IS NULL
    """,
    "a payout that was not sent has an award that does not stand": """
        SELECT p.id FROM payouts p JOIN awards a ON a.payout_id = p.id
        WHERE p.state = 'planned' AND a.standing <> 'stands'
    """,
    "an award does not stand as its vote does": """
        SELECT a.rater FROM awards a
        JOIN votes v ON v.rater = a.rater AND v.image_id = a.image_id
        WHERE a.standing <> CASE v.state WHEN 'given' THEN 'stands' ELSE v.state END
    """,
}


class Earning(RuleBasedStateMachine):
    """Two raters and a few images, so that caps and payouts meet their votes."""

    template: Path

    @initialize(seed=st.integers(0, 1000))
    def open(self, seed: int) -> None:
        self.runner = asyncio.Runner()
        self.folder = tempfile.TemporaryDirectory()
        self.run(self._open(seed))

    async def _open(self, seed: int) -> None:
        path = Path(shutil.copy(self.template, Path(self.folder.name) / "jury.db"))
        self.world = World(await Database.open(path), _settings(), TurnedClock(), Random(seed))
        data_set = await self.world.data_set(IMAGES, target=9)
        channel = await self.world.channel(data_set, open_posts=IMAGES)
        await self.world.agree(1, 2)
        self.posts = [await self.world.public_post(channel) for _ in range(IMAGES)]
        self.written: dict[tuple[int, int, str], tuple[int, int]] = {}
        self.days: dict[int, int] = {}
        self.last: tuple[int, ScorePress, Receipt] | None = None
        self.was_undone: dict[tuple[int, int], bool] = {}

    def teardown(self) -> None:
        if hasattr(self, "world"):
            self.run(self.world.database.close())
            self.runner.close()
            self.folder.cleanup()

    def run(self, work: Coroutine[None, None, T]) -> T:
        return self.runner.run(work)

    def standing(self, rater: int) -> int:
        """Return all that stands of a rater's awards."""
        return self.run(
            self.world.value(
                "SELECT coalesce(sum(amount), 0) FROM awards a JOIN raters r ON r.number = a.rater"
                " WHERE a.standing = 'stands' AND r.discord_id = ?",
                rater,
            )
        )

    def attempt(self, rater: int, work: Coroutine[None, None, Receipt], sign: int) -> None:
        """Do what may be refused; a receipt says what was added or taken."""
        before = self.standing(rater)
        try:
            receipt = self.run(work)
        except UserError:
            assert self.standing(rater) == before
            return
        if receipt.earned is not None:
            assert self.standing(rater) - before == sign * receipt.earned.amount
            assert receipt.earned.today == self.standing_today(rater)

    def standing_today(self, rater: int) -> int:
        day = day_of(self.world.clock.now())
        return self.run(
            self.world.value(
                "SELECT coalesce(sum(amount), 0) FROM awards a JOIN raters r ON r.number = a.rater"
                " WHERE a.standing = 'stands' AND r.discord_id = ?"
                " AND a.earned_at / 86400000000 = ?",
                rater,
                day,
            )
        )

    @rule(rater=RATERS, post=POSTS, scale=SCALE, value=st.integers(1, 5))
    def press(self, rater: int, post: int, scale: str, value: int) -> None:
        press = ScorePress(next(self.world.interactions), self.posts[post], scale, value)
        kept: list[Receipt] = []

        async def take() -> Receipt:
            kept.append(await self.world.voting.take(caller(rater), press))
            return kept[0]

        self.attempt(rater, take(), 1)
        if kept:
            self.last = (rater, press, kept[0])

    @rule()
    def deliver_again(self) -> None:
        """The last press comes again, while nothing else happened to that rater."""
        if self.last is not None:
            rater, press, receipt = self.last
            before = self.standing(rater)
            again = self.run(self.world.voting.take(caller(rater), press))
            assert self.standing(rater) == before
            if receipt.earned is not None and again.earned is not None:
                assert again.earned.amount == receipt.earned.amount
                again = replace(again, earned=receipt.earned, today=receipt.today)
                assert again == receipt

    def vote(self, choice: int, *states: VoteState) -> tuple[int, Vote] | None:
        """Return one of the votes in these states, and whose it is in Discord."""
        found = self.run(self.world.database.read(lambda c: _votes(c, states)))
        return found[choice % len(found)] if found else None

    @rule(choice=CHOICES)
    def undo(self, choice: int) -> None:
        chosen = self.vote(choice, "given")
        if chosen is not None:
            rater, vote = chosen
            number = next(self.world.interactions)
            undoing = self.world.voting.undo(caller(rater), number, vote.post_id)
            if self.is_paid(vote):
                with pytest.raises(PaidVoteError):
                    self.run(undoing)
            else:
                self.attempt(rater, undoing, -1)

    def is_paid(self, vote: Vote) -> bool:
        """Tell whether a payout that was sent has a part of the vote's awards."""
        return bool(
            self.run(
                self.world.value(
                    "SELECT count(*) FROM awards a JOIN payouts p ON p.id = a.payout_id"
                    " WHERE p.state = 'paid' AND a.rater = ? AND a.image_id = ?",
                    vote.rater,
                    vote.image_id,
                )
            )
        )

    @rule(choice=CHOICES)
    def keep(self, choice: int) -> None:
        chosen = self.vote(choice, "undone")
        if chosen is not None:
            rater, vote = chosen
            number = next(self.world.interactions)
            self.attempt(rater, self.world.voting.keep(caller(rater), number, vote.post_id), 1)

    @rule(choice=CHOICES)
    def void(self, choice: int) -> None:
        chosen = self.vote(choice, "given", "undone")

        def unit(connection: Connection, vote: Vote) -> None:
            votes.store(connection, _turned(vote, "void"))
            void_vote(connection, vote.rater, vote.image_id, self.world.clock.now())

        if chosen is not None:
            vote = chosen[1]
            self.was_undone[vote.rater, vote.image_id] = vote.state == "undone"
            self.moderate(partial(unit, vote=vote))

    @rule(choice=CHOICES)
    def restore(self, choice: int) -> None:
        """A vote comes back as what its rater had made of it, which the history says."""
        chosen = self.vote(choice, "void")

        def unit(connection: Connection, vote: Vote) -> None:
            back = self.was_undone[vote.rater, vote.image_id]
            votes.store(connection, _turned(vote, "undone" if back else "given"))
            restore_vote(connection, vote.rater, vote.image_id, undone=back)

        if chosen is not None:
            self.moderate(partial(unit, vote=chosen[1]))

    def moderate(self, unit: Callable[[Connection], None]) -> None:
        self.run(self.world.database.write(unit))
        self.last = None

    @rule(rater=RATERS, fate=st.sampled_from(["planned", "cancelled", "refused", "paid"]))
    def pay(self, rater: int, fate: str) -> None:
        """Plan a payout of all that is owed; it may be sent, and come to something or not."""
        key = str(UUID(int=next(self.world.interactions)))
        now, number = self.world.clock.now(), self.run(self.world.number(rater))

        def unit(connection: Connection) -> None:
            payouts.cancel_planned(connection, number, now)
            due = connection.execute(
                "SELECT image_id, scale FROM awards"
                " WHERE rater = ? AND payout_id IS NULL AND standing = 'stands'",
                (number,),
            ).fetchall()
            if not due:
                return
            planned = payouts.create(
                connection,
                key=key,
                rater=number,
                horde_id=number,
                verified=True,
                awards=due,
                now=now,
            )
            if fate == "cancelled":
                payouts.cancel(connection, planned.id, "", now)
            elif fate != "planned":
                payouts.begin_first(connection, planned.id, Sender("s", 1, honours_keys=True), now)
                if fate == "paid":
                    payouts.pay(connection, planned.id, now)
                else:
                    payouts.refuse(connection, planned.id, "no", now)

        self.moderate(unit)

    @rule(hours=st.sampled_from([1, 11, 24]), back=st.booleans())
    def wait(self, hours: int, *, back: bool) -> None:
        """Time goes on, or a clock is set back by an hour."""
        self.world.clock.turn(-3600 if back else hours * 3600)

    @rule(on=st.booleans())
    def restart(self, *, on: bool) -> None:
        self.world.settings = _settings(on=on)
        self.world.restart()

    @invariant()
    def awards_add_up(self) -> None:
        if hasattr(self, "world"):
            self.run(self.world.database.read(self._check))

    def _check(self, connection: Connection) -> None:
        for what, query in WRONG.items():
            values = {"cap": CAP, "budget": BUDGET}
            assert not connection.execute(query, values).fetchall(), what
        assert ledger.imbalances(connection) == []
        written = {
            (rater, image, scale): (amount, earned_at)
            for rater, image, scale, amount, earned_at in connection.execute(
                "SELECT rater, image_id, scale, amount, earned_at FROM awards"
            )
        }
        assert {one: written.get(one) for one in self.written} == self.written
        self.written = written
        days = dict(connection.execute("SELECT day, amount FROM award_days"))
        assert all(days[day] >= amount for day, amount in self.days.items())
        self.days = days


def _votes(connection: Connection, states: Collection[VoteState]) -> list[tuple[int, Vote]]:
    rows = connection.execute(
        "SELECT r.discord_id, v.rater, v.image_id FROM votes v JOIN raters r ON r.number = v.rater"
    ).fetchall()
    found = [(discord_id, votes.find(connection, *whose)) for discord_id, *whose in rows]
    return [(whose, vote) for whose, vote in found if vote is not None and vote.state in states]


def _turned(vote: Vote, state: VoteState) -> Vote:
    complete = len(vote.scores) == len(SCALES) and state != "undone"
    return replace(vote, state=state, completed_at=vote.changed_at if complete else None)


def _settings(*, on: bool = True) -> Settings:
    return make_settings(
        horde_api_key=KEY if on else None,
        kudos_daily_cap=CAP,
        kudos_daily_budget=BUDGET,
        kudos_per_artifacts=3,
    )


@pytest.mark.timeout(300)
def test_awards_add_up_after_every_step(tmp_path: Path) -> None:
    async def make() -> None:
        await (await Database.open(tmp_path / "template.db")).close()

    asyncio.run(make())
    machine = type("Machine", (Earning,), {"template": tmp_path / "template.db"})
    run_state_machine_as_test(
        machine,
        settings=settings(
            max_examples=60,
            stateful_step_count=40,
            suppress_health_check=list(HealthCheck),
        ),
    )
