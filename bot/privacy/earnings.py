"""What an erasure does to kudos: nothing is owed any more, and nobody earns for the same twice."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import partial
from sqlite3 import Connection
from typing import Final

from bot.keyed_hash import KeyedHash
from bot.rewards.earning import award_digest
from storage import awards, horde_links, payouts
from storage.database import Database
from storage.raters import Rater

BATCH: Final = 500
"""Hashes stored in one unit: presses wait for no more than that."""

Scored = tuple[int, str]
"""An image and a scale."""


@dataclass(frozen=True, slots=True)
class AtStake:
    """Kudos of a rater who would be erased now.

    `forfeited` was earned and would be paid to nobody; `under_way` may have been sent already, and
    goes on. `linked`: there is a Horde account to pay.
    """

    forfeited: int
    under_way: int
    linked: bool


def at_stake(connection: Connection, rater: Rater) -> AtStake:
    """Look at what an erasure would cost; a ban without an end left nothing to lose."""
    void = rater.banned_for_good
    forfeited = 0 if void else awards.unpaid(connection, rater.number)
    under_way = 0
    payout = payouts.unsettled_of(connection, rater.number)
    if payout is not None and payout.state == "planned":
        forfeited += 0 if void else payouts.sum_standing(connection, payout.id)
    elif payout is not None:
        under_way = payout.amount
    linked = horde_links.find(connection, rater.number) is not None
    return AtStake(forfeited, under_way, linked)


@dataclass(frozen=True, slots=True)
class EarnedBefore:
    """Keeps under keyed hashes for what a person earned, so that they never earn it again."""

    database: Database
    hash_key: KeyedHash

    async def keep_most(
        self, discord_id: int, number: int, listed: Iterable[Scored] = ()
    ) -> frozenset[Scored]:
        """Keep in small units what the rater earned until now, and what is `listed`; return it.

        For the time before the link is cut, after which nobody can make these hashes. Where the
        program stops before that, they are of no consequence: the awards are still there.
        """
        earned = await self.database.read(lambda c: awards.scored(c, number))
        scored = sorted({*earned, *listed})
        for start in range(0, len(scored), BATCH):
            batch = scored[start : start + BATCH]
            await self.database.write(partial(self._keep, discord_id=discord_id, scored=batch))
        return frozenset(scored)

    def keep_rest(
        self, connection: Connection, discord_id: int, number: int, kept: frozenset[Scored]
    ) -> None:
        """Keep what came since then, inside the unit that cuts the link."""
        rest = [each for each in awards.scored(connection, number) if each not in kept]
        self._keep(connection, discord_id, rest)

    def _keep(self, connection: Connection, discord_id: int, scored: Iterable[Scored]) -> None:
        awards.remember_earned(
            connection,
            (award_digest(self.hash_key, discord_id, image, scale) for image, scale in scored),
        )
