"""Presses through the real library: gateway payload in, callback out, over real sockets.

The real `jury run`, with everything on, against a bot with the same card that only acknowledges.
Both are processes of their own; the Discord they talk to is this one.
"""

from __future__ import annotations

import asyncio
import itertools
import os
import statistics
import sys
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from random import Random
from sqlite3 import Connection
from tempfile import TemporaryDirectory

from bot.caller import Caller
from bot.demo.horde.accounts import Account
from bot.demo.horde.server import HordeStandIn
from bot.rating.scales import SCALES
from bot.services import open_services
from bot.settings import Settings
from storage import captchas
from storage.captchas import CaptchaRecord
from tests.bench.rows import Row
from tests.horde.asking import key_of
from tests.horde.stage import serving
from tests.loopback.messages import button_ids
from tests.loopback.server import LoopbackDiscord
from tests.loopback.world import Json, Person
from tests.process.jury import CHANNEL, HOME_GUILD, JURY, Home
from tests.process.seed import seed

IN_FLIGHT = 100
RATERS = 1100
IMAGES_EACH = 8
"""Raters who press as fast as these are asked captchas for it, but not before ten votes."""
ACCOUNTS = [number * 3 * 86_400_000 << 22 for number in range(1, RATERS + 1)]
"""Discord ids of accounts made three days after one another, for an id begins with the time. Of
many accounts of one age that come together, captchas are asked too."""
CHANNELS = tuple(range(CHANNEL, CHANNEL + 10))
POSTS = 10
"""Posts a channel; each channel has a data set of its own, so that no image has two posts."""
ROUNDS, FULL_ROUNDS = 5, 9
PRESSES, WARM_UP = 1500, 300
REQUIRED = 0.7

Press = tuple[Person, Json, str]


@dataclass(slots=True)
class Measured:
    """Presses a second, and milliseconds of the bot's CPU a press, a figure each round."""

    rates: list[float] = field(default_factory=list)
    cpu: list[float] = field(default_factory=list)
    late: int = 0


def run(full: bool) -> list[Row]:  # noqa: FBT001 - the harness's signature
    """Measure both bots in turns and compare them round by round."""
    with TemporaryDirectory(prefix="presses-") as folder:
        whole, plain = asyncio.run(_measure(Path(folder), FULL_ROUNDS if full else ROUNDS))
    ratio = statistics.median(a / b for a, b in zip(whole.rates, plain.rates, strict=True))
    cpu = statistics.median(a / b for a, b in zip(whole.cpu, plain.cpu, strict=True))
    return [
        Row("presses, 100 in flight", ratio, REQUIRED, "x a bot that only acknowledges"),
        Row("presses: throughput", statistics.median(whole.rates), None, "presses/s"),
        Row("presses: bot's CPU", statistics.median(whole.cpu), None, "ms a press"),
        Row("presses: bot's CPU", cpu, None, "x a bot that only acknowledges"),
        Row("presses: answered too late", whole.late, 0, "presses", at_most=True),
    ]


async def _measure(folder: Path, rounds: int) -> tuple[Measured, Measured]:
    whole, plain = Measured(), Measured()
    stand_in = HordeStandIn([Account(1, "jury", key_of("jury"), kudos=1_000_000)])
    async with LoopbackDiscord() as discord, serving(stand_in) as horde_url:
        discord.world.add_guild(HOME_GUILD)
        for channel in CHANNELS:
            discord.world.add_channel(HOME_GUILD, channel)
        home = await _installed(folder, discord, horde_url)
        async with _running(discord, home, str(JURY), "run"):
            for channel in CHANNELS:
                await discord.wait_for_posts(channel, POSTS, 60)
        presses = _presses(discord)
        acknowledging = (sys.executable, "-m", "tests.bench._acknowledging")
        for _ in range(rounds):
            async with _running(discord, home, str(JURY), "run") as pid:
                await _round(discord, presses, pid, whole)
            async with _running(discord, home, *acknowledging) as pid:
                await _round(discord, _presses(discord), pid, plain)
    earned = home.rows("SELECT count(*) FROM awards")[0][0]
    stored = sum(home.rows("SELECT count(aesthetic), count(artifacts) FROM votes")[0])
    answered = rounds * (PRESSES + WARM_UP)
    if stored != answered:
        raise AssertionError(f"{answered} presses were answered, {stored} scores are stored")
    if earned != answered:
        raise AssertionError(f"{answered} presses were answered, {earned} earned kudos")
    return whole, plain


async def _installed(folder: Path, discord: LoopbackDiscord, horde_url: str) -> Home:
    """Return an installation with raters who agreed and channels that wait for their posts.

    Every press is a new score, and earns. Captchas are on, and looked at, but not due.
    """
    more = {
        "DISCORD_API_URL": discord.api_url,
        "RATE_LIMIT_PER_MINUTE": "10000",
        "CAPTCHA_EVERY": "50",
        "LOG_LEVEL": "WARNING",
        "HORDE_API_KEY": key_of("jury"),
        "HORDE_API_URL": horde_url,
        "KUDOS_DAILY_BUDGET": "1000000000",
        "KUDOS_DAILY_CAP": "1000000",
    }
    home = Home(folder, more)
    for channel in CHANNELS:
        seed(
            home.database,
            folder / f"pictures-{channel}",
            guild_id=HOME_GUILD,
            channel_ids=(channel,),
            count=POSTS,
            target=1000,
            open_posts=POSTS,
            name=f"drawn-{channel}",
        )
    settings = Settings(
        _env_file=None,
        database_url=f"sqlite:///{home.database}",
        hash_key_file=folder / "hash.key",
        media_dir=folder / "images",
    )
    async with open_services(settings) as services:
        agreeing = (services.voting.agree(Caller(account)) for account in ACCOUNTS)
        await asyncio.gather(*agreeing)
        await services.database.write(_let_captchas_be_far)
    return home


def _let_captchas_be_far(connection: Connection) -> None:
    for (number,) in connection.execute("SELECT number FROM raters").fetchall():
        captchas.save(connection, number, CaptchaRecord(passed=1, votes_left=1_000_000))


def _presses(discord: LoopbackDiscord) -> Iterator[Press]:
    """Give each rater's score for some posts and every scale, once; IN_FLIGHT raters at a time."""
    random = Random(7)
    posts = [post for channel in CHANNELS for post in discord.world.in_channel(channel)]
    for first in range(0, RATERS, IN_FLIGHT):
        together = [
            (account, post, scale)
            for account in ACCOUNTS[first : first + IN_FLIGHT]
            for post in random.sample(posts, IMAGES_EACH)
            for scale in SCALES
        ]
        random.shuffle(together)
        for account, post, scale in together:
            offered = [each for each in button_ids(post) if each.startswith(f"vote:{scale}:")]
            yield Person(account), post, random.choice(offered)


@asynccontextmanager
async def _running(discord: LoopbackDiscord, home: Home, *command: str) -> AsyncIterator[int]:
    """Run a bot until the context ends; gives its process id once it is connected."""
    process = await asyncio.create_subprocess_exec(*command, env=home.environment())
    try:
        await discord.gateway.wait_for_shards(1, 30)
        yield process.pid
    finally:
        process.terminate()
        await process.wait()


async def _round(
    discord: LoopbackDiscord, presses: Iterator[Press], pid: int, into: Measured
) -> None:
    await _press(discord, itertools.islice(presses, WARM_UP))
    began, cpu = time.perf_counter(), _cpu_seconds(pid)
    into.late += await _press(discord, itertools.islice(presses, PRESSES))
    into.rates.append(PRESSES / (time.perf_counter() - began))
    into.cpu.append((_cpu_seconds(pid) - cpu) / PRESSES * 1000)


async def _press(discord: LoopbackDiscord, presses: Iterator[Press]) -> int:
    """Press with IN_FLIGHT unanswered at any time; return how many were answered too late."""

    async def worker() -> int:
        late = 0
        for person, post, custom_id in presses:
            try:
                answer = await discord.press(person, post, custom_id)
            except TimeoutError:
                late += 1
                continue
            if answer.response and answer.response["content"]:
                raise AssertionError(f"refused: {answer.response['content']}")
        return late

    return sum(await asyncio.gather(*(worker() for _ in range(IN_FLIGHT))))


def _cpu_seconds(pid: int) -> float:
    """Return the CPU time of a process so far, proc(5) `stat` fields 14 and 15."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")
