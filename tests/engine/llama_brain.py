"""A real inference engine (llama.cpp) on a tiny model with random weights.

Sampling, grammar, tokens and truncation are those of a real server; what is said is nonsense in the
form that was asked for. It is the worst model that there can be.
"""

import atexit
import codecs
import importlib.util
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import cache
from itertools import count
from pathlib import Path
from threading import Lock
from typing import Any, Self

import numpy as np
import pytest

from tests.engine.brains import Asked, End, Event, Failure, Piece, count_tokens
from tests.engine.grammar import grammar_of
from tests.engine.tiny_model import tiny_model

_MISSING = [name for name in ("llama_cpp", "gguf") if importlib.util.find_spec(name) is None]
_WINDOW_TOKENS = 4096
_READ_CHARACTERS = 400
_TERSENESS = 3.0
_BATCH_TOKENS = 256


def engine(test):
    """Mark a test that needs the engine: it is skipped, with the reason, where there is none."""
    missing = f"{', '.join(_MISSING)} not installed; make test-engine installs it"
    return pytest.mark.engine(pytest.mark.skipif(bool(_MISSING), reason=missing)(test))


class LlamaBrain:
    """A context manager; one question at a time.

    Args:
        model: The model's file; the tiny one when absent.
        temperature: Used instead of the request's. At a temperature of zero a random model says the
            same token for ever, which tests one path alone; None leaves the choice to the request.
        terseness: Added to the scores of what ends a string, a number or a list. Without it the
            strings are so long that most answers are cut off; with it, they are of a few words.
        read_characters: How much of a prompt's end is put before the model. The whole prompt is
            counted; but random weights make no more of thousands of words than of a few.

    A prompt is counted at four characters a token, about what models that people use need: the tiny
    vocabulary needs twice as many tokens, and would fill every window. An answer is counted as it
    is sampled, token by token.

    The same questions in the same order get the same answers; the same question again gets another.
    """

    def __init__(
        self,
        model: Path | None = None,
        temperature: float | None = 1.0,
        terseness: float = _TERSENESS,
        read_characters: int = _READ_CHARACTERS,
    ) -> None:
        from llama_cpp import Llama

        _close_its_files_at_the_end()
        self._temperature = temperature
        self._terseness = terseness
        self._read_characters = read_characters
        self._turns = count()
        self._lock = Lock()
        self._llama = Llama(
            str(model or tiny_model()),
            n_ctx=_WINDOW_TOKENS,
            n_batch=_BATCH_TOKENS,
            n_threads=1,
            verbose=False,
        )
        self._texts = [
            self._llama.detokenize([token], special=True) for token in range(self._llama.n_vocab())
        ]

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *error: object) -> None:
        with self._lock:
            self._llama.close()

    def answer(self, asked: Asked) -> Iterator[Event]:
        """See `Brain`."""
        with self._lock:
            try:
                grammar = None if asked.format is None else self._grammar(asked.format)
            except ValueError as error:
                yield Failure(500, str(error))
                return
            text = _prompt(asked)
            # A prompt longer than the window loses its beginning, as with Ollama.
            counted = min(count_tokens(text), asked.num_ctx)
            read = self._llama.tokenize(text[-self._read_characters :].encode("utf-8", "replace"))
            yield from self._pieces(asked, read, counted, grammar)

    def _pieces(self, asked: Asked, read: list[int], counted: int, grammar: Any) -> Iterator[Event]:
        most = min(asked.num_ctx - counted, _WINDOW_TOKENS - len(read))
        if asked.num_predict is not None:
            most = min(most, asked.num_predict)
        end = self._llama.token_eos()
        decoder = codecs.getincrementaldecoder("utf-8")("replace")
        seed = int(asked.options.get("seed") or 0) + 1_000_003 * next(self._turns)
        self._llama.set_seed(seed % 2**32)
        inside = _Inside()
        urge = None if grammar is None else _Urge(self._texts, self._terseness, inside)
        sampled = self._llama.generate(
            read, grammar=grammar, logits_processor=urge, **self._sampling(asked.options)
        )
        for told, token in enumerate(sampled):
            if token == end:
                yield Piece(decoder.decode(b"", final=True), tokens=0)
                yield End("stop", counted)
                return
            if told >= most:
                yield End("length", counted)
                return
            inside.hear(self._texts[token])
            yield Piece(decoder.decode(self._texts[token]))

    def _sampling(self, options: Mapping[str, Any]) -> dict[str, Any]:
        asked = options.get("temperature", 0.8)
        return {
            "temp": asked if self._temperature is None else self._temperature,
            "top_k": 0,
            "top_p": 1.0,
            "min_p": 0.0,
        }

    def _grammar(self, format: Any) -> Any:
        """A grammar that the engine reads; it would not survive one that it does not."""
        import llama_cpp

        text = grammar_of(format)
        sampler = llama_cpp.llama_sampler_init_grammar(
            self._llama._model.vocab, text.encode(), b"root"
        )
        if not sampler:
            raise ValueError("failed to parse grammar")
        llama_cpp.llama_sampler_free(sampler)
        return llama_cpp.LlamaGrammar.from_string(text)


class _Inside:
    """Whether the JSON so far ends inside a string."""

    def __init__(self) -> None:
        self.a_string = False
        self._escaped = False

    def hear(self, text: bytes) -> None:
        for byte in text:
            if self._escaped:
                self._escaped = False
            elif byte == ord("\\"):
                self._escaped = self.a_string
            elif byte == ord('"'):
                self.a_string = not self.a_string


class _Urge:
    """Raises the scores of what ends what has begun; in the form of the engine's hook."""

    def __init__(self, texts: Sequence[bytes], by: float, inside: _Inside) -> None:
        self._inside = inside
        ends = {b",": by, b"}": by, b"]": by / 2}
        self._in_string = np.array([by * (text[:1] == b'"') for text in texts], np.float32)
        self._outside = np.array([ends.get(text[:1], 0.0) for text in texts], np.float32)

    def __iter__(self) -> Iterator[Callable[..., Any]]:
        yield self._raised

    def _raised(self, tokens: Any, scores: Any) -> Any:
        return scores + (self._in_string if self._inside.a_string else self._outside)


@cache
def _close_its_files_at_the_end() -> None:
    """The library opens the null device for good, which is a warning when Python ends."""
    from llama_cpp import _utils

    atexit.register(_utils.outnull_file.close)
    atexit.register(_utils.errnull_file.close)


def _prompt(asked: Asked) -> str:
    turns = [f"{turn.get('role')}: {turn.get('content') or ''}\n" for turn in asked.messages]
    tools = [f"tool: {tool}\n" for tool in asked.tools]
    return "".join([*tools, *turns, "assistant: "])
