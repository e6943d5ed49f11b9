"""How often gold is shown: within its bounds, more to whoever looks suspect, in no order."""

from __future__ import annotations

import asyncio
import math
from contextlib import suppress
from functools import partial
from itertools import pairwise
from pathlib import Path
from random import Random
from sqlite3 import Connection
from tempfile import TemporaryDirectory
from typing import Final, Literal, get_args

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.errors import UserError
from bot.settings import Settings
from bot.trust.gold.mixing import Draw, Mix
from storage import risks
from storage.images import RANDOM_KEY_BITS
from storage.posts import Purpose
from tests.rating.test_gold_sessions import filled, introduced, open_world
from tests.rating.world import World, caller, make_settings
from tests.trust.home import Home

SHOWN: Final = 2_000
UNLIKELY: Final = 6
"""Standard deviations: what is further away would not happen in a billion tries."""

RISK = st.none() | st.integers(-5, 200)
SALT = st.binary(min_size=16, max_size=16)
FIRST = st.integers(1, 2**40)
USUAL: Final = Mix.of(Settings.model_construct())


def purposes(mix: Mix, salt: bytes, first: int, risk: int | None) -> list[Purpose]:
    """Return what follows each of SHOWN posts in a row."""
    return [mix.purpose(Draw.after(first + n, salt), risk) for n in range(SHOWN)]


def assert_share(found: int, of: int, share: float) -> None:
    """Fail where so many of so many are not that share, chance aside."""
    deviation = math.sqrt(of * share * (1 - share))
    assert abs(found - of * share) <= UNLIKELY * deviation + 1, (found, of, share)


@given(RISK, RISK)
def test_risk_raises_gold_from_five_to_twenty_percent(one: int | None, other: int | None) -> None:
    shares = {risk: USUAL.gold_percent(risk) for risk in (one, other, None, 0, 20, 100)}
    assert all(5 <= share <= 20 for share in shares.values())
    assert (shares[None], shares[0], shares[20], shares[100]) == (5, 5, 20, 20)
    if one is not None and other is not None and one <= other:
        assert shares[one] <= shares[other]


@given(st.integers(0, 100), st.integers(0, 100), RISK)
def test_an_operator_sets_the_least_and_the_most(least: int, most: int, risk: int | None) -> None:
    share = Mix.of(make_settings(gold_percent=least, gold_percent_risk=most)).gold_percent(risk)
    assert share == 0 if least == 0 else least <= share <= max(least, most)


@settings(max_examples=30)
@given(SALT, FIRST, RISK)
def test_as_much_is_shown_as_is_to_be(salt: bytes, first: int, risk: int | None) -> None:
    kinds = purposes(USUAL, salt, first, risk)
    assert_share(kinds.count("gold"), SHOWN, USUAL.gold_percent(risk) / 100)
    assert_share(kinds.count("repeat"), SHOWN, USUAL.repeat / 100)


@settings(max_examples=30)
@given(SALT, SALT, FIRST)
def test_neither_ids_nor_what_came_before_tell_when_gold_comes(
    salt: bytes, other: bytes, first: int
) -> None:
    """After gold, on even ids, after long waits, in another run: always the same share."""
    gold = [each == "gold" for each in purposes(USUAL, salt, first, risk=20)]
    after = [later for earlier, later in pairwise(gold) if earlier]
    waited = [gold[n] for n in range(4, SHOWN) if not any(gold[n - 4 : n])]
    for some in (after, waited, gold[::2], gold[::7]):
        assert_share(sum(some), len(some), 0.2)
    if salt != other:
        again = [each == "gold" for each in purposes(USUAL, other, first, risk=20)]
        both = sum(one and two for one, two in zip(gold, again, strict=True))
        assert_share(both, SHOWN, 0.2 * 0.2)


@given(SALT, FIRST)
def test_a_draw_is_the_same_each_time_and_within_its_bounds(salt: bytes, post_id: int) -> None:
    draw = Draw.after(post_id, salt)
    assert draw == Draw.after(post_id, salt)
    assert 0 <= draw.start < 2**RANDOM_KEY_BITS
    assert 0 <= draw.kind < 1
    assert 0 <= draw.share < 1


# Sessions: whatever raters do, gold is new to them, and theirs is no ordinary vote later.

Act = Literal["judge", "half", "undo", "skip", "leave", "restart", "wait", "suspect"]
OFTEN: Final[tuple[Act, ...]] = ("judge", "judge", "half", "undo", "leave")
STEPS: Final = 120
FULL, OPEN, ORDINARY = 4, 4, 8
"""Gold images that are full, those that others still judge, and images that are no gold."""

TWICE: Final = {
    "gold is shown that its rater had judged, or answered": """
        SELECT p.id FROM posts p JOIN votes v ON v.rater = p.rater AND v.image_id = p.image_id
        WHERE p.purpose = 'gold' AND (v.gold = 0 AND v.created_at < p.shown_at
            OR v.gold = 1 AND v.completed_at < p.shown_at)
    """,
    "an image answered as gold is shown to be judged": """
        SELECT p.id FROM posts p JOIN votes v ON v.rater = p.rater AND v.image_id = p.image_id
        WHERE p.purpose = 'vote' AND v.gold = 1 AND v.created_at < p.shown_at
    """,
    "an image is gold that is none": """
        SELECT p.id FROM posts p LEFT JOIN gold_images g ON g.image_id = p.image_id
        WHERE p.purpose = 'gold' AND g.image_id IS NULL
    """,
    "a gold vote counts": """
        SELECT i.id FROM images i WHERE complete_votes <> (SELECT count(*) FROM votes v
            WHERE v.image_id = i.id AND v.gold = 0 AND v.state = 'given'
            AND v.completed_at IS NOT NULL)
    """,
    "a record is not what was answered": """
        SELECT v.id FROM votes v LEFT JOIN gold_answers a
        ON a.rater = v.rater AND a.image_id = v.image_id
        WHERE v.gold = 1 AND ((v.state = 'given') <> (a.rater IS NOT NULL)
            OR a.rater IS NOT NULL AND (a.aesthetic IS NOT v.aesthetic
                OR a.artifacts IS NOT v.artifacts))
    """,
}


class Player:
    """A rater in a private session."""

    def __init__(self, world: World, rater: int) -> None:
        self.world = world
        self.rater = rater
        self.posts: list[int] = []

    async def act(self, act: Act, number: int) -> None:
        """Do one thing; what is refused changes nothing."""
        self.world.clock.turn(1)
        with suppress(UserError):
            await self._do(act, number)

    async def _do(self, act: Act, number: int) -> None:
        world, sessions = self.world, self.world.sessions
        if act == "restart":
            world.restart()
        elif act == "wait":
            world.clock.turn(20_000 * number)  # up to a day
            await world.posts.due(world.clock.now())
        elif act == "leave" or not self.posts:
            self.posts.append((await world.start(self.rater)).post_id)
        elif act == "suspect":
            rater, now = await world.number(self.rater), world.clock.now()
            await world.database.write(lambda c: risks.set_gold_percent(c, rater, 5 * number, now))
        elif act == "judge":
            await world.vote(self.rater, self.posts[-1], 1 + number, number)
            self.posts.append((await sessions.advance(caller(self.rater), self.posts[-1])).post_id)
        elif act == "half":
            await world.press(self.rater, self.posts[-1], "aesthetic", 1 + number)
        elif act == "undo":
            post = self.posts[-1 - number % len(self.posts)]
            await world.voting.undo(caller(self.rater), next(world.interactions), post)
        elif act == "skip":
            shown = await sessions.skip(caller(self.rater), self.posts[-1], "not_for_me")
            self.posts.append(shown.post_id)


async def prepare(folder: Path) -> World:
    world = await World.open(folder / "jury.db")
    await filled(world, FULL)
    await world.data_set(OPEN + ORDINARY, target=3)
    await world.database.write(lambda c: c.execute("UPDATE data_sets SET target = 3").rowcount)
    await world.mark_gold(*range(1, 1 + FULL + OPEN))
    await open_world(world, gold_percent=40, gold_percent_risk=80, repeat_percent=10)
    await introduced(world, 1, 2)
    return world


async def wrong(world: World) -> list[str]:
    """Return what is not as it must be."""
    found = {
        what: await world.database.read(partial(rows, sql=query)) for what, query in TWICE.items()
    }
    return [what for what, some in found.items() if some]


def rows(connection: Connection, *, sql: str) -> list[tuple[int]]:
    return connection.execute(sql).fetchall()


@settings(max_examples=12)
@given(st.integers(0, 2**32))
def test_gold_is_new_to_its_rater_whatever_they_do(seed: int) -> None:
    async def play() -> None:
        random = Random(seed)
        with TemporaryDirectory() as folder:
            world = await prepare(Path(folder))
            try:
                players = [Player(world, rater) for rater in (1, 2)]
                for _ in range(STEPS):
                    act = random.choice((*get_args(Act), *OFTEN))
                    await random.choice(players).act(act, random.randint(0, 5))
                assert await wrong(world) == []
            finally:
                await world.database.close()

    asyncio.run(play())


@pytest.mark.parametrize("least", [1, 4, 20])
async def test_who_is_not_suspected_gets_what_the_operator_set(home: Home, least: int) -> None:
    """Below what was once the least, too, and after a captcha that a rule asked for."""
    await home.raters(1, 2)
    mix = Mix.of(make_settings(gold_percent=least, gold_percent_risk=20))
    asked, now = await home.world.number(2), home.world.clock.now()
    await home.world.database.write(lambda c: risks.ask_captcha(c, asked, "too_fast", 20, now))
    for rater in (await home.world.number(1), asked):
        risk = await home.world.database.read(partial(risks.gold_percent, rater=rater))
        assert mix.gold_percent(risk) == least
