"""Whether a link may be followed at all, as far as its spelling tells."""

from __future__ import annotations

import re
from ipaddress import AddressValueError, IPv4Address, IPv6Address
from typing import Final

from yarl import URL

from bot.datasets.fetching.addresses import Address, Destinations
from bot.datasets.fetching.faults import FetchFailedError, FetchFault

LONGEST: Final = 8192
"""Characters; servers take no longer request lines."""
_SCHEMES: Final = frozenset({"http", "https"})
_NAME = re.compile(r"(?!-)[a-z0-9_-]{1,63}(\.[a-z0-9_-]{1,63})*\.?", re.IGNORECASE)
# https://url.spec.whatwg.org/#ends-in-a-number-checker: a host whose last label is a number is an
# IPv4 address, however it is spelled: the C library takes 0x7f.1, 0177.0.0.1 and 2130706433.
_ENDS_IN_A_NUMBER = re.compile(r"(.*\.)?(\d+|0x[0-9a-f]*)\.?", re.IGNORECASE | re.DOTALL)


def read_link(text: str, destinations: Destinations) -> URL:
    """Return the very address to ask for: http or https, no credentials, an allowed port.

    A host that is an address is written in its plain form and is allowed; names are left to be
    looked up. Raises FetchFailedError: WRONG_LINK, REFUSED_ADDRESS.
    """
    if len(text) > LONGEST:
        raise _wrong("too long")
    try:
        link = URL(text.strip())
    except ValueError as error:
        raise _wrong(str(error)) from error
    return check_link(link, destinations)


def check_link(link: URL, destinations: Destinations) -> URL:
    """Return a link that may be followed; see `read_link`."""
    if link.scheme not in _SCHEMES or not link.raw_host:
        raise _wrong("only http and https are fetched")
    if link.raw_user is not None or link.raw_password is not None:
        raise _wrong("it has a name or password")
    if link.port not in destinations.ports:
        raise _wrong(f"port {link.port} is not fetched from")
    address = _address(link.raw_host)
    if address is not None and not destinations.allow(address):
        raise FetchFailedError(FetchFault.REFUSED_ADDRESS, f"{address} is not public")
    return link


def _address(host: str) -> Address | None:
    """Return the address that a host is, None for a name."""
    try:
        if ":" in host:
            return IPv6Address(host)
        if _ENDS_IN_A_NUMBER.fullmatch(host):
            return IPv4Address(host)
    except AddressValueError as error:
        raise FetchFailedError(
            FetchFault.REFUSED_ADDRESS, f"{host} is an address in an odd spelling"
        ) from error
    if not _NAME.fullmatch(host):
        raise _wrong("its host is no name")
    return None


def _wrong(text: str) -> FetchFailedError:
    return FetchFailedError(FetchFault.WRONG_LINK, f"the link cannot be used: {text}")
