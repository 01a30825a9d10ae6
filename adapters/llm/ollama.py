"""Ollama, through its native chat API.

Its OpenAI-compatible route ignores the context window and truncates prompts in silence, so it is
not used. Everything that has a server-side default that varies (context window, temperature, seed,
keep-alive, thinking) is set.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from adapters.llm.provider import (
    MAX_ANSWER_CHARACTERS,
    Completion,
    Message,
    ProviderFailure,
    within,
)

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

    def complete(
        self,
        messages: Sequence[Message],
        schema: dict[str, Any],
        max_tokens: int,
        seconds: float,
    ) -> Completion:
        """See `ChatProvider`."""
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
        from llama_index.llms.ollama import Ollama
        from ollama import AsyncClient, ResponseError

        client = AsyncClient(
            host=self.url,
            timeout=httpx.Timeout(seconds, connect=CONNECT_SECONDS),
            headers={} if self.api_key is None else {"authorization": f"Bearer {self.api_key}"},
            follow_redirects=False,
            trust_env=False,
        )
        llm = Ollama(
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
        turns = [ChatMessage(role=MessageRole(m.role), content=m.content) for m in messages]
        parts: list[str] = []
        last: dict[str, Any] = {}
        length = 0
        try:
            async with client:
                async for piece in await llm.astream_chat(turns, format=schema):
                    parts.append(piece.delta or "")
                    length += len(parts[-1])
                    last = piece.raw if isinstance(piece.raw, dict) else last
                    if length > MAX_ANSWER_CHARACTERS:
                        raise ProviderFailure("the answer does not end")
        except ResponseError as error:
            raise self._refused(error.status_code) from None
        except ConnectionError:
            raise ProviderFailure(f"nobody answers at {self.url}", fatal=True) from None
        except (httpx.ConnectError, httpx.ConnectTimeout):
            raise ProviderFailure(f"nobody answers at {self.url}", fatal=True) from None
        except (httpx.HTTPError, UnicodeDecodeError, ValueError) as error:
            raise ProviderFailure(f"the answer broke off: {type(error).__name__}") from None
        return Completion(
            "".join(parts),
            _count(last.get("prompt_eval_count")),
            _count(last.get("eval_count")),
            truncated=last.get("done_reason") == "length",
        )

    def _refused(self, status: int) -> ProviderFailure:
        if status == 404:
            return ProviderFailure(
                f"{self.url} has no model {self.model}; `ollama pull {self.model}` gets it",
                fatal=True,
            )
        return ProviderFailure(f"{self.url} answered {status}", fatal=status in _REFUSED)


def _count(value: object) -> int | None:
    return value if isinstance(value, int) and value >= 0 else None
