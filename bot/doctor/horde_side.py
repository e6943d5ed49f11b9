"""Checks of the AI Horde and of the account that pays the raters."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Final

from bot.doctor.checks import Check, failed, note, ok
from bot.horde.client import HordeClient
from bot.horde.errors import HordeError, RefusedForGoodError, UnfitKeyError
from bot.horde.records import IDEMPOTENT_SINCE, UNKNOWN_VERSION, Account
from bot.settings import Settings
from bot.trust.wording import tidy

_UNFIT: Final = {
    "missing": "is empty",
    "shared": "is a shared key, which cannot send kudos",
    "anonymous": "is the anonymous account's, which cannot send kudos",
}
_NEEDED: Final = "set the own key of a registered account that you made for the bot"


async def check_horde(client: HordeClient, settings: Settings) -> AsyncIterator[Check]:
    """Ask the Horde how it is, and with HORDE_API_KEY whether its account can pay."""
    yield await _check_server(client, rewards_on=settings.rewards_on)
    if settings.rewards_on:
        yield await _check_account(client, settings)
    else:
        yield ok("rewards", "are off: HORDE_API_KEY is empty, nobody earns kudos")


async def _check_server(client: HordeClient, *, rewards_on: bool) -> Check:
    name = "AI Horde"
    waits = "payouts wait until it does" if rewards_on else "while rewards are off nothing needs it"
    try:
        heartbeat = await client.heartbeat()
    except HordeError as error:
        return note(name, f"{client.server}: {error}", waits)
    if not heartbeat.ok:
        return note(name, f"{client.server} answers that it is not working", waits)
    version = heartbeat.version
    if version.idempotent:
        return ok(name, f"{client.server} works, version {version}, honours Idempotency-Keys")
    known = "of a version that it does not tell" if version == UNKNOWN_VERSION else str(version)
    return note(
        name,
        f"{client.server} works, but {known} is not known to honour Idempotency-Keys"
        f" ({IDEMPOTENT_SINCE} does)",
        "no payout is sent a second time: you decide about each one in doubt",
    )


async def _check_account(client: HordeClient, settings: Settings) -> Check:
    name = "rewards"
    try:
        account = await client.own_account()
    except UnfitKeyError as error:
        return failed(name, f"HORDE_API_KEY {_UNFIT[error.fault]}", _NEEDED)
    except RefusedForGoodError:
        return failed(name, f"{client.server} knows no account with HORDE_API_KEY", _NEEDED)
    except HordeError as error:
        return note(name, f"the account cannot be read: {error}", "payouts wait; nothing is lost")
    alias = tidy(str(account.alias)) or ""
    if fault := _fault(account):
        return failed(name, f"{alias} {fault}", "ask the Horde's team, or pay from another account")
    found = f"{alias} has {account.spendable:,} kudos to give"
    if account.spendable < settings.payout_minimum:
        return note(name, found, "fund it: payouts wait for kudos, and nothing is lost")
    return ok(name, found)


def _fault(account: Account) -> str | None:
    """Say why the Horde takes no transfer from this account; that it is suspected nobody sees."""
    if account.deleted:
        return "is deleted"
    if account.flagged:
        return "is flagged"
    if account.education:
        return "is an education account, which cannot send kudos"
    return None
