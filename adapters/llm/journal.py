"""Every exchange with a model can be recorded, and played back instead of asking."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Protocol

from adapters.llm.provider import Completion, Message, ProviderFailure
from schemas.errors import InputFileError, OutputError, UsageError

MAX_RECORD_BYTES = 64 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class Exchange:
    """What was asked."""

    asker: str
    prompt: str
    model: str
    messages: tuple[Message, ...]

    @property
    def key(self) -> str:
        """Alike for the same question, whichever model it is put to."""
        told = json.dumps([self.asker, self.prompt, [asdict(m) for m in self.messages]])
        return hashlib.sha256(told.encode()).hexdigest()


class Journal(Protocol):
    """Hears every exchange, and may answer in the model's place."""

    def replayed(self, exchange: Exchange) -> Completion | None:
        """A recorded answer; None: ask the model.

        Raises:
            ProviderFailure: The record says that this failed.
        """

    def answered(self, exchange: Exchange, completion: Completion) -> None:
        """The model has answered."""

    def failed(self, exchange: Exchange, message: str) -> None:
        """It has not."""


class NoJournal:
    """Keeps nothing."""

    def replayed(self, exchange: Exchange) -> None:
        """Nothing is recorded."""

    def answered(self, exchange: Exchange, completion: Completion) -> None:
        """Forget it."""

    def failed(self, exchange: Exchange, message: str) -> None:
        """Forget it."""


class Recording:
    """Appends every exchange to a file of JSON lines, readable by its owner alone.

    Args:
        path: The file; it must not exist yet, so that no earlier record is lost.

    Raises:
        OutputError: It cannot be written.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        try:
            path.touch(mode=0o600, exist_ok=False)
        except OSError as error:
            raise OutputError(
                f"{path} cannot be written: {error.strerror}", hint="Name a file that is not there."
            ) from error

    def replayed(self, exchange: Exchange) -> None:
        """Always ask the model."""

    def answered(self, exchange: Exchange, completion: Completion) -> None:
        """Write it down."""
        self._write(exchange, {"completion": asdict(completion)})

    def failed(self, exchange: Exchange, message: str) -> None:
        """Write it down."""
        self._write(exchange, {"failure": message})

    def _write(self, exchange: Exchange, outcome: Mapping[str, Any]) -> None:
        entry = {"key": exchange.key, **asdict(exchange), **outcome}
        try:
            with self._path.open("a", encoding="utf-8") as file:
                file.write(json.dumps(entry, ensure_ascii=False) + "\n")
        except OSError as error:
            raise OutputError(f"{self._path} cannot be written: {error.strerror}") from error


class Replay:
    """Answers from a record; a question that is not in it fails.

    Args:
        path: A file that `Recording` wrote.

    Raises:
        InputFileError: It cannot be read, or is no such record.
    """

    def __init__(self, path: Path) -> None:
        self._answers: dict[str, list[dict[str, Any]]] = {}
        for number, line in enumerate(_lines(path), 1):
            try:
                entry = json.loads(line)
                self._answers.setdefault(entry["key"], []).append(entry)
                if "failure" not in entry:
                    Completion(**entry["completion"])
            except (ValueError, KeyError, TypeError):
                raise InputFileError(f"{path}, line {number}, is no recorded exchange") from None

    def replayed(self, exchange: Exchange) -> Completion:
        """The recorded answer; of several to one question, each in its turn, then the last."""
        found = self._answers.get(exchange.key)
        if not found:
            raise ProviderFailure("this question is not in the record", fatal=True)
        entry = found.pop(0) if len(found) > 1 else found[0]
        if "failure" in entry:
            raise ProviderFailure(str(entry["failure"]))
        return Completion(**entry["completion"])

    def answered(self, exchange: Exchange, completion: Completion) -> None:
        """It was recorded already."""

    def failed(self, exchange: Exchange, message: str) -> None:
        """It was recorded already."""


def journal_of(record: str | None, replay: str | None) -> Journal:
    """The journal that the command line asks for.

    Raises:
        UsageError: Both were asked for.
        OutputError: The record cannot be written.
        InputFileError: The record to play back cannot be read.
    """
    if record is not None and replay is not None:
        raise UsageError("--record and --replay exclude each other", hint="Leave one of them out.")
    if replay is not None:
        return Replay(Path(replay))
    return NoJournal() if record is None else Recording(Path(record))


def _lines(path: Path) -> list[str]:
    try:
        if path.stat().st_size > MAX_RECORD_BYTES:
            raise InputFileError(f"{path} is larger than {MAX_RECORD_BYTES} bytes")
        return path.read_text("utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise InputFileError(f"{path} cannot be read: {type(error).__name__}") from error
