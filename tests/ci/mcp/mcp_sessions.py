"""The server in a process of its own, and the official client connected to it."""

import os
import subprocess
import sys
import time
from contextlib import asynccontextmanager, contextmanager
from functools import partial
from pathlib import Path

import httpx2
from anyio.from_thread import start_blocking_portal
from mcp.client import Client
from mcp.client.stdio import StdioServerParameters, stdio_client
from mcp.client.streamable_http import streamable_http_client

ROOT = Path(__file__).parents[3]
SHOP = ROOT / "examples" / "shop"
DESCRIPTION = "Inventory service, 2000 QPS peak, React frontend + Go/Gin API + PostgreSQL backend"
START = "import sys; from ci.cli import main; sys.exit(main())"


def environment(more):
    return {**os.environ, "PYTHONPATH": str(ROOT), **more}


def command(*options, start=START):
    return [sys.executable, "-P", "-c", start, "mcp", *options]


class Session:
    """A client that tests call without a loop of their own."""

    def __init__(self, portal, client):
        self.portal, self.client = portal, client

    def tools(self):
        return {tool.name: tool for tool in self.portal.call(self.client.list_tools).tools}

    def call(self, name, arguments=None, told=None):
        async def hear(progress, total, message):
            told.append((progress, total, message))

        ask = partial(
            self.client.call_tool,
            name,
            arguments or {},
            progress_callback=told is not None and hear or None,
        )
        return self.portal.call(ask)

    def answer(self, name, arguments=None, told=None):
        result = self.call(name, arguments, told)
        assert not result.is_error, result.content
        return result.structured_content

    def refusal(self, name, arguments=None):
        result = self.call(name, arguments)
        assert result.is_error
        (content,) = result.content
        assert len(content.text) <= 600
        assert "\n" not in content.text
        return content.text


@contextmanager
def _session(transport, mode):
    with start_blocking_portal() as portal:
        client = Client(transport(), mode=mode, cache=None)
        with portal.wrap_async_context_manager(client) as connected:
            yield Session(portal, connected)


@contextmanager
def over_stdio(*options, mode="auto", env=None, start=START):
    program, *arguments = command(*options, start=start)
    parameters = StdioServerParameters(command=program, args=arguments, env=environment(env or {}))
    with (
        Path(os.devnull).open("w") as nowhere,
        _session(lambda: stdio_client(parameters, errlog=nowhere), mode) as session,
    ):
        yield session


@contextmanager
def serving(*options, env=None):
    """The HTTP server on a free port; its URL."""
    process = subprocess.Popen(
        command("--transport", "http", "--port", "0", *options),
        env=environment(env or {}),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        line = process.stderr.readline()
        assert line.startswith("listening on "), line
        yield line.split()[-1]
    finally:
        process.terminate()
        out, _ = process.communicate(timeout=20)
        assert out == ""


@contextmanager
def over_http(*options, mode="auto", env=None, token=None):
    headers = {"Authorization": f"Bearer {token}"} if token else {}
    with serving(*options, env=env) as url:

        @asynccontextmanager
        async def transport():
            async with (
                httpx2.AsyncClient(headers=headers, trust_env=False, timeout=60) as http,
                streamable_http_client(url, http_client=http) as streams,
            ):
                yield streams

        with _session(transport, mode) as session:
            yield session


def eventually(condition, seconds=10.0):
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if condition():
            return True
        time.sleep(0.05)
    return False
