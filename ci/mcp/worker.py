"""Does one long call in a process of its own: ``python -P -m ci.mcp.worker``.

A process can be stopped at any moment, whatever it is doing, and what it used is then free again;
a thread cannot. It reads one job from stdin, as a line of JSON, and writes lines of JSON to stdout:
``{"progress": …}`` any number of times, then one of ``{"done": …}`` and ``{"error": …}``. Whatever
else prints, prints to stderr. It ends early, with everything that it had started, when it is told
to (SIGTERM) and when its stdin closes: then the server is gone.
"""

from __future__ import annotations

import json
import logging
import os
import shutil
import signal
import sys
import tempfile
import threading
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path
from types import FrameType
from typing import Any, BinaryIO, Literal, NoReturn

from pydantic import BaseModel, ConfigDict

from schemas.errors import ProvisionError, UsageError
from schemas.ports import Checkout, SkippedFile
from schemas.recommendation import Recommendation
from schemas.trigger import Environment, Trigger

MAX_JOB_BYTES = 16 << 20
STOPPED = 143
"""Exit code of a process that SIGTERM ended: 128 and the signal's number."""
GIVEN = "the given manifests"
_UNSTATED = "Kubernetes manifests to be checked; nothing is stated about the app."


class Job(BaseModel):
    """One call."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    kind: Literal["size", "check"]
    git_repo: str = ""
    """The address of a repository; it is cloned under the rules of the git adapter."""
    directory: str | None = None
    """A directory of this machine instead, which the server has allowed."""
    description: str = ""
    environment: Environment = Environment.PROD
    manifest: str = ""
    most_bytes: int
    """Of the answer."""
    temporary: str
    """Directory for everything that the job writes; it is removed afterwards."""


class Done(BaseModel):
    """What a job came to."""

    answer: dict[str, Any]
    explanations: dict[str, str]


class NoFiles:
    """An empty repository (implements `schemas.ports.FileTree`)."""

    paths: tuple[str, ...] = ()
    skipped: tuple[SkippedFile, ...] = ()
    truncated = False

    def size(self, path: str) -> int:
        """There is no file."""
        raise KeyError(path)

    def read_text(self, path: str) -> str | None:
        """There is no file."""
        return None


def work(job: Job, wire: Wire) -> Done:
    """Do the job.

    Raises:
        ProvisionError: Nothing could be sized, or the arguments cannot be used.
    """
    # Imported here: whoever only needs the shape of a job loads no pipeline.
    from adapters.clock import SystemClock
    from adapters.llm.models import open_models
    from adapters.settings import load_settings
    from ci.mcp.answers import ManifestCheck
    from ci.mcp.summary import explanations_of, findings_of, fitted, sizing_of
    from ci.version import version
    from pipeline.run import Recorder
    from pipeline.standing import standing_findings
    from pipeline.wiring import build_pipeline
    from pipeline.workflow import Question

    settings = load_settings()
    trigger = _trigger(job)
    clock = SystemClock()
    models = open_models(settings, clock)
    recorder = Recorder(clock, version=version(), reasoner=models.choice)
    pipeline = build_pipeline(settings, models=models)
    pipeline.warm()
    wire.progress("fetching the repository" if job.kind == "size" else "reading the manifests")
    with recorder.stage("fetch"), _checkout(job, settings) as checkout:
        question = Question(trigger=trigger)
        recommendation: Recommendation = pipeline.run(question, checkout, recorder, wire.progress)
        answer = sizing_of(recommendation)
        if job.kind == "check":
            standing = findings_of(standing_findings(settings, trigger, checkout))
            answer = ManifestCheck(
                **dict(answer), documents=len(trigger.service_manifest), as_they_stand=standing
            )
    return Done(
        answer=fitted(answer, job.most_bytes).model_dump(mode="json"),
        explanations=explanations_of(recommendation),
    )


def _trigger(job: Job) -> Trigger:
    from dca.payload_manifest import manifest_documents
    from dca.trigger_fields import make_trigger

    if job.kind == "size":
        return make_trigger(job.directory or job.git_repo, job.description, job.environment)
    documents = manifest_documents(job.manifest)
    if not documents:
        raise UsageError("manifest_yaml holds no Kubernetes document", code="mcp.no_manifest")
    trigger = make_trigger(GIVEN, job.description.strip() or _UNSTATED, job.environment)
    return trigger.model_copy(update={"service_manifest": documents})


def _checkout(job: Job, settings: Any) -> AbstractContextManager[Checkout]:  # noqa: ANN401
    from pipeline.wiring import local_checkout, remote_checkout

    if job.kind == "check":
        return nullcontext(Checkout(NoFiles(), GIVEN))
    if job.directory is not None:
        return local_checkout(Path(job.directory))
    return remote_checkout(job.git_repo, None, settings)


class Wire:
    """Lines of JSON to the server."""

    def __init__(self, stream: BinaryIO) -> None:
        self._stream = stream

    def progress(self, stage: str) -> None:
        """Say what begins."""
        self.say({"progress": stage})

    def say(self, message: dict[str, Any]) -> None:
        """Write one line."""
        self._stream.write(json.dumps(message).encode() + b"\n")
        self._stream.flush()


def main() -> int:
    """Read a job, do it, say what came of it."""
    signal.signal(signal.SIGTERM, _stop)
    wire = Wire(_own_stdout())
    logging.basicConfig(level=logging.WARNING, format="%(levelname)s %(name)s %(message)s")
    job = Job.model_validate_json(_first_line())
    threading.Thread(target=_end_with_server, daemon=True).start()
    tempfile.tempdir = job.temporary
    try:
        wire.say({"done": work(job, wire).model_dump(mode="json")})
    except ProvisionError as error:
        wire.say({"error": [error.code, error.message, error.hint]})
    except Exception:
        logging.getLogger(__name__).exception("the call failed")
        wire.say({"error": ["internal", "this is a fault of ai-provision; see its log", ""]})
    finally:
        signal.signal(signal.SIGTERM, signal.SIG_IGN)  # it ends anyway
        shutil.rmtree(job.temporary, ignore_errors=True)
    return 0


def _first_line() -> bytes:
    """The job, read without a buffer that would hold stdin."""
    data = bytearray()
    while not data.endswith(b"\n") and len(data) < MAX_JOB_BYTES:
        piece = os.read(0, 1 << 16)
        if not piece:
            break
        data += piece
    return bytes(data)


def _own_stdout() -> BinaryIO:
    """The pipe to the server for the wire alone; stdout becomes another name of stderr."""
    wire = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)
    return wire


def _end_with_server() -> None:
    """The server keeps stdin open; when that ends, nobody waits for the answer any more."""
    # Not through sys.stdin, whose lock would be held while the interpreter ends.
    while os.read(0, 1024):
        pass
    os.kill(os.getpid(), signal.SIGTERM)


def _stop(_signal: int, _frame: FrameType | None) -> NoReturn:
    # An exception, so that what was started is ended and removed on the way out.
    raise SystemExit(STOPPED)


if __name__ == "__main__":
    try:
        code = main()
    except SystemExit:
        code = STOPPED
    sys.stderr.flush()
    # At once: threads that still load something for nobody are not waited for.
    os._exit(code)
