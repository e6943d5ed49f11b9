"""The part of the Horde's API that the bot uses, over accounts in memory."""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable, Iterable

from aiohttp import web

from bot.clock import Clock, SystemClock
from bot.demo.horde import limits
from bot.demo.horde.accounts import Account, Accounts
from bot.demo.horde.errors import Refusal, misshapen, refusal
from bot.demo.horde.faults import Fault, Faults, suffer
from bot.demo.horde.limits import Limiter
from bot.demo.horde.transfers import Transfer, Transfers

VERSION = "5.1.5"
PREFIX = "/api"

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


class HordeStandIn:
    """Answers as the Horde does; a test changes `accounts`, `version` and `down` at any time."""

    def __init__(self, accounts: Iterable[Account], clock: Clock | None = None) -> None:
        clock = clock or SystemClock()
        self.accounts = Accounts(accounts)
        self.version = VERSION
        self.down = False
        self.limiter = Limiter(clock)
        self.faults = Faults()
        self._transfers = Transfers(self.accounts, clock)

    @property
    def paid(self) -> list[Transfer]:
        """What really moved, in order."""
        return self._transfers.paid

    def fail(self, path: str, fault: Fault, times: int = 1) -> None:
        """Let the next requests to `path` and below it go wrong, such as `/v2/kudos/transfer`."""
        self.faults.plan(f"{PREFIX}{path}", fault, times)

    def app(self) -> web.Application:
        """Return the aiohttp application; the API begins at `/api`."""
        app = web.Application(middlewares=[self._answer])
        app.router.add_get(f"{PREFIX}/v2/status/heartbeat", self._heartbeat)
        app.router.add_get(f"{PREFIX}/v2/find_user", self._find_user)
        app.router.add_get(f"{PREFIX}/v2/users/{{number:[0-9]+}}", self._user)
        app.router.add_post(f"{PREFIX}/v2/kudos/transfer", self._transfer)
        return app

    @web.middleware
    async def _answer(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        async def carry_out() -> web.StreamResponse:
            try:
                response = await handler(request)
            except Refusal as error:
                headers = error.headers
                response = web.json_response(error.body, status=error.status, headers=headers)
            response.headers["Horde-Node"] = f"127.0.0.1:7001:{self.version}"
            return response

        await request.read()  # now, to have it even when the client is gone
        fault = self.faults.take(request.path)
        return await (carry_out() if fault is None else suffer(fault, request, carry_out))

    async def _heartbeat(self, _request: web.Request) -> web.Response:
        state = {
            "message": "DOWN" if self.down else "OK",
            "version": self.version,
            "queue": 0,
            "threads": 1,
            "active_count": 1,
            "db_connection": not self.down,
        }
        return web.json_response(state)

    async def _find_user(self, request: web.Request) -> web.Response:
        headers = self.limiter.hit(f"{request.remote}@find_user", limits.OTHERS)
        self._check_up()
        key = request.headers.get("apikey")
        if not key:
            raise refusal(401, "InvalidAPIKey", "No user matching sent API Key.")
        account = self.accounts.by_key(key)
        if account is None:
            raise refusal(404, "UserNotFound", f"User '{key}' not found.")
        return web.json_response(account.details() | {"sharedkey_ids": []}, headers=headers)

    async def _user(self, request: web.Request) -> web.Response:
        headers = self.limiter.hit(f"{request.remote}@{request.path}", limits.USERS)
        self._check_up()
        account = self.accounts.find(int(request.match_info["number"]))
        if account is None:
            raise refusal(404, "UserNotFound", "User not found.")
        return web.json_response(account.details(), headers=headers)

    async def _transfer(self, request: web.Request) -> web.Response:
        key = request.headers.get("apikey")
        headers = self.limiter.hit(f"{key}@{request.path}", limits.TRANSFERS)
        self._check_up()
        target, amount = await _read_transfer(request)
        sender = self.accounts.by_key(key or "")
        if sender is None:
            raise refusal(401, "InvalidAPIKey", "No user matching sent API Key.")
        self._transfers.send(sender, target, amount, self._idempotency_key(request))
        return web.json_response({"transferred": float(amount)}, headers=headers)

    def _idempotency_key(self, request: web.Request) -> str | None:
        """Return the key of a transfer; servers before 5.1.0 do not know of any."""
        if tuple(map(int, self.version.split("."))) < (5, 1, 0):
            return None
        return request.headers.get("Idempotency-Key")

    def _check_up(self) -> None:
        if self.down:
            raise Refusal(500, {"message": "Internal Server Error"})


async def _read_transfer(request: web.Request) -> tuple[str, int]:
    """Return the payee and the amount, which is 100 where none is named."""
    if "apikey" not in request.headers:
        raise misshapen(apikey="Missing required parameter in the HTTP headers")
    try:
        body = json.loads(await request.text())
    except ValueError:
        body = None
    if request.content_type != "application/json" or not isinstance(body, dict):
        body = {}
    if "username" not in body:
        raise misshapen(username="Missing required parameter in the JSON body")
    try:
        return str(body["username"]), int(body.get("amount", 100))
    except (TypeError, ValueError) as error:
        raise misshapen(amount=str(error)) from error
