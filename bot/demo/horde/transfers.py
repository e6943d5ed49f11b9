"""Transfers: who may send what to whom, and the log of what really moved."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from bot.clock import Clock
from bot.demo.horde.accounts import UUID, Account, Accounts
from bot.demo.horde.errors import refusal

PAYBACK_PAUSE = timedelta(seconds=60)
"""For so long somebody who was just paid cannot pay back."""
# Two of these texts name the wrong account, as the Horde's do.
UNFIT_SENDER = (
    ("suspicious", "FaultWhenKudosSending", "Something went wrong when sending kudos."),
    ("flagged", "SourceAccountFlagged", "The target account has been flagged."),
    ("education", "EducationCannotSendKudos", "Education accounts cannot transfer kudos away"),
)
UNFIT_PAYEE = (
    ("suspicious", "FaultWhenKudosReceiving", "Something went wrong when receiving kudos."),
    ("flagged", "TargetAccountFlagged", "Your account has been flagged."),
    ("deleted", "DeletedUser", "This destination account has been scheduled for deletion."),
)


@dataclass(frozen=True, slots=True)
class Transfer:
    """Kudos that moved: from and to the accounts of these numbers."""

    sender: int
    payee: int
    amount: int
    key: str | None
    at: datetime


class Transfers:
    """Moves kudos. `paid` is the log of what moved; a replay moves nothing."""

    def __init__(self, accounts: Accounts, clock: Clock) -> None:
        self._accounts = accounts
        self._clock = clock
        self._by_key: dict[tuple[int, str], tuple[int, int]] = {}
        self._last: dict[tuple[int, int], datetime] = {}
        self.paid: list[Transfer] = []

    def send(self, sender: Account, target: str, amount: int, key: str | None) -> None:
        """Move kudos unless `key` moved them before; raises Refusal.

        All guards come before the look at the key, so that a replay may be refused although its
        transfer was made. An empty key is a key.
        """
        if sender.number == 0:
            raise refusal(400, "KudosTransferFromAnon", "You cannot transfer Kudos from Anonymous.")
        payee = self._payee(target)
        self._check_accounts(sender, payee)
        _check_amount(amount)
        if key is not None and self._replayed(sender, key, (payee.number, amount)):
            return
        self._pay(sender, payee, amount, key)

    def _payee(self, target: str) -> Account:
        """Find who is paid: the owner of a shared key, or the number after the last `#` alone."""
        if UUID.fullmatch(target) and (key := self._accounts.shared_keys.get(target)):
            if key.expires is not None and key.expires <= self._clock.now():
                raise refusal(400, "SharedKeyExpired", "This shared key has expired")
            return key.owner
        number = target.rpartition("#")[2]
        payee = self._accounts.find(int(number)) if number.isdecimal() else None
        if payee is None:
            raise refusal(400, "InvalidTargetUsername", "Invalid target username.")
        return payee

    def _check_accounts(self, sender: Account, payee: Account) -> None:
        if payee.number == 0:
            text = "Tried to burn kudos via sending to Anonymous..."
            raise refusal(400, "KudosTransferToAnon", text)
        if payee is sender:
            text = "Cannot send kudos to yourself, ya monkey!"
            raise refusal(400, "KudosTransferToSelf", text)
        last = self._last.get((payee.number, sender.number))
        if last is not None and self._clock.now() - last < PAYBACK_PAUSE:
            text = (
                "This user transferred kudos to you very recently. Please wait at least 1 minute."
            )
            raise refusal(400, "TooFastKudosTransfers", text)
        for account, faults in ((sender, UNFIT_SENDER), (payee, UNFIT_PAYEE)):
            for mark, rc, message in faults:
                if mark in account.marks:
                    raise refusal(400, rc, message)
        if "deleted" in sender.marks:
            text = "This source account has been scheduled for deletion."
            raise refusal(400, "DeletedUser", text)

    def _replayed(self, sender: Account, key: str, transfer: tuple[int, int]) -> bool:
        """Return whether exactly this transfer was made under `key` before."""
        earlier = self._by_key.get((sender.number, key))
        if earlier not in {None, transfer}:
            text = "Idempotency key was already used with different transfer parameters."
            raise refusal(400, "IdempotencyKeyConflict", text)
        return earlier is not None

    def _pay(self, sender: Account, payee: Account, amount: int, key: str | None) -> None:
        if amount > sender.kudos - sender.floor:
            raise refusal(400, "KudosTransferNotEnough", "Not enough kudos.")
        sender.kudos -= amount
        if "education" in payee.marks:
            sender.donated -= amount
        else:
            sender.gifted -= amount
        payee.kudos += amount
        payee.received += amount
        now = self._clock.now()
        if key is not None:
            self._by_key[sender.number, key] = payee.number, amount
        self._last[sender.number, payee.number] = now
        self.paid.append(Transfer(sender.number, payee.number, amount, key, now))


def _check_amount(amount: int) -> None:
    if amount < 0:
        raise refusal(400, "NegativeKudosTransfer", "Nice try...")
    if amount == 0:
        raise refusal(400, "InvalidKudosTransferAmount", "Transfer amount must be positive.")
