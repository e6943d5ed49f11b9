"""The part of the Horde's API that the bot uses, over accounts in memory."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable, Mapping

from aiohttp import web

from bot.clock import Clock, SystemClock
from bot.demo.horde import cache, limits
from bot.demo.horde.accounts import Account, Accounts
from bot.demo.horde.cache import Cache, Details
from bot.demo.horde.errors import Refusal, refusal
from bot.demo.horde.faults import Fault, Faults, suffer
from bot.demo.horde.limits import Limiter
from bot.demo.horde.reading import read_body, read_key, read_transfer
from bot.demo.horde.shared_keys import SharedKeys
from bot.demo.horde.transfers import Transfer, Transfers

VERSION = "5.1.5"
KEYS_SINCE = (5, 1, 0)
"""The first version that knows of Idempotency-Key; earlier ones ignore it."""
PREFIX = "/api"

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


class HordeStandIn:
    """Answers as the Horde does.

    A test changes `accounts`, `version`, `transfer_version` (of the server that takes transfers, if
    another one) and `down` (its database is out of reach) at any time, and reads in `paid` what
    really moved. `limiter` and `cache` can forget.
    """

    def __init__(self, accounts: Iterable[Account], clock: Clock | None = None) -> None:
        clock = clock or SystemClock()
        self.accounts = Accounts(accounts)
        self.shared_keys = SharedKeys(clock)
        self.version = VERSION
        self.transfer_version: str | None = None
        self.down = False
        self.limiter = Limiter(clock)
        self.cache = Cache(clock)
        self.faults = Faults()
        self.transfers = Transfers(self.accounts, self.shared_keys, clock)

    @property
    def paid(self) -> list[Transfer]:
        """What really moved, in order."""
        return self.transfers.paid

    def fail(self, path: str, fault: Fault, times: int = 1) -> None:
        """Let the next requests to `path` and below it go wrong, such as `/v2/kudos/transfer`."""
        self.faults.plan(f"{PREFIX}{path}", fault, times)

    def app(self) -> web.Application:
        """Return the aiohttp application; the API begins at `/api`."""
        app = web.Application(middlewares=[self._answer])
        app.router.add_get(f"{PREFIX}/v2/status/heartbeat", self._heartbeat)
        app.router.add_get(f"{PREFIX}/v2/find_user", self._find_user)
        app.router.add_get(f"{PREFIX}/v2/users/{{number}}", self._user)
        app.router.add_post(f"{PREFIX}/v2/kudos/transfer", self._transfer)
        app.router.add_put(f"{PREFIX}/v2/sharedkeys", self._make_shared_key)
        shared_key = f"{PREFIX}/v2/sharedkeys/{{id}}"
        app.router.add_get(shared_key, self._shared_key)
        app.router.add_patch(shared_key, self._change_shared_key)
        app.router.add_delete(shared_key, self._delete_shared_key)
        return app

    @web.middleware
    async def _answer(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        async def carry_out() -> web.StreamResponse:
            try:
                response = await handler(request)
            except Refusal as error:
                headers = error.headers
                response = web.json_response(error.body, status=error.status, headers=headers)
            return response

        await request.read()  # now, to have it even when the client is gone
        fault = self.faults.take(request.path)
        answer = await (carry_out() if fault is None else suffer(fault, request, carry_out))
        if answer.content_type == "application/json":  # not a proxy's page
            taken = request.path.endswith("/kudos/transfer")
            answer.headers["Horde-Node"] = f"127.0.0.1:7001:{self._node(transfers=taken)}"
        return answer

    def _node(self, *, transfers: bool) -> str:
        """Return the version of the server that answers."""
        return self.transfer_version or self.version if transfers else self.version

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
        headers = self._count(request, limits.OTHERS, under="find_user")
        key = request.headers.get("apikey", "")
        if not key:
            raise refusal(401, "InvalidAPIKey", "No user matching sent API Key.")
        found = self.cache.get(("find_user", key), cache.ACCOUNT, lambda: self._whose(key))
        return web.json_response(found, headers=headers)

    def _whose(self, key: str) -> Details:
        """Return whose key it is; a shared one finds its owner."""
        shared = self.shared_keys.find(key)
        if shared is not None:
            name = "" if shared.name is None else f": {shared.name}"
            return shared.owner.details() | {
                "username": f"{shared.owner.alias} (Shared Key{name})",
            }
        account = self.accounts.by_key(key)
        if account is None:
            raise refusal(404, "UserNotFound", f"User with api_key '{key}' not found.")
        return self._own_details(account)

    async def _user(self, request: web.Request) -> web.Response:
        headers = self._count(request, limits.USERS)
        asker = self._caller(request) if "apikey" in request.headers else None
        number = request.match_info["number"]
        account = self.accounts.find(int(number)) if number.isdecimal() else None
        if account is None:
            raise refusal(404, "UserNotFound", f"User with ID '{number}' not found.")
        own = asker is account
        make = (lambda: self._own_details(account)) if own else account.details
        found = self.cache.get(("users", account.number, own), cache.ACCOUNT, make)
        return web.json_response(found, headers=headers)

    def _show_changes(self, account: Account) -> None:
        """Let what its owner changed show at once; transfers show late."""
        asked = [("users", account.number, own) for own in (False, True)]
        self.cache.drop(("find_user", account.key), *asked)

    def _own_details(self, account: Account) -> Details:
        keys = [key.id for key in self.shared_keys.of(account)]
        return account.details() | {"sharedkey_ids": keys, "vpn": False, "special": False}

    async def _transfer(self, request: web.Request) -> web.Response:
        key = request.headers.get("apikey", "")
        headers = self._count(request, limits.TRANSFERS, under=f"{key}@{request.path}")
        read_key(request)
        target, amount = await read_transfer(request)
        sender = self._caller(request)
        self.transfers.send(sender, target, amount, self._idempotency_key(request))
        return web.json_response({"transferred": float(amount)}, headers=headers)

    def _idempotency_key(self, request: web.Request) -> str | None:
        if tuple(map(int, self._node(transfers=True).split("."))) < KEYS_SINCE:
            return None
        return request.headers.get("Idempotency-Key")

    async def _make_shared_key(self, request: web.Request) -> web.Response:
        headers = self._count(request, limits.NEW_SHARED_KEYS)
        read_key(request)
        owner = self._caller(request)
        key = self.shared_keys.make(owner, await read_body(request))
        self._show_changes(owner)
        return web.json_response(key.details(), headers=headers)

    async def _shared_key(self, request: web.Request) -> web.Response:
        headers = self._count(request, limits.OTHERS, under="sharedkeys")
        found = self.cache.get(
            request.path,
            cache.SHARED_KEY,
            lambda: self.shared_keys.get(request.match_info["id"]).details(),
        )
        return web.json_response(found, headers=headers)

    async def _change_shared_key(self, request: web.Request) -> web.Response:
        headers = self._count(request, limits.OTHERS, under="sharedkeys")
        read_key(request)
        key = self.shared_keys.get(request.match_info["id"])
        self.shared_keys.change(key, self._caller(request), await read_body(request))
        return web.json_response(key.details(), headers=headers)

    async def _delete_shared_key(self, request: web.Request) -> web.Response:
        headers = self._count(request, limits.OTHERS, under="sharedkeys")
        read_key(request)
        key = self.shared_keys.get(request.match_info["id"])
        self.shared_keys.delete(key, self._caller(request))
        self._show_changes(key.owner)
        return web.json_response({"message": "OK"}, headers=headers)

    def _count(
        self, request: web.Request, rate: tuple[limits.Limit, ...], under: str | None = None
    ) -> Mapping[str, str]:
        """Count the call, by address and path if by nothing else; return the answer's headers."""
        path = under or request.path
        headers = self.limiter.hit(f"{request.remote}@{request.method}@{path}", rate)
        if self.down:
            raise Refusal(500, {"message": "Internal Server Error"})
        return headers

    def _caller(self, request: web.Request) -> Account:
        """Return whose own key was sent; a shared one will not do. Raises Refusal."""
        account = self.accounts.by_key(request.headers.get("apikey", ""))
        if account is None:
            raise refusal(401, "InvalidAPIKey", "No user matching sent API Key.")
        return account
