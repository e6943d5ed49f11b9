"""Earning: what a press brings its rater, written in the unit of the vote."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, replace
from datetime import datetime
from sqlite3 import Connection
from typing import Final, Literal

from bot.errors import PaidVoteError
from bot.keyed_hash import KeyedHash
from bot.rewards.prices import Prices
from bot.settings import Settings
from storage import awards, payouts
from storage.awards import Outlook
from storage.posts import Shown
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
    since 00:00 UTC and still has, `cap` the most that one earns in a day. `linked`: there is an
    account to pay it to; `displaced`: there was, until its owner proved it.
    """

    amount: int
    why: Why | None
    today: int
    cap: int
    linked: bool
    displaced: bool = False


def award_digest(hash_key: KeyedHash, discord_id: int, image_id: int, scale: str) -> str:
    """Return the hash under which an award of an erased person is kept."""
    return hash_key.digest(AWARD, f"{discord_id} {image_id} {scale}")


def take_back(connection: Connection, rater: int, image_id: int, now: datetime) -> None:
    """Take back what a vote earned that its rater undoes.

    A payout of it that was not sent is called off, and planned again without it. Raises
    PaidVoteError where any of it is paid, or may be.
    """
    earned = awards.of_vote(connection, rater, image_id)
    paying = {award.payout_id for award in earned if award.payout_id is not None}
    if any(not payouts.cancel(connection, payout, "undone", now) for payout in paying):
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

    def earn(
        self,
        connection: Connection,
        rater: Rater,
        shown: Shown,
        scale: str,
        now: datetime,
        *,
        gold: bool = False,
    ) -> Earned:
        """Award a score that is new in the rater's vote, unless something is against it.

        One in a `gold` vote is paid like one whose image never gets full.
        """
        outlook = awards.outlook(connection, rater.number, shown.data_set_id, now)
        image_id = shown.post.image_id
        amount = self._price(outlook, rater, scale)
        why = self._refusal(connection, outlook, rater, image_id, scale)
        if amount and why is None:
            if awards.write(
                connection,
                rater=rater.number,
                image_id=image_id,
                scale=scale,
                amount=amount,
                now=now,
                gold=gold,
            ):
                return self._told(outlook, amount, None, outlook.standing + amount)
            why = "before"
        return self._told(outlook, 0, why)

    def told(
        self,
        connection: Connection,
        rater: Rater,
        shown: Shown,
        scales: Collection[str],
        now: datetime,
    ) -> Earned:
        """Say what these scales of the rater's vote brought when they were given, or given again.

        Why one brought nothing, and `today`, are as of now.
        """
        outlook = awards.outlook(connection, rater.number, shown.data_set_id, now)
        image_id = shown.post.image_id
        earned = awards.of_vote(connection, rater.number, image_id) if scales else []
        amount = sum(award.amount for award in earned if award.scale in scales)
        refusals = () if amount else scales
        reasons = (self._refusal(connection, outlook, rater, image_id, each) for each in refusals)
        why = next((reason for reason in reasons if reason is not None), None)
        return self._told(outlook, amount, why)

    def told_of_undo(
        self, connection: Connection, rater: Rater, shown: Shown, now: datetime
    ) -> Earned:
        """Say what an undo of the rater's vote took back; `today` is as of now."""
        earned = awards.of_vote(connection, rater.number, shown.post.image_id)
        amount = sum(award.amount for award in earned)
        today = self.today(connection, rater, shown.data_set_id, now)
        return replace(today, amount=amount, why="taken_back" if amount else None)

    def today(
        self, connection: Connection, rater: Rater, data_set_id: int, now: datetime
    ) -> Earned:
        """Say what the rater earned today where nothing is earned just now."""
        outlook = awards.outlook(connection, rater.number, data_set_id, now)
        return self._told(outlook, 0, None)

    def _told(
        self, outlook: Outlook, amount: int, why: Why | None, today: int | None = None
    ) -> Earned:
        today = outlook.standing if today is None else today
        return Earned(amount, why, today, self.cap, outlook.linked, outlook.displaced)

    def _price(self, outlook: Outlook, rater: Rater, scale: str) -> int:
        return self.prices.price(
            scale,
            outlook.prices[scale],
            validated=rater.status == "validated",
            trusted=outlook.trusted,
        )

    def _refusal(
        self, connection: Connection, outlook: Outlook, rater: Rater, image_id: int, scale: str
    ) -> Why | None:
        """Return what is against an award, if anything is; a price of 0 is no refusal."""
        amount = self._price(outlook, rater, scale)
        if not amount:
            return None
        if outlook.erased_before and rater.discord_id is not None:
            digest = award_digest(self.hash_key, rater.discord_id, image_id, scale)
            if awards.was_earned(connection, digest):
                return "before"
        if outlook.earned + amount > self.cap:
            return "capped"
        if outlook.of_all + amount > self.budget:
            return "budget"
        return None
