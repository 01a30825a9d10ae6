"""Prepared answers, good and bad; what a server does wrong is an answer as well."""

import json
from collections.abc import Iterator, Mapping
from itertools import count, repeat
from typing import Any

from tests.engine.brains import Answer, Asked, Cut, End, Event, Failure, Piece, Wait, pieces
from tests.engine.brains import says as says


def perfect(value: Any) -> Answer:
    """Nothing but the JSON that was asked for."""
    return says(json.dumps(value))


def verbose(value: Any) -> Answer:
    """Prose around the JSON, with braces of its own."""
    before = "Sure! Let me think about {your question} step by step. Here is the plan:\n\n"
    return says(f"{before}{json.dumps(value)}\n\nI hope that {{this}} helps. Anything else?")


def fenced(value: Any) -> Answer:
    """JSON in a code fence, as chat models like to give it."""
    return says(f"Here you go:\n```json\n{json.dumps(value, indent=2)}\n```\n")


def wrong_types(value: Any) -> Answer:
    """The right keys, and under each a value of another type."""
    return perfect(_twisted(value))


def _twisted(value: Any) -> Any:
    match value:
        case dict():
            return {key: _twisted(item) for key, item in value.items()}
        case list() | tuple():
            return {str(number): _twisted(item) for number, item in enumerate(value)}
        case bool() | int() | float():
            return "plenty"
        case str():
            return [len(value)]
        case _:
            return {}


def refusal() -> Answer:
    """The model will not."""
    return says("I'm sorry, but I can't help with that request.")


def empty() -> Answer:
    """No text at all, as from a thinking model whose thoughts used up its tokens."""
    return says("")


def endless(text: str = "la ", every_s: float = 0.001) -> Answer:
    """Goes on for ever and heeds no bound; ends with its client or with the server."""

    def events(asked: Asked) -> Iterator[Event]:
        for _ in count():
            yield Piece(text)
            yield Wait(every_s)

    return Answer(events, heeds_num_predict=False)


def drip(text: str, every_s: float) -> Answer:
    """The whole answer, slowly: each token in time for a time limit between tokens."""

    def events(asked: Asked) -> Iterator[Event]:
        for piece in pieces(text):
            yield Wait(every_s)
            yield piece

    return Answer(events)


def silence() -> Answer:
    """Takes the question and never says a word."""
    return Answer(lambda asked: repeat(Wait(1.0)))


def cut_off(text: str, *, reset: bool = False) -> Answer:
    """The connection ends after this much, before the answer does."""

    def events(asked: Asked) -> Iterator[Event]:
        yield from pieces(text)
        yield Cut(reset)

    return Answer(events)


def truncated(text: str) -> Answer:
    """The server says that the answer ended for its length, whatever bound was asked for."""

    def events(asked: Asked) -> Iterator[Event]:
        yield from pieces(text)
        yield End("length")

    return Answer(events)


def fails(status: int = 500, error: str = "llama runner process has terminated") -> Answer:
    """An HTTP status with Ollama's error document."""
    return Answer(lambda asked: iter([Failure(status, error)]))


def fails_midway(text: str, error: str = "llama runner process has terminated") -> Answer:
    """A stream that began well and ends with an error line, under a status of 200."""

    def events(asked: Asked) -> Iterator[Event]:
        yield from pieces(text)
        yield Failure(500, error)

    return Answer(events)


def model_gone(model: str) -> Answer:
    """The model was removed after its name was seen in the list."""
    return fails(404, f"model '{model}' not found")


def redirects(url: str) -> Answer:
    """Sends the client elsewhere."""
    return Answer(lambda asked: iter([Failure(307, "moved", (("Location", url),))]))


def calls_tool(name: str, arguments: Mapping[str, Any], text: str = "") -> Answer:
    """Wants a tool, known or not, offered or not."""
    call = {"id": "call_1", "function": {"index": 0, "name": name, "arguments": dict(arguments)}}

    def events(asked: Asked) -> Iterator[Event]:
        yield from pieces(text)
        yield Piece(tool_calls=(call,))

    return Answer(events)


def invalid_utf8(before: str = '{"text": "caf', after: str = '"}') -> Answer:
    """A text with bytes in it that are no UTF-8."""
    return says(before + b"\xff\xfe\xe9".decode("utf-8", "surrogateescape") + after)


def huge(megabytes: int = 50) -> Answer:
    """One JSON object that is long and heeds no bound."""

    def events(asked: Asked) -> Iterator[Event]:
        yield Piece('{"text": "')
        for _ in range(megabytes * 16):
            yield Piece("x" * 65_536, tokens=16_384)
        yield Piece('"}')

    return Answer(events, heeds_num_predict=False)
