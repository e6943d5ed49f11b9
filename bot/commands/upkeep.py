"""`jury db`, `backup`, `erase`: care for what is kept."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Annotated

import typer

from bot.clock import SystemClock
from bot.commands.console import AsJson, say, summarize
from bot.commands.opening import existing
from bot.errors import JuryError, NothingKeptError
from bot.privacy.erasure import Erased
from bot.settings import LARGEST_ID, load_settings
from storage import leases
from storage.backup import backup
from storage.migrations import pending, upgrade

database_app = typer.Typer(no_args_is_help=True, help="The database's schema.")


@database_app.command("upgrade")
def upgrade_database() -> None:
    """Bring the database to this program's schema; makes it where there is none."""
    path = load_settings().database_path
    leases.refuse_upgrade(path, "run", SystemClock().now())
    applied = upgrade(path)
    for migration in applied:
        say(f"applied {migration.version:04} {migration.name}")
    if not applied:
        say(f"{path} is up to date")


def back_up(
    file: Annotated[Path, typer.Argument(help="The new file; it must not exist yet.")],
    *,
    as_json: AsJson = False,
) -> None:
    """Copy the database consistently to FILE, beside a running program.

    The hash key is not in it: keep HASH_KEY_FILE apart, or pseudonyms cannot be made again.
    """
    settings = load_settings()

    async def work() -> int:
        path = settings.database_path
        # Before an upgrade the old schema is what shall be kept, and this program cannot use it.
        if path.exists() and not pending(path):
            async with existing(settings):
                pass
        return await asyncio.to_thread(backup, path, file)

    size = asyncio.run(work())
    summarize({"file": str(file), "bytes": size}, as_json=as_json)


def erase(
    discord_id: Annotated[
        int, typer.Argument(metavar="ID", help="The person's Discord id.", min=1, max=LARGEST_ID)
    ],
    *,
    as_json: AsJson = False,
) -> None:
    """Erase a rater who asked for it and cannot use /privacy erase; PRIVACY says what stays."""

    async def work() -> Erased:
        async with existing() as services:
            try:
                return await services.erasure.erase_by_id(discord_id)
            except NothingKeptError:
                raise JuryError(f"nothing is kept about {discord_id}") from None

    erased = asyncio.run(work())
    summarize(
        {
            "number_that_stays": erased.number,
            "votes_deleted": erased.votes,
            "kudos_forfeited": erased.kudos,
            "kudos_under_way": erased.kudos_under_way,
        },
        as_json=as_json,
    )
