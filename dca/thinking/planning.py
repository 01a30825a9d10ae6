"""A language model judges what was found, and asks once more in its own words.

It may only add a question. What comes back is held to the component like any other find, so a
question that leads astray finds nothing.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from functools import lru_cache
from pathlib import Path
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, create_model

from dca.docs.coverage import own_match
from dca.docs.evidence import fact_evidence
from dca.docs.needs import WORDS
from dca.docs.search import Asked, Open
from schemas.knowledge import Fact
from schemas.model import Asker, LanguageModel, ModelRequest, Unanswered
from schemas.prose import packed, shown, unsafe_parts
from schemas.told import said_of

logger = logging.getLogger(__name__)

PROMPT = "search-1"
MAX_ANSWER_TOKENS = 700
MOST_COMPONENTS = 10
"""Of one question; the first of an app are those that matter."""
MAX_QUESTION = 160
_MOST_FOUND = 4
_MOST_MISSING = 6


class Search(BaseModel):
    """One more question."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    component: str
    question: str = Field(min_length=3, max_length=MAX_QUESTION)
    why: str = Field(min_length=1, max_length=300)


class Searches(BaseModel):
    """All further questions, at most one for a component."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    searches: list[Search] = Field(max_length=MOST_COMPONENTS)


class ThinkingPlanner:
    """Implements `dca.docs.search.Planner`.

    Args:
        model: Is asked once for all components, and corrected at most twice.
    """

    def __init__(self, model: LanguageModel) -> None:
        self._model = model

    def __call__(self, open_: Sequence[Open]) -> Mapping[str, Asked]:
        """What else to ask, by component; empty where nothing usable was answered.

        Raises:
            ModelError: The model was asked for by name and cannot be reached.
        """
        some = open_[:MOST_COMPONENTS]
        request = ModelRequest(
            asker=Asker.DCA,
            prompt=f"dca.{PROMPT.replace('-', '/')}",
            system=_system(),
            user=f"<data>{packed({'components': [_told(item) for item in some]})}</data>",
            max_tokens=MAX_ANSWER_TOKENS,
        )
        answer = self._model.ask(request, _shape(some), _wrong)
        if isinstance(answer, Unanswered):
            return {}
        return {
            item.component: Asked(shown(item.question), f"{self._model.name}: {shown(item.why)}")
            for item in answer.value.searches
        }


def _wrong(given: Searches) -> str | None:
    """What is wrong with valid questions, in words for the model; None when nothing is."""
    texts = (shown(text) for item in given.searches for text in (item.question, item.why))
    unsafe = next((part for text in texts for part in unsafe_parts(text)), None)
    if unsafe is not None:
        return f"Your text holds {unsafe}. Write plain words."
    names = [item.component for item in given.searches]
    return None if len(set(names)) == len(names) else "Ask one question for each component."


def _shape(open_: Sequence[Open]) -> type[Searches]:
    """The answer with the names of the moment as a closed list."""
    name: Any = Literal.__getitem__(tuple(item.subject.component.name for item in open_))
    one = create_model("Search", __base__=Search, component=(name, ...))
    many: Any = list[one]
    field = Field(max_length=MOST_COMPONENTS)
    return create_model("Searches", __base__=Searches, searches=(many, field))


def _told(item: Open) -> dict[str, Any]:
    subject = item.subject
    component = subject.component
    demand = component.demand.model_dump(mode="json", exclude_none=True, exclude_defaults=True)
    return {
        "name": component.name,
        "product": subject.title,
        "role": subject.role.value,
        "language": component.language,
        "framework": component.framework,
        "demand": {key: value for key, value in demand.items() if isinstance(value, int | float)},
        "missing": [WORDS[need.figure] for need in item.missing[:_MOST_MISSING]],
        "found": [_words_of(fact) for fact in item.found[:_MOST_FOUND]],
    }


def _words_of(fact: Fact) -> str:
    """What a fact says; of a document that somebody added, the figures alone."""
    return said_of(fact_evidence(fact, own_match(fact)))[:160] or "a passage without figures"


@lru_cache(maxsize=1)
def _system() -> str:
    path = Path(__file__).parent.parent / "prompts" / f"{PROMPT}.md"
    return path.read_text("utf-8").strip()
