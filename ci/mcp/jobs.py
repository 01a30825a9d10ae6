"""Runs jobs in processes: so many at once, each with a deadline, stopped when nobody waits."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress

import anyio
from anyio.abc import Process
from anyio.streams.buffered import BufferedByteReceiveStream

from ci.mcp.worker import Done, Job
from schemas.errors import OutsideError, ProvisionError, UsageError

Told = Callable[[str], Awaitable[None]]
"""Hears the stage that begins."""
MAX_ANSWER_BYTES = 32 << 20
"""Of what a worker says; the answer itself has its own, smaller bound."""
MAX_WAITING = 16
"""Calls that wait for their turn; more are refused at once."""
GRACE_SECONDS = 5.0
"""For a worker to end what it started and remove what it wrote."""


class Jobs:
    """The long calls of one server.

    Args:
        at_once: Processes that run side by side.
        seconds: Longest time that one may take.
    """

    def __init__(self, at_once: int, seconds: float) -> None:
        self._turns = anyio.Semaphore(at_once)
        self._waiting = 0
        self._seconds = seconds

    async def run(self, job: Callable[[str], Job], told: Told) -> Done:
        """Do one job.

        Args:
            job: Makes it, given its temporary directory.
            told: Hears the stages.

        Raises:
            ProvisionError: It failed, took too long, or too many wait already.
        """
        async with self._turn():
            try:
                with anyio.fail_after(self._seconds):
                    return await _worked(job, told)
            except TimeoutError as error:
                raise OutsideError(
                    f"the call took longer than {self._seconds:g} seconds and was stopped",
                    code="mcp.deadline",
                    hint="AI_PROVISION_MCP_CALL_SECONDS allows more.",
                ) from error

    @asynccontextmanager
    async def _turn(self) -> AsyncIterator[None]:
        if self._waiting >= MAX_WAITING:
            raise OutsideError(
                f"{MAX_WAITING} calls wait already", code="mcp.busy", hint="Try again later."
            )
        self._waiting += 1
        try:
            await self._turns.acquire()
        finally:
            self._waiting -= 1
        try:
            yield
        finally:
            self._turns.release()


async def _worked(make: Callable[[str], Job], told: Told) -> Done:
    temporary = tempfile.mkdtemp(prefix="ai-provision-mcp-")
    try:
        async with _process(temporary) as process:
            line = make(temporary).model_dump_json() + "\n"
            if process.stdin is None or process.stdout is None:
                raise TypeError("the process has no pipes")
            with suppress(anyio.BrokenResourceError):  # then its silence says what happened
                await process.stdin.send(line.encode())
            return await _heard(BufferedByteReceiveStream(process.stdout), told)
    finally:
        with anyio.CancelScope(shield=True):
            await anyio.to_thread.run_sync(shutil.rmtree, temporary, True)  # ignoring errors


@asynccontextmanager
async def _process(directory: str) -> AsyncIterator[Process]:
    """A worker that is gone after the block, however that ends."""
    process = await anyio.open_process(
        # -P: the client chose the working directory; no module is imported from there.
        [sys.executable, "-P", "-m", "ci.mcp.worker"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=None,
        cwd=directory,
        start_new_session=True,
    )
    stop_at_once = True
    try:
        yield process
        stop_at_once = False
    finally:
        with anyio.CancelScope(shield=True):
            if stop_at_once:
                with suppress(ProcessLookupError):
                    process.terminate()
            await _end(process)
            await process.aclose()


async def _end(process: Process) -> None:
    """Wait for it to end its children, remove its files and go; then insist."""
    with anyio.move_on_after(GRACE_SECONDS):
        await process.wait()
    if process.returncode is None:
        with suppress(ProcessLookupError, PermissionError):
            os.killpg(process.pid, signal.SIGKILL)
        await process.wait()


async def _heard(stream: BufferedByteReceiveStream, told: Told) -> Done:
    """What the worker says, until it says how it ended."""
    while True:
        try:
            line = await stream.receive_until(b"\n", MAX_ANSWER_BYTES)
        except (anyio.IncompleteRead, anyio.DelimiterNotFound, anyio.EndOfStream) as error:
            raise OutsideError(
                "the call ended without an answer: its process was stopped or ran out of memory",
                code="mcp.no_answer",
            ) from error
        message = json.loads(line)
        if "done" in message:
            return Done.model_validate(message["done"])
        if "error" in message:
            raise _error(*message["error"])
        await told(str(message["progress"]))


def _error(code: str, message: str, hint: str) -> ProvisionError:
    kind = UsageError if code.startswith(("usage", "trigger", "mcp", "settings")) else OutsideError
    return kind(message, code=code, hint=hint)
