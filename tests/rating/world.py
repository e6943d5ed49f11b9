"""A small world for tests of the rating core: real services on a real file, a clock to turn."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from itertools import count
from pathlib import Path
from random import Random
from sqlite3 import Connection
from typing import TypedDict, Unpack

from bot.caller import Caller
from bot.keyed_hash import KeyedHash
from bot.rating.posts import PostService
from bot.rating.sessions import SessionService, Showing
from bot.rating.voting import Receipt, ScorePress, VotingService
from bot.settings import Settings
from bot.trust.enrolment import Enrolment
from bot.trust.recounting import Recounting
from bot.trust.void_orders import VoidOrders
from storage import (
    channels,
    data_sets,
    gold_images,
    images,
    posts,
    sources,
    void_orders,
    vote_history,
    votes,
)
from storage.channels import Channel
from storage.data_sets import DataSet
from storage.database import Database
from storage.gold_images import GoldImage, GoldState
from storage.images import RANDOM_KEY_BITS, Image, NewImage
from storage.vote_history import Entry
from storage.votes import Vote

HOME = 1000
CHANNEL = 2000
EVER = datetime(1970, 1, 1, tzinfo=UTC)
NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)


class TurnedClock:
    """Time that stands still until a test turns it."""

    def __init__(self, moment: datetime = NOON) -> None:
        self.moment = moment

    def now(self) -> datetime:
        return self.moment

    async def sleep(self, seconds: float) -> None:
        self.turn(seconds)

    def turn(self, seconds: float) -> None:
        self.moment += timedelta(seconds=seconds)


class TickingClock(TurnedClock):
    """Time that goes on by some milliseconds whenever somebody looks, as it does for programs."""

    def now(self) -> datetime:
        self.turn(0.003)
        return self.moment


def make_settings(**values: object) -> Settings:
    defaults = {
        "home_guild_id": HOME,
        "rate_limit_per_minute": 10_000,
        "captcha_every": 0,
        "report_votes": 0,
    }
    return Settings.model_validate({**defaults, **values})


class Changes(TypedDict, total=False):
    """How a caller differs from a member pressing in the home server's channel."""

    locale: str
    guild_id: int | None
    channel_id: int | None
    guild_ids: frozenset[int]
    age_restricted: bool


def caller(discord_id: int, **changes: Unpack[Changes]) -> Caller:
    here = Caller(discord_id, guild_id=HOME, channel_id=CHANNEL, guild_ids=frozenset({HOME}))
    return replace(here, **changes)


@dataclass
class World:
    """Services, and short ways to do what a test needs."""

    database: Database
    settings: Settings
    clock: TurnedClock
    random: Random
    voting: VotingService = field(init=False)
    sessions: SessionService = field(init=False)
    posts: PostService = field(init=False)
    interactions: count[int] = field(default_factory=lambda: count(1))

    def __post_init__(self) -> None:
        self.restart()

    @classmethod
    async def open(cls, path: Path, **settings: object) -> World:
        return cls(await Database.open(path), make_settings(**settings), TurnedClock(), Random(1))

    def restart(self) -> None:
        """Build the services anew, as a restarted program does."""
        enrolment = Enrolment(KeyedHash(bytes(32)))
        self.voting = VotingService(self.database, self.clock, self.settings, enrolment)
        self.sessions = SessionService(
            self.database, self.clock, self.settings, self.random, enrolment
        )
        self.posts = PostService(self.database, self.clock, self.settings, self.random)

    async def data_set(
        self, number: int, *, name: str = "set", target: int = 3, safe: bool = True
    ) -> DataSet:
        """Make a data set with `number` images, or add as many to it."""

        def unit(connection: Connection) -> DataSet:
            now = self.clock.now()
            found = data_sets.create(connection, name, target=target, now=now)
            source = sources.create(connection, found.id, "folder", f"/{name}")
            first = images.count(connection, found.id)
            images.insert_new(
                connection,
                [
                    NewImage(
                        found.id,
                        f"{safe}-{key}",
                        source.id,
                        f"{key}.png",
                        safe=safe,
                        random_key=self.random.getrandbits(RANDOM_KEY_BITS),
                        prompt=f"prompt {key}",
                    )
                    for key in range(first, first + number)
                ],
                now,
            )
            return found

        return await self.database.write(unit)

    async def mark_gold(
        self,
        *image_ids: int,
        aesthetic: tuple[int, int] = (7, 10),
        artifacts: tuple[int, int] = (0, 1),
        state: GoldState = "accepted",
    ) -> None:
        """Make images gold, or something of the kind; aesthetic 7 and artifacts 1 are right."""
        ranges = {"aesthetic": aesthetic, "artifacts": artifacts}
        now = self.clock.now()

        def unit(connection: Connection) -> None:
            for image_id in image_ids:
                gold = GoldImage(image_id, state, ranges, None, now, now, None)
                gold_images.store(connection, gold)

        await self.database.write(unit)

    async def agree(self, *discord_ids: int) -> None:
        for discord_id in discord_ids:
            await self.voting.agree(caller(discord_id))

    async def channel(
        self,
        data_set: DataSet,
        *,
        channel_id: int = CHANNEL,
        guild_id: int = HOME,
        open_posts: int = 1,
        safe_only: bool = True,
    ) -> Channel:
        """Set up and start a channel."""

        def unit(connection: Connection) -> Channel:
            channels.set_up(
                connection,
                channel_id=channel_id,
                guild_id=guild_id,
                data_set_id=data_set.id,
                open_posts=open_posts,
                safe_only=safe_only,
                now=self.clock.now(),
            )
            channels.set_started(connection, channel_id, started=True)
            found = channels.by_id(connection, channel_id)
            assert found is not None
            return found

        return await self.database.write(unit)

    async def public_post(self, channel: Channel) -> int:
        """Open and confirm a post; its message id is 5000 more than its own."""
        new = await self.posts.open_post(channel)
        assert new is not None
        await self.posts.confirm(new.post_id, new.post_id + 5000)
        return new.post_id

    async def press(
        self, discord_id: int, post_id: int, scale: str, value: int, **changes: Unpack[Changes]
    ) -> Receipt:
        return await self.voting.take(
            caller(discord_id, **changes),
            ScorePress(next(self.interactions), post_id, scale, value),
        )

    async def vote(
        self, discord_id: int, post_id: int, aesthetic: int = 7, artifacts: int = 1
    ) -> Receipt:
        """Give both scores."""
        await self.press(discord_id, post_id, "aesthetic", aesthetic)
        return await self.press(discord_id, post_id, "artifacts", artifacts)

    async def start(
        self, discord_id: int, name: str | None = None, **changes: Unpack[Changes]
    ) -> Showing:
        return await self.sessions.start(caller(discord_id, **changes), name)

    async def take_out(self, discord_id: int) -> None:
        """Take all votes of a rater out."""
        number = await self.number(discord_id)
        now = self.clock.now()
        await self.database.write(lambda c: void_orders.add(c, number, "revert", now, since=EVER))
        recounting = Recounting(self.database, self.clock, self.settings)
        await VoidOrders(self.database, self.clock, recounting).settle()

    async def image(self, post_id: int) -> Image:
        """Return the image of a post as it is now."""

        def query(connection: Connection) -> Image:
            post = posts.by_id(connection, post_id)
            assert post is not None
            image = images.by_id(connection, post.image_id)
            assert image is not None
            return image

        return await self.database.read(query)

    async def stored(self, discord_id: int, image_id: int) -> Vote | None:
        """Return the row of a vote."""
        number = await self.number(discord_id)
        return await self.database.read(lambda connection: votes.find(connection, number, image_id))

    async def history(self, discord_id: int, image_id: int) -> list[Entry]:
        number = await self.number(discord_id)

        def query(connection: Connection) -> list[Entry]:
            interactions = connection.execute(
                "SELECT interaction_id FROM vote_history WHERE rater = ? AND image_id = ?"
                " ORDER BY id",
                (number, image_id),
            )
            entries = [vote_history.of_interaction(connection, each) for (each,) in interactions]
            return [entry for entry in entries if entry is not None]

        return await self.database.read(query)

    async def number(self, discord_id: int) -> int:
        return int(await self.value("SELECT number FROM raters WHERE discord_id = ?", discord_id))

    async def value(self, query: str, *parameters: int | str) -> int:
        """Return the first column of the first row of a query."""
        row = await self.database.read(
            lambda connection: connection.execute(query, parameters).fetchone()
        )
        return int(row[0])
