"""A fake metrics server on loopback, or a real one behind a fault: each request meets a rule."""

import gzip
import http.client
import http.server
import json
import socket
import ssl
import struct
import threading
import time
from collections.abc import Callable
from contextlib import contextmanager
from dataclasses import dataclass, field
from urllib.parse import parse_qs, urlsplit

import trustme

EMPTY = {"status": "success", "data": {"resultType": "vector", "result": []}}


@dataclass(frozen=True)
class Asked:
    """One request as the server saw it."""

    path: str
    form: dict[str, list[str]]
    headers: dict[str, str]
    number: int
    """From 0."""
    method: str = "POST"

    @property
    def query(self) -> str:
        return self.form.get("query", [""])[0]

    @property
    def is_range(self) -> bool:
        return self.path.endswith("/query_range")

    @property
    def days(self) -> float:
        return (float(self.form["end"][0]) - float(self.form["start"][0])) / 86400


@dataclass(frozen=True)
class Reply:
    """What the server does."""

    status: int = 200
    body: bytes | dict | str = b""
    headers: dict[str, str] = field(default_factory=dict)
    delay_seconds: float = 0.0
    cut_after: int | None = None
    """Reset the connection after so many bytes of the body."""
    declared_length: int | None = None
    drip_seconds: float | None = None
    """Send the body a byte at a time, at this distance."""

    @property
    def data(self) -> bytes:
        if isinstance(self.body, bytes):
            return self.body
        return (self.body if isinstance(self.body, str) else json.dumps(self.body)).encode()


def error(status: int, text: str, kind: str = "execution", **headers: str) -> Reply:
    """An error as Prometheus words it."""
    body = {"status": "error", "errorType": kind, "error": text}
    return Reply(status, body, {"Content-Type": "application/json", **headers})


def empty_api(asked: Asked, now: Callable[[], float] = time.time) -> Reply:
    """A healthy server without any series."""
    if asked.query == "time()":
        at = now()
        return Reply(
            body={"status": "success", "data": {"resultType": "scalar", "result": [at, str(at)]}}
        )
    if asked.path.endswith("/series"):
        return Reply(body={"status": "success", "data": []})
    return Reply(body=EMPTY)


Rule = Callable[[Asked], Reply | None]


class FakeApi:
    """Answers by a rule; what the rule leaves goes to `upstream`, or to an empty API."""

    def __init__(
        self, rule: Rule, upstream: str | None = None, tls: trustme.CA | None = None
    ) -> None:
        self.scheme = "http" if tls is None else "https"
        self.rule = rule
        self.upstream = upstream
        self.asked: list[Asked] = []
        handler = type("Handler", (_Handler,), {"api": self})
        self._server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler)
        self._server.daemon_threads = True
        if tls is not None:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            tls.issue_cert("127.0.0.1").configure_cert(context)
            self._server.socket = context.wrap_socket(
                self._server.socket, server_side=True, do_handshake_on_connect=False
            )
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.02,))
        self._thread.start()

    @property
    def url(self) -> str:
        return f"{self.scheme}://127.0.0.1:{self._server.server_address[1]}"

    def answer(self, asked: Asked, body: bytes) -> Reply:
        self.asked.append(asked)
        reply = self.rule(asked)
        if reply is not None:
            return reply
        return empty_api(asked) if self.upstream is None else self._forward(asked, body)

    def _forward(self, asked: Asked, body: bytes) -> Reply:
        connection = http.client.HTTPConnection(urlsplit(self.upstream or "").netloc, timeout=30)
        headers = {"Content-Type": "application/x-www-form-urlencoded"}
        connection.request("POST", asked.path, body, headers)
        answer = connection.getresponse()
        reply = Reply(answer.status, answer.read(), {"Content-Type": "application/json"})
        connection.close()
        return reply

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()


@contextmanager
def fake_api(
    rule: Rule = lambda asked: None, upstream: str | None = None, tls: trustme.CA | None = None
):
    """A server that ends with the block."""
    api = FakeApi(rule, upstream, tls)
    try:
        yield api
    finally:
        api.close()


class _Handler(http.server.BaseHTTPRequestHandler):
    api: FakeApi
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    timeout = 20

    def log_message(self, *_: object) -> None:
        pass

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        path, _, search = self.path.partition("?")
        form = parse_qs(search) | parse_qs(body.decode())
        asked = Asked(path, form, dict(self.headers), len(self.api.asked), self.command)
        if search:  # the library sends the parameters of custom_query in the URL
            body = search.encode()
        reply = self.api.answer(asked, body)
        time.sleep(reply.delay_seconds)
        try:
            self._send(reply)
        except OSError:
            self.close_connection = True

    do_GET = do_POST

    def _send(self, reply: Reply) -> None:
        data = reply.data
        length = len(data) if reply.declared_length is None else reply.declared_length
        self.send_response(reply.status)
        for name, value in {"Content-Type": "application/json", **reply.headers}.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(length))
        self.end_headers()
        if reply.drip_seconds is not None:
            for byte in data:
                self.wfile.write(bytes([byte]))
                self.wfile.flush()
                time.sleep(reply.drip_seconds)
            return
        self.wfile.write(data if reply.cut_after is None else data[: reply.cut_after])
        if reply.cut_after is not None or length > len(data):
            self.close_connection = True
        if reply.cut_after is not None:
            linger = struct.pack("ii", 1, 0)
            self.wfile.flush()
            self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)


def packed(size: int) -> Reply:
    """A body of so many zeros, packed: small on the wire."""
    return Reply(body=gzip.compress(b"0" * size), headers={"Content-Encoding": "gzip"})
