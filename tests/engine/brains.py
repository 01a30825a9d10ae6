"""What answers behind the fake server: the protocol, and a brain that follows a script.

    ScriptedBrain(fenced({"replicas": 2}), refusal())      # in turn; the last one for ever
    ScriptedBrain(lambda asked: asked.messages[-1]["content"])

`tests.engine.answers` has an answer for each way in which models and servers misbehave.
"""

import math
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from threading import Lock
from typing import Any, Literal, Protocol

CHARACTERS_PER_TOKEN = 4
DEFAULT_CONTEXT_TOKENS = 4096
"""What Ollama uses when a request names no ``num_ctx`` and there is no large GPU."""


@dataclass(frozen=True, slots=True)
class Asked:
    """One question, whichever of the two routes it came by."""

    messages: tuple[Mapping[str, Any], ...]
    format: Any = None
    options: Mapping[str, Any] = field(default_factory=dict)
    think: bool | str | None = None
    tools: tuple[Mapping[str, Any], ...] = ()

    @property
    def text(self) -> str:
        """All that the model reads."""
        return "\n".join(str(message.get("content") or "") for message in self.messages)

    @property
    def num_ctx(self) -> int:
        """Size of the context window, tokens."""
        return self.options.get("num_ctx") or DEFAULT_CONTEXT_TOKENS

    @property
    def num_predict(self) -> int | None:
        """Most tokens of an answer; None: no bound."""
        most = self.options.get("num_predict", -1)
        return most if most >= 0 else None


@dataclass(frozen=True, slots=True)
class Piece:
    """A part of an answer, one token or several.

    A byte that is no UTF-8 stands in the text as its surrogate escape.
    """

    content: str = ""
    thinking: str = ""
    tool_calls: tuple[Mapping[str, Any], ...] = ()
    tokens: int = 1


@dataclass(frozen=True, slots=True)
class Wait:
    """Nothing comes for a while."""

    seconds: float


@dataclass(frozen=True, slots=True)
class Failure:
    """The server says that it failed: as a status before the first piece, as a line after it."""

    status: int
    error: str
    headers: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class Cut:
    """The connection ends here: closed in order, or reset."""

    reset: bool = False


@dataclass(frozen=True, slots=True)
class End:
    """The answer is whole, or as long as it may be."""

    reason: Literal["stop", "length"] = "stop"
    prompt_tokens: int = 0


Event = Piece | Wait | Failure | Cut | End


class Brain(Protocol):
    """Answers questions, several at a time if need be."""

    def answer(self, asked: Asked) -> Iterator[Event]:
        """The answer piece by piece; `End`, `Failure` or `Cut` is the last event."""


@dataclass(frozen=True, slots=True)
class Answer:
    """One scripted answer."""

    events: Callable[[Asked], Iterator[Event]]
    heeds_num_predict: bool = True


Script = Answer | str
"""A bare text stands for `says(text)`."""


class ScriptedBrain:
    """A fake model that gives prepared answers.

    Args:
        answers: In turn, the last one again and again; or one function that makes them.
    """

    def __init__(self, *answers: Script | Callable[[Asked], Script]) -> None:
        if not answers:
            raise ValueError("a script has at least one answer")
        self._answers = list(answers)
        self._lock = Lock()

    def answer(self, asked: Asked) -> Iterator[Event]:
        """The next answer, cut after ``num_predict`` tokens as a real server cuts it."""
        with self._lock:
            given = self._answers.pop(0) if len(self._answers) > 1 else self._answers[0]
        script = given if isinstance(given, Answer | str) else given(asked)
        made = says(script) if isinstance(script, str) else script
        read = min(count_tokens(asked.text), asked.num_ctx)
        return _bounded(made, asked, read)


def _bounded(answer: Answer, asked: Asked, read: int) -> Iterator[Event]:
    most = asked.num_predict if answer.heeds_num_predict else None
    told = 0
    for event in answer.events(asked):
        if isinstance(event, Piece) and most is not None and told + event.tokens > most:
            yield End("length", read)
            return
        told += event.tokens if isinstance(event, Piece) else 0
        yield replace(event, prompt_tokens=read) if isinstance(event, End) else event
        if isinstance(event, End | Failure | Cut):
            return
    yield End("stop", read)


def count_tokens(text: str) -> int:
    """Tokens of a text as scripted brains count them."""
    return math.ceil(len(text) / CHARACTERS_PER_TOKEN)


def pieces(text: str) -> Iterator[Piece]:
    """A text, token by token."""
    for start in range(0, len(text), CHARACTERS_PER_TOKEN):
        yield Piece(text[start : start + CHARACTERS_PER_TOKEN])


def says(text: str, *, thinking: str = "", first_after_s: float = 0.0) -> Answer:
    """A text, with the thoughts that come before it and the time until it begins."""

    def events(asked: Asked) -> Iterator[Event]:
        if first_after_s:
            yield Wait(first_after_s)
        for piece in pieces(thinking):
            yield Piece(thinking=piece.content)
        yield from pieces(text)

    return Answer(events)
