"""Transfers: who may send what to whom, and the log of what really moved."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

from bot.clock import Clock
from bot.demo.horde.accounts import Account, Accounts
from bot.demo.horde.errors import refusal
from bot.demo.horde.shared_keys import UNLIMITED, SharedKey, SharedKeys

PAYBACK_PAUSE = timedelta(seconds=60)
"""For so long somebody who was just paid cannot pay back."""


@dataclass(frozen=True, slots=True)
class Transfer:
    """Kudos that moved: from and to the accounts of these numbers."""

    sender: int
    payee: int
    amount: int
    key: str | None
    at: datetime


class Transfers:
    """Moves kudos. `paid` is the log of what moved, and `on_paid` is told when it does."""

    def __init__(self, accounts: Accounts, shared_keys: SharedKeys, clock: Clock) -> None:
        self._accounts = accounts
        self._shared_keys = shared_keys
        self._clock = clock
        self._by_key: dict[tuple[int, str], tuple[int, int]] = {}
        self._last: dict[tuple[int, int], datetime] = {}
        self.paid: list[Transfer] = []
        self.on_paid: Callable[[Transfer], None] = lambda _: None

    def send(self, sender: Account, target: str, amount: int, key: str | None) -> None:
        """Move kudos unless `key` moved them before; raises Refusal.

        All guards come before the look at the key, so that a replay may be refused although its
        transfer was made. An empty key is a key.
        """
        if sender.number == 0:
            raise refusal(400, "KudosTransferFromAnon", "You cannot transfer Kudos from Anonymous.")
        payee, shared = self._payee(target)
        self._check_accounts(sender, payee)
        _check_amount(amount)
        if key is not None and self._replayed(sender, key, (payee.number, amount)):
            return
        self._pay(sender, payee, amount, key)
        if shared is not None and shared.kudos != UNLIMITED:
            shared.kudos += amount

    def _payee(self, target: str) -> tuple[Account, SharedKey | None]:
        """Find who is paid: the number after the last `#` alone tells, or a shared key's UUID."""
        payee = self._accounts.by_alias(target)
        if payee is not None:
            return payee, None
        shared = self._shared_keys.find(target)
        if shared is None:
            raise refusal(400, "InvalidTargetUsername", "Invalid target username.")
        if self._shared_keys.is_expired(shared):
            raise refusal(400, "SharedKeyExpired", "This shared key has expired")
        return shared.owner, shared

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
        for unfit, rc, message in _guards(sender, payee):
            if unfit:
                raise refusal(400, rc, message)

    def _replayed(self, sender: Account, key: str, transfer: tuple[int, int]) -> bool:
        """Return whether exactly this transfer was made under `key` before."""
        earlier = self._by_key.get((sender.number, key))
        if earlier not in {None, transfer}:
            text = "Idempotency key was already used with different transfer parameters."
            raise refusal(400, "IdempotencyKeyConflict", text)
        return earlier is not None

    def replay(self, earlier: Iterable[Transfer]) -> None:
        """Let transfers of an earlier time have been made; `on_paid` is not told."""
        for transfer in earlier:
            self._move(transfer)

    def _pay(self, sender: Account, payee: Account, amount: int, key: str | None) -> None:
        if amount > sender.kudos - sender.floor:
            raise refusal(400, "KudosTransferNotEnough", "Not enough kudos.")
        transfer = Transfer(sender.number, payee.number, amount, key, self._clock.now())
        self._move(transfer)
        self.on_paid(transfer)

    def _move(self, transfer: Transfer) -> None:
        sender, payee = self._accounts[transfer.sender], self._accounts[transfer.payee]
        sender.kudos -= transfer.amount
        if "education" in payee.marks:
            sender.donated -= transfer.amount
        else:
            sender.gifted -= transfer.amount
        payee.kudos += transfer.amount
        payee.received += transfer.amount
        if transfer.key is not None:
            self._by_key[sender.number, transfer.key] = payee.number, transfer.amount
        self._last[sender.number, payee.number] = transfer.at
        self.paid.append(transfer)


def _guards(sender: Account, payee: Account) -> Iterator[tuple[bool, str, str]]:
    """Give what keeps accounts from a transfer, in the Horde's order.

    Two of these texts name the wrong account, as the Horde's do: the return code alone tells.
    """
    text = "Something went wrong when {} kudos. Please contact the mods."
    yield sender.suspicious, "FaultWhenKudosSending", text.format("sending")
    text = "The target account has been flagged for suspicious activity."
    yield "flagged" in sender.marks, "SourceAccountFlagged", text
    text = "Education accounts cannot transfer kudos away"
    yield "education" in sender.marks, "EducationCannotSendKudos", text
    text = "Something went wrong when {} kudos. Please contact the mods."
    yield payee.suspicious, "FaultWhenKudosReceiving", text.format("receiving")
    text = "Your account has been flagged for suspicious activity."
    yield "flagged" in payee.marks, "TargetAccountFlagged", text
    text = "This {} account has been scheduled for deletion and is disabled"
    yield "deleted" in payee.marks, "DeletedUser", text.format("destination")
    yield "deleted" in sender.marks, "DeletedUser", text.format("source")


def _check_amount(amount: int) -> None:
    if amount < 0:
        raise refusal(400, "NegativeKudosTransfer", "Nice try...")
    if amount == 0:
        raise refusal(400, "InvalidKudosTransferAmount", "Transfer amount must be positive.")
