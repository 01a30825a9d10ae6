"""The figures of an evaluation: every method beside the tool, as data."""

from __future__ import annotations

import statistics
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path

from pipeline.evaluation.baselines import Baselines
from pipeline.evaluation.folds import cited_owners
from pipeline.evaluation.manifests import community_section, predicted_section
from pipeline.evaluation.needs import NeedsScore, score_needs
from pipeline.evaluation.run import Evaluation
from pipeline.evaluation.scoring import Field, Prediction, Scores, score
from pipeline.evaluation.similarity import Similarity, compare
from pipeline.evaluation.truth import Row, owner_of
from pipeline.evaluation.twins import Agreement, agreement

TOOL = "ai-provision"
UNCITED = f"{TOOL}, uncited owners"
"""Rows of owners from whose repositories no constant of the model is taken: the line to quote."""
THINKING = f"{TOOL} with the model"
"""The same rows, sized once more with the language model."""
_TIERS = ("demo", "chart_default", "production")


@dataclass(frozen=True, slots=True)
class Method:
    """One line of the table."""

    name: str
    rows: int
    scores: Scores
    needs: NeedsScore = field(default_factory=lambda: NeedsScore(0))
    similarity: Similarity | None = None


@dataclass(frozen=True, slots=True)
class Part:
    """What is said of one set of rows."""

    rows: int
    predicted: int
    reasons: dict[str, int]
    """Why the others have no prediction; they count as wrong."""
    missing: dict[str, int]
    """Rows of each repository that is not checked out; they do not count."""
    methods: tuple[Method, ...]
    tiers: dict[str, tuple[Method, ...]]
    twins: dict[Field, Agreement]
    """How far teams differ among themselves."""
    from_manifests: int
    """Rows whose section is the community's own text; the others' is made from their numbers."""
    own_facts: int
    """Facts of their own owners that rows met; 0 unless that was asked for."""

    def as_json(self) -> dict[str, object]:
        """The same as plain data."""
        return {
            "rows": self.rows,
            "predicted": self.predicted,
            "reasons": self.reasons,
            "missing": self.missing,
            "methods": [_plain(method) for method in self.methods],
            "tiers": {tier: [_plain(m) for m in methods] for tier, methods in self.tiers.items()},
            "twins": {".".join(key): asdict(value) for key, value in self.twins.items()},
            "sections_from_manifests": self.from_manifests,
            "own_facts": self.own_facts,
        }


@dataclass(frozen=True, slots=True)
class Report:
    """All that is said of a run."""

    parts: dict[str, Part]
    """The rows with source first; third-party images and charts where they were asked for."""
    without_source: int
    conditions: dict[str, str] = field(default_factory=dict)
    """What the numbers were made with."""

    @property
    def predicted(self) -> int:
        """Rows with a prediction, in all parts."""
        return sum(part.predicted for part in self.parts.values())

    def as_json(self) -> dict[str, object]:
        """The same as plain data."""
        return {
            "conditions": self.conditions,
            "without_source": self.without_source,
            "parts": {title: part.as_json() for title, part in self.parts.items()},
        }


def part(found: Evaluation, among: Sequence[Row], manifests: Sequence[Path] = ()) -> Part:
    """Score the outcomes, and the baselines.

    Args:
        found: What the tool says.
        among: All rows from which baselines may be made.
        manifests: Directories of whole checkouts, for the community's own words.
    """
    rows = [item.row for item in found.outcomes]
    predictions: dict[str, list[Prediction | None]] = {
        TOOL: [item.prediction for item in found.outcomes]
    }
    if any(item.thought is not None for item in found.outcomes):
        predictions[THINKING] = [item.thought_prediction for item in found.outcomes]
    for name, baseline in Baselines(among).methods().items():
        predictions[name] = [baseline(row) for row in rows]
    sections = [community_section(row, manifests) for row in rows]
    subject = _Subject(rows, [text for text, _ in sections])
    methods = [_method(name, subject, made) for name, made in predictions.items()]
    uncited = _uncited(subject, predictions[TOOL])
    if uncited is not None:
        methods.insert(1, uncited)
    return Part(
        rows=len(rows),
        predicted=sum(item.answer is not None for item in found.outcomes),
        reasons=dict(Counter(item.reason for item in found.outcomes if item.answer is None)),
        missing=found.missing,
        methods=tuple(methods),
        tiers={tier: _tier(tier, subject, predictions) for tier in _present(rows)},
        twins=agreement(rows, among),
        from_manifests=sum(own for _, own in sections),
        own_facts=sum(item.own_facts for item in found.outcomes),
    )


@dataclass(frozen=True, slots=True)
class _Subject:
    rows: list[Row]
    sections: list[str]
    """The community's section of each row."""

    def chosen(
        self, made: Sequence[Prediction | None], keep: Callable[[Row], bool]
    ) -> tuple[_Subject, list[Prediction | None]]:
        at = [index for index, row in enumerate(self.rows) if keep(row)]
        subject = _Subject([self.rows[i] for i in at], [self.sections[i] for i in at])
        return subject, [made[i] for i in at]


def _uncited(subject: _Subject, made: Sequence[Prediction | None]) -> Method | None:
    """None when it would be no row, or every row."""
    cited = cited_owners()
    some, theirs = subject.chosen(made, lambda row: owner_of(row) not in cited)
    if len(some.rows) in (0, len(subject.rows)):
        return None
    return _method(UNCITED, some, theirs)


def _present(rows: Sequence[Row]) -> list[str]:
    found = {str(row["tier"]) for row in rows if row["tier"]}
    return [tier for tier in _TIERS if tier in found] + sorted(found.difference(_TIERS))


def _tier(
    tier: str, subject: _Subject, predictions: dict[str, list[Prediction | None]]
) -> tuple[Method, ...]:
    methods = []
    for name, made in predictions.items():
        some, theirs = subject.chosen(made, lambda row: row["tier"] == tier)
        methods.append(_method(name, some, theirs))
    return tuple(methods)


def _method(name: str, subject: _Subject, made: Sequence[Prediction | None]) -> Method:
    rows = subject.rows
    return Method(
        name, len(rows), score(rows, made), score_needs(rows, made), _similarity(subject, made)
    )


def _similarity(subject: _Subject, made: Sequence[Prediction | None]) -> Similarity | None:
    """The mean over all rows; one without a prediction is alike in nothing."""
    if not subject.rows:
        return None
    found = [
        Similarity(0, 0, 0)
        if prediction is None
        else compare(predicted_section(row, prediction), reference)
        for row, reference, prediction in zip(subject.rows, subject.sections, made, strict=True)
    ]
    return Similarity(
        bleu=statistics.mean(item.bleu for item in found),
        weighted=statistics.mean(item.weighted for item in found),
        structure=statistics.mean(item.structure for item in found),
    )


def _plain(method: Method) -> dict[str, object]:
    scores, similarity = method.scores, method.similarity
    return {
        "name": method.name,
        "rows": method.rows,
        "success": scores.success,
        "all_within_4": scores.all_within_4,
        "fields": {".".join(key): asdict(value) for key, value in scores.fields.items()},
        "replicas": {
            "n": scores.replicas_n,
            "exact": scores.replicas_exact,
            "within_1": scores.replicas_within_1,
        },
        "needs": asdict(method.needs),
        "similarity": None
        if similarity is None
        else {**asdict(similarity), "code_bleu": similarity.code_bleu},
    }
