"""OpenAI, and servers that speak its chat API; the library is the extra ``openai``."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

from adapters.llm.http import elsewhere, is_redirect, load, tls
from adapters.llm.progress import nobody
from adapters.llm.provider import Completion, Message, ProviderFailure, within

_FATAL = (400, 401, 403, 404)


@dataclass(frozen=True, slots=True)
class OpenAiProvider:
    """One model behind OpenAI's chat API."""

    model: str
    api_key: str = field(repr=False)
    url: str | None = None
    """Another server than OpenAI's own."""
    context_tokens: int = 8192
    seed: int = 1
    heard: Callable[[int], None] = field(default=nobody, repr=False, compare=False)
    """Told that an answer is waited for."""

    def prepare(self) -> None:
        """See `ChatProvider`."""
        load("openai", "llama_index.llms.openai_like", extra="openai")

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
        import openai
        from llama_index.core.llms import ChatMessage, MessageRole
        from llama_index.llms.openai_like import OpenAILike

        client = httpx.AsyncClient(
            timeout=seconds, follow_redirects=False, trust_env=False, verify=tls()
        )
        llm = OpenAILike(
            model=self.model,
            api_key=self.api_key,
            api_base=self.url or "https://api.openai.com/v1",
            temperature=0.0,
            max_tokens=max_tokens,
            context_window=self.context_tokens,
            is_chat_model=True,
            max_retries=0,
            timeout=seconds,
            async_http_client=client,
        )
        turns = [ChatMessage(role=MessageRole(m.role), content=m.content) for m in messages]
        form = {"type": "json_schema", "json_schema": {"name": "answer", "schema": schema}}
        try:
            self.heard(0)
            async with client:
                answer = await llm.achat(turns, response_format=form, seed=self.seed)
        except openai.APIStatusError as error:
            if is_redirect(error.status_code):
                raise ProviderFailure(elsewhere(error.status_code), fatal=True) from None
            fatal = error.status_code in _FATAL
            raise ProviderFailure(f"the server answered {error.status_code}", fatal=fatal) from None
        except openai.APIConnectionError:
            raise ProviderFailure("nobody answers at the model's address", fatal=True) from None
        except (openai.OpenAIError, httpx.HTTPError, ValueError) as error:
            raise ProviderFailure(f"the answer broke off: {type(error).__name__}") from None
        return _completion(answer.message.content or "", answer.raw)


def _completion(text: str, raw: object) -> Completion:
    choices = getattr(raw, "choices", None) or [None]
    usage = getattr(raw, "usage", None)
    return Completion(
        text,
        getattr(usage, "prompt_tokens", None),
        getattr(usage, "completion_tokens", None),
        truncated=getattr(choices[0], "finish_reason", None) == "length",
    )
