"""Why a link gave no picture."""

from __future__ import annotations

from enum import StrEnum
from typing import Final

from bot.errors import JuryError


class FetchFault(StrEnum):
    """What stood between a link and its bytes; `TOO_MANY_BYTES` is `Fault`'s of the same name."""

    WRONG_LINK = "wrong_link"
    REFUSED_ADDRESS = "refused_address"
    UNKNOWN_HOST = "unknown_host"
    UNREACHABLE = "unreachable"
    TOO_SLOW = "too_slow"
    BAD_ANSWER = "bad_answer"
    NOT_FOUND = "not_found"
    SERVER_FAULT = "server_fault"
    TOO_MANY_REDIRECTS = "too_many_redirects"
    TOO_MANY_BYTES = "too_many_bytes"
    WRONG_TYPE = "wrong_type"
    OPTED_OUT = "opted_out"
    DISALLOWED = "disallowed"
    RULES_UNKNOWN = "rules_unknown"
    BUSY = "busy"
    GIVEN_UP = "given_up"


SILENT: Final = frozenset({FetchFault.UNKNOWN_HOST, FetchFault.UNREACHABLE, FetchFault.TOO_SLOW})
"""Faults of servers that say nothing."""
NOT_ONLINE: Final = SILENT | {FetchFault.REFUSED_ADDRESS}
"""Faults that every link has where this machine is not online, or behind a page to log in at."""
UNHEARD: Final = NOT_ONLINE | {
    FetchFault.WRONG_LINK,
    FetchFault.GIVEN_UP,
    FetchFault.DISALLOWED,
    FetchFault.RULES_UNKNOWN,
}
"""Faults that do not say by themselves whether anybody answered: rules may be remembered ones."""
FOR_NOW: Final = frozenset({FetchFault.BUSY, FetchFault.GIVEN_UP, FetchFault.RULES_UNKNOWN})
"""Faults that hold for now, so that whoever wants the link asks again later."""


class FetchFailedError(JuryError):
    """A link was not fetched; `fault` says why in one word.

    `wait`: for BUSY the seconds for which the server asked to be left alone. `heard`: for a fault
    of UNHEARD whether the server has said so just now.
    """

    def __init__(
        self, fault: FetchFault, text: str, wait: float = 0.0, *, heard: bool = False
    ) -> None:
        super().__init__(text)
        self.fault = fault
        self.wait = wait
        self.heard = heard


class AddressRefusedError(OSError):
    """A name or an address leads where no fetch may go.

    An OSError, since aiohttp and its connecting take nothing else for a connection that failed.
    """
