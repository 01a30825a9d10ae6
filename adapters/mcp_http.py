"""HTTP for MCP clients: bounded answers, no proxies or credentials of the environment."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping

import httpx2

CONNECT_SECONDS = 10.0
READ_SECONDS = 300.0
"""Silence within a stream; the call's own deadline is shorter as a rule."""


def bounded_client(headers: Mapping[str, str], most_bytes: int) -> httpx2.AsyncClient:
    """A client whose responses end in an error after so many bytes together.

    Args:
        headers: Sent with every request.
        most_bytes: Of all its responses.
    """
    return httpx2.AsyncClient(
        headers={**headers, "Accept-Encoding": "identity"},
        timeout=httpx2.Timeout(READ_SECONDS, connect=CONNECT_SECONDS),
        transport=_Bounded(most_bytes),
        trust_env=False,
    )


class _Bounded(httpx2.AsyncHTTPTransport):
    def __init__(self, most_bytes: int) -> None:
        super().__init__(trust_env=False)
        self._left = most_bytes

    async def handle_async_request(self, request: httpx2.Request) -> httpx2.Response:
        response = await super().handle_async_request(request)
        if response.headers.get("content-encoding", "identity").lower() != "identity":
            raise httpx2.RemoteProtocolError("compressed though that was not asked for")
        if isinstance(response.stream, httpx2.AsyncByteStream):
            response.stream = _Counted(response.stream, self)
        return response

    def take(self, size: int) -> None:
        """Count bytes that arrived."""
        self._left -= size
        if self._left < 0:
            raise httpx2.RemoteProtocolError("the answer is too large")


class _Counted(httpx2.AsyncByteStream):
    def __init__(self, stream: httpx2.AsyncByteStream, counter: _Bounded) -> None:
        self._stream = stream
        self._counter = counter

    async def __aiter__(self) -> AsyncIterator[bytes]:
        async for piece in self._stream:
            self._counter.take(len(piece))
            yield piece

    async def aclose(self) -> None:
        await self._stream.aclose()
