"""Sizes the component of every row from its repository and its description, and nothing else."""

from __future__ import annotations

import functools
import logging
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from adapters.llm.models import Models
from adapters.settings import Settings
from dca.agent import DcaAgent
from dca.repository.assemble import read_repository
from dca.repository.facts import RepositoryReading
from pipa.agent import PipaAgent
from pipeline.evaluation.folds import constants_without, owner_in
from pipeline.evaluation.scoring import Amounts, Prediction
from pipeline.evaluation.truth import Row, by_repository, component_of, owners_of
from pipeline.wiring import Agents, agents, local_checkout
from schemas.context import AppContext, Component
from schemas.errors import InputFileError, ModelError, UsageError
from schemas.evidence import EvidenceKind
from schemas.model import Asker
from schemas.ports import ChartRenderer, Checkout
from schemas.recommendation import ComponentRecommendation
from schemas.retrieval import KnowledgeState
from schemas.trigger import Trigger

_log = logging.getLogger(__name__)

Progress = Callable[[str, int, int], None]
"""Told what is done, how many of it, of how many."""
Match = Callable[[Row, Sequence[Component]], Component | None]
"""Finds the component that a row is about."""


@dataclass(frozen=True, slots=True)
class Scope:
    """What is sized."""

    checkouts: tuple[Path, ...]
    leave_one_app_out: bool = True
    """A row meets no fact, no rule and no decision of its own owner."""
    exclude_apps: frozenset[str] = frozenset()
    """Apps (``owner/name``, lower case) whose owners' facts nobody meets."""

    def kept(self, rows: Sequence[Row]) -> list[Row]:
        """The rows of all other apps."""
        return [row for row in rows if row["app"].lower() not in self.exclude_apps]


@dataclass(frozen=True, slots=True)
class Outcome:
    """One row, and what the tool says of it."""

    row: Row
    answer: ComponentRecommendation | None
    reason: str = ""
    """Why there is no answer."""
    thought: ComponentRecommendation | None = None
    """What the tool says with a language model; None where none takes part."""
    own_facts: int = 0
    """Facts from repositories of the row's own owners that it met: none when they are left out."""

    @property
    def prediction(self) -> Prediction | None:
        """The answer in the form that is scored."""
        return None if self.answer is None else _prediction(self.answer)

    @property
    def thought_prediction(self) -> Prediction | None:
        """The answer with a language model in that form."""
        return None if self.thought is None else _prediction(self.thought)


@dataclass(frozen=True, slots=True)
class Evaluation:
    """All rows that were sized, and the repositories that were not there."""

    outcomes: tuple[Outcome, ...]
    missing: dict[str, int]
    """Rows of each repository that is not checked out: nobody is judged by them."""
    knowledge: KnowledgeState | None = None
    """The knowledge base that was asked; None when none was."""


class Sizer:
    """Sizes rows one by one, each with agents that have never heard of its owners.

    Past decisions are neither looked at nor written.

    Args:
        scope: What is left out.
        settings: The operator's.
        models: Each row is sized once more with them; None: without alone.
    """

    def __init__(self, scope: Scope, settings: Settings, models: Models | None = None) -> None:
        self.scope = scope
        self._models = models
        self.knowledge: KnowledgeState | None = None
        # Rows of one owner follow each other; opening the knowledge base costs 0.1 s.
        self._agents = functools.lru_cache(maxsize=4)(functools.partial(_agents, settings))
        self._thinking = functools.lru_cache(maxsize=4)(
            functools.partial(_agents, settings, models=models)
        )

    def charts(self, row: Row) -> ChartRenderer:
        """What renders the charts of a row's repository."""
        return self._agents(self._excluded(row))[0].charts

    def size(
        self, row: Row, checkout: Checkout, reading: RepositoryReading, match: Match
    ) -> Outcome:
        """Size the component of a row."""
        owners = self._excluded(row)
        outcome = self._sized(row, self._agents(owners), checkout, (reading, match))
        if self._models is None or outcome.answer is None:
            return outcome
        self._models.begin()
        thought = self._sized(row, self._thinking(owners), checkout, (reading, match))
        return replace(outcome, thought=thought.answer)

    def _sized(
        self,
        row: Row,
        three: Agents,
        checkout: Checkout,
        found: tuple[RepositoryReading, Match],
    ) -> Outcome:
        dca, pipa, rva = three
        reading, match = found
        trigger = Trigger(git_repo=checkout.url, app_description=row["description"])
        context = dca.aggregate(trigger, checkout, reading)
        component = match(row, context.components)
        if component is None:
            return Outcome(
                row, None, "no component of its Dockerfile or source directory was found"
            )
        context = _retrieved(dca, context, component)
        self.knowledge = context.knowledge or self.knowledge
        refined = rva.refine(context, pipa.draft(context, only=component.name))
        for answer in refined.components:
            if answer.name == component.name:
                return Outcome(row, answer, own_facts=_own_facts(row, context))
        failures = [item.failure or "" for item in refined.failed if item.name == component.name]
        return Outcome(row, None, failures[0] if failures else "it was not sized")

    def _excluded(self, row: Row) -> frozenset[str]:
        """Owners whose facts and rules this row must not meet."""
        owners = {app.split("/")[0] for app in self.scope.exclude_apps}
        return frozenset(owners | (owners_of(row) if self.scope.leave_one_app_out else set()))


def evaluate(rows: Sequence[Row], sizer: Sizer, progress: Progress) -> Evaluation:
    """Size all rows that have source and whose repository is checked out.

    Each repository is read once.

    Raises:
        InputFileError: None of the checkouts is there.
        SettingsError: A setting or constants file is wrong.
        ModelError: The model was asked for by name and cannot be reached.
    """
    scope = sizer.scope
    groups = list(by_repository(scope.kept(rows), *scope.checkouts))
    there = [(name, place, group) for name, place, group in groups if place is not None]
    if groups and not there:
        raise InputFileError(
            f"none of the {len(groups)} repositories is checked out below "
            + ", ".join(map(str, scope.checkouts)),
            hint="A checkout is a directory named owner+name.",
        )
    total = sum(len(group) for _, _, group in there)
    found: list[Outcome] = []
    for repository, place, group in there:
        progress(repository, len(found), total)
        found += _repository(place, group, sizer)
    return Evaluation(
        outcomes=tuple(found),
        missing={name: len(group) for name, place, group in groups if place is None},
        knowledge=sizer.knowledge,
    )


def _repository(directory: Path, rows: Sequence[Row], sizer: Sizer) -> Iterator[Outcome]:
    with local_checkout(directory) as checkout:

        @functools.cache
        def reading() -> RepositoryReading:
            return read_repository(checkout.files, sizer.charts(rows[0]))

        def size(row: Row) -> Outcome:
            return sizer.size(row, checkout, reading(), component_of)

        for row in rows:
            yield attempted(row, size)


def attempted(row: Row, size: Callable[[Row], Outcome]) -> Outcome:
    """The outcome of a row; a fault of the tool is this row's failure, the others stand.

    Raises:
        UsageError: What the user gave cannot be used; that holds for every row.
        ModelError: The model cannot be reached; the same.
    """
    try:
        return size(row)
    except (UsageError, ModelError):
        raise
    except Exception as error:  # noqa: BLE001 - one row's failure is its own
        _log.warning("row_failed", exc_info=True, extra={"app": row["app"]})
        return Outcome(row, None, f"the tool failed: {type(error).__name__}")


def _agents(settings: Settings, owners: frozenset[str], models: Models | None = None) -> Agents:
    dca, _, rva = agents(settings, exclude_owners=owners, models=models)
    model = models.of(Asker.PIPA) if models else None
    return dca, PipaAgent(constants_without(owners), model=model), rva


def _retrieved(dca: DcaAgent, context: AppContext, component: Component) -> AppContext:
    """The context with documents for this component; those of the others move none of its numbers.

    The others stay in it: they share the load.
    """
    alone = dca.retrieve(context.model_copy(update={"components": (component,)}))
    components = tuple(
        alone.components[0] if item.name == component.name else item for item in context.components
    )
    return alone.model_copy(update={"components": components})


def _own_facts(row: Row, context: AppContext) -> int:
    owners = owners_of(row)
    return sum(
        item.kind is EvidenceKind.DOCUMENT and owner_in(item.source) in owners
        for item in context.evidence
    )


def _prediction(answer: ComponentRecommendation) -> Prediction:
    requests, limits = answer.resources.requests, answer.resources.limits
    amounts: Amounts = {
        ("requests", "cpu"): requests.cpu,
        ("requests", "memory"): requests.memory,
        ("limits", "cpu"): limits.cpu,
        ("limits", "memory"): limits.memory,
    }
    return Prediction(amounts, answer.replicas, answer.intervals, answer.confidence)


def prediction_line(outcome: Outcome) -> dict[str, object]:
    """A row of the predictions file; without an answer it holds the reason."""
    head: dict[str, object] = {"app": outcome.row["app"], "service": outcome.row["service"]}
    answer = outcome.answer
    if answer is None:
        return {**head, "error": outcome.reason}
    line: dict[str, object] = {**head, **_numbers(answer)}
    if outcome.thought is not None:
        line["with_model"] = _numbers(outcome.thought)
    return line


def _numbers(answer: ComponentRecommendation) -> dict[str, object]:
    return {
        "replicas": answer.replicas,
        **answer.resources.model_dump(mode="json"),
        "interval": answer.intervals.model_dump(mode="json"),
        "confidence": answer.confidence,
    }
