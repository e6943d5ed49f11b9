"""Raters with kudos, for tests of privacy: they earn by votes, and payouts of theirs go on."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import AbstractAsyncContextManager
from pathlib import Path
from sqlite3 import Connection
from uuid import uuid4

from bot.services import Services
from storage import horde_links, horde_proofs, ledger, payouts, raters
from storage.horde_links import HordeLink
from storage.payout_file import PayoutFile
from storage.payout_restore import listing
from storage.payouts import Payout, Sender
from storage.signals import Signals
from tests.horde.asking import key_of
from tests.trust.home import Home, caller, open_home

PRICE = 5
"""Of each score."""
SENDER = Sender("https://horde.example", 1, honours_keys=True)


def open_paying(folder: Path, **changes: object) -> AbstractAsyncContextManager[Home]:
    """Open a home where each score earns PRICE."""
    values: dict[str, object] = {
        "horde_api_key": key_of("jury"),
        "kudos_per_aesthetic": PRICE,
        "kudos_per_artifacts": PRICE,
    }
    return open_home(folder, **{**values, **changes})


async def link(home: Home, discord_id: int, account: int, *, verified: bool) -> HordeLink:
    signals = Signals(987_654_321, 86_400, 17, trusted=True) if verified else None

    def unit(connection: Connection) -> HordeLink:
        rater = raters.find(connection, discord_id)
        assert rater is not None
        now = home.world.clock.now()
        horde_links.put(
            connection, rater.number, horde_id=account, name="Ottilie", now=now, signals=signals
        )
        horde_proofs.begin(connection, rater.number, uuid4().hex, now)
        found = horde_links.find(connection, rater.number)
        assert found is not None
        return found

    return await home.world.database.write(unit)


async def plan(home: Home, number: int, account: int = 7) -> Payout | None:
    """Plan a payout of all that the rater has; None where that is nothing, or one is open."""

    def unit(connection: Connection) -> Payout | None:
        owed = connection.execute(
            "SELECT image_id, scale FROM awards"
            " WHERE rater = ? AND payout_id IS NULL AND standing = 'stands'",
            (number,),
        ).fetchall()
        if not owed or payouts.unsettled_of(connection, number) is not None:
            return None
        return payouts.create(
            connection,
            key=str(uuid4()),
            rater=number,
            horde_id=account,
            verified=False,
            awards=owed,
            now=home.world.clock.now(),
        )

    return await home.world.database.write(unit)


async def send(home: Home, payout: Payout) -> bool:
    """List a planned payout and begin to send it; False where it is not planned any more."""
    now = home.world.clock.now()
    file = PayoutFile(home.world.database.path)
    file.sends(await home.world.database.read(lambda c: listing(c, payout, SENDER, now)))
    return await home.world.database.write(lambda c: payouts.begin_first(c, payout.id, SENDER, now))


async def settle(home: Home, payout: Payout, *, paid: bool) -> None:
    now = home.world.clock.now()

    def unit(connection: Connection) -> bool:
        if paid:
            return payouts.pay(connection, payout.id, now)
        return payouts.refuse(connection, payout.id, "no", now)

    assert await home.world.database.write(unit)


async def standings(home: Home, number: int) -> list[str]:
    rows = await home.world.database.read(
        lambda c: c.execute("SELECT standing FROM awards WHERE rater = ?", (number,)).fetchall()
    )
    return [standing for (standing,) in rows]


async def digests(home: Home) -> list[str]:
    rows = await home.world.database.read(
        lambda c: c.execute("SELECT digest FROM earned_before").fetchall()
    )
    return [digest for (digest,) in rows]


async def balanced(home: Home) -> bool:
    return await home.world.database.read(ledger.imbalances) == []


async def until(fact: Callable[[], Awaitable[bool]]) -> None:
    """Let everybody else go on until it is so."""
    while not await fact():  # noqa: ASYNC110 - it is a query
        await asyncio.sleep(0)


def move(home: Home, services: Services) -> None:
    """Go on with the services over a restored backup."""
    home.services = services
    home.world.database, home.world.voting = services.database, services.voting


async def come_back(home: Home, discord_id: int) -> int:
    """Agree anew after a minute, when no allowance is short any more; return the new number."""
    home.world.clock.turn(61)
    await home.services.voting.agree(caller(discord_id))
    return await home.world.number(discord_id)
