"""Who is paid next and how much: limits of the day, of accounts, of time; and in which order."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from sqlite3 import Connection

import pytest

from bot.rewards.planning import Planning, terms_of
from storage import awards, payout_due
from storage.times import to_microseconds
from tests.rewards.paying import FIRST_PAYEE, Treasury, treasury

RATERS, AWARDS = 300, 20


async def due(kudos: Treasury) -> list[tuple[int, int]]:
    """Return raters and amounts in the order in which they are paid."""
    terms, now = terms_of(kudos.settings, 1), kudos.clock.now()
    found = await kudos.database.read(lambda c: payout_due.due(c, terms, now))
    return [(each.rater, each.amount) for each in found]


async def test_awards_wait_for_their_image_or_the_hold(kudos: Treasury) -> None:
    await kudos.earn(1, 20, full=False)
    await kudos.earn(2, 20)
    assert await due(kudos) == [(2, 20)]
    kudos.clock.turn(48 * 3600)
    assert await due(kudos) == [(1, 20), (2, 20)]


async def test_little_waits_for_more(kudos: Treasury) -> None:
    await kudos.earn(1, 5)
    assert await due(kudos) == []
    await kudos.earn(1, 5)
    assert await due(kudos) == [(1, 10)]


async def test_nobody_is_due_without_an_account(kudos: Treasury) -> None:
    await kudos.earn(1, 20)
    await kudos.change("DELETE FROM horde_links")
    assert await due(kudos) == []


async def test_our_own_account_is_never_paid(kudos: Treasury) -> None:
    await kudos.earn(1, 20)
    await kudos.link(1, 1)
    assert await due(kudos) == []
    await kudos.work(kudos.worker())
    assert await kudos.states() == []


@pytest.mark.parametrize(
    "change",
    [
        "UPDATE awards SET standing = 'undone'",
        "UPDATE awards SET standing = 'void'",
        "UPDATE awards SET standing = 'forfeited'",
        "UPDATE raters SET status = 'banned'",
        "UPDATE raters SET status = 'banned', status_until = 9000000000000000",
        "INSERT INTO holds (rater, reason, since) VALUES (1, 'looked at', 0)",
    ],
)
async def test_what_is_not_owed_or_held_is_not_due(kudos: Treasury, change: str) -> None:
    await kudos.earn(1, 20)
    await kudos.change(change)
    assert await due(kudos) == []


async def test_an_account_that_somebody_proved_pays_nobody_else(kudos: Treasury) -> None:
    await kudos.earn(1, 20)
    await kudos.earn(2, 20)
    await kudos.link(2, FIRST_PAYEE, verified=True)
    assert await due(kudos) == [(2, 20)]


async def test_unproved_accounts_share_a_daily_cap(tmp_path: Path) -> None:
    async with treasury(tmp_path, kudos_daily_cap=50, payout_period_hours=1) as kudos:
        for rater in (1, 2, 3):
            await kudos.link(rater, FIRST_PAYEE)
            await kudos.earn(rater, *[10] * 4)
        worker = kudos.worker()
        await kudos.run(worker, hours=11)
        assert kudos.received() == {FIRST_PAYEE: 50}
        assert [(p.rater, p.amount) for p in await kudos.payouts()] == [(1, 40), (2, 10)]
        await kudos.run(worker, hours=2)  # past midnight
        assert kudos.received() == {FIRST_PAYEE: 100}
        await kudos.check()


async def test_a_proved_account_gets_the_rest_on_later_days(tmp_path: Path) -> None:
    async with treasury(tmp_path, kudos_daily_cap=50, payout_period_hours=0) as kudos:
        await kudos.link(1, FIRST_PAYEE, verified=True)
        images = await kudos.earn(1, *[10] * 12)
        worker = kudos.worker()
        await kudos.run(worker, hours=11)
        assert kudos.received() == {FIRST_PAYEE: 50}
        paid = await kudos.values("SELECT image_id FROM awards WHERE payout_id IS NOT NULL")
        assert sorted(paid) == images[:5]
        assert await due(kudos) == []
        await kudos.run(worker, hours=24)
        assert kudos.received() == {FIRST_PAYEE: 100}
        await kudos.run(worker, hours=24)
        assert [p.amount for p in await kudos.payouts()] == [50, 50, 20]
        await kudos.check()


@pytest.mark.parametrize("period", [0, 24])
async def test_who_proves_an_account_after_others_gets_no_new_cap(
    tmp_path: Path, period: int
) -> None:
    async with treasury(tmp_path, kudos_daily_cap=50, payout_period_hours=period) as kudos:
        worker = kudos.worker()
        await kudos.change("DELETE FROM horde_links")
        for rater in (1, 2, 3):
            await kudos.earn(rater, *[10] * 4)
        for rater in (1, 2, 3):
            await kudos.link(rater, FIRST_PAYEE, verified=True)
            await kudos.work(worker)
            await kudos.change("DELETE FROM horde_links WHERE rater = ?", rater)
        today = [(1, 40)] if period else [(1, 40), (2, 10)]
        assert [(p.rater, p.amount) for p in await kudos.payouts()] == today
        await kudos.link(3, FIRST_PAYEE, verified=True)
        await kudos.run(worker, hours=25)
        assert [(p.rater, p.amount) for p in await kudos.payouts()] == [*today, (3, 40)]
        await kudos.check()


@pytest.mark.parametrize("state", ["sending", "in_doubt", "paid"])
async def test_a_period_is_of_the_proved_account_too(kudos: Treasury, state: str) -> None:
    sent_at = kudos.clock.now()
    await kudos.earn(1, 20)
    settled_at = to_microseconds(sent_at) if state == "paid" else None
    await kudos.change(
        "INSERT INTO payouts (key, rater, horde_id, verified, amount, state, planned_at,"
        " first_sent_at, settled_at) VALUES (?, 2, ?, 1, 25, ?, 0, ?, ?)",
        "k" * 36,
        FIRST_PAYEE,
        state,
        to_microseconds(sent_at),
        settled_at,
    )
    assert await due(kudos) == [(1, 20)]  # it is only named
    await kudos.link(1, FIRST_PAYEE, verified=True)
    assert await due(kudos) == []
    terms, now = terms_of(kudos.settings, 1), kudos.clock.now()
    assert await kudos.database.read(lambda c: payout_due.pick(c, 1, terms, now)) is None
    until = await kudos.database.read(lambda c: payout_due.not_before(c, 1, terms, now))
    assert until == sent_at + timedelta(hours=24)
    kudos.clock.turn(24 * 3600)
    assert await due(kudos) == [(1, 20)]


async def test_a_planned_payout_above_the_account_s_limit_is_planned_anew(tmp_path: Path) -> None:
    async with treasury(tmp_path, kudos_daily_cap=50) as kudos:
        await kudos.link(1, FIRST_PAYEE, verified=True)
        await kudos.earn(1, *[10] * 4)
        planning = Planning(kudos.database, kudos.clock, kudos.settings)
        first = await planning.next(1)
        assert first is not None
        assert await planning.plan(first, 1) is not None
        kudos.settings = kudos.settings.model_copy(update={"kudos_daily_cap": 20})
        await kudos.work(kudos.worker())
        states = [(p.amount, p.state, p.answer) for p in await kudos.payouts()]
        assert states == [(40, "cancelled", "cap"), (20, "paid", "paid")]
        assert await kudos.owed(1) == 20
        await kudos.check()


async def test_a_day_sends_no_more_than_its_budget(tmp_path: Path) -> None:
    async with treasury(tmp_path, kudos_daily_budget=65) as kudos:
        for rater in (2, 1, 3):
            await kudos.earn(rater, *[10] * 3)
            kudos.clock.turn(1)
        worker = kudos.worker()
        await kudos.run(worker, hours=11)
        assert kudos.received() == {FIRST_PAYEE + 1: 30, FIRST_PAYEE: 30}
        await kudos.run(worker, hours=2)
        assert sum(kudos.received().values()) == 90
        await kudos.check()


async def test_what_is_in_doubt_counts_for_the_day_it_was_first_sent(tmp_path: Path) -> None:
    async with treasury(tmp_path, kudos_daily_budget=30) as kudos:
        await kudos.earn(1, *[10] * 3)
        now = kudos.clock.now()
        terms = terms_of(kudos.settings, 1)
        await kudos.change(
            "INSERT INTO payouts (key, rater, horde_id, verified, amount, state, planned_at,"
            " first_sent_at) VALUES (?, 2, 12, 0, 25, 'in_doubt', 0, ?)",
            "k" * 36,
            to_microseconds(now),
        )
        assert await kudos.database.read(lambda c: payout_due.budget_left(c, 30, now)) == 5
        assert await kudos.database.read(lambda c: payout_due.pick(c, 1, terms, now)) is None
        tomorrow = now + timedelta(hours=13)
        picked = await kudos.database.read(lambda c: payout_due.pick(c, 1, terms, tomorrow))
        assert picked is not None
        assert picked.amount == 30


async def test_what_is_planned_counts_against_every_limit(tmp_path: Path) -> None:
    async with treasury(tmp_path, kudos_daily_budget=60, kudos_daily_cap=40) as kudos:
        now = kudos.clock.now()
        await kudos.link(2, FIRST_PAYEE)
        await kudos.change(
            "INSERT INTO payouts (key, rater, horde_id, verified, amount, state, planned_at)"
            " VALUES (?, 2, 11, 0, 25, 'planned', 0)",
            "k" * 36,
        )
        await kudos.earn(1, *[5] * 12)
        terms = terms_of(kudos.settings, 1)
        assert await kudos.database.read(lambda c: payout_due.budget_left(c, 60, now)) == 35
        picked = await kudos.database.read(lambda c: payout_due.pick(c, 1, terms, now))
        assert picked is not None
        assert picked.amount == 15


async def test_the_oldest_awards_are_paid_first(tmp_path: Path) -> None:
    async with treasury(tmp_path, kudos_daily_budget=25) as kudos:
        new = await kudos.earn(1, 10)
        old = await kudos.earn(1, 10, 10, at=kudos.clock.now() - timedelta(hours=1))
        await kudos.work(kudos.worker())
        (payout,) = await kudos.payouts()
        paid = await kudos.values("SELECT image_id FROM awards WHERE payout_id = ?", payout.id)
        assert sorted(paid) == old
        assert await kudos.owed(1) == 10
        assert new


async def test_a_minimum_above_the_limits_of_a_day_keeps_nobody_waiting(tmp_path: Path) -> None:
    async with treasury(tmp_path, payout_minimum=500, kudos_daily_cap=30) as kudos:
        await kudos.earn(1, 20)
        await kudos.run(kudos.worker(), hours=30)
        assert kudos.received() == {}
        await kudos.earn(1, 20)
        await kudos.run(kudos.worker(), hours=1)
        assert kudos.received() == {FIRST_PAYEE: 20}  # a day has no room for both
        await kudos.earn(1, 10)
        await kudos.run(kudos.worker(), hours=30)
        assert kudos.received() == {FIRST_PAYEE: 50}


@pytest.mark.parametrize("limit", ["kudos_daily_cap", "kudos_daily_budget"])
async def test_an_award_above_the_limit_of_a_day_goes_alone(tmp_path: Path, limit: str) -> None:
    async with treasury(tmp_path) as kudos:
        kudos.settings = kudos.settings.model_copy(update={limit: 300})
        await kudos.earn(1, 400, *[5] * 4)
        await kudos.run(kudos.worker(), hours=20)
        assert kudos.received() == {FIRST_PAYEE: 400}
        await kudos.run(kudos.worker(), hours=30)
        assert kudos.received() == {FIRST_PAYEE: 420}


@pytest.mark.parametrize("limit", ["kudos_daily_cap", "kudos_daily_budget"])
async def test_awards_that_do_not_add_up_to_the_limit_of_a_day_are_paid(
    tmp_path: Path, limit: str
) -> None:
    async with treasury(tmp_path, payout_minimum=50) as kudos:
        kudos.settings = kudos.settings.model_copy(update={limit: 48})
        for _ in range(3):
            await kudos.earn(1, *[5] * 9)
            await kudos.run(kudos.worker(), hours=25)
        assert kudos.received()[FIRST_PAYEE] >= 90


async def test_what_others_left_of_a_day_is_no_reason_for_a_small_payout(tmp_path: Path) -> None:
    async with treasury(tmp_path, payout_minimum=20, kudos_daily_cap=55) as kudos:
        await kudos.link(2, FIRST_PAYEE)
        await kudos.earn(1, 30)
        await kudos.work(kudos.worker())
        await kudos.earn(2, 15, 15)
        await kudos.run(kudos.worker(), hours=11)
        assert kudos.received() == {FIRST_PAYEE: 30}
        await kudos.run(kudos.worker(), hours=2)
        assert kudos.received() == {FIRST_PAYEE: 60}


async def test_what_comes_next_is_shown_within_the_budget(tmp_path: Path) -> None:
    async with treasury(tmp_path, kudos_daily_budget=60) as kudos:
        for rater in (3, 1, 2):
            await kudos.earn(rater, *[10] * 3)
            kudos.clock.turn(1)
        planning = Planning(kudos.database, kudos.clock, kudos.settings)
        coming = await planning.coming(10)
        assert [(each.due.rater, each.amount) for each in coming] == [(3, 30), (1, 30)]
        assert len(await planning.coming(1)) == 1
        assert await kudos.states() == []


async def test_what_comes_next_shares_what_an_account_may_get(tmp_path: Path) -> None:
    async with treasury(tmp_path, kudos_daily_cap=50) as kudos:
        for rater in (1, 2, 3):
            await kudos.link(rater, FIRST_PAYEE)
            await kudos.earn(rater, *[10] * 4)
        planning = Planning(kudos.database, kudos.clock, kudos.settings)
        coming = await planning.coming(10)
        assert [(each.due.rater, each.amount) for each in coming] == [(1, 40), (2, 10)]
        await kudos.work(kudos.worker())
        assert [(p.rater, p.amount) for p in await kudos.payouts()] == [(1, 40), (2, 10)]


def crowd(connection: Connection) -> None:
    """Make RATERS linked raters with AWARDS released awards each."""
    start = datetime(2026, 2, 1, tzinfo=UTC)
    connection.executemany(
        "INSERT INTO images (id, data_set_id, key, source_id, member, safe, stage, random_key,"
        " imported_at) VALUES (?, 1, ?, 1, 'x', 1, ?, 0, 0)",
        [(1000 + n, f"c{n}", "full" if n % 2 else "begun") for n in range(40_000)],
    )
    numbers = range(1000, 1000 + RATERS)
    connection.executemany(
        "INSERT INTO raters (number, discord_id, first_seen_at) VALUES (?, ?, 0)",
        [(number, number * 7) for number in numbers],
    )
    connection.executemany(
        "INSERT INTO horde_links (rater, horde_id, name, linked_at) VALUES (?, ?, 'x', 0)",
        [(number, number * 3) for number in numbers],
    )
    for number in numbers:
        for n in range(AWARDS):
            image = 1000 + (number * 131 + n * 997) % 40_000
            earned_at = start + timedelta(seconds=(number * 7919 + n) % 500_000)
            awards.write(
                connection,
                rater=number,
                image_id=image,
                scale="aesthetic",
                amount=5,
                now=earned_at,
            )


async def test_a_crowd_is_paid_in_the_order_in_which_it_waits(kudos: Treasury) -> None:
    await kudos.database.write(crowd)
    terms, now = terms_of(kudos.settings, 1), kudos.clock.now()
    found = await kudos.database.read(lambda c: payout_due.due(c, terms, now))
    assert len(found) == RATERS
    assert {each.amount for each in found} == {100}
    assert [each.since for each in found] == sorted(each.since for each in found)
    planning = Planning(kudos.database, kudos.clock, kudos.settings)
    for due in found[:5]:
        assert await planning.next(1) == due
        payout = await planning.plan(due, 1)
        assert payout is not None
        assert payout.amount == 100
