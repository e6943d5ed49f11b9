"""Whether a site lets us fetch a link: its robots.txt, asked for once as long as it is kept."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Final

from yarl import URL

from bot.datasets.fetching.faults import FOR_NOW, SILENT, FetchFailedError, FetchFault
from bot.datasets.fetching.robots import Rules, read_rules

MOST_SITES: Final = 4096
MOST_CHARACTERS: Final = 2**25
"""What is kept of the rules of all sites; the longest unused are asked for again."""

_NOTHING: Final = Rules((("/", False),))
# RFC 9309, 2.3.1.4: a site that fails lets nothing be fetched; what there is not forbids nothing.
_FAILED: Final = frozenset({FetchFault.SERVER_FAULT, FetchFault.BAD_ANSWER})


@dataclass(slots=True)
class _Site:
    asking: asyncio.Lock = field(default_factory=asyncio.Lock)
    rules: Rules | None = None


class Permissions:
    """The rules of sites, which `ask` fetches. Belongs to one event loop."""

    def __init__(self, ask: Callable[[URL], Awaitable[bytes]]) -> None:
        self._ask = ask
        self._sites: dict[URL, _Site] = {}
        self._characters = 0

    async def check(self, link: URL) -> None:
        """Raise FetchFailedError where the site does not let us fetch a link.

        DISALLOWED where its rules say so, RULES_UNKNOWN where it fails to say them, and as for any
        link where it says nothing: then it is asked again for the next one. `heard` says whether
        the rules were asked for just now, and not remembered.
        """
        origin = link.origin()
        site = self._sites.pop(origin, None) or _Site()
        self._sites[origin] = site  # at the end: what was used last is forgotten last
        async with site.asking:
            heard = site.rules is None
            if site.rules is None:
                site.rules = await self._rules(origin)
                self._keep(origin, site)
        if site.rules is _NOTHING:
            text = "the server fails at robots.txt"
            raise FetchFailedError(FetchFault.RULES_UNKNOWN, text, heard=heard)
        if not site.rules.allow(link.raw_path_qs):
            text = "robots.txt does not allow it"
            raise FetchFailedError(FetchFault.DISALLOWED, text, heard=heard)

    async def _rules(self, origin: URL) -> Rules:
        try:
            return read_rules(await self._ask(origin / "robots.txt"))
        except FetchFailedError as error:
            if error.fault in SILENT | FOR_NOW:
                raise
            return _NOTHING if error.fault in _FAILED else Rules()

    def _keep(self, origin: URL, site: _Site) -> None:
        """Count what the rules of a site take; forget the longest unused where it is too much."""
        if self._sites.get(origin) is site:  # not forgotten while it was asked
            self._characters += len(site.rules or ())
        while self._sites and (len(self._sites) > MOST_SITES or self._characters > MOST_CHARACTERS):
            unused = self._sites.pop(next(iter(self._sites)))
            self._characters -= len(unused.rules or ())
