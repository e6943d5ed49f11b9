"""The Horde's limits of transfers from one account: 1 a second and 90 an hour.

AI Horde, `horde/apis/v2/base.py`: fixed windows that begin with the first call; calls that fail
count, too. Whoever stays within the limits in every window of that length meets none of them,
wherever the server's windows begin.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from typing import Final

from bot.clock import Clock
from bot.horde import headers as reading
from bot.horde.headers import LONGEST_PAUSE, Window

HOUR: Final = timedelta(hours=1)
SECOND: Final = timedelta(seconds=1)
MARGIN: Final = timedelta(milliseconds=50)
"""Added to both windows, for clocks that do not run alike."""
TRANSFERS_AN_HOUR: Final = 90
MOST_AN_HOUR: Final = 600
"""No limit above it is believed."""


class TransferPace:
    """When the next transfer may start, for all senders of the process."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._limit = TRANSFERS_AN_HOUR
        # Ascending; of each transfer the last moment at which it may have reached the server.
        self._counted: deque[datetime] = deque(maxlen=MOST_AN_HOUR)
        self._window: Window | None = None
        self._blocked_until: datetime | None = None
        self._line = asyncio.Lock()

    def remember(self, moments: Iterable[datetime]) -> None:
        """Count transfers that were sent before this process started, in any order."""
        self._counted = deque(sorted([*self._counted, *moments]), maxlen=MOST_AN_HOUR)

    def next_turn(self) -> datetime:
        """Return when the next transfer may start: now, or later."""
        now = self._clock.now()
        self._distrust_the_future(now)
        turns = [now]
        if self._counted:
            turns.append(self._counted[-1] + SECOND + MARGIN)
        if len(self._counted) >= self._limit:
            turns.append(self._counted[-self._limit] + HOUR + MARGIN)
        if self._window is not None and self._window.left < 1:
            turns.append(self._window.ends)
        if self._blocked_until is not None:
            turns.append(self._blocked_until)
        return max(turns)

    async def turn(self) -> None:
        """Wait until a transfer may start, and count it as started; first come, first served."""
        async with self._line:
            while (wait := (self.next_turn() - self._clock.now()).total_seconds()) > 0:
                await self._clock.sleep(wait)
            self._counted.append(self._clock.now())
            if self._window is not None:
                left = self._window.left - 1
                self._window = Window(self._window.limit, left, self._window.ends)

    def finished(self) -> None:
        """Count the latest transfer from now on: it may have been on its way until its answer came.

        Else two that start a second apart could arrive closer to each other than that.
        """
        if self._counted:
            self._counted[-1] = max(self._counted[-1], self._clock.now())

    def learn(self, headers: Mapping[str, str]) -> None:
        """Take from an answer to a transfer what the server says of its limits.

        The Horde describes the smallest window, or the one that refused. That of one call is the
        second, which the pace keeps by itself; every other one is taken for the hour.
        """
        window = reading.window(headers, self._clock.now())
        if window is not None and window.limit > 1:
            self._limit = min(window.limit, MOST_AN_HOUR)
            self._window = window

    def not_before(self, moment: datetime) -> None:
        """Start nothing before `moment`; at most LONGEST_PAUSE from now."""
        self._blocked_until = max(moment, self._blocked_until or moment)

    def _distrust_the_future(self, now: datetime) -> None:
        """Let no moment block for longer than it could when it was noted: clocks are set back."""
        if self._counted and self._counted[-1] > now:
            counted = (min(moment, now) for moment in self._counted)
            self._counted = deque(counted, maxlen=MOST_AN_HOUR)
        if self._blocked_until is not None:
            self._blocked_until = min(self._blocked_until, now + LONGEST_PAUSE)
        if self._window is not None and not now < self._window.ends <= now + LONGEST_PAUSE:
            self._window = None
