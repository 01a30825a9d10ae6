"""Language models: what an agent asks, what it gets, and what that cost."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from typing import Generic, Protocol, TypeVar

from pydantic import BaseModel, Field

from schemas.base import Contract

T = TypeVar("T", bound=BaseModel)


class Asker(StrEnum):
    """Who asks a model."""

    DCA = "dca"
    PIPA = "pipa"
    RVA = "rva"


class ModelUse(Contract):
    """What one agent asked of its model in one run."""

    asker: Asker
    model: str
    """``provider/model``."""
    prompts: tuple[str, ...] = ()
    """Ids and versions of the prompts that were used: ``pipa.plan/1``."""
    calls: int = Field(default=0, ge=0)
    """Requests to the model, retries included."""
    retries: int = Field(default=0, ge=0)
    prompt_tokens: int = Field(default=0, ge=0)
    """As the server counted them; estimated where it does not say."""
    completion_tokens: int = Field(default=0, ge=0)
    seconds: float = Field(default=0, ge=0)
    unanswered: tuple[str, ...] = ()
    """Why the deterministic path went on without an answer, once per question."""


@dataclass(frozen=True, slots=True)
class ModelRequest:
    """One question to a model."""

    asker: Asker
    prompt: str
    """Id and version of the prompt: ``pipa.plan/1``."""
    system: str
    user: str
    max_tokens: int = 1024
    """Longest answer."""


@dataclass(frozen=True, slots=True)
class Answered(Generic[T]):
    """An answer of the asked shape that passed all checks."""

    value: T
    attempts: int = 1


@dataclass(frozen=True, slots=True)
class Unanswered:
    """There is no usable answer; the deterministic path goes on."""

    reason: str
    """One sentence for the run's record."""


class LanguageModel(Protocol):
    """A model that answers in a given shape or not at all; it never raises for a bad answer."""

    @property
    def name(self) -> str:
        """``provider/model``."""

    def ask(
        self,
        request: ModelRequest,
        shape: type[T],
        check: Callable[[T], str | None] | None = None,
    ) -> Answered[T] | Unanswered:
        """Ask once, and again with the error when the answer is no good.

        Args:
            request: The question.
            shape: What the answer must validate as.
            check: Says what else is wrong with a valid answer, in words for the model; None when
                nothing is.

        Raises:
            ModelError: The model cannot be reached at all, and the user asked for it by name.
        """
