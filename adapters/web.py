"""Fetches one web page or file, under the address rules of `adapters.addresses`.

Only https; the connection goes to the very address that was checked; each redirect is checked anew;
robots.txt is asked first (RFC 9309); size and total time are bounded, whatever the server does.
"""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import urljoin, urlsplit

from adapters.addresses import WEB, Resolver, checked_addresses, resolve
from adapters.settings import Settings
from schemas.errors import SettingsError, WebError
from schemas.quantities import format_memory

if TYPE_CHECKING:
    import httpx

AGENT = "ai-provision"
"""Name that robots.txt may address."""
MAX_REDIRECTS = 5
MAX_URL_CHARACTERS = 1000
"""What a source's URL may have in the corpus."""
_ROBOTS_BYTES = 512_000
"""RFC 9309 asks to read at least 500 KiB."""
_READ_SECONDS = 10.0
"""Longest silence between two pieces of an answer."""
_REDIRECTS = frozenset({301, 302, 303, 307, 308})


@dataclass(frozen=True, slots=True)
class Page:
    """What a server answered."""

    url: str
    """After redirects."""
    content_type: str
    """Media type without parameters, lower case; empty when the server does not say."""
    data: bytes


class WebPages:
    """Gets pages from the public internet, and from the hosts that the operator lists.

    Args:
        settings: The web settings.
        resolver: Turns names into addresses.

    Raises:
        SettingsError: The CA file cannot be read.
    """

    def __init__(self, settings: Settings, resolver: Resolver = resolve) -> None:
        self._settings = settings
        self._resolver = resolver
        try:
            self._context = ssl.create_default_context(cafile=settings.web_ca_file)
        except (OSError, ssl.SSLError) as error:
            raise SettingsError(f"AI_PROVISION_WEB_CA_FILE cannot be read: {error}") from error

    def fetch(self, url: str) -> Page:
        """The page at `url`.

        Raises:
            WebError: Refused (address, scheme, robots.txt), not found, too large or too slow.
        """
        return asyncio.run(self._within_time(url))

    async def _within_time(self, url: str) -> Page:
        import httpx

        seconds = self._settings.web_timeout_seconds
        try:
            # Without the process' proxies and .netrc; every byte comes from a checked address.
            async with (
                asyncio.timeout(seconds),
                httpx.AsyncClient(
                    verify=self._context,
                    trust_env=False,
                    timeout=min(_READ_SECONDS, seconds),
                    headers={"User-Agent": AGENT, "Accept-Encoding": "identity"},
                ) as client,
            ):
                return await self._followed(client, url)
        except TimeoutError as error:
            raise WebError(
                f"{url} was not answered within {seconds:g} s",
                code="web.timeout",
                hint="AI_PROVISION_WEB_TIMEOUT_SECONDS allows more.",
            ) from error
        except httpx.TimeoutException as error:
            raise WebError(f"{url} fell silent", code="web.timeout") from error
        except (httpx.HTTPError, httpx.InvalidURL, ssl.SSLError) as error:
            raise WebError(
                f"{url} cannot be fetched: {error or type(error).__name__}",
                code="web.unreachable",
                hint="Check the URL and the network.",
            ) from error

    async def _followed(self, client: httpx.AsyncClient, url: str) -> Page:
        start = url
        for _hop in range(MAX_REDIRECTS + 1):
            await self._ask_robots(client, url)
            answer = await self._get(client, url, self._settings.web_max_bytes)
            if answer.redirect is None:
                return self._accepted(answer, url)
            url = urljoin(url, answer.redirect)
        raise WebError(f"{start} redirects more than {MAX_REDIRECTS} times", code="web.redirects")

    def _accepted(self, answer: _Answer, url: str) -> Page:
        if answer.status != 200:
            raise WebError(
                f"{url} was answered with status {answer.status}",
                code="web.status",
                hint="Check the URL; pages that need a login cannot be fetched.",
            )
        return Page(url, answer.content_type, answer.data)

    async def _ask_robots(self, client: httpx.AsyncClient, url: str) -> None:
        """RFC 9309: a missing file allows all; one that cannot be had (5xx) forbids all."""
        from protego import Protego

        answer = _Answer(302, redirect="/robots.txt")
        target = url
        for _hop in range(MAX_REDIRECTS + 1):
            if answer.redirect is None:
                break
            target = urljoin(target, answer.redirect)
            answer = await self._get(client, target, _ROBOTS_BYTES, cut=True)
        if answer.status == 200:
            text = answer.data.decode("utf-8", "replace")
            refused = not Protego.parse(text).can_fetch(url, AGENT)
        else:
            refused = answer.status >= 500
        if refused:
            raise WebError(
                f"{url} is closed to programs by the site's robots.txt",
                code="web.robots",
                hint="Save the page yourself and add the file.",
            )

    async def _get(
        self, client: httpx.AsyncClient, url: str, most: int, *, cut: bool = False
    ) -> _Answer:
        target = parse_page_url(url)
        addresses = checked_addresses(
            target.host,
            target.port,
            self._settings.web_allow_hosts,
            self._resolver,
            WEB,
        )
        response = await _connected(client, target, addresses)
        try:
            redirect = response.headers.get("location")
            if response.status_code in _REDIRECTS and redirect:
                return _Answer(response.status_code, redirect=redirect)
            data = await _body(response, url, most, cut=cut)
        finally:
            await response.aclose()
        content_type = response.headers.get("content-type", "").partition(";")[0].strip().lower()
        return _Answer(response.status_code, content_type, data)


async def _connected(
    client: httpx.AsyncClient, target: PageUrl, addresses: Sequence[str]
) -> httpx.Response:
    """The answer of the first address that takes the connection, its body not read yet."""
    import httpx

    for number, address in enumerate(addresses, start=1):
        # To the address, in the name of the host: both TLS and the server see the name.
        request = client.build_request(
            "GET",
            target.at(address),
            headers={"Host": target.authority},
            extensions={"sni_hostname": target.host},
        )
        try:
            return await client.send(request, stream=True, follow_redirects=False)
        except httpx.ConnectError:
            if number == len(addresses):
                raise
    raise httpx.ConnectError("no address")


@dataclass(frozen=True, slots=True)
class _Answer:
    status: int
    content_type: str = ""
    data: bytes = b""
    redirect: str | None = None


async def _body(response: httpx.Response, url: str, most: int, *, cut: bool) -> bytes:
    """The body; what is larger than `most` bytes is cut or refused."""
    if response.headers.get("content-encoding", "identity").lower() != "identity":
        raise WebError(
            f"{url} is compressed though that was not asked for", code="web.content_encoding"
        )
    data = bytearray()
    async for piece in response.aiter_raw():
        data += piece
        if len(data) > most:
            if cut:
                return bytes(data[:most])
            raise WebError(
                f"{url} is larger than {format_memory(most)}",
                code="web.too_large",
                hint="AI_PROVISION_WEB_MAX_BYTES allows more.",
            )
    return bytes(data)


@dataclass(frozen=True, slots=True)
class PageUrl:
    """An https URL in its parts."""

    host: str
    port: int
    target: str
    """Path and query."""

    @property
    def authority(self) -> str:
        """Host and port as the Host header writes them."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return host if self.port == 443 else f"{host}:{self.port}"

    def at(self, address: str) -> str:
        """The same page with an address in the host's place."""
        host = f"[{address}]" if ":" in address else address
        return f"https://{host}:{self.port}{self.target}"


def parse_page_url(url: str) -> PageUrl:
    """Accept an https URL without credentials.

    Raises:
        WebError: ``web.url`` or ``web.scheme``.
    """
    _refuse(len(url) > MAX_URL_CHARACTERS, f"is longer than {MAX_URL_CHARACTERS} characters")
    _refuse(_has_control(url) or "\\" in url, "contains a space, control character or backslash")
    if not url.lower().startswith("https://"):
        raise WebError(
            "a page is fetched over https only",
            code="web.scheme",
            hint="Write https://…, or name a file.",
        )
    try:
        parts = urlsplit(url)
        port = parts.port or 443
        host = (parts.hostname or "").removesuffix(".")
        host.encode("ascii")
    except (ValueError, UnicodeError) as error:
        raise WebError("the URL has a host or port that cannot be read", code="web.url") from error
    _refuse("@" in parts.netloc, "contains a user name or password")
    _refuse(not host, "names no host")
    query = f"?{parts.query}" if parts.query else ""
    return PageUrl(host, port, (parts.path or "/") + query)


def _has_control(text: Iterable[str]) -> bool:
    return any(character <= " " or character == "\x7f" for character in text)


def _refuse(wrong: bool, problem: str) -> None:
    if wrong:
        raise WebError(f"the URL {problem}", code="web.url", hint="Write for example https://…")
