"""Whether the ledger agrees with what really moved, at any time and once all is quiet."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import timedelta
from sqlite3 import Connection
from typing import Final

from storage import ledger
from tests.rewards.bank import BUDGET, CAP, MINIMUM, Bank
from tests.rewards.witness import Person, Request, Scored

WRONG: Final = {
    "a vote was taken back that is paid for": """
        SELECT rater, image_id FROM awards WHERE standing = 'undone' AND payout_id IS NOT NULL
    """,
    "more was sent in a day than the budget": """
        SELECT first_sent_at / 86400000000 FROM payouts
        WHERE first_sent_at IS NOT NULL AND state IN ('sending', 'in_doubt', 'paid')
        GROUP BY 1 HAVING sum(amount) > :budget
    """,
    "more was sent in a day to an account than the cap": """
        SELECT first_sent_at / 86400000000, horde_id FROM payouts
        WHERE first_sent_at IS NOT NULL AND state IN ('sending', 'in_doubt', 'paid')
        GROUP BY 1, 2 HAVING sum(amount) > :cap
    """,
    "an account is proved to be two raters'": """
        SELECT horde_id FROM horde_links WHERE verified_at IS NOT NULL
        GROUP BY horde_id HAVING count(*) > 1
    """,
}
FIT: Final = """
    SELECT r.number, sum(a.amount) FROM raters r
    JOIN horde_links l ON l.rater = r.number
    JOIN awards a ON a.rater = r.number AND a.payout_id IS NULL AND a.standing = 'stands'
    WHERE r.status <> 'banned' AND NOT EXISTS (SELECT 1 FROM holds WHERE rater = r.number)
    AND (l.verified_at IS NOT NULL OR NOT EXISTS (SELECT 1 FROM horde_links o
        WHERE o.horde_id = l.horde_id AND o.verified_at IS NOT NULL))
    GROUP BY r.number HAVING sum(a.amount) >= :minimum
"""
"""What is owed to whoever can be paid, once all is released."""


@dataclass
class Agreement:
    """Compares the tables with the Horde's log.

    `earned` are all awards that were seen, by person, image and scale. `outside`: keys of what
    moved to raters of whom a restored backup knows nothing.
    """

    bank: Bank
    earned: dict[tuple[Person, int, str], int] = field(default_factory=dict)
    outside: set[str] = field(default_factory=set)
    restored: bool = False

    def counted(self) -> list[Request]:
        """Return what moved to those whom the tables know."""
        return [each for each in self.bank.witness.paid() if each.key not in self.outside]

    async def forget_unknown(self) -> None:
        """Leave outside, after a restore, what moved to raters who came after that backup."""
        rows = await self.bank.database.read(
            lambda c: c.execute("SELECT number, first_seen_at FROM raters").fetchall()
        )
        there = set(rows)
        self.outside = {each.key for each in self.bank.witness.paid() if each.rater not in there}
        self.restored = True

    async def check(self) -> None:
        """Compare at any time."""
        await self.bank.database.read(self._check)

    def _check(self, connection: Connection) -> None:
        assert ledger.imbalances(connection) == []
        self._check_awards(connection, self._persons(connection))
        self._check_payouts(connection)
        for what, query in WRONG.items():
            if not (self.restored and "day" in what):
                rows = connection.execute(query, {"budget": BUDGET, "cap": CAP}).fetchall()
                assert rows == [], what

    def _persons(self, connection: Connection) -> dict[int, Person]:
        """Return whose number each is or was."""
        known = self.bank.witness.people
        persons = {}
        for number, seen, person in connection.execute(
            "SELECT number, first_seen_at, discord_id FROM raters"
        ):
            if person is not None:
                known[number, seen] = person
            persons[number] = known[number, seen]
        return persons

    def _check_awards(self, connection: Connection, persons: dict[int, Person]) -> None:
        """No award twice for a person, under whichever numbers, and nothing without an award."""
        seen = set()
        for rater, image, scale, amount in connection.execute(
            "SELECT rater, image_id, scale, amount FROM awards"
        ):
            scored = persons[rater], image, scale
            assert scored not in seen, "somebody has two awards for one score"
            seen.add(scored)
            self.earned[scored] = amount
        paid: dict[Person, int] = {}
        settled: set[tuple[Person, Scored]] = set()
        for each in self.counted():
            paid[each.person] = paid.get(each.person, 0) + each.amount
            awards = {(each.person, award) for award in each.awards}
            assert not awards & settled, "an award was paid twice"
            settled |= awards
        for person, amount in paid.items():
            earned = sum(kudos for (whose, _, _), kudos in self.earned.items() if whose == person)
            assert amount <= earned, f"{person} earned {earned} and was paid {amount}"

    def _check_payouts(self, connection: Connection) -> None:
        """What is settled is settled as it was."""
        moved = {each.key for each in self.counted()}
        for key, state in connection.execute("SELECT key, state FROM payouts"):
            certain = state not in {"in_doubt", "sending"}
            assert not certain or (state == "paid") == (key in moved), f"{key} is {state}"

    async def is_quiet(self) -> bool:
        """Tell whether nothing is under way, and nobody is owed what can be paid."""
        return await self.bank.database.read(_left) == ([], [])

    async def check_end(self) -> None:
        """Compare when everything had time to be paid."""
        await self.check()
        assert await self.bank.database.read(_left) == ([], [])
        paid: dict[int, int] = {}
        for each in self.counted():
            number, _ = each.rater
            paid[number] = paid.get(number, 0) + each.amount
        now = self.bank.clock.now()

        def query(connection: Connection) -> dict[int, int]:
            numbers = connection.execute("SELECT number FROM raters").fetchall()
            sums = {n: ledger.of_rater(connection, n, now, timedelta(hours=1)) for (n,) in numbers}
            assert not any(of.paying for of in sums.values())
            return {number: of.paid for number, of in sums.items() if of.paid}

        assert await self.bank.database.read(query) == paid


def _left(connection: Connection) -> tuple[list[object], list[object]]:
    """Return what is under way, and what is owed that could be paid."""
    unsettled: list[object] = connection.execute(
        "SELECT id, state, answer FROM payouts WHERE settled_at IS NULL"
    ).fetchall()
    return unsettled, connection.execute(FIT, {"minimum": MINIMUM}).fetchall()
