"""What keeps a channel from being served, and how long it is left alone for that."""

from __future__ import annotations

from collections.abc import Awaitable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

import aiohttp
import discord
import structlog

from bot.clock import Clock
from bot.services import Services
from storage import channels
from storage.errors import StorageError

FIRST_RETRY: Final = timedelta(seconds=30)
LAST_RETRY: Final = timedelta(hours=1)
"""How long a channel with a problem is left alone; doubled each time."""

UNREACHABLE: Final = (discord.HTTPException, aiohttp.ClientError, TimeoutError)
"""What discord.py raises where Discord refuses, fails or does not answer."""


_log = structlog.get_logger()


class ChannelProblemError(Exception):
    """A channel cannot be served now; `problem` is the last part of a key `problem.<...>`."""

    def __init__(self, problem: str) -> None:
        super().__init__(problem)
        self.problem = problem


class GoneError(ChannelProblemError):
    """Discord knows the channel or the message no more."""

    def __init__(self) -> None:
        super().__init__("no_channel")


class RefusedError(ChannelProblemError):
    """The bot may not do that in the channel; nothing was done."""

    def __init__(self) -> None:
        super().__init__("no_permission")


@contextmanager
def reaching(channel_id: int) -> Iterator[None]:
    """Turn what Discord refuses into a problem of the channel."""
    try:
        yield
    except discord.Forbidden as error:
        raise RefusedError from error
    except discord.NotFound as error:
        raise GoneError from error
    except UNREACHABLE as error:
        _log.warning("discord_refused", channel=channel_id, reason=str(error))
        raise ChannelProblemError("discord_error") from error


@dataclass(frozen=True, slots=True)
class _Pause:
    failures: int
    until: datetime


class Pauses:
    """Channels that one kind of work leaves alone for a while, ever longer."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._pauses: dict[int, _Pause] = {}

    def __contains__(self, channel_id: int) -> bool:
        """Whether the last work on the channel failed, even if it may be tried again by now."""
        return channel_id in self._pauses

    def holds(self, channel_id: int) -> bool:
        """Tell whether the channel is to be left alone now."""
        pause = self._pauses.get(channel_id)
        return pause is not None and self._clock.now() < pause.until

    def lengthen(self, channel_id: int) -> None:
        """Leave the channel alone, twice as long as the last time."""
        last = self._pauses.get(channel_id)
        failures = last.failures + 1 if last else 0
        delay = min(LAST_RETRY, FIRST_RETRY * 2 ** min(failures, 10))
        self._pauses[channel_id] = _Pause(failures, self._clock.now() + delay)

    def end(self, channel_id: int) -> None:
        """Forget that anything failed there."""
        self._pauses.pop(channel_id, None)

    def ends(self) -> list[datetime]:
        """Return the moments to come at which a pause ends."""
        now = self._clock.now()
        return [pause.until for pause in self._pauses.values() if pause.until > now]


class ChannelProblems:
    """Keeps problems where `/jury status` shows them; closing waits for no problem of filling."""

    def __init__(self, services: Services) -> None:
        self._services = services
        self.filling = Pauses(services.clock)
        self.closing = Pauses(services.clock)

    def forget(self, channel_id: int) -> None:
        """Have the channel tried again whatever was wrong with it."""
        self.filling.end(channel_id)
        self.closing.end(channel_id)

    async def attempt(self, channel_id: int, step: Awaitable[None], pauses: Pauses) -> None:
        """Do one step of work in a channel; no failure there is felt in another channel."""
        try:
            await step
        except ChannelProblemError as error:
            await self._failed(channel_id, error.problem, pauses)
        except Exception:  # noqa: BLE001 - the edge of a worker, for each channel on its own
            _log.exception("channel_failed", channel=channel_id)
            await self._failed(channel_id, "internal_error", pauses)

    async def _failed(self, channel_id: int, problem: str, pauses: Pauses) -> None:
        pauses.lengthen(channel_id)
        await self.note(channel_id, problem)

    async def note(self, channel_id: int, problem: str | None) -> None:
        """Keep what is wrong, None for nothing any more; operators hear of what is new."""
        now = self._services.clock.now()
        write = self._services.database.write
        try:
            news = await write(lambda c: channels.set_problem(c, channel_id, problem, now))
        except StorageError as error:
            _log.warning("problem_not_kept", channel=channel_id, reason=str(error))
            return
        if news:
            _log.warning("channel_problem", channel=channel_id, problem=problem)
        if news and problem is not None:
            await self._services.alerts.notice("channel_problem", channel=channel_id)
