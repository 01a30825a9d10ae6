"""Sizes the component of every row from its repository and its description, and nothing else."""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from adapters.settings import Settings
from dca.agent import DcaAgent
from dca.repository.assemble import read_repository
from dca.repository.facts import RepositoryReading
from pipeline.evaluation.scoring import Amounts, Prediction
from pipeline.evaluation.truth import Row, by_repository, component_of, owners_of
from pipeline.wiring import Agents, agents, local_checkout
from schemas.context import AppContext, Component
from schemas.errors import InputFileError
from schemas.ports import Checkout
from schemas.recommendation import ComponentRecommendation
from schemas.trigger import Trigger

Progress = Callable[[str, int, int], None]
"""Told what is done, how many of it, of how many."""


@dataclass(frozen=True, slots=True)
class Scope:
    """What is sized."""

    checkouts: tuple[Path, ...]
    leave_one_app_out: bool = True
    """A row meets no fact, no fitted constant and no decision of its own owner."""
    exclude_apps: frozenset[str] = frozenset()
    """Apps (``owner/name``, lower case) whose owners' facts nobody meets."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """One row, and what the tool says of it."""

    row: Row
    answer: ComponentRecommendation | None
    reason: str = ""
    """Why there is no answer."""

    @property
    def prediction(self) -> Prediction | None:
        """The answer in the form that is scored."""
        return None if self.answer is None else _prediction(self.answer)


def evaluate(
    rows: Sequence[Row], scope: Scope, settings: Settings, progress: Progress
) -> list[Outcome]:
    """Size all rows that have source and whose repository is checked out.

    Each repository is read once. Past decisions are neither looked at nor written.

    Raises:
        InputFileError: None of the checkouts is there.
        SettingsError: A setting or constants file is wrong.
    """
    chosen = [row for row in rows if row["app"].lower() not in scope.exclude_apps]
    groups = list(by_repository(chosen, *scope.checkouts))
    total = sum(len(group) for _, _, group in groups)
    if not any(directory for _, directory, _ in groups):
        raise InputFileError(
            f"none of the {len(groups)} repositories is checked out below "
            + ", ".join(map(str, scope.checkouts)),
            hint="A checkout is a directory named owner+name.",
        )
    found: list[Outcome] = []
    for repository, directory, group in groups:
        progress(repository, len(found), total)
        if directory is None:
            found += [Outcome(row, None, f"{repository} is not checked out") for row in group]
            continue
        found += _repository(directory, group, scope, settings)
    return found


def _repository(
    directory: Path, rows: Iterable[Row], scope: Scope, settings: Settings
) -> Iterator[Outcome]:
    wired = functools.lru_cache(maxsize=4)(functools.partial(_agents, settings))
    with local_checkout(directory) as checkout:
        reading: RepositoryReading | None = None
        for row in rows:
            trio = wired(_excluded(row, scope))
            if reading is None:
                reading = read_repository(checkout.files, trio[0].charts)
            yield _row(row, trio, checkout, reading)


def _excluded(row: Row, scope: Scope) -> frozenset[str]:
    """Owners whose facts and fitted constants this row must not meet."""
    owners = {app.split("/")[0] for app in scope.exclude_apps}
    return frozenset(owners | (owners_of(row) if scope.leave_one_app_out else set()))


def _agents(settings: Settings, owners: frozenset[str]) -> Agents:
    return agents(settings, exclude_owners=owners)


def _row(row: Row, trio: Agents, checkout: Checkout, reading: RepositoryReading) -> Outcome:
    dca, pipa, rva = trio
    trigger = Trigger(git_repo=checkout.url, app_description=row["description"])
    context = dca.aggregate(trigger, checkout, reading)
    component = component_of(row, context.components)
    if component is None:
        return Outcome(row, None, "no component of its Dockerfile or source directory was found")
    context = _retrieved(dca, context, component)
    refined = rva.refine(context, pipa.draft(context))
    for answer in refined.components:
        if answer.name == component.name:
            return Outcome(row, answer)
    failures = [item.failure or "" for item in refined.failed if item.name == component.name]
    return Outcome(row, None, failures[0] if failures else "it was not sized")


def _retrieved(dca: DcaAgent, context: AppContext, component: Component) -> AppContext:
    """The context with documents for this component; those of the others move none of its numbers.

    The others stay in it: they share the load.
    """
    alone = dca.retrieve(context.model_copy(update={"components": (component,)}))
    components = tuple(
        alone.components[0] if item.name == component.name else item for item in context.components
    )
    return alone.model_copy(update={"components": components})


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
    return {
        **head,
        "replicas": answer.replicas,
        **answer.resources.model_dump(mode="json"),
        "interval": answer.intervals.model_dump(mode="json"),
        "confidence": answer.confidence,
    }
