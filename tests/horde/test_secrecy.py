"""Some answers echo the key that was sent: it gets into no log, and into no error."""

from __future__ import annotations

import logging
import traceback
from collections.abc import Iterator

import pytest
import structlog

from bot.horde.errors import HordeError
from bot.horde.transport import MOST_BYTES
from bot.logs import configure_logs
from tests.horde.asking import key_of
from tests.horde.clients import QUICK, RESET, SILENCE, answering, http, json_of, talking_to

KEY = key_of("jury")
ECHO = f'{{"message": "User with api_key \'{KEY}\' not found.", "rc": "UserNotFound"}}'


@pytest.fixture(autouse=True)
def everything_is_logged() -> Iterator[None]:
    """Log as `jury` does, and debug lines of all libraries, too."""
    root = logging.getLogger()
    before = root.handlers[:], root.level
    configure_logs("DEBUG", "console")
    for name in ("aiohttp", "asyncio"):
        logging.getLogger(name).setLevel(logging.DEBUG)
    yield
    root.handlers[:], level = before
    root.setLevel(level)
    structlog.reset_defaults()


def everything_of(error: BaseException | None) -> Iterator[str]:
    """Give all that an error holds and drags along, shown or not."""
    seen: set[int] = set()
    waiting = [error]
    while waiting:
        each = waiting.pop()
        if each is None or id(each) in seen:
            continue
        seen.add(id(each))
        waiting += [each.__cause__, each.__context__]
        yield str(each)
        yield repr(each)
        yield repr(each.args)
        yield repr(vars(each))
        yield "".join(traceback.format_exception(each))
        held = [*each.args, *vars(each).values()]
        waiting += [value for value in held if isinstance(value, BaseException)]


@pytest.mark.parametrize(
    "answer",
    [
        json_of("404 NOT FOUND", ECHO),
        json_of("401 UNAUTHORIZED", ECHO),
        json_of("400 BAD REQUEST", ECHO),
        json_of("429 TOO MANY REQUESTS", ECHO),
        json_of("500 INTERNAL SERVER ERROR", ECHO),
        json_of("200 OK", ECHO),
        json_of("200 OK", ECHO[:-1]),
        json_of("200 OK", f'{{"username": "{KEY}", "id": 1, "sharedkey_ids": []}}'),
        json_of("200 OK", f'{{"username": "{KEY}#1", "id": "{KEY}", "sharedkey_ids": []}}'),
        json_of("200 OK", f'{{"username": "{KEY} (Shared Key: x)", "id": 1}}'),
        json_of("200 OK", f'{{"username": "j#1", "id": 1, "sharedkey_ids": [], "kudos": "{KEY}"}}'),
        json_of("200 OK", f'{{"transferred": "{KEY}"}}'),
        json_of("400 BAD REQUEST", f'{{"message": "", "rc": "-{KEY}"}}'),
        http("502 BAD GATEWAY", f"<html>{KEY}</html>"),
        http("302 FOUND", "", f"Location: /{KEY}"),
        http(f"200 {KEY}", ECHO),
        http("200 OK", KEY + " " * MOST_BYTES),
        f"HTTP/1.1 {KEY}\r\n\r\n".encode(),
        f"{KEY}\r\n\r\n".encode(),
        f"HTTP/1.1 200 OK\r\n{KEY}\r\n\r\n".encode(),
        f"HTTP/1.1 200 OK\r\nContent-Length: {KEY}\r\n\r\n".encode(),
        f"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n{KEY}\r\n".encode(),
        f"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n{KEY}".encode(),
        f"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 22\r\n\r\n{KEY}".encode(),
        RESET,
        SILENCE,
    ],
)
async def test_the_key_is_in_no_log_and_in_no_error(
    answer: bytes, caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]
) -> None:
    async with answering(answer) as server, talking_to(server.url, timeouts=QUICK) as client:
        for call in (client.own_account(), client.transfer(2, 10, "key")):
            with pytest.raises(HordeError) as raised:
                await call
            logging.getLogger(__name__).error("a log line of it", exc_info=raised.value)
            structlog.get_logger().error("and another", error=str(raised.value))
            assert KEY not in "".join(everything_of(raised.value))
        assert KEY not in repr(vars(client))
    assert any(KEY.encode() in request for request in server.requests), "it was sent"
    logged = capfd.readouterr()
    assert "a log line of it" in logged.err + caplog.text
    assert KEY not in logged.out + logged.err + caplog.text
    assert KEY not in repr([vars(record) for record in caplog.records])
