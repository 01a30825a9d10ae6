"""A real git server over TLS on loopback: ``git http-backend`` behind Python's HTTP server."""

import http.server
import os
import ssl
import subprocess
import threading
import time
from dataclasses import dataclass, field
from pathlib import Path

import trustme

IDENTITY = {
    "GIT_AUTHOR_NAME": "Test",
    "GIT_AUTHOR_EMAIL": "test@example.com",
    "GIT_COMMITTER_NAME": "Test",
    "GIT_COMMITTER_EMAIL": "test@example.com",
    "GIT_CONFIG_GLOBAL": "/dev/null",
    "GIT_CONFIG_NOSYSTEM": "1",
    "PATH": os.environ["PATH"],
    "HOME": "/nonexistent",
}


def git(*arguments: str, cwd: Path, stdin: bytes | None = None) -> str:
    """Run git with a fixed identity; the output, stripped."""
    done = subprocess.run(
        ["git", *arguments], cwd=cwd, env=IDENTITY, input=stdin, capture_output=True, check=True
    )
    return done.stdout.decode().strip()


@dataclass
class Behaviour:
    """What the server does to the next requests."""

    authorization: str | None = None
    """The header that is required."""
    redirect_to: str | None = None
    delay_seconds: float = 0
    status: int | None = None
    seen_authorization: list[str | None] = field(default_factory=list)
    paths: list[str] = field(default_factory=list)


class GitServer:
    """Serves the bare repositories below `root` at ``https://localhost:PORT/NAME.git``."""

    def __init__(self, root: Path, authority: trustme.CA, host: str = "127.0.0.1") -> None:
        self.root = root
        self.behaviour = Behaviour()
        handler = type("Handler", (_Handler,), {"server_of": self})
        self._server = http.server.ThreadingHTTPServer((host, 0), handler)
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        authority.issue_cert("localhost", "127.0.0.1", "git.test").configure_cert(context)
        self._server.socket = context.wrap_socket(
            self._server.socket, server_side=True, do_handshake_on_connect=False
        )
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.02,))
        self._thread.start()

    @property
    def port(self) -> int:
        return self._server.server_address[1]

    def url(self, name: str, host: str = "localhost") -> str:
        return f"https://{host}:{self.port}/{name}"

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()


class _Handler(http.server.BaseHTTPRequestHandler):
    server_of: GitServer
    timeout = 20

    def log_message(self, *_: object) -> None:
        """Say nothing."""

    def do_GET(self) -> None:
        self._serve(b"")

    def do_POST(self) -> None:
        if "chunked" in self.headers.get("Transfer-Encoding", ""):
            body = b"".join(iter(self._chunk, b""))
        else:
            body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        self._serve(body)

    def _chunk(self) -> bytes:
        size = int(self.rfile.readline().strip(), 16)
        data = self.rfile.read(size)
        self.rfile.readline()
        return data

    def _serve(self, body: bytes) -> None:
        behaviour = self.server_of.behaviour
        behaviour.paths.append(self.path)
        behaviour.seen_authorization.append(self.headers.get("Authorization"))
        time.sleep(behaviour.delay_seconds)
        if behaviour.status is not None:
            self._answer(behaviour.status)
        elif behaviour.redirect_to is not None:
            self._answer(302, ("Location", behaviour.redirect_to + self.path))
        elif behaviour.authorization not in (None, self.headers.get("Authorization")):
            self._answer(401, ("WWW-Authenticate", 'Basic realm="git"'))
        else:
            self._backend(body)

    def _answer(self, status: int, *headers: tuple[str, str]) -> None:
        self.send_response(status)
        for header in headers:
            self.send_header(*header)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def _backend(self, body: bytes) -> None:
        path, _, query = self.path.partition("?")
        environment = IDENTITY | {
            "GIT_PROJECT_ROOT": str(self.server_of.root),
            "GIT_HTTP_EXPORT_ALL": "1",
            "PATH_INFO": path,
            "QUERY_STRING": query,
            "REQUEST_METHOD": self.command,
            "CONTENT_TYPE": self.headers.get("Content-Type", ""),
            "CONTENT_LENGTH": str(len(body)),
            "HTTP_CONTENT_ENCODING": self.headers.get("Content-Encoding", ""),
            "GIT_PROTOCOL": self.headers.get("Git-Protocol", ""),
            "REMOTE_ADDR": "127.0.0.1",
        }
        done = subprocess.run(
            ["git", "http-backend"], env=environment, input=body, capture_output=True, check=False
        )
        head, _, content = done.stdout.partition(b"\r\n\r\n")
        status = 200
        headers = []
        for line in head.decode().split("\r\n"):
            key, _, value = line.partition(": ")
            if key == "Status":
                status = int(value.split()[0])
            elif key:
                headers.append((key, value))
        self.send_response(status)
        for header in headers:
            self.send_header(*header)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)
