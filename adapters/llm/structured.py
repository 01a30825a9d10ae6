"""A model that answers in a shape or not at all: ask, validate, ask again, give up."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from adapters.llm.answer import NotUsable, read_answer, schema_of
from adapters.llm.budget import Budget, estimate_tokens
from adapters.llm.journal import Exchange, Journal
from adapters.llm.provider import ChatProvider, Completion, Message, ProviderFailure
from schemas.errors import ModelError
from schemas.model import Answered, Asker, ModelRequest, ModelUse, T, Unanswered
from schemas.ports import Clock

MAX_ATTEMPTS = 3
"""One question and two corrections: a model that does not get it then will not."""
KEPT_OF_A_BAD_ANSWER = 2000
"""Characters that are shown back to the model."""
LEAST_SHARE_OF_PROMPT = 0.35
"""A server that counts fewer tokens than this share of our estimate has cut the prompt."""


@dataclass(frozen=True, slots=True)
class Rules:
    """What bounds one model."""

    context_tokens: int
    call_seconds: float
    required: bool
    """The user named the model: that nobody is there is an error, not a fallback."""


@dataclass(slots=True)
class _Tally:
    prompts: list[str] = field(default_factory=list)
    calls: int = 0
    retries: int = 0
    prompt_tokens: int = 0
    completion_tokens: int = 0
    seconds: float = 0.0
    unanswered: list[str] = field(default_factory=list)


class StructuredModel:
    """Implements `schemas.model.LanguageModel` over one provider.

    Args:
        asker: The agent it works for.
        name: ``provider/model``.
        provider: The model.
        rules: Its bounds.
        budget: Shared by all models of the run.
        journal: Told every exchange.
        clock: Measures.
    """

    def __init__(  # noqa: PLR0913 - what a model needs, joined in one place only
        self,
        asker: Asker,
        name: str,
        provider: ChatProvider,
        rules: Rules,
        budget: Budget,
        journal: Journal,
        clock: Clock,
    ) -> None:
        self._asker = asker
        self._name = name
        self._provider = provider
        self._rules = rules
        self._budget = budget
        self._journal = journal
        self._clock = clock
        self._tally = _Tally()
        self._gone: str | None = None

    @property
    def name(self) -> str:
        """``provider/model``."""
        return self._name

    @property
    def use(self) -> ModelUse:
        """What was asked so far."""
        tally = self._tally
        return ModelUse(
            asker=self._asker,
            model=self._name,
            prompts=tuple(dict.fromkeys(tally.prompts)),
            calls=tally.calls,
            retries=tally.retries,
            prompt_tokens=tally.prompt_tokens,
            completion_tokens=tally.completion_tokens,
            seconds=round(tally.seconds, 3),
            unanswered=tuple(tally.unanswered),
        )

    def ask(
        self,
        request: ModelRequest,
        shape: type[T],
        check: Callable[[T], str | None] | None = None,
    ) -> Answered[T] | Unanswered:
        """See `schemas.model.LanguageModel`."""
        answer = self._ask(request, shape, check)
        if isinstance(answer, Unanswered):
            self._tally.unanswered.append(f"{request.prompt}: {answer.reason}")
        return answer

    def _ask(
        self, request: ModelRequest, shape: type[T], check: Callable[[T], str | None] | None
    ) -> Answered[T] | Unanswered:
        if self._gone is not None:
            return Unanswered(self._gone)
        self._tally.prompts.append(request.prompt)
        messages = [Message("system", request.system), Message("user", request.user)]
        schema, max_tokens = schema_of(shape), request.max_tokens
        wrong = ""
        try:
            self._provider.prepare()
        except ProviderFailure as failure:
            return self._give_up(failure)
        for attempt in range(1, MAX_ATTEMPTS + 1):
            refused = self._room(messages, max_tokens)
            if refused is not None:
                return Unanswered(refused if not wrong else f"{wrong}; then {refused}")
            try:
                completion = self._complete(request, messages, schema, max_tokens, attempt)
            except ProviderFailure as failure:
                wrong = failure.message
                if failure.fatal:
                    return self._give_up(failure)
                continue
            wrong = self._cut(messages, completion)
            if wrong:
                return Unanswered(wrong)
            value, wrong = _judged(completion.text, shape, check)
            if value is not None:
                return Answered(value, attempt)
            if completion.truncated:
                wrong = f"The answer was cut off after {max_tokens} tokens. Be shorter. {wrong}"
                max_tokens = min(2 * max_tokens, self._rules.context_tokens // 2)
            messages = self._corrected(messages[:2], completion, wrong)
        return Unanswered(f"no usable answer in {MAX_ATTEMPTS} attempts: {wrong[:300]}")

    def _room(self, messages: list[Message], max_tokens: int) -> str | None:
        """Why this cannot be asked; None when it can."""
        planned = self._planned(messages)
        if planned + max_tokens > self._rules.context_tokens:
            return (
                f"the prompt of about {planned} tokens and an answer of {max_tokens} do not fit "
                f"the context window of {self._rules.context_tokens}"
            )
        return self._budget.take(planned + max_tokens)

    def _complete(
        self,
        request: ModelRequest,
        messages: list[Message],
        schema: dict[str, Any],
        max_tokens: int,
        attempt: int,
    ) -> Completion:
        planned = self._planned(messages)
        seconds = max(0.1, min(self._rules.call_seconds, self._budget.seconds_left()))
        began = self._clock.monotonic()
        tally = self._tally
        tally.calls += 1
        tally.retries += attempt > 1
        exchange = Exchange(request.asker.value, request.prompt, self._name, tuple(messages))
        try:
            completion = self._journal.replayed(exchange) or self._provider.complete(
                messages, schema, max_tokens, seconds
            )
        except ProviderFailure as failure:
            self._journal.failed(exchange, failure.message)
            self._budget.settle(planned + max_tokens, planned)
            raise
        finally:
            tally.seconds += self._clock.monotonic() - began
        asked = completion.prompt_tokens or planned
        answered = completion.completion_tokens or estimate_tokens(completion.text)
        tally.prompt_tokens += asked
        tally.completion_tokens += answered
        self._budget.settle(planned + max_tokens, asked + answered)
        self._journal.answered(exchange, completion)
        return completion

    def _cut(self, messages: list[Message], completion: Completion) -> str:
        """What shows that the server has cut the prompt; empty when nothing does."""
        counted = completion.prompt_tokens
        planned = self._planned(messages)
        # Ollama counts only what it had to read anew, so a small count alone proves nothing; a
        # context that is full does.
        full = counted is not None and counted >= self._rules.context_tokens
        if full and counted is not None:
            return f"the server cut the prompt: {counted} tokens counted, about {planned} sent"
        return ""

    def _give_up(self, failure: ProviderFailure) -> Unanswered:
        if self._rules.required:
            raise ModelError(
                f"{self._name}: {failure.message}",
                hint="Use --llm auto to go on without a model, or --llm none.",
            )
        self._gone = failure.message
        return Unanswered(failure.message)

    @staticmethod
    def _planned(messages: list[Message]) -> int:
        return sum(estimate_tokens(message.content) + 8 for message in messages)

    @staticmethod
    def _corrected(messages: list[Message], completion: Completion, wrong: str) -> list[Message]:
        """The question again, with the bad answer and what is wrong with it."""
        return [
            *messages,
            Message("assistant", completion.text[:KEPT_OF_A_BAD_ANSWER] or "(empty)"),
            Message("user", f"{wrong}\nAnswer again, with one corrected JSON object only."),
        ]


def _judged(
    text: str, shape: type[T], check: Callable[[T], str | None] | None
) -> tuple[T | None, str]:
    """The value, or None and what is wrong with the answer."""
    try:
        value = read_answer(text, shape)
    except NotUsable as error:
        return None, str(error)
    wrong = check(value) if check else None
    return (None, wrong) if wrong else (value, "")
