"""Rate limits: fixed windows that begin with the first call, as flask-limiter counts them."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from bot.clock import Clock
from bot.demo.horde.errors import Refusal


@dataclass(frozen=True, slots=True)
class Limit:
    """So many calls in a window of `seconds`; `text` is what the Horde says beyond it."""

    count: int
    seconds: int
    text: str


TRANSFERS = (Limit(1, 1, "1 per 1 second"), Limit(90, 3600, "90 per 1 hour"))
USERS = (Limit(60, 60, "60 per 1 minute"),)
NEW_SHARED_KEYS = (Limit(5, 60, "5 per 1 minute"),)
OTHERS = (Limit(90, 60, "90 per 1 minute"),)


@dataclass(slots=True)
class _Window:
    ends: datetime
    calls: int = 0


class Limiter:
    """Counts calls by what they are counted under."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._windows: dict[tuple[str, Limit], _Window] = {}

    def hit(self, who: str, limits: Sequence[Limit]) -> dict[str, str]:
        """Count a call and return the headers of its answer; raises Refusal with 429.

        The shortest window is asked first. A call that it refuses does not count in the others; one
        that comes through counts whatever becomes of it. The headers tell of the smallest limit, or
        of the one that refuses.
        """
        now = self._clock.now()
        shown: dict[str, str] = {}
        for limit in limits:
            window = self._windows.get((who, limit))
            if window is None or window.ends <= now:
                window = _Window(now + timedelta(seconds=limit.seconds))
                self._windows[who, limit] = window
            window.calls += 1
            refused = window.calls > limit.count
            if refused or not shown:
                shown = _headers(limit, window, now)
            if refused:
                raise Refusal(429, {"message": limit.text}, shown)
        return shown

    def forget(self) -> None:
        """Begin all windows anew."""
        self._windows.clear()


def _headers(limit: Limit, window: _Window, now: datetime) -> dict[str, str]:
    return {
        "X-Ratelimit-Limit": str(limit.count),
        "X-Ratelimit-Remaining": str(max(0, limit.count - window.calls)),
        "X-Ratelimit-Reset": str(math.ceil(window.ends.timestamp())),
        "Retry-After": str(math.ceil((window.ends - now).total_seconds())),
    }
