"""A model's summary for a reviewer: at most five sentences, each number in them checked."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from rva.changes import from_current
from rva.thinking.numbers import (
    Stated,
    add_cost,
    evidence_numbers,
    finding_numbers,
    plan_numbers,
    unfounded,
)
from rva.thinking.prompt import Outcome, rationale_request
from rva.thinking.shape import Summary
from schemas.evidence import Evidence
from schemas.model import LanguageModel, Unanswered
from schemas.prose import sentences_in, shown, unsafe_parts
from schemas.recommendation import Finding

MOST_SENTENCES = 5
LONGEST = 2000
"""Characters of a rationale, citations included."""


@dataclass(frozen=True, slots=True)
class Rationale:
    """The summary as it is shown, and what it cites."""

    text: str = ""
    cites: tuple[str, ...] = ()


NO_RATIONALE = Rationale()


def explain_outcome(
    model: LanguageModel, outcome: Outcome, offered: Mapping[str, Evidence]
) -> Rationale:
    """Ask for the summary; empty when there is no usable one.

    Args:
        model: Is asked once, and corrected at most twice.
        outcome: The component as it ends.
        offered: Evidence that may be cited, by the id that the model sees.

    Raises:
        ModelError: The model was asked for by name and cannot be reached.
    """
    stated = _stated(outcome, offered)
    answer = model.ask(
        rationale_request(outcome, offered),
        Summary,
        lambda given: wrong_in(given, outcome, stated),
    )
    return NO_RATIONALE if isinstance(answer, Unanswered) else _told(answer.value, offered)


def wrong_in(given: Summary, outcome: Outcome, stated: Stated) -> str | None:
    """What is wrong with a summary, in words for the model; None when nothing is."""
    for item in given.sentences:
        text = shown(item.text)
        unknown = next((id_ for id_ in item.cites if id_ not in stated.cited), None)
        if unknown is not None:
            return f"There is no finding or evidence {shown(unknown, 80)!r}. Cite given ids only."
        unsafe = unsafe_parts(text)
        if unsafe:
            return f"Your text holds {unsafe[0]}. Write plain words."
        invented = unfounded(text, item.cites, stated)
        if invented is not None:
            return (
                f"Your text says {shown(invented, 40)!r}, which is no number of the plan, the "
                "present manifest or the cost, nor of what that sentence cites."
            )
    if sum(sentences_in(shown(item.text)) for item in given.sentences) > MOST_SENTENCES:
        return f"That is more than {MOST_SENTENCES} sentences."
    cited = {id_ for item in given.sentences for id_ in item.cites}
    silent = sorted({item.id for item in outcome.left if item.blocks} - cited)
    return f"Say and cite what still blocks: {', '.join(silent)}." if silent else None


def _stated(outcome: Outcome, offered: Mapping[str, Evidence]) -> Stated:
    subject = outcome.subject
    numbers = plan_numbers(subject.plan, subject.component.current)
    numbers.text(*from_current(subject.component, subject.plan))
    numbers.plain(outcome.confidence, 100 * outcome.confidence, outcome.passed)
    add_cost(numbers, outcome.cost)
    by_check: dict[str, list[Finding]] = {}
    for finding in (*outcome.left, *outcome.answered):
        by_check.setdefault(finding.id, []).append(finding)
    cited = {id_: evidence_numbers(item) for id_, item in offered.items()}
    cited |= {id_: finding_numbers(items) for id_, items in by_check.items()}
    return Stated(numbers, cited)


def _told(given: Summary, offered: Mapping[str, Evidence]) -> Rationale:
    """The sentences on one line, each with what it cites; without those marks if they are long."""
    texts = [_sentence(shown(item.text)) for item in given.sentences]
    cited = [[_own_id(id_, offered) for id_ in item.cites] for item in given.sentences]
    marks = [_mark(ids) for ids in cited]
    text = " ".join(f"{text}{mark}" for text, mark in zip(texts, marks, strict=True))
    if len(text) > LONGEST:
        text = " ".join(texts)
    cites = dict.fromkeys(id_ for ids in cited for id_ in ids)
    # Together the parts could make what none of them is alone.
    return NO_RATIONALE if unsafe_parts(text) else Rationale(text, tuple(cites))


def _own_id(id_: str, offered: Mapping[str, Evidence]) -> str:
    """The id by which everybody else knows what the model cites."""
    return offered[id_].id if id_ in offered else id_


def _sentence(text: str) -> str:
    return text if text.endswith((".", "!", "?", "…")) else f"{text}."


def _mark(cites: list[str]) -> str:
    """Citations that may be shown; an id can hold a path that looks like something else."""
    safe = [id_ for id_ in dict.fromkeys(cites) if not unsafe_parts(shown(id_))]
    return f" [{'; '.join(shown(id_) for id_ in safe)}]" if safe else ""
