"""Which network addresses may be contacted on behalf of a stranger.

A trigger names a host, so anyone who may comment could point the tool at the cloud's metadata
service or at a machine of the internal network (server-side request forgery). Only addresses of the
public internet are contacted, and those that the operator lists. The caller connects to the very
addresses that were checked here: a name that resolves differently a second time gains nothing.
"""

from __future__ import annotations

import ipaddress
import re
import socket
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from schemas.errors import OutsideError, RepositoryError, SettingsError, WebError

IpAddress = ipaddress.IPv4Address | ipaddress.IPv6Address
Resolver = Callable[[str, int], Sequence[str]]

_NAT64 = (
    ipaddress.IPv6Network("64:ff9b::/96"),  # RFC 6052, the well-known prefix
    ipaddress.IPv6Network("64:ff9b:1::/48"),  # RFC 8215, local use
)
_GLOBAL_UNICAST = ipaddress.IPv6Network("2000::/3")  # RFC 4291; all that IANA gives out
_PROTOCOL_ASSIGNMENTS = ipaddress.IPv4Network("192.0.0.0/24")  # RFC 6890; no host lives there
_NUMERIC_HOST = re.compile(r"(?:0[xX][0-9a-fA-F]*|[0-9]+)(?:\.(?:0[xX][0-9a-fA-F]*|[0-9]+)){0,3}")
"""What C libraries read as IPv4: ``2130706433``, ``0177.0.0.1``, ``0x7f.1`` and the usual form."""


@dataclass(frozen=True, slots=True)
class Purpose:
    """What hosts are contacted for: the words and the type of its errors."""

    area: str
    """First word of the error codes."""
    error: type[OutsideError]
    setting: str
    """The setting that lists the hosts which may be private."""


GIT = Purpose("repository", RepositoryError, "AI_PROVISION_GIT_ALLOW_HOSTS")
WEB = Purpose("web", WebError, "AI_PROVISION_WEB_ALLOW_HOSTS")


def resolve(host: str, port: int) -> tuple[str, ...]:
    """All addresses of a host, in the resolver's order.

    Raises:
        OSError: The name does not resolve.
    """
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return tuple(dict.fromkeys(str(item[4][0]).partition("%")[0] for item in found))


def checked_addresses(
    host: str,
    port: int,
    allowed: Iterable[str],
    resolver: Resolver = resolve,
    purpose: Purpose = GIT,
) -> tuple[str, ...]:
    """The addresses of `host`, all of which may be contacted.

    Args:
        host: Name, or address without brackets.
        port: TCP port.
        allowed: Names (``*.`` for any subdomain), addresses and networks that may be private.
        resolver: Turns the name into addresses.
        purpose: Decides the error that is raised.

    Raises:
        OutsideError: Of the purpose's type: the name does not resolve, is a disguised address, or
            one of its addresses is not public.
        SettingsError: An entry of `allowed` is none of the three.
    """
    names, networks = _allow_list(allowed, purpose.setting)
    _refuse_disguised(host, purpose)
    addresses = _resolved(host, port, resolver, purpose)
    if _name_allowed(host, names):
        return addresses
    for text in addresses:
        address = ipaddress.ip_address(text)
        if not is_public(address) and not any(address in network for network in networks):
            raise purpose.error(
                f"{host} is at the address {text}, which is not public",
                code=f"{purpose.area}.private_address",
                hint=f"If this host is meant to be reached, list it in {purpose.setting}.",
            )
    return addresses


def is_public(address: IpAddress) -> bool:
    """Whether an address belongs to the public internet.

    An IPv6 address that carries an IPv4 address (mapped, 6to4, Teredo, NAT64) is only as public as
    that one.
    """
    if isinstance(address, ipaddress.IPv6Address):
        carried = _carried_ipv4(address)
        if carried is not None and not is_public(carried):
            return False
        if address.ipv4_mapped is not None:
            return True
        if any(address in network for network in _NAT64):
            return address in _NAT64[0]
        if address not in _GLOBAL_UNICAST:
            return False
    if address in _PROTOCOL_ASSIGNMENTS:
        return False
    return address.is_global and not (address.is_multicast or address.is_reserved)


def _carried_ipv4(address: ipaddress.IPv6Address) -> ipaddress.IPv4Address | None:
    if address.teredo is not None:
        return address.teredo[1]
    if any(address in network for network in _NAT64):
        return ipaddress.IPv4Address(int(address) & 0xFFFFFFFF)
    return address.ipv4_mapped or address.sixtofour


def _refuse_disguised(host: str, purpose: Purpose) -> None:
    if not _NUMERIC_HOST.fullmatch(host):
        return
    try:
        ipaddress.IPv4Address(host)
    except ValueError as error:
        raise purpose.error(
            f"{host} is a disguised network address",
            code=f"{purpose.area}.private_address",
            hint="Write the host's name.",
        ) from error


def _resolved(host: str, port: int, resolver: Resolver, purpose: Purpose) -> tuple[str, ...]:
    try:
        addresses = tuple(resolver(host, port))
    except (OSError, UnicodeError) as error:
        raise purpose.error(
            f"the host {host} cannot be resolved",
            code=f"{purpose.area}.unreachable",
            hint="Check the URL and the network.",
        ) from error
    if not addresses:
        raise purpose.error(
            f"the host {host} has no address",
            code=f"{purpose.area}.unreachable",
            hint="Check the URL.",
        )
    return addresses


def _allow_list(
    entries: Iterable[str], setting: str
) -> tuple[tuple[str, ...], tuple[ipaddress.IPv4Network | ipaddress.IPv6Network, ...]]:
    names, networks = [], []
    for entry in entries:
        try:
            networks.append(ipaddress.ip_network(entry, strict=False))
        except ValueError as error:
            if not re.fullmatch(r"(?:\*\.)?[a-z0-9_](?:[a-z0-9_.-]*[a-z0-9_])?", entry):
                raise SettingsError(
                    f"{setting}: {entry!r} is no host, address or network",
                    hint="Write for example git.corp.example,*.corp.example,10.0.0.0/8.",
                ) from error
            names.append(entry)
    return tuple(names), tuple(networks)


def _name_allowed(host: str, names: Iterable[str]) -> bool:
    return any(
        host.endswith(name.removeprefix("*")) if name.startswith("*.") else host == name
        for name in names
    )
