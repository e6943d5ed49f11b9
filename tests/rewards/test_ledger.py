"""The ledger's sums against plain counting, and every imbalance that it has to find."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from storage import data_sets, ledger, sources
from storage.connections import connect
from storage.migrations import upgrade
from storage.times import day_of, to_microseconds

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
HOLD = timedelta(hours=48)
RATERS, IMAGES = 3, 4
SENT = ("sending", "in_doubt", "paid")
SETTLED = ("paid", "refused", "cancelled")
UNDER_WAY = ("planned", "sending", "in_doubt")


@dataclass(frozen=True)
class Award:
    rater: int
    image: int
    amount: int
    standing: str = "stands"
    payout: int | None = None
    hours: int = 0


@dataclass(frozen=True)
class Payout:
    rater: int
    state: str
    hours: int = 0
    amount: int = 0


@dataclass(frozen=True)
class Books:
    """What a ledger holds: raters banned until so many hours from now (0: without end), and so on.

    A payout is named by its place in the list.
    """

    awards: tuple[Award, ...] = ()
    payouts: tuple[Payout, ...] = ()
    banned: tuple[tuple[int, int], ...] = ()
    holds: frozenset[int] = frozenset()
    full: frozenset[int] = frozenset()

    def amount(self, payout: int) -> int:
        return sum(a.amount for a in self.awards if a.payout == payout)


def put(connection: sqlite3.Connection, books: Books) -> None:
    data_set = data_sets.create(connection, "cats", target=3, now=NOW)
    source = sources.create(connection, data_set.id, "folder", "/pictures")
    for image in range(1, IMAGES + 1):
        connection.execute(
            "INSERT INTO images (id, data_set_id, key, source_id, member, safe, stage, random_key,"
            " imported_at) VALUES (?, ?, ?, ?, 'x', 1, ?, 0, 0)",
            (image, data_set.id, str(image), source.id, "full" if image in books.full else "begun"),
        )
    banned = dict(books.banned)
    for rater in range(1, RATERS + 1):
        hours = banned.get(rater)
        until = to_microseconds(NOW + timedelta(hours=hours)) if hours else None
        status = "normal" if hours is None else "banned"
        connection.execute(
            "INSERT INTO raters (number, discord_id, status, status_until, first_seen_at)"
            " VALUES (?, ?, ?, ?, 0)",
            (rater, rater + 100, status, until),
        )
    connection.executemany(
        "INSERT INTO holds (rater, reason, since) VALUES (?, 'looked at', 0)",
        [(rater,) for rater in books.holds],
    )
    for number, payout in enumerate(books.payouts, 1):
        sent = to_microseconds(NOW - timedelta(hours=payout.hours))
        connection.execute(
            "INSERT INTO payouts (id, key, rater, horde_id, verified, amount, state, planned_at,"
            " first_sent_at, settled_at) VALUES (?, ?, ?, 5, 0, ?, ?, 0, ?, ?)",
            (
                number,
                str(UUID(int=number)),
                payout.rater,
                payout.amount or books.amount(number),
                payout.state,
                sent if payout.state in SENT else None,
                sent if payout.state in SETTLED else None,
            ),
        )
    for award in books.awards:
        earned = NOW - timedelta(hours=award.hours)
        connection.execute(
            "INSERT INTO awards (rater, image_id, scale, amount, standing, payout_id, earned_at)"
            " VALUES (?, ?, 'aesthetic', ?, ?, ?, ?)",
            (
                award.rater,
                award.image,
                award.amount,
                award.standing,
                award.payout,
                to_microseconds(earned),
            ),
        )
        connection.execute(
            "INSERT INTO award_days (day, amount) VALUES (?, ?)"
            " ON CONFLICT (day) DO UPDATE SET amount = amount + excluded.amount",
            (day_of(earned), award.amount),
        )


@st.composite
def balanced(draw: st.DrawFn) -> Books:
    """Books in which awards and payouts agree."""
    states = st.sampled_from((*SENT, "planned", "refused", "cancelled"))
    payouts: list[Payout] = []
    for rater in range(1, RATERS + 1):
        for state in draw(st.lists(states, max_size=3)):
            if not (state in UNDER_WAY and any(p.state in UNDER_WAY for p in _of(payouts, rater))):
                payouts.append(Payout(rater, state, draw(st.integers(0, 30)), amount=7))
    awards = []
    for rater in range(1, RATERS + 1):
        own = [n for n, p in enumerate(payouts, 1) if p.rater == rater]
        takers = [n for n in own if payouts[n - 1].state not in ("refused", "cancelled")]
        for image in sorted(draw(st.sets(st.integers(1, IMAGES)))):
            payout = draw(st.sampled_from([None, *takers]))
            awards.append(
                Award(
                    rater,
                    image,
                    draw(st.integers(1, 1000)),
                    draw(st.sampled_from(["stands", "stands", "undone", "void", "forfeited"])),
                    payout,
                    draw(st.integers(0, 100)),
                )
            )
    used = {award.payout for award in awards}
    kept = [n for n, p in enumerate(payouts, 1) if n in used or p.state in ("refused", "cancelled")]
    place = {number: index for index, number in enumerate(kept, 1)}
    return Books(
        awards=tuple(
            Award(a.rater, a.image, a.amount, a.standing, a.payout and place[a.payout], a.hours)
            for a in awards
        ),
        payouts=tuple(
            Payout(p.rater, p.state, p.hours, p.amount if n not in used else 0)
            for n, p in ((n, payouts[n - 1]) for n in kept)
        ),
        banned=tuple(
            draw(st.dictionaries(st.integers(1, RATERS), st.sampled_from([0, -5, 5]))).items()
        ),
        holds=draw(st.frozensets(st.integers(1, RATERS))),
        full=draw(st.frozensets(st.integers(1, IMAGES))),
    )


def _of(payouts: list[Payout], rater: int) -> list[Payout]:
    return [p for p in payouts if p.rater == rater]


def counted(books: Books, rater: int) -> ledger.RaterLedger:
    """Count a rater's kudos one by one."""
    ban = dict(books.banned).get(rater)
    mine = [a for a in books.awards if a.rater == rater]
    owed = [a for a in mine if a.payout is None and a.standing == "stands" and ban != 0]
    released = [
        a
        for a in owed
        if (a.image in books.full or a.hours >= 48)
        and rater not in books.holds
        and not (ban is not None and ban > 0)
    ]

    def by_state(*states: str) -> list[Award]:
        return [a for a in mine if a.payout and books.payouts[a.payout - 1].state in states]

    written_off = [a for a in by_state("paid") if a.standing != "stands"]
    return ledger.RaterLedger(
        held=_kudos(owed) - _kudos(released),
        released=_kudos(released),
        paying=_kudos(by_state(*UNDER_WAY)),
        paid=_kudos(by_state("paid")),
        written_off=_kudos(written_off),
    )


def _kudos(awards: list[Award]) -> int:
    return sum(award.amount for award in awards)


@pytest.fixture(scope="module")
def empty(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("ledger") / "jury.db"
    upgrade(path, create=True)
    return path


@pytest.fixture
def connection(empty: Path) -> Iterator[sqlite3.Connection]:
    """A connection whose writes are taken back."""
    with closing(connect(empty)) as opened:
        opened.execute("BEGIN")
        yield opened
        opened.execute("ROLLBACK")


@given(books=balanced())
def test_the_sums_are_those_of_plain_counting(empty: Path, books: Books) -> None:
    with closing(connect(empty)) as connection:
        connection.execute("BEGIN")
        put(connection, books)
        found = [ledger.of_rater(connection, n, NOW, HOLD) for n in range(1, RATERS + 1)]
        totals = ledger.totals(connection, NOW, HOLD)
        complaints = ledger.imbalances(connection)
        connection.execute("ROLLBACK")
    assert found == [counted(books, rater) for rater in range(1, RATERS + 1)]
    assert totals.held == sum(each.held for each in found)
    assert totals.released == sum(each.released for each in found)
    assert totals.owed == totals.held + totals.released
    assert totals.planned + totals.sending + totals.in_doubt == sum(each.paying for each in found)
    assert totals.paid == sum(each.paid for each in found)
    assert totals.written_off == sum(each.written_off for each in found)
    assert totals.awarded_today == sum(a.amount for a in books.awards if a.hours <= 12)
    assert totals.spent_today == sum(
        books.amount(number)
        for number, payout in enumerate(books.payouts, 1)
        if payout.state in SENT and payout.hours <= 12
    )
    assert complaints == []


def test_a_number_that_nobody_has_earned_nothing(connection: sqlite3.Connection) -> None:
    found = ledger.of_rater(connection, 77, NOW, HOLD)
    assert found == ledger.RaterLedger(0, 0, 0, 0, 0)
    assert found.earned == 0


def test_all_is_counted(connection: sqlite3.Connection) -> None:
    put(connection, SOUND)
    assert ledger.counts(connection) == (5, 4)


SOUND = Books(
    awards=(
        Award(1, 1, 5, payout=1),
        Award(1, 2, 5, payout=1),
        Award(2, 1, 7, payout=2),
        Award(3, 1, 3, payout=3),
        Award(3, 2, 3),
    ),
    payouts=(
        Payout(1, "paid"),
        Payout(2, "planned"),
        Payout(3, "in_doubt"),
        Payout(3, "refused", amount=9),
    ),
)

BREAKS = {
    "paid less than its awards": (
        "UPDATE payouts SET amount = 9 WHERE id = 1",
        "payout 1 (paid) is of 9 kudos, its awards are of 10",
    ),
    "planned with an award taken away": (
        "UPDATE awards SET payout_id = NULL WHERE payout_id = 2",
        "payout 2 (planned) is of 7 kudos, its awards are of 0",
    ),
    "in doubt with an award too much": (
        "UPDATE awards SET payout_id = 3 WHERE rater = 3",
        "payout 3 (in_doubt) is of 3 kudos, its awards are of 6",
    ),
    "refused and its awards are not owed": (
        "UPDATE awards SET payout_id = 4 WHERE rater = 3 AND image_id = 2",
        "payout 4 (refused) keeps 1 awards of 3 kudos, which are owed again",
    ),
    "cancelled and its awards are not owed": (
        "UPDATE payouts SET state = 'cancelled', settled_at = 1 WHERE id = 2",
        "payout 2 (cancelled) keeps 1 awards of 7 kudos, which are owed again",
    ),
    "pays for somebody else": (
        "UPDATE awards SET rater = 2, image_id = 3 WHERE rater = 1 AND image_id = 2",
        "payout 1 of rater 1 has 1 awards of rater 2",
    ),
    "settled without a moment": (
        "UPDATE payouts SET settled_at = NULL WHERE id = 4",
        "payout 4 (refused) does not agree with when it was settled",
    ),
    "settled before it is": (
        "UPDATE payouts SET settled_at = 5 WHERE id = 2",
        "payout 2 (planned) does not agree with when it was settled",
    ),
    "paid and never sent": (
        "UPDATE payouts SET first_sent_at = NULL WHERE id = 1",
        "payout 1 (paid) was never sent",
    ),
    "a day that counts too little": (
        "UPDATE award_days SET amount = 22",
        "on 2026-03-01 awards of 23 kudos were earned, the day counts 22",
    ),
    "a day that is missing": (
        "DELETE FROM award_days",
        "on 2026-03-01 awards of 23 kudos were earned, the day counts 0",
    ),
    "an award of no image": (
        "UPDATE awards SET image_id = 99 WHERE rater = 2",
        "awards: 1 rows point at no row of images",
    ),
    "a payout of nobody": (
        "UPDATE payouts SET rater = 99 WHERE id = 4",
        "payouts: 1 rows point at no row of raters",
    ),
    "an attempt at nothing": (
        "INSERT INTO payout_attempts (payout_id, sent_at) VALUES (99, 0)",
        "payout_attempts: 1 rows point at no row of payouts",
    ),
    "a case about nothing": (
        "INSERT INTO review_queue (kind, payout_id, opened_at) VALUES ('payout_in_doubt', 99, 0)",
        "review_queue: 1 rows point at no row of payouts",
    ),
}


@pytest.fixture
def careless(empty: Path) -> Iterator[sqlite3.Connection]:
    """A connection that does what the schema forbids."""
    with closing(connect(empty)) as opened:
        opened.execute("PRAGMA foreign_keys = OFF")
        opened.execute("PRAGMA ignore_check_constraints = ON")
        opened.execute("BEGIN")
        yield opened
        opened.execute("ROLLBACK")


@pytest.mark.parametrize("name", BREAKS)
def test_every_imbalance_is_found(careless: sqlite3.Connection, name: str) -> None:
    broken, sentence = BREAKS[name]
    put(careless, SOUND)
    assert ledger.imbalances(careless) == []
    careless.execute(broken)
    assert sentence in ledger.imbalances(careless)


def test_two_payouts_under_way_at_once_are_found(careless: sqlite3.Connection) -> None:
    put(careless, SOUND)
    careless.execute("DROP INDEX payouts_one_open_a_rater")
    careless.execute("UPDATE payouts SET state = 'planned', settled_at = NULL WHERE id = 4")
    assert ledger.imbalances(careless) == [
        "payout 4 (planned) is of 9 kudos, its awards are of 0",
        "rater 3 has 2 payouts under way at once",
    ]


def test_a_flood_of_one_kind_is_told_by_its_number(careless: sqlite3.Connection) -> None:
    put(careless, SOUND)
    careless.executemany(
        "INSERT INTO payouts (id, key, rater, horde_id, verified, amount, state, planned_at,"
        " first_sent_at, settled_at) VALUES (?, ?, 1, 5, 0, 1, 'paid', 0, 0, 0)",
        [(number, str(UUID(int=number))) for number in range(10, 30)],
    )
    found = ledger.imbalances(careless)
    assert len(found) == 6
    assert found[0] == "payout 10 (paid) is of 1 kudos, its awards are of 0"
    assert found[-1] == "... and 15 more like the last"
