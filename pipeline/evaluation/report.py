"""The figures of an evaluation: every method beside the tool, as data and as one table."""

from __future__ import annotations

import re
import statistics
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, field

from pipa.constants import load_constants
from pipeline.evaluation.baselines import Baselines
from pipeline.evaluation.needs import NeedsScore, score_needs
from pipeline.evaluation.run import Outcome
from pipeline.evaluation.scoring import Prediction, Scores, score
from pipeline.evaluation.similarity import Similarity, compare, section
from pipeline.evaluation.truth import FIELDS, Row, amount, owner_of
from schemas.quantities import format_cpu, format_memory

TOOL = "ai-provision"
UNCITED = f"{TOOL}, owners no constant names"
"""Rows of owners from whose repositories no constant is taken: the line to quote."""
_GITHUB_OWNER = re.compile(r"https://github\.com/([^/]+)/")
_TIERS = ("demo", "chart_default", "production")


@dataclass(frozen=True, slots=True)
class Method:
    """One line of the table."""

    name: str
    scores: Scores
    needs: NeedsScore = field(default_factory=lambda: NeedsScore(0))
    similarity: Similarity | None = None


@dataclass(frozen=True, slots=True)
class Report:
    """All that is said of a run."""

    rows: int
    """Rows with source whose repository is there or should be."""
    scored: int
    without_source: int
    reasons: dict[str, int]
    """Why the others have no prediction; they count as wrong."""
    methods: tuple[Method, ...]
    tiers: dict[str, tuple[Method, ...]]

    def as_json(self) -> dict[str, object]:
        """The same as plain data."""
        return {
            "rows": self.rows,
            "scored": self.scored,
            "without_source": self.without_source,
            "reasons": self.reasons,
            "methods": [_plain(method) for method in self.methods],
            "tiers": {tier: [_plain(m) for m in methods] for tier, methods in self.tiers.items()},
        }


def report(rows: Sequence[Row], outcomes: Sequence[Outcome]) -> Report:
    """Score the outcomes, and the baselines made from all `rows`."""
    subject = [item.row for item in outcomes]
    predictions: dict[str, list[Prediction | None]] = {TOOL: [item.prediction for item in outcomes]}
    for name, baseline in Baselines(rows).methods().items():
        predictions[name] = [baseline(row) for row in subject]
    cited = _cited_owners()
    methods = [_method(name, subject, made) for name, made in predictions.items()]
    uncited = [owner_of(row) not in cited for row in subject]
    if any(uncited) and not all(uncited):
        chosen, made = _chosen(subject, predictions[TOOL], lambda i: uncited[i])
        methods.insert(1, _method(UNCITED, chosen, made))
    return Report(
        rows=len(subject),
        scored=sum(item.answer is not None for item in outcomes),
        without_source=sum(not row.get("source_path") for row in rows),
        reasons=dict(Counter(item.reason for item in outcomes if item.answer is None)),
        methods=tuple(methods),
        tiers={tier: _tier(tier, subject, predictions) for tier in _present(subject)},
    )


def _present(rows: Sequence[Row]) -> list[str]:
    found = {str(row["tier"]) for row in rows if row["tier"]}
    return [tier for tier in _TIERS if tier in found] + sorted(found.difference(_TIERS))


def _tier(
    tier: str, rows: Sequence[Row], predictions: dict[str, list[Prediction | None]]
) -> tuple[Method, ...]:
    methods = []
    for name, made in predictions.items():
        chosen, some = _chosen(rows, made, lambda i: rows[i]["tier"] == tier)
        methods.append(_method(name, chosen, some))
    return tuple(methods)


def _chosen(
    rows: Sequence[Row], made: Sequence[Prediction | None], keep: Callable[[int], bool]
) -> tuple[list[Row], list[Prediction | None]]:
    at = [index for index in range(len(rows)) if keep(index)]
    return [rows[i] for i in at], [made[i] for i in at]


def _method(name: str, rows: Sequence[Row], made: Sequence[Prediction | None]) -> Method:
    return Method(name, score(rows, made), score_needs(rows, made), _similarity(rows, made))


def _similarity(rows: Sequence[Row], made: Sequence[Prediction | None]) -> Similarity | None:
    """The mean over the rows that have a prediction."""
    found = [
        compare(_section_of(row, prediction), _section_of(row, None))
        for row, prediction in zip(rows, made, strict=True)
        if prediction is not None
    ]
    if not found:
        return None
    return Similarity(
        bleu=statistics.mean(item.bleu for item in found),
        weighted=statistics.mean(item.weighted for item in found),
        structure=statistics.mean(item.structure for item in found),
    )


def _section_of(row: Row, made: Prediction | None) -> str:
    """The YAML of the row itself, or of a prediction, in the fields that the row states."""
    texts: dict[str, dict[str, str]] = {"requests": {}, "limits": {}}
    for kind, resource in FIELDS:
        truth = amount(row, kind, resource)
        value = truth if made is None else made.amounts.get((kind, resource))
        if truth and value:
            show = format_cpu if resource == "cpu" else format_memory
            texts[kind][resource] = show(round(value))
    stated = isinstance(row["replicas"], int)
    replicas = (row["replicas"] if made is None else made.replicas) if stated else None
    return section(replicas, texts["requests"], texts["limits"])


def _cited_owners() -> frozenset[str]:
    """Owners of the GitHub repositories that the constants name as their source."""
    urls = [constant.source_url for constant in load_constants().by_id.values()]
    return frozenset(found[1].lower() for url in urls if (found := _GITHUB_OWNER.match(url)))


def _plain(method: Method) -> dict[str, object]:
    scores = method.scores
    similarity = method.similarity
    return {
        "name": method.name,
        "success": scores.success,
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


def table(found: Report) -> str:
    """All methods in one table of fixed width, the tiers below it."""
    lines = [f"{found.scored} of {found.rows} rows with source predicted"]
    lines += [f"  {count} without: {reason}" for reason, count in sorted(found.reasons.items())]
    if found.without_source:
        lines.append(f"  {found.without_source} rows without source are not scored")
    lines += ["", *_table("all rows", found.methods)]
    for tier, methods in found.tiers.items():
        lines += ["", *_table(tier, methods)]
    lines += [
        "",
        "×: geometric-mean factor; %: share within 1.5×, 2×, 4×; b: bias (above 1 asks for more);",
        "ok: requests within 4× and replicas within 1; r0, r1: replicas exact, within 1;",
        "BLEU, CodeBLEU: the section of the manifest; kill, waste: memory limit under, over 4×,",
        "what is known to be needed.",
    ]
    return "\n".join(lines) + "\n"


def _table(title: str, methods: Sequence[Method]) -> list[str]:
    heads = [
        f"{'CPU' if resource == 'cpu' else 'memory'} {kind.removesuffix('s')}"
        for kind, resource in FIELDS
    ]
    lines = [
        f"{title:34}{'ok':>5}"
        + "".join(f"{head:>28}" for head in heads)
        + f"{'r0':>6}{'r1':>6}{'BLEU':>6}{'CodeB':>6}{'kill':>6}{'waste':>6}"
    ]
    return lines + [_line(method) for method in methods]


def _line(method: Method) -> str:
    scores, similarity, needs = method.scores, method.similarity, method.needs
    cells = []
    for key in FIELDS:
        item = scores.fields[key]
        if item.factor is None or item.bias is None:
            cells.append("-")
            continue
        shares = "/".join(
            f"{share * 100:.0f}" for share in (item.within_1_5, item.within_2, item.within_4)
        )
        cells.append(f"×{item.factor:.2f} {shares}% b{item.bias:.2f} n{item.n}")
    return (
        f"{method.name[:33]:34}{_percent(scores.success):>5}"
        + "".join(f"{cell:>28}" for cell in cells)
        + f"{_percent(scores.replicas_exact):>6}{_percent(scores.replicas_within_1):>6}"
        + f"{_percent(similarity.bleu if similarity else None):>6}"
        + f"{_percent(similarity.code_bleu if similarity else None):>6}"
        + f"{_percent(needs.below):>6}{_percent(needs.wasted):>6}"
    )


def _percent(share: float | None) -> str:
    return "-" if share is None else f"{share * 100:.0f}%"
