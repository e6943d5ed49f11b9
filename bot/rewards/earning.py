"""Earning: what a press brings its rater, written in the unit of the vote."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from sqlite3 import Connection
from typing import Final, Literal

from bot.errors import PaidVoteError
from bot.keyed_hash import KeyedHash
from bot.rewards.prices import Prices
from bot.settings import Settings
from storage import awards
from storage.awards import Outlook
from storage.raters import Rater

AWARD: Final = "award"
"""The purpose under which awards of erased persons are hashed; changing it forgets them."""

Why = Literal["capped", "budget", "before", "taken_back"]
"""capped: the rater earned as much as one may in a day. budget: everybody together did. before:
they earned this once, before their data were erased. taken_back: with the vote."""


@dataclass(frozen=True, slots=True)
class Earned:
    """What one press brought, in kudos.

    `amount` is what was earned, or given again with the vote; with `why` taken_back, what went.
    Any other `why` says why a score that is new brought nothing. `today` is what the rater earned
    since 00:00 UTC and still has, `cap` the most that one earns in a day.
    """

    amount: int
    why: Why | None
    today: int
    cap: int


@dataclass(frozen=True, slots=True)
class Scored:
    """Whose vote it is, and on what."""

    rater: Rater
    image_id: int
    data_set_id: int


def award_digest(hash_key: KeyedHash, discord_id: int, image_id: int, scale: str) -> str:
    """Return the hash under which an award of an erased person is kept."""
    return hash_key.digest(AWARD, f"{discord_id} {image_id} {scale}")


def take_back(connection: Connection, rater: int, image_id: int) -> None:
    """Take back what a vote earned that its rater undoes.

    Raises PaidVoteError where any of it is paid, or a payout of it is under way.
    """
    earned = awards.of_vote(connection, rater, image_id)
    if any(award.payout_id is not None for award in earned):
        raise PaidVoteError
    if earned:
        awards.take_back(connection, rater, image_id)


@dataclass(frozen=True, slots=True)
class Earning:
    """The rules of earning while rewards are on; `cap` and `budget` are kudos a UTC day."""

    prices: Prices
    cap: int
    budget: int
    hash_key: KeyedHash

    @classmethod
    def of(cls, settings: Settings, hash_key: KeyedHash) -> Earning | None:
        """Return the rules that the settings describe; None where rewards are off."""
        if not settings.rewards_on:
            return None
        return cls(
            Prices.of(settings),
            settings.kudos_daily_cap,
            settings.kudos_daily_budget,
            hash_key,
        )

    def earn(self, connection: Connection, scored: Scored, scale: str, now: datetime) -> Earned:
        """Award a score that is new in its vote, unless something is against it."""
        rater = scored.rater.number
        outlook = awards.outlook(connection, rater, scored.data_set_id, now)
        amount = self._price(outlook, scored.rater, scale)
        why = self._refusal(connection, outlook, scored, scale, amount)
        if amount and why is None:
            written = awards.write(
                connection,
                rater=rater,
                image_id=scored.image_id,
                scale=scale,
                amount=amount,
                now=now,
            )
            if written:
                return Earned(amount, None, outlook.standing + amount, self.cap)
            why = "before"
        return Earned(0, why, outlook.standing, self.cap)

    def tell(
        self,
        connection: Connection,
        scored: Scored,
        now: datetime,
        *,
        scales: Collection[str] = (),
        taken_back: bool = False,
    ) -> Earned:
        """Say what an act on these scales of a vote brought, or took, that was done before.

        Amounts are those of that act; why there is none, and `today`, are as of now.
        """
        outlook = awards.outlook(connection, scored.rater.number, scored.data_set_id, now)
        had = awards.of_vote(connection, scored.rater.number, scored.image_id) if scales else []
        amounts = {award.scale: award.amount for award in had if award.scale in scales}
        why: Why | None = "taken_back" if taken_back and amounts else None
        if scales and not amounts and not taken_back:
            refusals = (
                self._refusal(
                    connection, outlook, scored, scale, self._price(outlook, scored.rater, scale)
                )
                for scale in scales
            )
            why = next((each for each in refusals if each is not None), None)
        return Earned(sum(amounts.values()), why, outlook.standing, self.cap)

    def _price(self, outlook: Outlook, rater: Rater, scale: str) -> int:
        return self.prices.price(
            scale,
            outlook.prices[scale],
            validated=rater.status == "validated",
            trusted=outlook.trusted,
        )

    def _refusal(
        self, connection: Connection, outlook: Outlook, scored: Scored, scale: str, amount: int
    ) -> Why | None:
        """Return what is against an award, if anything is; a price of 0 is no refusal."""
        if not amount:
            return None
        if outlook.erased_before and scored.rater.discord_id is not None:
            digest = award_digest(self.hash_key, scored.rater.discord_id, scored.image_id, scale)
            if awards.was_earned(connection, digest):
                return "before"
        if outlook.earned + amount > self.cap:
            return "capped"
        if outlook.of_all + amount > self.budget:
            return "budget"
        return None
