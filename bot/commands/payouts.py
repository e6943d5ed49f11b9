"""`jury payouts`: what was paid and what comes next, and an operator's word on it."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from functools import partial
from typing import Annotated

import typer

from bot.commands.console import AsJson, say
from bot.commands.opening import existing
from bot.errors import (
    JuryError,
    PayoutNotSentError,
    RewardsOffError,
)
from bot.rewards.cases import unsettled
from bot.rewards.planning import Coming, Planning
from bot.services import Services
from bot.settings import LARGEST_ID
from storage import payout_pauses, payouts, raters
from storage.payout_pauses import Pause
from storage.payouts import STATES, Payout

app = typer.Typer(no_args_is_help=True, help="Payouts: list, send again, settle; holds.")

MOST_SHOWN = 50
MOST_COMING = 20

PayoutId = Annotated[int, typer.Argument(metavar="ID", help="The payout's number.", min=1)]
Person = Annotated[
    int, typer.Argument(metavar="DISCORD_ID", help="The rater's Discord id.", min=1, max=LARGEST_ID)
]
DryRun = Annotated[bool, typer.Option("--dry-run", help="Say what would be done, and do nothing.")]


@dataclass(frozen=True, slots=True)
class Listing:
    """All that `list` shows."""

    payouts: Sequence[Payout]
    coming: Sequence[Coming]
    pauses: Sequence[Pause]


@app.command("list")
def list_(
    *,
    state: Annotated[
        str | None, typer.Option(help=f"Only those that are: {', '.join(STATES)}.")
    ] = None,
    rater: Annotated[
        int | None,
        typer.Option(help="Only those to this Discord id.", min=1, max=LARGEST_ID),
    ] = None,
    limit: Annotated[int, typer.Option(help="At most so many, the newest.", min=1)] = MOST_SHOWN,
    as_json: AsJson = False,
) -> None:
    """List payouts, newest first; without a filter also who is paid next, and how much."""
    if state is not None and state not in STATES:
        raise typer.BadParameter(f"one of {', '.join(STATES)}", param_hint="--state")
    listing = asyncio.run(_list(state, rater, limit))
    if as_json:
        say(json.dumps(_facts(listing), default=str))
        return
    for pause in listing.pauses:
        again = f"; tried again at {pause.try_at:%Y-%m-%d %H:%M} UTC" if pause.try_at else ""
        say(f"paused since {pause.since:%Y-%m-%d %H:%M} UTC: {pause.answer}{again}")
    for payout in listing.payouts:
        say(_line(payout))
    for each in listing.coming:
        say(f"next: {each.amount} kudos to account {each.due.horde_id}, rater {each.due.rater}")
    if not listing.payouts and not listing.coming:
        say("no payouts")


@app.command()
def retry(payout_id: PayoutId, *, dry_run: DryRun = False) -> None:
    """Send a payout now that waits, is in doubt, or waits for our account to be mended.

    Beside a running bot it is that one which sends it, as soon as the Horde can be asked. A pause
    that an operator began goes on.
    """
    say(asyncio.run(_retry(payout_id, dry_run=dry_run)))


@app.command()
def settle(
    payout_id: PayoutId,
    *,
    paid: Annotated[
        bool | None,
        typer.Option("--paid/--unpaid", help="What happened.", show_default=False),
    ] = None,
    dry_run: DryRun = False,
) -> None:
    """Say what became of a payout in doubt: --paid, or --unpaid: its kudos are owed again."""
    if paid is None:
        raise typer.BadParameter("say --paid or --unpaid", param_hint="--paid/--unpaid")
    say(asyncio.run(_settle(payout_id, paid=paid, dry_run=dry_run)))


@app.command()
def hold(
    discord_id: Person,
    reason: Annotated[str, typer.Argument(help="One word, such as review.")],
    *,
    dry_run: DryRun = False,
) -> None:
    """Let a rater's kudos wait, until `release`."""

    async def work() -> bool:
        async with existing() as services:
            if dry_run:
                return True
            return await services.holds.place(discord_id, reason)

    changed = asyncio.run(work())
    if dry_run:
        say(f"would hold the kudos of {discord_id}: {reason}")
    else:
        say(
            f"the kudos of {discord_id} are held: {reason}"
            if changed
            else f"the kudos of {discord_id} were held for that already"
        )


@app.command()
def release(discord_id: Person, *, dry_run: DryRun = False) -> None:
    """Take every hold from a rater."""

    async def work() -> tuple[str, ...]:
        async with existing() as services:
            if dry_run:
                return await services.holds.of_rater(discord_id)
            return await services.holds.lift(discord_id)

    reasons = asyncio.run(work())
    if not reasons:
        say(f"the kudos of {discord_id} were not held")
        return
    verb = "would take" if dry_run else "took"
    say(f"{verb} from {discord_id}: {', '.join(reasons)}")


async def _list(state: str | None, discord_id: int | None, limit: int) -> Listing:
    wanted = next((each for each in STATES if each == state), None)
    async with existing() as services:
        number = None if discord_id is None else await _number(services, discord_id)
        database = services.database
        found = await database.read(
            partial(payouts.latest, limit=limit, state=wanted, rater=number)
        )
        coming: Sequence[Coming] = ()
        if wanted is None and number is None and services.settings.rewards_on:
            planning = Planning(database, services.clock, services.settings)
            coming = await planning.coming(MOST_COMING)
        return Listing(found, coming, await database.read(payout_pauses.every))


async def _number(services: Services, discord_id: int) -> int:
    rater = await services.database.read(partial(raters.find, discord_id=discord_id))
    if rater is None:
        raise JuryError(f"nothing is kept about {discord_id}")
    return rater.number


async def _retry(payout_id: int, *, dry_run: bool) -> str:
    async with existing() as services:
        if not services.settings.rewards_on:
            raise RewardsOffError
        if dry_run:
            planned = await services.database.read(partial(unsettled, payout_id=payout_id))
            return f"would send now: {_line(planned)}"
        await services.cases.hurry(payout_id)
        ours = await services.payouts.send_now(payout_id)
        paused = await services.database.read(payout_pauses.every)
        why = "".join(f"; paused: {pause.answer}" for pause in paused)
        if not ours:
            soon = "as soon as the Horde can be asked"
            return f"the running bot sends payout {payout_id} {soon}{why}"
        payout = await services.database.read(partial(payouts.by_id, payout_id=payout_id))
        if payout is None:
            return f"there is no {payout_id}"
        at = payout.next_try_at
        if not why and at is not None and at <= services.clock.now():
            why = "; not sent: the Horde cannot be asked yet"
        return f"{_line(payout)}{why}"


async def _settle(payout_id: int, *, paid: bool, dry_run: bool) -> str:
    outcome = "paid" if paid else "not paid; its kudos are owed again"
    async with existing() as services:
        if dry_run:
            payout = await services.database.read(partial(unsettled, payout_id=payout_id))
            if payout.state == "planned":
                raise PayoutNotSentError
            return f"would settle as {outcome}: {_line(payout)}"
        payout = await services.cases.settle_by_id(payout_id, paid=paid)
        return f"payout {payout.id} of {payout.amount} kudos is settled: {outcome}"


def _line(payout: Payout) -> str:
    at = payout.settled_at or payout.first_sent_at or payout.planned_at
    answer = f" ({payout.answer})" if payout.answer and payout.answer != payout.state else ""
    again = ""
    if payout.next_try_at is not None:
        again = f"; next try {payout.next_try_at:%Y-%m-%d %H:%M} UTC"
    return (
        f"payout {payout.id}: {payout.amount} kudos to account {payout.horde_id}, rater"
        f" {payout.rater}: {payout.state.replace('_', ' ')}{answer},"
        f" {at:%Y-%m-%d %H:%M} UTC{again}"
    )


def _facts(listing: Listing) -> dict[str, object]:
    return {
        "payouts": [asdict(payout) for payout in listing.payouts],
        "next": [
            {"rater": each.due.rater, "horde_id": each.due.horde_id, "amount": each.amount}
            for each in listing.coming
        ],
        "pauses": [asdict(pause) for pause in listing.pauses],
    }
