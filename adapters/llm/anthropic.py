"""Anthropic's models; the library is the extra ``anthropic``."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

from adapters.llm.http import elsewhere, is_redirect, load, tls
from adapters.llm.progress import nobody
from adapters.llm.provider import Completion, Message, ProviderFailure, within

_FATAL = (400, 401, 403, 404)


@dataclass(frozen=True, slots=True)
class AnthropicProvider:
    """One model behind Anthropic's messages API.

    The API forces no JSON schema on a text; the schema stands at the end of the system prompt, and
    what comes back is validated like every other answer.
    """

    model: str
    api_key: str = field(repr=False)
    url: str | None = None
    heard: Callable[[int], None] = field(default=nobody, repr=False, compare=False)
    """Told that an answer is waited for."""

    def prepare(self) -> None:
        """See `ChatProvider`."""
        load("anthropic", "llama_index.llms.anthropic", extra="anthropic")

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
        import anthropic
        from llama_index.core.llms import ChatMessage, MessageRole
        from llama_index.llms.anthropic import Anthropic

        llm = Anthropic(
            model=self.model,
            api_key=self.api_key,
            base_url=self.url,
            temperature=0.0,
            max_tokens=max_tokens,
            timeout=seconds,
            max_retries=0,
        )
        # The library's own client follows redirects, and takes the key along to any host.
        client = anthropic.DefaultAsyncHttpxClient(
            timeout=seconds, follow_redirects=False, trust_env=False, verify=tls()
        )
        llm._aclient = llm._aclient.with_options(http_client=client)
        try:
            _ = llm.metadata
        except ValueError:
            raise ProviderFailure(
                f"the library knows no model {self.model}; a newer one may", fatal=True
            ) from None
        first, *others = messages
        asked = f"{first.content}\n\nThe JSON schema of your answer:\n{json.dumps(schema)}"
        turns = [ChatMessage(role=MessageRole.SYSTEM, content=asked)]
        turns += [ChatMessage(role=MessageRole(m.role), content=m.content) for m in others]
        try:
            self.heard(0)
            async with client:
                answer = await llm.achat(turns)
        except anthropic.APIStatusError as error:
            if is_redirect(error.status_code):
                raise ProviderFailure(elsewhere(error.status_code), fatal=True) from None
            fatal = error.status_code in _FATAL
            raise ProviderFailure(f"the server answered {error.status_code}", fatal=fatal) from None
        except anthropic.APIConnectionError:
            raise ProviderFailure("nobody answers at the model's address", fatal=True) from None
        except TypeError:
            # A version of the SDK that does not take what LlamaIndex gives it.
            raise ProviderFailure(
                "the versions of the installed libraries do not fit each other", fatal=True
            ) from None
        except (anthropic.AnthropicError, ValueError) as error:
            raise ProviderFailure(f"the answer broke off: {type(error).__name__}") from None
        raw: Any = answer.raw or {}
        usage = raw.get("usage") if isinstance(raw, dict) else None
        return Completion(
            answer.message.content or "",
            getattr(usage, "input_tokens", None),
            getattr(usage, "output_tokens", None),
            truncated=isinstance(raw, dict) and raw.get("stop_reason") == "max_tokens",
        )
