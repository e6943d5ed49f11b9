"""Whether links are dead, or it is this machine that is not online."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from yarl import URL

from bot.datasets.fetching import faults
from bot.datasets.imports.laion.gathering import Outcome
from bot.datasets.imports.summary import Reason

NOT_ONLINE: Final = frozenset(map(Reason, faults.NOT_ONLINE))
UNHEARD: Final = frozenset(map(Reason, faults.UNHEARD))
FOR_NOW: Final = frozenset(map(Reason, faults.FOR_NOW))

Dead = tuple[str, Reason]


class Silence:
    """Links of whose servers none has said a word, since the last word of any."""

    def __init__(self) -> None:
        self._silent: list[Dead] = []
        self._servers: set[str | None] = set()
        self._heard = False

    @property
    def servers(self) -> int:
        """How many servers in a row have said nothing."""
        return len(self._servers)

    def judge(self, outcomes: Sequence[Outcome]) -> list[Dead]:
        """Take outcomes in their order; return the links that are known to be dead by now."""
        dead: list[Dead] = []
        for outcome in outcomes:
            if outcome.heard or outcome.result not in UNHEARD:
                self._heard = True
                dead += self._silent
                self._silent.clear()
                self._servers.clear()
            if outcome.result in NOT_ONLINE:
                self._silent.append((outcome.url, Reason(outcome.result)))
                # `host` would decode a name, which fails where it is none that can be: xn--
                self._servers.add(URL(outcome.url).raw_host)
            elif isinstance(outcome.result, Reason) and outcome.result not in FOR_NOW:
                dead.append((outcome.url, outcome.result))
        return dead

    def rest(self) -> list[Dead]:
        """Return the links that said nothing at the end, if anybody did before."""
        return self._silent if self._heard else []
