"""One sizing from a trigger to files, for the ways in that have no terminal."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

from adapters.clock import SystemClock
from adapters.llm.models import open_models
from adapters.settings import Settings
from ci.chatops.charts import CHARTS
from ci.handoff.edits import Placements, placements_of
from ci.handoff.helm_values import helm_files
from ci.handoff.write import handoff_texts
from ci.size import chart_files
from ci.version import version
from pipeline.run import Recorder
from pipeline.wiring import build_pipeline, local_checkout
from pipeline.workflow import Question
from schemas.errors import UsageError
from schemas.ports import ChartRenderer, Checkout
from schemas.recommendation import Recommendation
from schemas.trigger import Trigger

_SHOWN = 12


@dataclass(frozen=True, slots=True)
class Sized:
    """A recommendation, with what its files are made from."""

    recommendation: Recommendation
    charts: Mapping[str, Mapping[str, bytes]]
    """Files of each Helm chart, by its directory."""
    renderer: ChartRenderer


def size_checkout(
    trigger: Trigger, opened: AbstractContextManager[Checkout], settings: Settings
) -> Sized:
    """Run the pipeline on a repository that is being opened.

    Args:
        trigger: What to size.
        opened: The repository; entered and left here.
        settings: All of them; metrics and models come from here alone.

    Raises:
        ProvisionError: Nothing could be sized at all.
    """
    clock = SystemClock()
    models = open_models(settings, clock)
    recorder = Recorder(clock, version=version(), reasoner=models.choice)
    pipeline = build_pipeline(settings, models=models)
    pipeline.warm()
    with recorder.stage("fetch"), opened as checkout:
        recommendation = pipeline.run(Question(trigger=trigger), checkout, recorder)
        charts = chart_files(recommendation, checkout.files)
    return Sized(recommendation, charts, pipeline.charts)


def placed(sized: Sized) -> Placements:
    """Which value of each chart gives which number; nothing without charts or without helm."""
    if not sized.charts or not sized.renderer.available:
        return Placements()
    return placements_of(sized.recommendation, sized.charts, sized.renderer)


def result_files(sized: Sized) -> dict[str, bytes]:
    """All hand-off files, and ``charts.json`` where there are charts: path → content."""
    helm = helm_files(sized.recommendation, sized.charts, sized.renderer)
    texts = handoff_texts(sized.recommendation, helm)
    placements = placed(sized)
    if placements.charts:
        texts[CHARTS] = placements.model_dump_json() + "\n"
    return {path: text.encode("utf-8") for path, text in texts.items()}


@contextmanager
def checkout_at(directory: Path, sha: str, url: str) -> Iterator[Checkout]:
    """A directory that has to stand at a commit, shown under the repository's own address.

    Raises:
        UsageError: It is no checkout of that commit.
        InputFileError: It is no directory.
    """
    with local_checkout(directory) as checkout:
        if checkout.commit != sha:
            found = f"at {checkout.commit[:_SHOWN]}" if checkout.commit else "no git checkout"
            raise UsageError(
                f"the checkout is {found}, and {sha[:_SHOWN]} is to be sized",
                code="checkout.other_commit",
                hint="Check out exactly the commit of the job, with its .git directory.",
            )
        yield replace(checkout, url=url)
