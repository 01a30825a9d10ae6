"""What every provider does: one completion within a deadline."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any, Literal, Protocol

MAX_ANSWER_CHARACTERS = 200_000
"""An answer that goes on beyond it is given up: no shape of ours needs a tenth of that."""


@dataclass(frozen=True, slots=True)
class Message:
    """One turn."""

    role: Literal["system", "user", "assistant"]
    content: str


@dataclass(frozen=True, slots=True)
class Completion:
    """What came back."""

    text: str
    prompt_tokens: int | None = None
    """As the server counted; None when it does not say."""
    completion_tokens: int | None = None
    truncated: bool = False
    """It ended because of a limit, not because it was done."""


class ProviderFailure(Exception):
    """One request failed.

    Args:
        message: What happened, without secrets.
        fatal: Asking again cannot help: no such model, not allowed, nobody there.
    """

    def __init__(self, message: str, *, fatal: bool = False) -> None:
        super().__init__(message)
        self.message = message
        self.fatal = fatal


class ChatProvider(Protocol):
    """One model behind one API."""

    def prepare(self) -> None:
        """Import what a request needs, which takes seconds that no deadline should count.

        Raises:
            ProviderFailure: The library is not installed.
        """

    def complete(
        self,
        messages: Sequence[Message],
        schema: dict[str, Any],
        max_tokens: int,
        seconds: float,
    ) -> Completion:
        """One answer in the form of a JSON schema, as far as the server can force it.

        Raises:
            ProviderFailure: Nothing usable came back within `seconds`.
        """


def within(seconds: float, answer: Coroutine[Any, Any, Completion]) -> Completion:
    """Run a request, and cancel it at the deadline, whatever it is waiting for then.

    A server that drips a token a second keeps every socket's own time limit content. The loop has
    a thread of its own, since the caller may be inside one.

    Raises:
        ProviderFailure: The deadline has passed.
    """

    async def bounded() -> Completion:
        async with asyncio.timeout(seconds):
            return await answer

    with ThreadPoolExecutor(1, thread_name_prefix="model") as pool:
        try:
            return pool.submit(asyncio.run, bounded()).result()
        except TimeoutError:
            raise ProviderFailure(f"no whole answer within {seconds:.0f} s") from None
