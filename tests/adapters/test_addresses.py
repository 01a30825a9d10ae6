"""Only public addresses are contacted, and those that are listed."""

import ipaddress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.addresses import checked_addresses, is_public, resolve
from schemas.errors import RepositoryError, SettingsError


def resolving_to(*addresses):
    return lambda host, port: addresses


@pytest.mark.parametrize(
    "text", ["8.8.8.8", "140.82.121.4", "2606:4700::1111", "::ffff:8.8.8.8", "64:ff9b::808:808"]
)
def test_a_public_address_is_public(text):
    assert is_public(ipaddress.ip_address(text))


@pytest.mark.parametrize(
    "text",
    [
        "0.0.0.0",  # noqa: S104
        "127.0.0.1",
        "127.255.255.254",
        "10.0.0.1",
        "172.16.0.1",
        "192.168.1.1",
        "169.254.169.254",
        "100.64.0.1",
        "192.0.0.8",
        "198.18.0.1",
        "203.0.113.1",
        "224.0.0.1",
        "239.1.1.1",
        "240.0.0.1",
        "255.255.255.255",
        "::",
        "::1",
        "::7f00:1",
        "::ffff:127.0.0.1",
        "::ffff:10.0.0.1",
        "fe80::1",
        "fec0::1",
        "fc00::1",
        "fd00:ec2::254",
        "ff02::1",
        "64:ff9b::7f00:1",
        "64:ff9b::a9fe:a9fe",
        "64:ff9b:1::808:808",
        "2002:7f00:1::",
        "2002:a00:1::",
        "2001:0:4136:e378:8000:63bf:3fff:fdd2",
        "2001:db8::1",
        "100::1",
    ],
)
def test_any_other_address_is_not(text):
    assert not is_public(ipaddress.ip_address(text))


@given(st.ip_addresses(v=4).filter(lambda address: not is_public(address)))
def test_a_private_address_stays_private_inside_ipv6(address):
    mapped = ipaddress.IPv6Address(f"::ffff:{address}")
    translated = ipaddress.IPv6Address(int(ipaddress.IPv6Address("64:ff9b::")) + int(address))
    assert not is_public(mapped)
    assert not is_public(translated)


def test_one_private_address_among_public_ones_is_enough_to_refuse():
    with pytest.raises(RepositoryError) as caught:
        checked_addresses("h.example", 443, (), resolving_to("8.8.8.8", "10.0.0.1"))
    assert caught.value.code == "repository.private_address"
    assert "AI_PROVISION_GIT_ALLOW_HOSTS" in caught.value.hint


@pytest.mark.parametrize(
    ("allowed", "host", "accepted"),
    [
        (("git.corp.example",), "git.corp.example", True),
        (("git.corp.example",), "evil-git.corp.example", False),
        (("*.corp.example",), "git.corp.example", True),
        (("*.corp.example",), "corp.example", False),
        (("*.corp.example",), "evilcorp.example", False),
        (("10.0.0.0/8",), "anything.example", True),
        (("10.1.2.3",), "anything.example", True),
        (("192.168.0.0/16", "fd00::/8"), "anything.example", False),
    ],
)
def test_a_private_address_must_be_listed(allowed, host, accepted):
    resolver = resolving_to("10.1.2.3")
    if accepted:
        assert checked_addresses(host, 443, allowed, resolver) == ("10.1.2.3",)
    else:
        with pytest.raises(RepositoryError):
            checked_addresses(host, 443, allowed, resolver)


@pytest.mark.parametrize("host", ["2130706433", "0x7f.1", "0177.0.0.1", "127.1", "1.2.3.04"])
def test_a_disguised_address_is_refused_even_when_listed(host):
    with pytest.raises(RepositoryError, match="disguised"):
        checked_addresses(host, 443, ("127.0.0.0/8",), resolve)


@pytest.mark.parametrize("failure", [OSError("no such name"), UnicodeError("label too long")])
def test_a_name_that_does_not_resolve_is_an_error(failure):
    def resolver(host, port):
        raise failure

    with pytest.raises(RepositoryError) as caught:
        checked_addresses("nowhere.example", 443, (), resolver)
    assert caught.value.code == "repository.unreachable"
    assert caught.value.__cause__ is failure


def test_a_name_without_addresses_is_an_error():
    with pytest.raises(RepositoryError, match="no address"):
        checked_addresses("nowhere.example", 443, (), resolving_to())


@pytest.mark.parametrize("entry", ["https://git.example", "a b", "10.0.0.0/99", "*", "git..", "-x"])
def test_a_wrong_entry_of_the_allow_list_is_an_error(entry):
    with pytest.raises(SettingsError, match="AI_PROVISION_GIT_ALLOW_HOSTS"):
        checked_addresses("h.example", 443, (entry,), resolving_to("8.8.8.8"))
