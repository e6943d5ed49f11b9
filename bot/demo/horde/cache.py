"""Answers that are remembered for a while, so that a change shows late."""

from __future__ import annotations

from collections.abc import Callable, Hashable
from datetime import datetime, timedelta

from bot.clock import Clock

Details = dict[str, object]
ACCOUNT = timedelta(seconds=30)
SHARED_KEY = timedelta(seconds=60)


class Cache:
    """Remembers successful answers; refusals are made anew each time."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._kept: dict[Hashable, tuple[datetime, Details]] = {}

    def get(self, asked: Hashable, keep: timedelta, make: Callable[[], Details]) -> Details:
        """Return what was answered to `asked` less than `keep` ago, else make an answer."""
        now = self._clock.now()
        made, answer = self._kept.get(asked, (None, {}))
        if made is None or now - made >= keep:
            answer = make()
            self._kept[asked] = now, answer
        return answer

    def drop(self, *asked: Hashable) -> None:
        """Answer these anew."""
        for each in asked:
            self._kept.pop(each, None)

    def forget(self) -> None:
        """Answer everything anew."""
        self._kept.clear()
