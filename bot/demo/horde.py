"""A stand-in for the AI Horde on the loopback interface.

Formats, order of checks, return codes, floor and idempotency as observed of AI-Horde 5.1.5.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from time import monotonic
from typing import Any

from aiohttp import web

VERSION = "5.1.5"
FLOOR = 25
"""Kudos that cannot be given away by an account that was registered by OAuth."""
TRANSFERS_AN_HOUR = 90
HOUR = 3600.0
PAYBACK_PAUSE = 60.0
"""Seconds during which somebody who was just paid cannot pay back."""
UNFIT_SENDER = (
    ("suspicious", "FaultWhenKudosSending", "Something went wrong when sending kudos."),
    ("flagged", "SourceAccountFlagged", "The target account has been flagged."),
    ("education", "EducationCannotSendKudos", "Education accounts cannot transfer kudos away."),
)
UNFIT_PAYEE = (
    ("suspicious", "FaultWhenKudosReceiving", "Something went wrong when receiving kudos."),
    ("flagged", "TargetAccountFlagged", "Your account has been flagged."),
    ("deleted", "DeletedUser", "This destination account has been scheduled for deletion."),
)


@dataclass(slots=True)
class Account:
    """A Horde account; `marks` are of trusted, flagged, suspicious, education, deleted."""

    number: int
    name: str
    key: str
    kudos: float = 0.0
    account_age: int = 0
    requests: int = 0
    gifted: float = 0.0
    received: float = 0.0
    marks: frozenset[str] = frozenset()
    transfers: dict[str, tuple[int, int]] = field(default_factory=dict)
    calls: list[float] = field(default_factory=list)

    @property
    def alias(self) -> str:
        """The name by which the Horde knows the account; its number follows the last `#`."""
        return f"{self.name}#{self.number}"

    def details(self, *, own: bool) -> dict[str, object]:
        """Return what `find_user` and `users/{id}` answer; `own`: asked with its own key."""
        public: dict[str, object] = {
            "username": self.alias,
            "id": self.number,
            "kudos": self.kudos,
            "kudos_details": {"gifted": -self.gifted, "received": self.received},
            "records": {"request": {"image": self.requests}},
            "account_age": self.account_age,
            **{mark: mark in self.marks for mark in ("trusted", "flagged", "education", "deleted")},
        }
        return {**public, "sharedkey_ids": []} if own else public


class HordeError(Exception):
    """An error with the Horde's own status and return code."""

    def __init__(self, status: int, rc: str, message: str) -> None:
        super().__init__(message)
        self.status = status
        self.body = {"message": message, "rc": rc}


class HordeStandIn:
    """The part of the Horde's API that the bot uses, over accounts in memory."""

    def __init__(self, accounts: list[Account], seconds: Callable[[], float] = monotonic) -> None:
        self._by_number = {account.number: account for account in accounts}
        self._by_key = {account.key: account for account in accounts}
        self._seconds = seconds
        self._paid_at: dict[tuple[int, int], float] = {}

    def app(self) -> web.Application:
        """Return the aiohttp application; the API begins at `/api`."""
        app = web.Application(middlewares=[_errors])
        app.router.add_get("/api/v2/status/heartbeat", self._heartbeat)
        app.router.add_get("/api/v2/find_user", self._find_user)
        app.router.add_get("/api/v2/users/{number:[0-9]+}", self._user)
        app.router.add_post("/api/v2/kudos/transfer", self._transfer)
        return app

    async def _heartbeat(self, _request: web.Request) -> web.Response:
        state = {"message": "OK", "version": VERSION, "queue": 0, "threads": 1}
        state |= {"active_count": 1, "db_connection": True}
        return web.json_response(state, headers={"Horde-Node": f"127.0.0.1:7001:{VERSION}"})

    async def _find_user(self, request: web.Request) -> web.Response:
        key = request.headers.get("apikey")
        if key is None:
            raise HordeError(401, "InvalidAPIKey", "No user matching sent API Key.")
        if key not in self._by_key:
            raise HordeError(404, "UserNotFound", f"User '{key}' not found.")
        return web.json_response(self._by_key[key].details(own=True))

    async def _user(self, request: web.Request) -> web.Response:
        asker = self._caller(request) if "apikey" in request.headers else None
        account = self._by_number.get(int(request.match_info["number"]))
        if account is None:
            raise HordeError(404, "UserNotFound", "User not found.")
        return web.json_response(account.details(own=asker is account))

    def _caller(self, request: web.Request) -> Account:
        account = self._by_key.get(request.headers.get("apikey", ""))
        if account is None:
            raise HordeError(401, "InvalidAPIKey", "No user matching sent API Key.")
        return account

    async def _transfer(self, request: web.Request) -> web.Response:
        sender = self._caller(request)
        if limit := self._over_limit(sender):
            return web.json_response({"message": limit}, status=429, headers={"Retry-After": "1"})
        body: dict[str, Any] = await request.json()
        try:
            target, amount = str(body["username"]), int(body.get("amount", 100))
        except (KeyError, TypeError, ValueError):
            text = "Input payload validation failed"
            return web.json_response({"errors": {}, "message": text}, status=400)
        payee = self._payee(sender, target)
        self._check_amount(amount)
        key = request.headers.get("Idempotency-Key")
        if key is None or not self._replayed(sender, key, (payee.number, amount)):
            self._pay(sender, payee, amount)
            if key is not None:
                sender.transfers[key] = (payee.number, amount)
        return web.json_response({"transferred": float(amount)})

    def _over_limit(self, sender: Account) -> str | None:
        """Count the call; return the Horde's text when it is one too many."""
        now = self._seconds()
        sender.calls = [at for at in sender.calls if now - at < HOUR]
        if len(sender.calls) >= TRANSFERS_AN_HOUR:
            return f"{TRANSFERS_AN_HOUR} per 1 hour"
        if sender.calls and now - sender.calls[-1] < 1:
            return "1 per 1 second"
        sender.calls.append(now)
        return None

    def _payee(self, sender: Account, target: str) -> Account:
        """Find who is paid: the number after the last `#` alone decides."""
        number = target.rpartition("#")[2]
        payee = self._by_number.get(int(number)) if number.isdecimal() else None
        if payee is None:
            raise HordeError(400, "InvalidTargetUsername", "Invalid target username.")
        if payee.number == 0:
            raise HordeError(400, "KudosTransferToAnon", "Tried to burn kudos.")
        if payee is sender:
            raise HordeError(400, "KudosTransferToSelf", "Cannot send kudos to yourself.")
        if (
            self._seconds() - self._paid_at.get((payee.number, sender.number), -HOUR)
            < PAYBACK_PAUSE
        ):
            raise HordeError(400, "TooFastKudosTransfers", "Please wait at least 1 minute.")
        for account, faults in ((sender, UNFIT_SENDER), (payee, UNFIT_PAYEE)):
            for mark, rc, message in faults:
                if mark in account.marks:
                    raise HordeError(400, rc, message)
        return payee

    @staticmethod
    def _check_amount(amount: int) -> None:
        if amount < 0:
            raise HordeError(400, "NegativeKudosTransfer", "Nice try.")
        if amount == 0:
            raise HordeError(400, "InvalidKudosTransferAmount", "Amount must be positive.")

    @staticmethod
    def _replayed(sender: Account, key: str, transfer: tuple[int, int]) -> bool:
        """Return whether exactly this transfer was made under `key` before."""
        earlier = sender.transfers.get(key)
        if earlier not in {None, transfer}:
            text = "Idempotency key was already used with different transfer parameters."
            raise HordeError(400, "IdempotencyKeyConflict", text)
        return earlier is not None

    def _pay(self, sender: Account, payee: Account, amount: int) -> None:
        if amount > sender.kudos - FLOOR:
            raise HordeError(400, "KudosTransferNotEnough", "Not enough kudos.")
        sender.kudos -= amount
        sender.gifted += amount
        payee.kudos += amount
        payee.received += amount
        self._paid_at[sender.number, payee.number] = self._seconds()


@web.middleware
async def _errors(
    request: web.Request, handler: Callable[[web.Request], Any]
) -> web.StreamResponse:
    try:
        response: web.StreamResponse = await handler(request)
    except HordeError as error:
        return web.json_response(error.body, status=error.status)
    return response
