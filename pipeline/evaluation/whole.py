"""A whole evaluation: the rows with source, and where asked for third-party images and charts."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from adapters.llm.models import Models
from adapters.settings import Settings
from pipeline.evaluation.charts import load_charts
from pipeline.evaluation.images import evaluate_images
from pipeline.evaluation.report import Part, Report, part
from pipeline.evaluation.run import Evaluation, Outcome, Progress, Scope, Sizer, evaluate
from pipeline.evaluation.truth import Row, load_rows
from pipeline.knowledge import describe
from schemas.model import ModelUse

SOURCE = "own code, from its repository"
IMAGES = "third-party images, from image and description alone"
CHARTS = "what charts ship, from the product's name alone"


@dataclass(frozen=True, slots=True)
class Task:
    """What is asked for."""

    truth: Path
    checkouts: tuple[Path, ...]
    manifests: tuple[Path, ...] = ()
    """Whole checkouts, for the community's own words; the tool never sees them."""
    charts: Path | None = None
    third_party: bool = False
    leave_one_app_out: bool = True
    exclude_apps: frozenset[str] = frozenset()

    @property
    def scope(self) -> Scope:
        """What is sized."""
        return Scope(self.checkouts, self.leave_one_app_out, self.exclude_apps)


@dataclass(frozen=True, slots=True)
class Measured:
    """The figures, and the predictions they are made of."""

    report: Report
    outcomes: tuple[Outcome, ...]


def measure(task: Task, settings: Settings, models: Models, progress: Progress) -> Measured:
    """Evaluate all that is asked for; with a language model each row once without and once with.

    Raises:
        InputFileError: The truth, the charts or the checkouts cannot be used.
        SettingsError: A setting or constants file is wrong.
        ModelError: The model was asked for by name and cannot be reached.
    """
    sizer = Sizer(task.scope, settings, models if models.by_asker else None)
    rows = task.scope.kept(load_rows(task.truth))
    charts = [] if task.charts is None else task.scope.kept(load_charts(task.charts))
    found = {SOURCE: evaluate(rows, sizer, progress)}
    if task.third_party:
        found[IMAGES] = evaluate_images(rows, sizer, progress)
    if charts:
        found[CHARTS] = evaluate_images(charts, sizer, progress)
    report = Report(
        parts={title: _part(title, item, rows, charts, task) for title, item in found.items()},
        without_source=0 if task.third_party else sum(not row["source_path"] for row in rows),
        conditions=_conditions(task, found[SOURCE], models),
    )
    outcomes = tuple(outcome for item in found.values() for outcome in item.outcomes)
    return Measured(report, outcomes)


def _part(title: str, found: Evaluation, rows: list[Row], charts: list[Row], task: Task) -> Part:
    return part(found, charts if title == CHARTS else rows, task.manifests)


def _conditions(task: Task, found: Evaluation, models: Models) -> dict[str, str]:
    left_out = "facts and product rules of a row's own owner; all past decisions"
    conditions = {
        "left out": left_out if task.leave_one_app_out else "all past decisions",
        "knowledge": "off" if found.knowledge is None else describe(found.knowledge),
        "model": models.choice.used,
    }
    conditions |= {f"model of {use.asker.value}": _cost(use) for use in models.uses()}
    if task.exclude_apps:
        conditions["excluded"] = ", ".join(sorted(task.exclude_apps))
    return conditions


def _cost(use: ModelUse) -> str:
    """What one agent's model cost over all rows."""
    return (
        f"{use.model}, {use.calls} calls ({use.retries} again), {use.prompt_tokens} tokens asked, "
        f"{use.completion_tokens} answered, {use.seconds:.1f} s, "
        f"{len(use.unanswered)} questions without a usable answer"
    )
