"""Linking: which Horde account a rater is paid to, and the proof that it is theirs.

The proof needs no key of anybody: whoever can give a shared key the name that we chose owns it,
and everybody may read its name and owner. Clients that offer this are named in `cogs/ui/horde.py`.
"""

from __future__ import annotations

import hmac
import unicodedata
from collections.abc import Awaitable
from dataclasses import dataclass
from datetime import timedelta
from random import Random
from sqlite3 import Connection
from typing import Final, TypeVar

from bot.caller import Caller
from bot.clock import Clock
from bot.errors import BannedError, HordeSilentError, RewardsOffError
from bot.horde.client import HordeClient
from bot.horde.errors import HordeError, RefusedForGoodError, UnfitKeyError
from bot.horde.records import Account, SharedKey
from bot.rewards import refusals
from bot.rewards.typed import read_alias, read_shared_key
from bot.settings import HORDE_KEY, Settings
from bot.trust import rate_limit
from bot.trust.enrolment import Enrolment
from bot.trust.wording import quoted
from storage import audit, erasures, horde_links, horde_proofs
from storage.database import Database
from storage.horde_links import HordeLink
from storage.horde_proofs import Proof
from storage.raters import Rater
from storage.signals import Signals

PROOF_LIFE: Final = timedelta(minutes=15)
TRIES: Final = 5
"""How many shared keys are looked at for one name."""

LOOKS_PER_MINUTE: Final = 6
"""How often one rater may have us ask the Horde, which answers 60 to 90 a minute."""

LETTERS: Final = "ABCDEFGHJKMNPQRSTUVWXYZ23456789"
"""Nobody mistakes one of these for another; 12 of them are 59 bits."""

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Proved:
    """A verified link; `spendable`: the shared key can spend kudos, and should be deleted soon."""

    link: HordeLink
    spendable: bool


class LinkingService:
    """Links and verifies Horde accounts for raters."""

    def __init__(
        self,
        database: Database,
        clock: Clock,
        settings: Settings,
        *,
        random: Random,
        enrolment: Enrolment,
        horde: HordeClient,
    ) -> None:
        self._database = database
        self._clock = clock
        self._settings = settings
        self._random = random
        self._enrolment = enrolment
        self._horde = horde
        self._own_id: int | None = None

    async def link(self, caller: Caller, text: str) -> HordeLink:
        """Link the account that is typed as NAME#NUMBER, unproved, in the place of any other.

        Where the rater verified the same account before, it stays verified. Raises
        RewardsOffError, BannedError, RateLimitedError, HordeSilentError and `refusals`.
        """
        if not self._settings.rewards_on:
            raise RewardsOffError
        typed = read_alias(text)
        await self._database.write(lambda connection: self._admit(connection, caller))
        account = await self._account(typed.number)
        if _folded(account.name) != _folded(typed.name):
            if HORDE_KEY.fullmatch(typed.name):
                raise refusals.ApiKeyGivenError
            raise refusals.OtherNameError(account=quoted(account.alias), typed=quoted(typed))
        await self._require_fit(account)
        return await self._database.write(
            lambda connection: self._put_named(connection, caller, account)
        )

    async def begin_proof(self, caller: Caller) -> Proof:
        """Begin a proof with a new name, in the place of any earlier one.

        Raises BannedError and RateLimitedError.
        """
        nonce = f"jury-{'-'.join(self._letters(4) for _ in range(3))}"

        def unit(connection: Connection) -> Proof:
            rater = self._admit(connection, caller)
            expires_at = self._clock.now() + PROOF_LIFE
            horde_proofs.begin(connection, rater.number, nonce, expires_at)
            return Proof(nonce, expires_at, tries=0)

        return await self._database.write(unit)

    async def finish_proof(self, caller: Caller, text: str) -> Proved:
        """Verify the account that owns the shared key with this id, which has the proof's name.

        What is no such id is sent nowhere. If the Horde is silent nothing changes. Raises
        BannedError, RateLimitedError, HordeSilentError and `refusals`.
        """
        uuid = read_shared_key(text)
        proof = await self._database.write(lambda connection: self._try(connection, caller))
        try:
            key = await self._shared_key(uuid, proof)
            self._require_proof(key, proof)
            account = await self._account(key.owner.number)
            await self._require_fit(account)
        except HordeSilentError:
            await self._database.write(lambda c: self._give_back_try(c, caller, proof))
            raise
        link = await self._database.write(
            lambda connection: self._put_proved(connection, caller, proof, account)
        )
        return Proved(link, spendable=key.kudos != 0)

    async def unlink(self, caller: Caller) -> HordeLink | None:
        """Remove the rater's link and return it; a payout under way goes on.

        Raises BannedError: an account stays with a ban.
        """

        def unit(connection: Connection) -> HordeLink | None:
            rater = self._not_banned(connection, caller)
            link = horde_links.find(connection, rater.number)
            horde_proofs.end(connection, rater.number)
            horde_links.remove(connection, rater.number)
            if link is not None:
                self._note(connection, rater, "horde.unlink", verified=link.verified_at is not None)
            return link

        return await self._database.write(unit)

    def _letters(self, count: int) -> str:
        return "".join(self._random.choice(LETTERS) for _ in range(count))

    def _not_banned(self, connection: Connection, caller: Caller) -> Rater:
        now = self._clock.now()
        rater = self._enrolment.rater(connection, caller.discord_id, now)
        if rater.banned_at(now):
            raise BannedError.ending(rater.status_until)
        return rater

    def _admit(self, connection: Connection, caller: Caller) -> Rater:
        rater = self._not_banned(connection, caller)
        rate_limit.charge(connection, rater.number, "link", LOOKS_PER_MINUTE, self._clock.now())
        return rater

    def _try(self, connection: Connection, caller: Caller) -> Proof:
        """Count a try and return the proof as it is with it."""
        rater = self._admit(connection, caller)
        proof = horde_proofs.find(connection, rater.number)
        if proof is None:
            raise refusals.NoProofError
        if proof.expires_at <= self._clock.now():
            raise refusals.ProofExpiredError
        if proof.tries >= TRIES:
            raise refusals.TriesSpentError
        horde_proofs.count_try(connection, rater.number, proof.nonce)
        return Proof(proof.nonce, proof.expires_at, proof.tries + 1)

    def _give_back_try(self, connection: Connection, caller: Caller, proof: Proof) -> None:
        rater = self._enrolment.rater(connection, caller.discord_id, self._clock.now())
        horde_proofs.count_try(connection, rater.number, proof.nonce, -1)

    async def _account(self, number: int) -> Account:
        try:
            return await _answered(self._horde.account(number))
        except RefusedForGoodError:
            raise refusals.UnknownAccountError(number=number) from None

    async def _shared_key(self, uuid: str, proof: Proof) -> SharedKey:
        try:
            return await _answered(self._horde.shared_key(uuid))
        except RefusedForGoodError:
            raise refusals.UnknownSharedKeyError(left=TRIES - proof.tries) from None

    def _require_proof(self, key: SharedKey, proof: Proof) -> None:
        if not hmac.compare_digest(key.name.encode(), proof.nonce.encode()):
            raise refusals.OtherKeyNameError(nonce=proof.nonce, left=TRIES - proof.tries)
        if key.expires_at is not None and key.expires_at <= self._clock.now():
            raise refusals.SharedKeyExpiredError(left=TRIES - proof.tries)

    async def _require_fit(self, account: Account) -> None:
        if account.deleted:
            raise refusals.DeletedAccountError(account=quoted(account.alias))
        if account.flagged:
            raise refusals.FlaggedAccountError(account=quoted(account.alias))
        if account.id == await self._own_account():
            raise refusals.OwnAccountError

    async def _own_account(self) -> int | None:
        """Return the account that pays; None without a key that pays, when nothing is sent."""
        if self._own_id is None and self._settings.rewards_on:
            try:
                self._own_id = (await _answered(self._horde.own_account())).id
            except (RefusedForGoodError, UnfitKeyError):
                return None
        return self._own_id

    def _put_named(self, connection: Connection, caller: Caller, account: Account) -> HordeLink:
        rater = self._not_banned(connection, caller)
        self._require_free(connection, rater, account)
        now, number = self._clock.now(), rater.number
        before = horde_links.find(connection, number)
        if before is not None and before.horde_id == account.id and before.verified_at is not None:
            horde_links.keep_signals(connection, before, account.name, signals_of(account), now)
        else:
            horde_links.put(connection, number, horde_id=account.id, name=account.name, now=now)
            self._note(connection, rater, "horde.link")
        return _found(connection, number)

    def _put_proved(
        self, connection: Connection, caller: Caller, proof: Proof, account: Account
    ) -> HordeLink:
        rater = self._not_banned(connection, caller)
        number = rater.number
        current = horde_proofs.find(connection, number)
        if current is None or current.nonce != proof.nonce:
            return _proved_already(connection, number, account)
        self._require_free(connection, rater, account)
        now = self._clock.now()
        horde_proofs.end(connection, number)
        horde_links.put(
            connection,
            number,
            horde_id=account.id,
            name=account.name,
            now=now,
            signals=signals_of(account),
        )
        self._note(connection, rater, "horde.verify")
        for displaced in horde_links.displace(connection, account.id, keep=number, now=now):
            self._note(connection, rater, "horde.displace", subject=displaced)
        return _found(connection, number)

    def _require_free(self, connection: Connection, rater: Rater, account: Account) -> None:
        owner = horde_links.verified(connection, account.id)
        if owner is not None and owner.rater != rater.number:
            raise refusals.TakenAccountError(account=quoted(account.alias))
        if erasures.account_banned(
            connection, self._enrolment.horde_digest(account.id), self._clock.now()
        ):
            raise refusals.BarredAccountError

    def _note(
        self,
        connection: Connection,
        rater: Rater,
        action: str,
        *,
        subject: int | None = None,
        **details: bool,
    ) -> None:
        """Write to the audit log; no account is named there, for nothing ever leaves it."""
        audit.record(
            connection,
            at=self._clock.now(),
            actor="rater",
            rater=rater.number,
            action=action,
            subject=f"rater:{rater.number if subject is None else subject}",
            details=details,
        )


def signals_of(account: Account) -> Signals:
    """Return what a verified account tells of its rater."""
    return Signals(account.kudos, account.account_age, account.usage_requests, account.trusted)


async def _answered(reading: Awaitable[T]) -> T:
    """Return what the Horde says; HordeSilentError unless it says it, or that there is none."""
    try:
        return await reading
    except (RefusedForGoodError, UnfitKeyError):
        raise
    except HordeError:
        raise HordeSilentError from None


def _folded(name: str) -> str:
    return unicodedata.normalize("NFKC", name).casefold().strip()


def _found(connection: Connection, number: int) -> HordeLink:
    link = horde_links.find(connection, number)
    assert link is not None  # noqa: S101 - written above in this unit, for the type checker
    return link


def _proved_already(connection: Connection, number: int, account: Account) -> HordeLink:
    """Return what the same proof led to a moment ago, when it was submitted twice."""
    link = horde_links.find(connection, number)
    if link is None or link.verified_at is None or link.horde_id != account.id:
        raise refusals.NoProofError
    return link
