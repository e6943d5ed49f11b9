"""Requests, read as the Horde reads them: it takes more than it says."""

from __future__ import annotations

import json

from aiohttp import web

from bot.demo.horde.errors import misshapen, refusal

DEFAULT_AMOUNT = 100


async def read_body(request: web.Request) -> dict[str, object]:
    """Return the JSON object of a request; without the right type or form there is none."""
    if request.content_type != "application/json":
        return {}
    try:
        body = json.loads(await request.text())
    except ValueError:
        return {}
    return body if isinstance(body, dict) else {}


def read_key(request: web.Request) -> str:
    """Return the key of a request that needs one; raises Refusal."""
    if "apikey" not in request.headers:
        raise misshapen(apikey="Missing required parameter in the HTTP headers")
    return request.headers["apikey"]


async def read_transfer(request: web.Request) -> tuple[str, int]:
    """Return payee and amount: fractions are cut off, and where none is named it is 100."""
    body = await read_body(request)
    if body.get("username") is None:
        raise misshapen(username="Missing required parameter in the JSON body")
    target = str(body["username"])
    amount = body.get("amount", DEFAULT_AMOUNT)
    if not isinstance(amount, int | float | str):
        raise misshapen(amount="int() argument must be a string or a number")
    try:
        whole = int(amount)
    except (ValueError, OverflowError) as error:
        raise misshapen(amount=str(error)) from error
    if "\0" in target:
        raise refusal(400, "NulByteInPayload", "A NUL byte is in the payload.")
    return target, whole
