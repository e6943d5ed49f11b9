from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path
from random import Random

import discord
import pytest
from discord.ext import commands
from simcord import Env, MemberActor

from bot.client import JuryBot
from bot.services import Services, build_services
from bot.settings import Settings
from storage.database import Database
from tests.cogs.openapi import ApiDescription
from tests.cogs.stage import HOME, Stage, TurnedClock


@pytest.fixture(scope="session")
def api_description() -> ApiDescription | None:
    return ApiDescription.load()


@pytest.fixture
def clock() -> TurnedClock:
    return TurnedClock()


@pytest.fixture
def settings_changes() -> dict[str, object]:
    """Settings that differ in a test: parametrize it, or override it in a module."""
    return {}


@pytest.fixture
def settle_seconds() -> float:
    """For how long an act may go on: a module overrides it where a child process has to end.

    Where a connection stays open, an act lasts as long as this.
    """
    return 5.0


@pytest.fixture
async def simulated(settle_seconds: float) -> Env:
    """A simulated Discord before our bot is in it: the settings name a role and a person."""
    env = Env(
        commands.AutoShardedBot(commands.when_mentioned, intents=discord.Intents(guilds=True)),
        shard_count=1,
        settle_timeout=settle_seconds,
    )
    env.create_guild("Home", id=HOME)
    env.guild.create_role("moderators", permissions=discord.Permissions(manage_messages=True))
    return env


@pytest.fixture
def operator(simulated: Env) -> MemberActor:
    return simulated.guild.add_member(simulated.create_user("operator"))


@pytest.fixture
def settings(
    tmp_path: Path,
    simulated: Env,
    operator: MemberActor,
    settings_changes: dict[str, object],
) -> Settings:
    return Settings.model_validate(
        {
            "home_guild_id": HOME,
            "moderator_role_id": simulated.guild.roles["moderators"].id,
            "operator_ids": str(operator.id),
            "database_url": f"sqlite:///{tmp_path / 'jury.db'}",
            "media_dir": tmp_path / "media",
            "hash_key_file": tmp_path / "hash.key",
            "votes_per_image": 2,
            "rate_limit_per_minute": 1000,
            "captcha_every": 0,
            "report_votes": 0,
            **settings_changes,
        }
    )


@pytest.fixture
async def services(settings: Settings, clock: TurnedClock) -> AsyncIterator[Services]:
    database = await Database.open(settings.database_path)
    try:
        built = build_services(settings, database, clock, Random(7))
        yield built
        await built.images.close()
        await built.horde.close()
    finally:
        await database.close()


@pytest.fixture
async def env(
    simulated: Env, services: Services, api_description: ApiDescription | None
) -> AsyncIterator[Env]:
    """The simulated Discord with our bot; every request body is checked at the end."""
    simulated.bot = JuryBot(services)
    await simulated.start()
    yield simulated
    await simulated.shutdown()
    simulated.raise_errors()
    if api_description is not None:
        assert api_description.faults(simulated.http_requests) == []


@pytest.fixture
def stage(
    env: Env, services: Services, clock: TurnedClock, operator: MemberActor, tmp_path: Path
) -> Stage:
    return Stage(
        env=env,
        services=services,
        clock=clock,
        folder=tmp_path,
        home=env.guild,
        channel=env.guild.create_text_channel("ratings"),
        operator=operator,
    )
