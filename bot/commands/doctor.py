"""`jury doctor`: every check, a line each."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from dataclasses import asdict, dataclass
from random import SystemRandom
from sqlite3 import Connection

import aiohttp
import typer

from bot.clock import SystemClock
from bot.commands.console import AsJson, say
from bot.doctor.captchas import check_captchas
from bot.doctor.checks import Check
from bot.doctor.discord_side import check_discord
from bot.doctor.horde_side import check_horde
from bot.doctor.machine import (
    check_database,
    check_hash_key,
    check_ledger,
    check_list,
    check_lost,
    check_media,
    check_settings,
)
from bot.doctor.network import check_clock
from bot.horde.client import HordeClient
from bot.settings import Settings, load_settings
from bot.texts import Texts
from bot.trust.captcha.workshop import makers_of
from storage import channels
from storage.channels import Channel
from storage.database import Database


def doctor(*, as_json: AsJson = False) -> None:
    """Check settings, token, permissions, database, ledger, folders, captchas, clock, Horde.

    Exits 1 on a fault.
    """
    faults = asyncio.run(_examine(load_settings(), as_json=as_json))
    if faults:
        raise typer.Exit(1)


async def _examine(settings: Settings, *, as_json: bool) -> int:
    checks = []
    async for check in _every(settings):
        checks.append(check)
        if not as_json:
            say(_line(check))
    if as_json:
        say(json.dumps([asdict(check) for check in checks]))
    return sum(check.state == "failed" for check in checks)


@dataclass(frozen=True, slots=True)
class Inside:
    """What a look into a sound database says."""

    checks: tuple[Check, ...] = ()
    channels: tuple[Channel, ...] = ()


async def _every(settings: Settings) -> AsyncIterator[Check]:
    clock = SystemClock()
    for check in check_settings(settings):
        yield check
    database = check_database(settings.database_path)
    yield database
    inside = await _inside(settings) if database.state == "ok" else Inside()
    for check in inside.checks:
        yield check
    yield check_media(settings)
    yield check_hash_key(settings.hash_key_file)
    yield check_captchas(settings.captcha_every, makers_of(Texts.load(), SystemRandom()))
    async with aiohttp.ClientSession() as session:
        yield await check_clock(session, settings.discord_api_url, clock)
    horde = HordeClient(settings.horde_api_url, settings.horde_api_key, clock, SystemRandom())
    try:
        async for check in check_horde(horde, settings):
            yield check
    finally:
        await horde.close()
    async for check in check_discord(settings, inside.channels):
        yield check


async def _inside(settings: Settings) -> Inside:
    def look(connection: Connection) -> Inside:
        return Inside(
            (
                *check_ledger(connection),
                check_list(connection, settings.database_path),
                *check_lost(connection),
            ),
            tuple(channels.every(connection)),
        )

    database = await Database.open(settings.database_path, create=False)
    try:
        return await database.read(look)
    finally:
        await database.close()


def _line(check: Check) -> str:
    advice = f" -> {check.advice}" if check.advice else ""
    return f"{check.state:<6}  {check.name}: {check.found}{advice}"
