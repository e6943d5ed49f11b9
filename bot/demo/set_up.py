"""What is there before the curtain opens: settings, pictures, channels."""

from __future__ import annotations

from datetime import datetime, timedelta
from pathlib import Path
from sqlite3 import Connection

from pydantic import SecretStr
from simcord import MemberActor

from bot.datasets.imports.folder import import_folder
from bot.datasets.imports.sink import Sink
from bot.demo.folder import AFTER_DARK, GALLERY, kept_in
from bot.demo.gold import LESSONS
from bot.demo.horde_people import BOT_KEY
from bot.demo.pictures.folder import RESTRICTED_FOLDER, SAFE_FOLDER
from bot.demo.run import DemoOptions
from bot.demo.stage import Cast
from bot.services import Services
from bot.settings import Settings, load_settings
from storage import captchas, channels, data_sets, onboardings, remembered
from storage.captchas import CaptchaRecord

CLOSE_DELAY_SECONDS = 6
OPEN_POSTS = {GALLERY: 2, AFTER_DARK: 1}
PRESSES_PER_MINUTE = 60
NO_LIMIT = 10_000
VOTES_BEFORE_CAPTCHA = 2
CAME_APART = timedelta(hours=1)
"""Between two of the crowd. Accounts of one age that come all at once are asked who they are."""
PAYOUT_MINIMUM = 20
"""Kudos for two pictures. Less were too many payouts for the Horde's 90 an hour."""


def demo_settings(options: DemoOptions, cast: Cast, horde: str) -> Settings:
    """Return settings for the simulated server; nothing of a real `.env` gets in."""
    return load_settings(
        None,
        **kept_in(options.folder),
        discord_token=SecretStr("simulated"),
        discord_api_url="https://discord.com/api/v10",
        home_guild_id=cast.guild.id,
        operator_ids=frozenset({cast.operator.id}),
        moderator_role_id=cast.moderator_role_id,
        alert_channel_id=cast.moderators_channel.id,
        shard_count=1,
        horde_api_key=SecretStr(BOT_KEY),
        horde_api_url=horde,
        # Nobody watches until the crowd has filled a picture, let alone for a day.
        hold_hours=0,
        lessons=LESSONS,
        payout_minimum=PAYOUT_MINIMUM,
        payout_period_hours=0,
        # A crowd that nobody watches does not pause between its presses.
        close_delay_seconds=1 if options.headless else CLOSE_DELAY_SECONDS,
        rate_limit_per_minute=NO_LIMIT if options.headless else PRESSES_PER_MINUTE,
    )


async def import_samples(services: Services, pictures: Path) -> None:
    """Import the pictures as an operator would: those that everybody may see, and the others."""
    for name, folder, safe in (
        (GALLERY, SAFE_FOLDER, True),
        (AFTER_DARK, RESTRICTED_FOLDER, False),
    ):
        target = services.settings.votes_per_image
        sink = Sink(services.database, name, target, services.clock, services.random)
        await import_folder(sink, pictures / folder, safe=safe)


async def forget_discord(services: Services) -> None:
    """Give up what the last simulation held: its messages are gone, its commands too."""

    def unit(connection: Connection) -> list[int]:
        for scope in ("global", *{str(c.guild_id) for c in channels.every(connection)}):
            remembered.forget(connection, f"commands:{scope}")
        return [channel.channel_id for channel in channels.every(connection)]

    for channel_id in await services.database.write(unit):
        await services.posts.lost_channel(channel_id)


async def admit_people(services: Services, cast: Cast) -> None:
    """Spare the crowd captchas and lessons, and ask visitors at their third vote, not at the first.

    Nobody in the crowd can read, and a visitor is to see first what the bot is about. Whoever was
    here before is left as they are.
    """
    now = services.clock.now()
    known = CaptchaRecord(passed=1, votes_left=NO_LIMIT)
    visitor = CaptchaRecord(votes_left=VOTES_BEFORE_CAPTCHA)

    def admit(
        connection: Connection, actor: MemberActor, came_at: datetime, record: CaptchaRecord
    ) -> int:
        number = services.enrolment.rater(connection, actor.id, came_at).number
        if captchas.record(connection, number) == CaptchaRecord():
            captchas.save(connection, number, record)
        return number

    def unit(connection: Connection) -> None:
        for place, actor in enumerate(cast.crowd, 1):
            number = admit(connection, actor, now - place * CAME_APART, known)
            onboardings.begin(connection, number, LESSONS, now)
            onboardings.end(connection, number, "skipped", now)
        for actor in cast.leads:
            admit(connection, actor, now, visitor)

    await services.database.write(unit)


async def start_channels(services: Services, cast: Cast) -> None:
    """Have posts shown in the raters' channel and in the age-restricted one."""
    now = services.clock.now()

    def unit(connection: Connection) -> None:
        for name, channel in (
            (GALLERY, cast.raters_channel),
            (AFTER_DARK, cast.restricted_channel),
        ):
            data_set = data_sets.by_name(connection, name)
            if data_set is None:
                raise LookupError(name)
            channels.set_up(
                connection,
                channel_id=channel.id,
                guild_id=cast.guild.id,
                data_set_id=data_set.id,
                open_posts=OPEN_POSTS[name],
                safe_only=name == GALLERY,
                now=now,
            )
            channels.set_started(connection, channel.id, started=True)

    await services.database.write(unit)
