from __future__ import annotations

from ipaddress import IPv4Address, IPv6Address, ip_address

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.datasets.fetching.addresses import Destinations, is_public
from bot.datasets.fetching.faults import FetchFailedError
from bot.datasets.fetching.links import read_link

V4 = st.integers(0, 2**32 - 1).map(IPv4Address)
V6 = st.integers(0, 2**128 - 1).map(IPv6Address)


@pytest.mark.parametrize(
    "text",
    ["1.1.1.1", "93.184.216.34", "2606:4700::1111", "::ffff:8.8.8.8", "64:ff9b::8.8.8.8",
     "2002:808:808::1"],
)  # fmt: skip
def test_the_world_is_public(text: str) -> None:
    assert is_public(ip_address(text))


@pytest.mark.parametrize(
    "text",
    [
        "0.0.0.0",  # noqa: S104 - nothing is bound
        "0.1.2.3", "10.0.0.1", "100.64.0.1", "127.0.0.1", "127.8.9.1",
        "169.254.169.254", "172.16.0.1", "168.63.129.16", "192.0.0.8", "192.0.0.192", "192.0.2.1",
        "192.88.99.1", "192.168.1.1",
        "198.18.0.1", "198.51.100.1", "203.0.113.1", "224.0.0.1", "239.1.1.1", "240.0.0.1",
        "255.255.255.255",
        "::", "::1", "::127.0.0.1", "::8.8.8.8", "fe80::1", "fe80::1%2", "fec0::1", "fc00::1",
        "fd12::1", "ff02::1", "ff0e::1", "2001:db8::1", "3fff::1", "100::1", "4000::1", "5f00::1",
        "::ffff:127.0.0.1", "::ffff:10.0.0.1", "::ffff:0:127.0.0.1",
        "64:ff9b::127.0.0.1", "64:ff9b::10.1.1.1", "64:ff9b:1::808:808",
        "2002:7f00:1::", "2002:a00:1::1", "2002:c0a8:101::1",
        "2001:0:7f00:1::1", "2001:0:808:808::f5ff:fffe",
    ],
)  # fmt: skip
def test_everything_else_is_not(text: str) -> None:
    assert not is_public(ip_address(text))


@given(V4)
def test_what_carries_an_address_is_as_public_as_that(carried: IPv4Address) -> None:
    number = int(carried)
    for carrier in (
        IPv6Address((0xFFFF << 32) | number),
        IPv6Address((0x64FF9B << 96) | number),
        IPv6Address((0x2002 << 112) | (number << 80)),
    ):
        assert is_public(carrier) == is_public(carried)


@given(st.one_of(V4, V6))
def test_a_public_address_is_a_global_one(address: IPv4Address | IPv6Address) -> None:
    if is_public(address):
        assert address.is_global
        assert not any(
            (address.is_private, address.is_loopback, address.is_link_local, address.is_multicast)
        )


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("http://example.com/a.png", "http://example.com/a.png"),
        (" HTTPS://Example.COM:443/a b.png\n", "https://example.com/a%20b.png"),
        ("http://example.com:443/", "http://example.com:443/"),
        ("https://example.com:80/", "https://example.com:80/"),
        ("http://example.com./a", "http://example.com./a"),
        ("http://under_score.example.com/", "http://under_score.example.com/"),
        ("http://ex\u00e4mple.com/", "http://xn--exmple-cua.com/"),
        ("http://1.1.1.1/", "http://1.1.1.1/"),
        ("http://[2606:4700::1111]/", "http://[2606:4700::1111]/"),
        ("http://localhost/", "http://localhost/"),  # its addresses will be refused
    ],
)
def test_links_that_may_be_tried(text: str, shown: str) -> None:
    link = read_link(text, Destinations())
    assert str(link.with_host(link.raw_host or "")) == shown


@pytest.mark.parametrize(
    "text",
    [
        "", " ", "a.png", "//example.com/a", "data:image/png;base64,AAAA", "file:///etc/passwd",
        "ftp://example.com/", "gopher://example.com/", "javascript:alert(1)", "http:example.com",
        "http:///etc/passwd", "http://user@example.com/", "http://user:pass@example.com/",
        "http://:pass@example.com/", "http://example.com:22/", "http://example.com:8080/",
        "http://example.com:0/", "http://example.com:99999/", "http://example.com:80:80/",
        "http://[::1", "http://exa mple.com/", "http://a..b/", "http://.example.com/",
        "http://example.com\\@127.0.0.1/", "http://exa\x00mple.com/",
        "http://" + "a" * 64 + ".com/", "http://example.com/" + "a" * 9000,
    ],
)  # fmt: skip
def test_links_that_are_no_use(text: str) -> None:
    with pytest.raises(FetchFailedError) as raised:
        read_link(text, Destinations())
    assert raised.value.fault == "wrong_link"


@pytest.mark.parametrize(
    "host",
    [
        "127.0.0.1", "127.1", "127.0.1", "2130706433", "0x7f000001", "0x7f.1", "0X7F.0.0.1",
        "0177.0.0.1", "017700000001", "127.0.0.1.", "0x7f.1.", "127.0.0.01", "1.1.1.1.", "0",
        "169.254.169.254", "10.0.0.1", "192.168.0.1", "[::1]", "[::]", "[::ffff:127.0.0.1]",
        "[::ffff:7f00:1]", "[fe80::1%25eth0]", "[64:ff9b::10.0.0.1]", "[2002:7f00:1::]",
        "\uff11\uff12\uff17.0.0.1", "\u2460\u2461\u2466.0.0.1", "127\u30020\u30020\u30021",
        "%31%32%37.0.0.1", "999.1.1.1", "1.2.3.4.5", "example.0x7f",
    ],
)  # fmt: skip
def test_addresses_in_any_spelling_are_refused(host: str) -> None:
    with pytest.raises(FetchFailedError) as raised:
        read_link(f"http://{host}/", Destinations())
    assert raised.value.fault == "refused_address"


@given(st.text())
def test_any_text_is_a_link_or_refused(text: str) -> None:
    for tried in (text, f"http://{text}", f"http://{text}@127.0.0.1/", f"http://127.0.0.1{text}"):
        try:
            link = read_link(tried, Destinations())
        except FetchFailedError:
            continue
        assert link.scheme in {"http", "https"}
        assert link.port in {80, 443}
        assert link.raw_host != "127.0.0.1"
