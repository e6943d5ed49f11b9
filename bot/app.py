"""The composition root: builds everything from the settings, runs it, stops it."""

from __future__ import annotations

import asyncio
import gc
import signal
from collections.abc import Callable, Coroutine
from contextlib import suppress
from typing import Any, Final

import aiohttp
import discord
import structlog

from bot import discord_internals
from bot.client import DRAIN_SECONDS, JuryBot
from bot.errors import JuryError, SettingsError
from bot.horde.transport import Timeouts
from bot.services import open_services
from bot.settings import Settings
from storage.leases import Lease

PAYOUT_DRAIN_SECONDS: Final = Timeouts().transfer + 1
"""The Horde's answer is awaited as long as it may take; without it a payout is in doubt."""

COLLECT_AFTER: Final = 10_000
"""So many new objects before garbage is looked for. Python's own 700 are made by a few presses in
flight, which are no garbage, and looking at them takes a tenth of the program's CPU time."""

_log = structlog.get_logger()


def run_app(settings: Settings) -> None:
    """Run the bot until SIGINT or SIGTERM, then drain and close.

    Raises SettingsError without a token or with one that Discord refuses, StorageError where the
    database cannot be used or another `jury run` uses it, JuryError where Discord is out of reach.
    """
    if settings.discord_token is None:
        raise SettingsError("DISCORD_TOKEN: is needed; the README says where to get it")
    gc.set_threshold(COLLECT_AFTER)
    with asyncio.Runner(loop_factory=_fast_loop()) as runner:
        runner.run(_serve(settings, settings.discord_token.get_secret_value()))


def _fast_loop() -> Callable[[], asyncio.AbstractEventLoop] | None:
    """Return uvloop's loop where the `speed` extra is installed."""
    try:
        import uvloop  # noqa: PLC0415 - optional
    except ImportError:
        return None
    return uvloop.new_event_loop


async def _serve(settings: Settings, token: str) -> None:
    stop = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    discord_internals.check()
    discord_internals.use_api(settings.discord_api_url)
    discord_internals.expect_no_voice()
    discord_internals.answer_briefly()
    async with (
        open_services(settings) as services,
        Lease(services.database, "run", services.clock) as lease,
    ):
        await services.bans.resume()
        async with JuryBot(services) as bot:
            await _run_until(bot, token, stop, lease.lost)
        if lease.lost.is_set():
            raise JuryError("another process took the database over; nothing more was written")
    _log.info("stopped")


async def _run_until(bot: JuryBot, token: str, stop: asyncio.Event, lost: asyncio.Event) -> None:
    """Run the bot and its workers until one of the events is set or one of them ends."""
    connected = asyncio.create_task(_connect(bot, token), name="discord")
    services = bot.services
    works: list[tuple[str, Coroutine[Any, Any, object]]] = [
        ("publisher", bot.publisher.run()),
        ("alerts", services.alerts.run()),
        ("answers", services.answers.run()),
        ("captchas", services.captcha_expiry.run()),
        ("signals", services.signals.run()),
        ("rules", services.rules.run()),
        ("pairs", services.pairs.run()),
        ("stop", stop.wait()),
        ("lease lost", lost.wait()),
    ]
    if services.settings.scores_every_minutes:
        works.append(("scores", services.scores.run()))
    if services.settings.rewards_on:
        works.append(("payouts", services.payouts.run()))
    others = [asyncio.create_task(work, name=name) for name, work in works]
    done, _ = await asyncio.wait([connected, *others], return_when=asyncio.FIRST_COMPLETED)
    _log.info("stopping", because=", ".join(task.get_name() for task in done))
    await asyncio.gather(
        bot.publisher.drain(DRAIN_SECONDS),
        services.payouts.drain(PAYOUT_DRAIN_SECONDS),
        services.rules.drain(DRAIN_SECONDS),
    )
    for task in others:
        task.cancel()
    await asyncio.wait(others)
    await bot.close()
    for task in done:
        task.result()
    with suppress(asyncio.CancelledError):
        await connected


async def _connect(bot: JuryBot, token: str) -> None:
    try:
        await bot.start(token)
    except discord.LoginFailure as error:
        raise SettingsError("DISCORD_TOKEN: Discord refuses it") from error
    except (aiohttp.ClientError, discord.GatewayNotFound, TimeoutError, OSError) as error:
        raise JuryError(f"Discord cannot be reached: {error}") from error
