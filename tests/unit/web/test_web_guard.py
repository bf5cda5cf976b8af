"""Addresses that may not be connected to, in every way of writing them."""

from __future__ import annotations

import time

import pytest

from mv2.errors import FetchError
from mv2.web.guard import checked_addresses, literal_address, parse_url, refused_because
from mv2.web.model import FetchOptions

ANY = FetchOptions()


@pytest.mark.parametrize(
    "address",
    [
        "0.0.0.0",
        "10.1.2.3",
        "100.64.0.1",
        "100.100.100.200",
        "127.0.0.1",
        "127.255.255.254",
        "168.63.129.16",
        "169.254.169.254",
        "172.16.0.1",
        "172.31.255.255",
        "192.0.0.192",
        "192.168.1.1",
        "198.18.0.1",
        "224.0.0.1",
        "239.255.255.255",
        "240.0.0.1",
        "255.255.255.255",
        "::",
        "::1",
        "::7f00:1",
        "::ffff:127.0.0.1",
        "::ffff:8.8.8.8",
        "64:ff9b::7f00:1",
        "64:ff9b::a9fe:a9fe",
        "64:ff9b:1::1",
        "2001:0:53aa:64c::1",
        "2001:db8::1",
        "2002:7f00:1::1",
        "2002:808:808::1",
        "fc00::1",
        "fd00:ec2::254",
        "fe80::1",
        "fe80::1%eth0",
        "fec0::1",
        "ff02::1",
        "4000::1",
    ],
)
def test_addresses_that_are_not_public_are_refused(address: str) -> None:
    found = literal_address(address)
    assert found is not None
    assert refused_because(found) is not None


@pytest.mark.parametrize(
    "address",
    [
        "8.8.8.8",
        "1.1.1.1",
        "172.32.0.1",
        "100.128.0.1",
        "2606:4700::1111",
        "2a00:1450::1",
        "64:ff9b::808:808",
    ],
)
def test_public_addresses_are_not(address: str) -> None:
    found = literal_address(address)
    assert found is not None
    assert refused_because(found) is None


@pytest.mark.parametrize(
    "url",
    [
        "http://127.0.0.1/",
        "http://127.1/",
        "http://2130706433/",
        "http://0x7f000001/",
        "http://0x7f.0.0.1/",
        "http://0177.0.0.1/",
        "http://017700000001/",
        "http://[::1]/",
        "http://[::ffff:127.0.0.1]/",
        "http://[::ffff:7f00:1]/",
        "http://169.254.169.254/latest/meta-data/",
        "http://127.0.0.1./",
        "http://①②⑦.0.0.1/",
        "http://127。0。0。1/",
    ],
)
def test_no_way_of_writing_an_address_gets_past(url: str) -> None:
    """Also names that are not understood here must not reach the system's own look-up unchecked."""
    with pytest.raises(FetchError):
        look_up_url(url)


def look_up_url(url: str) -> None:
    target = parse_url(url, ANY)
    checked_addresses(
        target.host, target.port, ANY, lambda host, port: ["127.0.0.1"], seconds=5, url=target.url
    )


@pytest.mark.parametrize(
    ("url", "reason"),
    [
        ("ftp://example.org/", "only http and https"),
        ("file:///etc/passwd", "only http and https"),
        ("gopher://example.org/", "only http and https"),
        ("example.org/page", "only http and https"),
        ("http://user:secret@example.org/", "user name or password"),
        ("http://user@example.org/", "user name or password"),
        ("http://example.org:22/", "port 22"),
        ("http://example.org:0/", "port 0"),
        ("http://example.org:99999/", "not a valid URL"),
        ("http:///path", "no host"),
        ("http://exa mple.org/", "not a valid URL"),
        ("http://example.org/" + "a" * 10_000, "characters"),
        ("", "only http and https"),
    ],
)
def test_urls_that_are_refused(url: str, reason: str) -> None:
    with pytest.raises(FetchError, match=reason):
        parse_url(url, ANY)


def test_a_secret_in_a_url_is_not_repeated() -> None:
    with pytest.raises(FetchError) as caught:
        parse_url("http://user:secret@example.org/", ANY)
    assert "secret" not in str(caught.value)


def test_a_url_in_parts() -> None:
    target = parse_url("HTTPS://Bücher.Example/ä?q=1#part", ANY)
    assert (target.scheme, target.host, target.port) == ("https", "xn--bcher-kva.example", 443)
    assert target.path == b"/%C3%A4?q=1"
    assert target.origin == "https://xn--bcher-kva.example"
    assert "#" not in target.url
    assert parse_url("../x", ANY, base="http://example.org/a/b").url == "http://example.org/x"


def test_other_ports_only_when_they_are_named() -> None:
    target = parse_url("http://example.org:8080/", FetchOptions(allow_ports=(8080,)))
    assert (target.port, target.authority) == (8080, b"example.org:8080")


def look_up(*addresses: str) -> list[str]:
    return checked_addresses(
        "site.example", 80, ANY, lambda host, port: addresses, seconds=5, url="http://site.example/"
    )


def test_one_private_address_among_public_ones_refuses_the_host() -> None:
    assert look_up("8.8.8.8", "2606:4700::1111") == ["8.8.8.8", "2606:4700::1111"]
    with pytest.raises(FetchError, match=r"site\.example \(10\.0\.0\.1\) is not a public address") as caught:
        look_up("8.8.8.8", "10.0.0.1")
    assert "allow_hosts" in str(caught.value)
    with pytest.raises(FetchError, match="has no address"):
        look_up()


def test_an_allowed_host_may_be_anywhere_but_no_other_is() -> None:
    options = FetchOptions(allow_hosts=("Wiki.Intern",))

    def resolve(host: str, port: int) -> list[str]:
        return ["10.0.0.1"]

    assert checked_addresses("wiki.intern", 80, options, resolver=resolve, seconds=5, url="") == ["10.0.0.1"]
    for other in ("evil.wiki.intern", "intern", "wiki.intern.example"):
        with pytest.raises(FetchError):
            checked_addresses(other, 80, options, resolver=resolve, seconds=5, url="")


def test_a_look_up_that_does_not_end_is_left() -> None:
    def slow(host: str, port: int) -> list[str]:
        time.sleep(2)
        return ["8.8.8.8"]

    start = time.monotonic()
    with pytest.raises(FetchError, match="took too long"):
        checked_addresses("site.example", 80, ANY, slow, seconds=0.1, url="")
    assert time.monotonic() - start < 1


def test_a_host_that_does_not_exist() -> None:
    def unknown(host: str, port: int) -> list[str]:
        raise OSError("Name or service not known")

    with pytest.raises(FetchError, match=r"site\.example cannot be found: Name or service"):
        checked_addresses("site.example", 80, ANY, unknown, seconds=5, url="http://site.example/")
