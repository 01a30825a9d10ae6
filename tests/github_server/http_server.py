"""The HTTP side: one request in, its answer or its fault out, and a record of both."""

from __future__ import annotations

import contextlib
import gzip
import http.server
import json
import socket
import struct
import threading
from collections.abc import Callable
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl, urlsplit

from tests.github_server.answers import Answer, Refused, error
from tests.github_server.faults import Fault
from tests.github_server.routes import dispatch
from tests.github_server.state import Request

if TYPE_CHECKING:
    from tests.github_server.fake import FakeGitHub

_MOST_SECONDS = 60
_PACKED_FROM = 1000
"""Bytes from which an answer is packed, for those who take it so."""


class Server:
    """A server that runs in a thread until `close`."""

    def __init__(self, github: FakeGitHub) -> None:
        self.ended = threading.Event()
        handler = type("Handler", (_Handler,), {"github": github, "ended": self.ended})
        self._http = http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler)
        self._http.daemon_threads = True
        self._http.block_on_close = False
        self.url = f"http://127.0.0.1:{self._http.server_port}"
        if github.tls is not None:
            self._http.socket = github.tls.wrap_socket(self._http.socket, server_side=True)
            self.url = f"https://localhost:{self._http.server_port}"
        self._thread = threading.Thread(
            target=self._http.serve_forever, kwargs={"poll_interval": 0.002}, daemon=True
        )
        self._thread.start()

    def close(self) -> None:
        self.ended.set()
        self._http.shutdown()
        self._http.server_close()
        self._thread.join()


def serve(github: FakeGitHub) -> Server:
    """Serve it on a port that the system chooses."""
    return Server(github)


class _Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    timeout = _MOST_SECONDS
    disable_nagle_algorithm = True
    github: FakeGitHub
    ended: threading.Event

    def log_message(self, format: str, *args: Any) -> None:
        """Say nothing."""

    def _serve(self) -> None:
        with contextlib.suppress(ConnectionError):
            self._answer()

    do_GET = do_POST = do_PATCH = do_PUT = do_DELETE = _serve

    def _answer(self) -> None:
        parts = urlsplit(self.path)
        query = dict(parse_qsl(parts.query))
        data = self.rfile.read(int(self.headers.get("Content-Length", "0")))
        line = f"{self.command} {parts.path}"
        github = self.github
        with github.lock:
            for each in list(github.between):
                each.run(line)
            fault = next((f for f in github.faults if f.take(line)), None)
            answer, body = self._result(parts.path, query, data, fault)
            status = 0 if fault and (fault.held or fault.cut_after is not None) else answer.status
            token = _token(self.headers.get("Authorization"))
            headers = {name.lower(): value for name, value in self.headers.items()}
            asked = (self.command, parts.path, query, body, token, status, headers)
            github.requests.append(Request(*asked, answer.body))
            now = github.now
        if fault and fault.held and fault.cut_after is None:
            self._hold()
            return
        end = self._hold if fault and fault.held else self._reset
        self._send(answer, now.timestamp(), fault.cut_after if fault else None, end)

    def _result(
        self, path: str, query: dict[str, str], data: bytes, fault: Fault | None
    ) -> tuple[Answer, Any]:
        body: Any = None
        try:
            body = json.loads(data) if data else None
        except ValueError:
            return error(400, "Problems parsing JSON").answer, None
        right = fault is None or fault.performed
        answer = Answer(500, {"message": "Server Error"})
        if right:
            token = _token(self.headers.get("Authorization"))
            try:
                answer = dispatch(self.github, self.command, (path, query, body), token)
            except Refused as refused:
                answer = refused.answer
        if fault is not None and fault.cut_after is None:
            answer = Answer(fault.status, fault.body, fault.headers)
        return answer, body

    def _send(
        self, answer: Answer, now: float, cut_after: int | None, end: Callable[[], None]
    ) -> None:
        if cut_after == -1:
            end()
            return
        is_raw = isinstance(answer.body, bytes)
        data = answer.body if is_raw else json.dumps(answer.body).encode()
        data = b"" if answer.status == 204 else data
        takes = "gzip" in self.headers.get("Accept-Encoding", "")
        packed = takes and not is_raw and len(data) > _PACKED_FROM
        if packed:
            data = gzip.compress(data, 1)
        self.send_response_only(answer.status)
        defaults = {
            "Content-Type": "application/json; charset=utf-8",
            "X-GitHub-Media-Type": "github.v3; format=json",
            "X-RateLimit-Limit": "5000",
            "X-RateLimit-Remaining": "4999",
            "X-RateLimit-Reset": str(int(now) + 3600),
            "Date": self.date_time_string(int(now)),
            "Content-Length": str(len(data)),
        }
        if packed:
            defaults["Content-Encoding"] = "gzip"
        for name, value in (defaults | answer.headers).items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(data if cut_after is None else data[:cut_after])
        if cut_after is not None:
            end()

    def _hold(self) -> None:
        """Say nothing more until the server ends."""
        self.wfile.flush()
        self.ended.wait(_MOST_SECONDS)
        self.close_connection = True

    def _reset(self) -> None:
        """End the connection as a fault of the network would."""
        self.wfile.flush()
        self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.connection.shutdown(socket.SHUT_RD)
        self.connection.close()
        self.close_connection = True


def _token(header: str | None) -> str | None:
    """The credentials of an Authorization header."""
    scheme, _, text = (header or "").partition(" ")
    return text if scheme.lower() in ("bearer", "token") and text else None
