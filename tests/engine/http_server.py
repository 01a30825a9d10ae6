"""The HTTP side of the fake server: routes, streams, and connections that end as they are told."""

import json
import socket
import struct
import sys
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any, Literal

from tests.engine import wire
from tests.engine.brains import Answer, Asked, Cut, End, Event, Failure, Piece, Wait

if TYPE_CHECKING:
    from tests.engine.fake_ollama import FakeOllama

ANSWERING = ("/api/chat", "/api/generate")
_LOOK_AROUND_SECONDS = 0.02
_RESET = struct.pack("ii", 1, 0)  # SO_LINGER on, zero seconds: close() sends RST

Ending = Literal["whole", "refused", "cut", "client gone", "server closed"]


@dataclass(slots=True)
class Request:
    """One request, and what became of it."""

    method: str
    path: str
    headers: Mapping[str, str]
    """Names in lower case."""
    body: Any
    """The JSON document; None when there was none."""
    _ending: Ending | None = None
    _ended: threading.Event = field(default_factory=threading.Event)

    def end(self, ending: Ending) -> None:
        """Note how the answer ended; the first word counts."""
        self._ending = self._ending or ending
        self._ended.set()

    def ending(self, within_s: float = 10.0) -> Ending | None:
        """How the answer ended; None when it still goes on after that time."""
        self._ended.wait(within_s)
        return self._ending


class Server(ThreadingHTTPServer):
    """Knows its connections, so that none is left when it ends."""

    daemon_threads = False
    request_queue_size = 128

    def __init__(self, fake: "FakeOllama") -> None:
        self.fake = fake
        self._open: set[socket.socket] = set()
        self._resets: set[socket.socket] = set()
        super().__init__(("127.0.0.1", 0), _Handler)

    def process_request(self, request, client_address):
        self._open.add(request)
        super().process_request(request, client_address)

    def shutdown_request(self, request):
        self._open.discard(request)
        if request in self._resets:
            self._resets.discard(request)
            request.close()  # an orderly shutdown would come before the reset
        else:
            super().shutdown_request(request)

    def reset(self, connection: socket.socket) -> None:
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET)
        self._resets.add(connection)

    def end_connections(self) -> None:
        for connection in tuple(self._open):
            with suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)

    def handle_error(self, request, client_address):
        """Keep what went wrong for the block's end; a client that left is nobody's fault."""
        error = sys.exception()
        if isinstance(error, Exception) and not isinstance(error, ConnectionError):
            self.fake.errors.append(error)


class _Over(Exception):
    """Nobody waits for the answer any more."""

    def __init__(self, ending: Ending) -> None:
        super().__init__(ending)
        self.ending = ending


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: Server
    disable_nagle_algorithm = True
    _asked: Request
    _begun = False

    def log_message(self, format, *args):
        """Requests are kept, not printed."""

    def do_GET(self):
        self._handle()

    def do_POST(self):
        self._handle()

    def do_HEAD(self):
        self._handle()

    def _handle(self) -> None:
        raw = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        fake = self.server.fake
        headers = {name.lower(): value for name, value in self.headers.items()}
        self._begun = False
        self._asked = Request(self.command, self.path, headers, _json_or_none(raw))
        fake.requests.append(self._asked)
        try:
            if self.path in fake.instead:
                self._as_it_stands(fake.instead[self.path])
            elif fake.api_key and headers.get("authorization") != f"Bearer {fake.api_key}":
                self._fail(Failure(401, "unauthorized"))
            else:
                self._route(raw)
            self._asked.end("whole")
        except _Over as over:
            self._asked.end(over.ending)
            self.close_connection = True
        except (ConnectionError, ValueError) as error:
            # Writing to a socket that `stop` has shut is a broken pipe as well.
            self._asked.end("server closed" if fake.closing.is_set() else "client gone")
            self.close_connection = True
            if isinstance(error, ValueError):
                raise

    # Routes

    def _route(self, raw: bytes) -> None:
        fake = self.server.fake
        match self.command, self.path:
            case (("GET" | "HEAD"), "/"):
                self._send(200, b"Ollama is running", "text/plain; charset=utf-8")
            case "GET", "/api/version":
                self._send_json(200, {"version": wire.VERSION})
            case "GET", "/api/tags":
                self._send_json(200, wire.tags(fake.models))
            case "GET", "/api/ps":
                self._send_json(200, wire.running(fake.loaded))
            case "POST", ("/api/show" | "/api/chat" | "/api/generate"):
                self._about_a_model(raw)
            case _:
                self._send(404, b"404 page not found", "text/plain")

    def _about_a_model(self, raw: bytes) -> None:
        body = self._asked.body
        if not raw:
            return self._fail(Failure(400, "missing request body"))
        if not isinstance(body, dict):
            return self._fail(Failure(400, "invalid character in the request body"))
        name = body.get("model") or body.get("name")
        if not name:
            return self._fail(Failure(400, "model is required"))
        model = self.server.fake.find(name)
        if model is None:
            return self._fail(Failure(404, f"model '{name}' not found"))
        if self.path == "/api/show":
            return self._send_json(200, wire.shown(model))
        return self._answer(body, str(name), model)

    def _answer(self, body: dict[str, Any], name: str, model: wire.Model) -> None:
        fake = self.server.fake
        asked = wire.question(self.path, body)
        failure = wire.refused(asked, name, model)
        if failure is not None:
            return self._fail(failure)
        if not asked.messages:
            reason = "unload" if body.get("keep_alive") == 0 else "load"
            ended = wire.whole(self.path, name, Piece(), {"done_reason": reason})
            return self._send_json(200, ended)
        fake.loaded[model] = asked.num_ctx
        try:
            self._give(name, self._heard(fake.brain.answer(asked)), body.get("stream") is not False)
        except (_Over, ConnectionError):
            raise
        except Exception as error:  # noqa: BLE001 - any bug of a brain; the block's end raises it
            fake.errors.append(error)
            self._fail(Failure(500, repr(error)))
        return None

    # Answers

    def _heard(self, events: Iterator[Event]) -> Iterator[Piece | Failure | End]:
        """The events that have an answer in them; between them the world is watched."""
        for event in events:
            self._look_around()
            match event:
                case Wait(seconds):
                    self._wait(seconds)
                case Cut(reset):
                    if reset:
                        self.server.reset(self.connection)
                    raise _Over("cut")
                case _:
                    yield event

    def _wait(self, seconds: float) -> None:
        until = time.monotonic() + seconds
        while (left := until - time.monotonic()) > 0:
            self.server.fake.closing.wait(min(left, _LOOK_AROUND_SECONDS))
            self._look_around()

    def _look_around(self) -> None:
        """End the answer when its client or the whole server has gone, as Ollama does."""
        if self.server.fake.closing.is_set():
            raise _Over("server closed")
        with suppress(BlockingIOError):
            if self.connection.recv(1, socket.MSG_PEEK | socket.MSG_DONTWAIT) == b"":
                raise _Over("client gone")

    def _give(self, name: str, events: Iterator[Piece | Failure | End], stream: bool) -> None:
        began = time.monotonic_ns()
        first, tokens, kept = None, 0, []
        for event in events:
            first = first or time.monotonic_ns()
            match event:
                case Piece():
                    tokens += event.tokens
                    if stream:
                        self._send_line(wire.part(self.path, name, event))
                    else:
                        kept.append(event)
                case Failure():
                    return self._fail(event)
                case End():
                    end = wire.metrics(event, tokens, began, first, time.monotonic_ns())
                    document = wire.whole(self.path, name, _joined(kept), end)
                    return self._finish(document) if stream else self._send_json(200, document)
        raise RuntimeError("the brain's answer has no end")

    def _as_it_stands(self, answer: Answer) -> None:
        """An answer to a whole route."""
        text = []
        for event in self._heard(answer.events(Asked(()))):
            if isinstance(event, Failure):
                return self._fail(event)
            text.append(event.content if isinstance(event, Piece) else "")
        return self._send(200, _bytes("".join(text)), "application/json")

    # Bytes

    def _fail(self, failure: Failure) -> None:
        self._asked.end("refused")
        if self._begun:
            return self._finish({"error": failure.error})
        return self._send_json(failure.status, {"error": failure.error}, failure.headers)

    def _send_json(
        self, status: int, document: Any, headers: Sequence[tuple[str, str]] = ()
    ) -> None:
        self._send(status, _json(document), "application/json; charset=utf-8", headers)

    def _send(
        self, status: int, body: bytes, kind: str, headers: Sequence[tuple[str, str]] = ()
    ) -> None:
        self.send_response(status)
        for name, value in (("Content-Type", kind), *headers):
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    def _send_line(self, document: Any) -> None:
        if not self._begun:
            self.send_response(200)
            self.send_header("Content-Type", "application/x-ndjson")
            self.send_header("Transfer-Encoding", "chunked")
            self.end_headers()
            self._begun = True
        self._send_chunk(_json(document) + b"\n")

    def _finish(self, document: Any) -> None:
        self._send_line(document)
        self._send_chunk(b"")

    def _send_chunk(self, chunk: bytes) -> None:
        self.wfile.write(b"%x\r\n%s\r\n" % (len(chunk), chunk))


def _joined(pieces: Sequence[Piece]) -> Piece:
    return Piece(
        "".join(piece.content for piece in pieces),
        "".join(piece.thinking for piece in pieces),
        tuple(call for piece in pieces for call in piece.tool_calls),
    )


def _json(document: Any) -> bytes:
    return _bytes(json.dumps(document, ensure_ascii=False, separators=(",", ":")))


def _bytes(text: str) -> bytes:
    """UTF-8, and where the text holds surrogate escapes the bytes that they stand for."""
    return text.encode("utf-8", "surrogateescape")


def _json_or_none(raw: bytes) -> Any:
    try:
        return json.loads(raw)
    except ValueError:
        return None
