"""Whatever raters, moderators, the publisher and time do in whatever order, the rows agree."""

from __future__ import annotations

import asyncio
import shutil
import tempfile
from collections.abc import Coroutine
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from random import Random
from sqlite3 import Connection
from typing import TypeVar

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from bot.errors import UserError
from bot.rating.scales import SCALES
from bot.rating.serving import Served
from bot.rating.sessions import Showing
from bot.rating.showing import open_private, show
from bot.rating.voting import Receipt, ScorePress
from storage import image_stages, raters
from storage.channels import Channel
from storage.database import Database
from storage.gold_images import GoldState
from tests.rating.world import TurnedClock, World, caller, make_settings

T = TypeVar("T")

TARGET = 2
IMAGES = 4
RATERS = st.integers(1, 5)
CHOICES = st.integers(0, 5)
SCORES = st.integers(1, 5)
VALUES = st.tuples(SCORES, SCORES)
DELAY = timedelta(seconds=60)

LIVE = """
    SELECT count(*) FROM reservations r WHERE r.image_id = i.id AND r.expires_at > :now
    AND r.purpose = 'vote'
    AND NOT EXISTS (SELECT 1 FROM raters b WHERE b.number = r.rater AND b.status = 'banned')
"""
WRONG = {
    "the counter is not the number of votes that count": f"""
        SELECT i.id FROM images i WHERE complete_votes <> (
            SELECT count(*) FROM votes v WHERE v.image_id = i.id AND {image_stages.COUNTS})
    """,  # noqa: S608 - constants
    "an image is above its target": "SELECT id FROM images WHERE complete_votes > :target",
    "more places are kept than there are": f"""
        SELECT i.id FROM images i WHERE complete_votes + ({LIVE}) > :target
    """,  # noqa: S608 - constants
    "a stage does not follow from the votes": """
        SELECT i.id FROM images i WHERE stage <> 'hidden' AND stage <> CASE
            WHEN complete_votes >= :target THEN 'full'
            WHEN revealed_at IS NOT NULL
                OR EXISTS (SELECT 1 FROM posts p WHERE p.image_id = i.id AND surface = 'public')
                OR EXISTS (SELECT 1 FROM votes v WHERE v.image_id = i.id AND v.gold = 0)
                OR EXISTS (SELECT 1 FROM reservations r WHERE r.image_id = i.id
                    AND r.purpose = 'vote' AND r.expires_at > :now) THEN 'begun'
            WHEN stage = 'begun' THEN 'begun' -- a place was kept, and nobody passed over it since
            ELSE 'waiting' END
    """,
    "only full images wait for their close": """
        SELECT id FROM images WHERE closes_at IS NOT NULL AND stage <> 'full'
    """,
    "a counter of the data set is wrong": """
        SELECT id FROM data_sets WHERE
            begun_images <> (SELECT count(*) FROM images WHERE stage = 'begun')
            OR full_images <> (SELECT count(*) FROM images WHERE stage = 'full')
    """,
    "the last entry of the history does not explain the vote": """
        SELECT v.id FROM votes v JOIN vote_history h ON h.id = (
            SELECT max(id) FROM vote_history WHERE rater = v.rater AND image_id = v.image_id)
        WHERE h.aesthetic IS NOT v.aesthetic OR h.artifacts IS NOT v.artifacts
            OR (h.action = 'undone') <> (v.state = 'undone')
            OR (h.action = 'voided') <> (v.state = 'void')
            OR (h.at <> v.changed_at AND v.state <> 'void')
    """,
    "a vote and its history do not come together": """
        SELECT rater, image_id FROM votes EXCEPT SELECT rater, image_id FROM vote_history
        UNION ALL
        SELECT rater, image_id FROM vote_history EXCEPT SELECT rater, image_id FROM votes
    """,
    "a vote from before the reveal was touched after it": """
        SELECT v.id FROM votes v JOIN images i ON i.id = v.image_id
        WHERE v.completed_at IS NOT NULL AND v.changed_at > i.revealed_at AND NOT v.after_reveal
            AND NOT v.gold
    """,
    "a gold vote did not begin on a gold showing, or another one did": """
        SELECT v.id FROM votes v JOIN posts p ON p.id = v.post_id
        WHERE v.gold <> (p.purpose = 'gold')
    """,
    "an answer on gold is not what the gold vote says": """
        SELECT g.image_id FROM gold_answers g LEFT JOIN votes v
            ON v.rater = g.rater AND v.image_id = g.image_id AND v.gold = 1
            AND v.completed_at IS NOT NULL
        WHERE v.aesthetic IS NOT g.aesthetic OR v.artifacts IS NOT g.artifacts
            OR g.wrong <> (g.aesthetic < 3) + (g.artifacts > 3)
    """,
    "a second answer is to no vote": """
        SELECT a.id FROM repeat_answers a LEFT JOIN votes v
            ON v.rater = a.rater AND v.image_id = a.image_id WHERE v.id IS NULL
    """,
    "an image is open twice in one channel": """
        SELECT image_id FROM posts WHERE surface = 'public'
        AND state IN ('pending', 'open', 'closing')
        GROUP BY image_id, channel_id HAVING count(*) > 1
    """,
}

COMPLETE = """
    SELECT (SELECT count(*) FROM votes v
        WHERE v.rater = r.number AND v.completed_at IS NOT NULL AND v.state = 'given')
        + (SELECT count(a.answered_at) FROM repeat_answers a WHERE a.rater = r.number)
    FROM raters r WHERE r.discord_id = ?
"""
JUDGED = """
    SELECT v.image_id FROM votes v WHERE v.rater = ? AND v.completed_at IS NOT NULL
    AND v.state = 'given' AND v.gold = 0
    AND NOT EXISTS (
        SELECT 1 FROM repeat_answers a WHERE a.rater = v.rater AND a.image_id = v.image_id
    )
    LIMIT 1
"""


class Interleavings(RuleBasedStateMachine):
    """Few raters and images, so that they meet often."""

    template: Path

    @initialize(seed=st.integers(0, 1000))
    def open(self, seed: int) -> None:
        self.runner = asyncio.Runner()
        self.folder = tempfile.TemporaryDirectory()
        self.run(self._open(seed))

    async def _open(self, seed: int) -> None:
        path = Path(shutil.copy(self.template, Path(self.folder.name) / "jury.db"))
        self.world = World(
            await Database.open(path),
            make_settings(gold_percent=40, gold_percent_risk=40),
            TurnedClock(),
            Random(seed),
        )
        data_set = await self.world.data_set(IMAGES, target=TARGET)
        self.channel: Channel = await self.world.channel(data_set, open_posts=2)
        await self.world.agree(1, 2, 3, 4, 5)
        self.shown: dict[int, Showing] = {}
        self.met: dict[int, list[int]] = {number: [] for number in range(1, 6)}
        self.public = [await self.world.public_post(self.channel) for _ in range(2)]
        self.receipts: list[tuple[int, ScorePress, Receipt]] = []
        self.revealed: dict[int, int] = {}
        self.entries = 0

    def teardown(self) -> None:
        if hasattr(self, "world"):
            self.run(self.world.database.close())
            self.runner.close()
            self.folder.cleanup()

    def run(self, work: Coroutine[None, None, T]) -> T:
        return self.runner.run(work)

    def attempt(self, work: Coroutine[None, None, T]) -> T | None:
        """Run what may be refused."""
        try:
            return self.run(work)
        except UserError:
            return None

    def note(self, rater: int, showing: Showing | None) -> None:
        if showing is not None:
            self.shown[rater] = showing
            self.met[rater].append(showing.post_id)

    def score(self, rater: int, post: int, scale: str, value: int) -> None:
        press = ScorePress(next(self.world.interactions), post, scale, value)
        receipt = self.attempt(self.world.voting.take(caller(rater), press))
        if receipt is not None:
            self.receipts.append((rater, press, receipt))
            assert receipt.today == self.run(self.world.value(COMPLETE, rater)), "all of one day"

    @rule(rater=RATERS, values=VALUES)
    def rate_in_private(self, rater: int, values: tuple[int, int]) -> None:
        """Begin or go on, and give both scores."""
        if rater in self.shown:
            going_on = self.world.sessions.advance(caller(rater), self.shown[rater].post_id)
            self.note(rater, self.attempt(going_on))
        else:
            self.start(rater)
        if rater in self.shown:
            for scale, value in zip(SCALES, values, strict=True):
                self.score(rater, self.shown[rater].post_id, scale, value)

    @rule(rater=RATERS, choice=CHOICES, values=VALUES)
    def rate_in_public(self, rater: int, choice: int, values: tuple[int, int]) -> None:
        post = self.public[choice % len(self.public)]
        for scale, value in zip(SCALES, values, strict=True):
            self.score(rater, post, scale, value)

    @rule(rater=RATERS, choice=CHOICES, scale=st.sampled_from(sorted(SCALES)), value=SCORES)
    def press(self, rater: int, choice: int, scale: str, value: int) -> None:
        self.score(rater, self.some_post(rater, choice), scale, value)

    def some_post(self, rater: int, choice: int) -> int:
        posts = (*self.public[-3:], *self.met[rater][-3:])
        return posts[choice % len(posts)]

    @rule(rater=RATERS)
    def start(self, rater: int) -> None:
        self.note(rater, self.attempt(self.world.start(rater)))

    @rule(rater=RATERS)
    def skip(self, rater: int) -> None:
        if rater in self.shown:
            post = self.shown[rater].post_id
            skipping = self.world.sessions.skip(caller(rater), post, "not_for_me")
            self.note(rater, self.attempt(skipping))

    @rule(rater=RATERS)
    def go_back(self, rater: int) -> None:
        if rater in self.shown:
            shown, number = self.shown[rater], next(self.world.interactions)
            post = shown.previous_post_id or shown.post_id
            going_back = self.world.sessions.go_back(caller(rater), number, post)
            self.note(rater, self.attempt(going_back))

    @rule(rater=RATERS, choice=CHOICES)
    def undo(self, rater: int, choice: int) -> None:
        number, post = next(self.world.interactions), self.some_post(rater, choice)
        self.attempt(self.world.voting.undo(caller(rater), number, post))

    @rule(rater=RATERS, choice=CHOICES)
    def keep(self, rater: int, choice: int) -> None:
        number, post = next(self.world.interactions), self.some_post(rater, choice)
        self.attempt(self.world.voting.keep(caller(rater), number, post))

    @rule(choice=st.integers(0, 20))
    def deliver_again(self, choice: int) -> None:
        if self.receipts:
            rater, press, receipt = self.receipts[choice % len(self.receipts)]
            again = self.run(self.world.voting.take(caller(rater), press))
            assert replace(again, image_full=receipt.image_full, today=receipt.today) == receipt

    @rule(seconds=st.sampled_from([1, 30, 60, 300, 600]))
    def wait(self, seconds: int) -> None:
        self.world.clock.turn(seconds)

    @rule(message=st.booleans())
    def publish(self, *, message: bool) -> None:
        new = self.run(self.world.posts.open_post(self.channel))
        if new is not None and message:
            self.run(self.world.posts.confirm(new.post_id, new.post_id + 5000))
        if new is not None:
            self.public.append(new.post_id)

    @rule(edited=st.booleans())
    def close(self, *, edited: bool) -> None:
        self.world.clock.turn(60)
        for post in self.run(self.world.posts.due(self.world.clock.now())):
            if edited:
                self.run(self.world.posts.closed(post.post_id))

    @precondition(lambda self: len(self.public) > 3)
    @rule(choice=CHOICES)
    def lose(self, choice: int) -> None:
        self.run(self.world.posts.lost(self.public[choice % len(self.public)], "a test"))

    @rule(image=st.integers(1, 2), hidden=st.booleans())
    def moderate(self, image: int, *, hidden: bool) -> None:
        def unit(connection: Connection) -> None:
            if hidden:
                image_stages.hide(connection, image)
            else:
                image_stages.restore(connection, image, self.world.clock.now(), DELAY)

        self.run(self.world.database.write(unit))

    @rule(image=st.integers(1, IMAGES), accepted=st.booleans())
    def mark_gold(self, image: int, *, accepted: bool) -> None:
        """What is right never changes here, so that answers need not be judged again."""
        state: GoldState = "accepted" if accepted else "retired"
        self.run(self.world.mark_gold(image, aesthetic=(3, 10), artifacts=(0, 3), state=state))

    @rule(rater=RATERS)
    def repeat(self, rater: int) -> None:
        """Show what the rater judged once more; in sessions many votes would lie between."""

        def unit(connection: Connection) -> Showing | None:
            found = raters.find(connection, rater)
            assert found is not None
            judged = connection.execute(JUDGED, (found.number,)).fetchone()
            if judged is None:
                return None
            now, who = self.world.clock.now(), caller(rater)
            served = Served(judged[0], "repeat")
            post = open_private(connection, who, found, served, previous_id=None, now=now)
            return show(connection, who, post, found, now)

        self.note(rater, self.run(self.world.database.write(unit)))

    @precondition(lambda self: len(self.receipts) > 8)
    @rule()
    def ban(self) -> None:
        def unit(connection: Connection) -> None:
            found = raters.find(connection, 5)
            assert found is not None
            raters.set_status(connection, found.number, "banned")

        self.run(self.world.database.write(unit))
        self.run(self.world.take_out(5))

    @invariant()
    def rows_agree(self) -> None:
        if hasattr(self, "world"):
            self.run(self.world.database.read(self._check))

    def _check(self, connection: Connection) -> None:
        now = int(self.world.clock.now().timestamp()) * 1_000_000
        for what, query in WRONG.items():
            assert not connection.execute(query, {"now": now, "target": TARGET}).fetchall(), what
        revealed = dict(
            connection.execute("SELECT id, revealed_at FROM images WHERE revealed_at IS NOT NULL")
        )
        assert {image: revealed.get(image) for image in self.revealed} == self.revealed
        self.revealed = revealed
        (entries,) = connection.execute("SELECT count(*) FROM vote_history").fetchone()
        assert entries >= self.entries
        self.entries = entries


@pytest.mark.timeout(300)
def test_rows_agree_after_every_step(tmp_path: Path) -> None:
    async def make() -> None:
        await (await Database.open(tmp_path / "template.db")).close()

    asyncio.run(make())
    machine = type("Machine", (Interleavings,), {"template": tmp_path / "template.db"})
    run_state_machine_as_test(
        machine,
        settings=settings(
            max_examples=60,
            stateful_step_count=40,
            suppress_health_check=list(HealthCheck),
        ),
    )
