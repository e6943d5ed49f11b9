"""How long nothing could be sent although somebody is due, for operators to be told once."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final

LONGEST_QUIET: Final = timedelta(minutes=70)
"""Longer than the Horde's hourly limit alone ever takes."""


class Quiet:
    """The time since something was sent, or nothing had to be."""

    def __init__(self) -> None:
        self._since: datetime | None = None
        self._told = False

    def end(self, now: datetime) -> None:
        """Begin anew: something was sent, nobody is due, or operators know why not."""
        self._since = now
        self._told = False

    def is_long(self, now: datetime) -> bool:
        """Tell whether operators should be told; a moment to come is of a clock set back."""
        if self._since is None or self._since > now:
            self._since = now
        return not self._told and now - self._since > LONGEST_QUIET

    def tell(self) -> None:
        """Note that they are."""
        self._told = True
