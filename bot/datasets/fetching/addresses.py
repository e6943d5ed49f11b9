"""Which addresses belong to the world, and not to this machine or the network around it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network
from typing import Final

Address = IPv4Address | IPv6Address

# https://www.iana.org/assignments/ipv6-address-space: what is routed is in it, and all else that
# Python's versions may call global (site-local, IPv4-compatible, reserved) is not.
_UNICAST: Final = IPv6Network("2000::/3")
_DOCUMENTATION: Final = IPv6Network("3fff::/20")
"""RFC 9637, younger than the lists of Python 3.11."""
_LOCAL: Final = (
    # The IETF's own, of which Python's versions know different parts.
    IPv4Network("192.0.0.0/24"),
    # The nearest 6to4 relay, perhaps of the network around: given up by RFC 7526.
    IPv4Network("192.88.99.0/24"),
    # What tells machines of Azure about themselves:
    # https://learn.microsoft.com/azure/virtual-network/what-is-ip-address-168-63-129-16
    IPv4Network("168.63.129.16/32"),
)
_NAT64: Final = IPv6Network("64:ff9b::/96")
"""RFC 6052: the last four bytes are the IPv4 address that a translator goes on to."""


def is_public(address: Address) -> bool:
    """Tell whether an address is global; one that carries others is so where they all are.

    Carried are IPv4 addresses in those of IPv4-mapped, 6to4, Teredo and NAT64 form.
    """
    if isinstance(address, IPv4Address):
        local = any(address in network for network in _LOCAL)
        return address.is_global and not address.is_multicast and not local
    if carried := _carried(address):
        return all(is_public(each) for each in carried)
    return address.is_global and address in _UNICAST and address not in _DOCUMENTATION


def _carried(address: IPv6Address) -> tuple[IPv4Address, ...]:
    if address.ipv4_mapped is not None:
        return (address.ipv4_mapped,)
    if address.sixtofour is not None:
        return (address.sixtofour,)
    if address.teredo is not None:
        return address.teredo
    if address in _NAT64:
        return (IPv4Address(address.packed[-4:]),)
    return ()


@dataclass(frozen=True, slots=True)
class Destinations:
    """Where fetches may go: the ports, and a check of each address before a connection is made."""

    ports: frozenset[int] = frozenset({80, 443})
    allow: Callable[[Address], bool] = is_public
