"""Ollama, through its native chat API.

Its OpenAI-compatible route ignores the context window and truncates prompts in silence, so it is
not used. Everything that has a server-side default that varies (context window, temperature, seed,
keep-alive, thinking) is set.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import aclosing
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from adapters.llm.http import elsewhere, is_redirect, load, tls, words_of
from adapters.llm.progress import nobody
from adapters.llm.provider import (
    MAX_ANSWER_CHARACTERS,
    Completion,
    Message,
    ProviderFailure,
    within,
)

if TYPE_CHECKING:
    from llama_index.core.llms import ChatResponse
    from llama_index.llms.ollama import Ollama
    from ollama import AsyncClient, ResponseError

DEFAULT_URL = "http://127.0.0.1:11434"
CONNECT_SECONDS = 3.0
_REFUSED = (401, 403, 404)


@dataclass(frozen=True, slots=True)
class OllamaProvider:
    """One model of one Ollama server."""

    model: str
    url: str = DEFAULT_URL
    context_tokens: int = 8192
    keep_alive: str = "10m"
    api_key: str | None = field(default=None, repr=False)
    seed: int = 1
    heard: Callable[[int], None] = field(default=nobody, repr=False, compare=False)
    """Told how many pieces of an answer have come."""

    def prepare(self) -> None:
        """See `ChatProvider`."""
        load("ollama", "llama_index.llms.ollama")

    def complete(
        self,
        messages: Sequence[Message],
        schema: dict[str, Any],
        max_tokens: int,
        seconds: float,
    ) -> Completion:
        """See `ChatProvider`."""
        self.prepare()
        return within(seconds, self._answer(messages, schema, max_tokens, seconds))

    async def _answer(
        self,
        messages: Sequence[Message],
        schema: dict[str, Any],
        max_tokens: int,
        seconds: float,
    ) -> Completion:
        import httpx
        from llama_index.core.llms import ChatMessage, MessageRole
        from ollama import ResponseError

        client = self._client(seconds)
        llm = self._llm(client, max_tokens, seconds)
        turns = [ChatMessage(role=MessageRole(m.role), content=m.content) for m in messages]
        try:
            async with client, aclosing(await llm.astream_chat(turns, format=schema)) as pieces:
                return await self._whole(pieces)
        except ResponseError as error:
            raise self._refused(error) from None
        except (ConnectionError, httpx.ConnectError, httpx.ConnectTimeout):
            raise ProviderFailure(f"nobody answers at {self.url}", fatal=True) from None
        except (httpx.HTTPError, UnicodeDecodeError, ValueError, AttributeError) as error:
            # The last of these: a line that is JSON, but no object.
            raise ProviderFailure(f"the answer broke off: {type(error).__name__}") from None

    def _client(self, seconds: float) -> AsyncClient:
        import httpx
        from ollama import AsyncClient

        return AsyncClient(
            host=self.url,
            timeout=httpx.Timeout(seconds, connect=CONNECT_SECONDS),
            headers={} if self.api_key is None else {"authorization": f"Bearer {self.api_key}"},
            follow_redirects=False,
            trust_env=False,
            verify=tls(),
        )

    def _llm(self, client: AsyncClient, max_tokens: int, seconds: float) -> Ollama:
        from llama_index.llms.ollama import Ollama

        return Ollama(
            model=self.model,
            base_url=self.url,
            temperature=0.0,
            context_window=self.context_tokens,
            request_timeout=seconds,
            keep_alive=self.keep_alive,
            thinking=False,
            additional_kwargs={"seed": self.seed, "num_predict": max_tokens},
            async_client=client,
        )

    async def _whole(self, pieces: AsyncIterator[ChatResponse]) -> Completion:
        """The answer, piece by piece; given up when it does not end."""
        parts: list[str] = []
        last: dict[str, Any] = {}
        length = 0
        self.heard(0)
        async for piece in pieces:
            parts.append(piece.delta or "")
            length += len(parts[-1])
            last = piece.raw if isinstance(piece.raw, dict) else last
            self.heard(len(parts))
            if length > MAX_ANSWER_CHARACTERS:
                raise ProviderFailure("the answer does not end")
        if not last.get("done"):
            raise ProviderFailure("the answer broke off before its end")
        return Completion(
            "".join(parts),
            _count(last.get("prompt_eval_count")),
            _count(last.get("eval_count")),
            truncated=last.get("done_reason") == "length",
        )

    def _refused(self, error: ResponseError) -> ProviderFailure:
        """What a status, or an error in the midst of an answer, means."""
        status, said = error.status_code, words_of(str(error.error), self.api_key)
        if status == 404:
            return ProviderFailure(
                f"{self.url} has no model {self.model}; `ollama pull {self.model}` gets it",
                fatal=True,
            )
        if is_redirect(status):
            return ProviderFailure(f"{self.url}: {elsewhere(status)}", fatal=True)
        if status < 0:
            return ProviderFailure(f"{self.url} failed in its answer: {said or 'no reason given'}")
        told = f"{self.url} answered {status}" + (f": {said}" if said else "")
        return ProviderFailure(told, fatal=status in _REFUSED)


def _count(value: object) -> int | None:
    return value if isinstance(value, int) and value >= 0 else None
