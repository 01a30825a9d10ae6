"""How near the numbers are to what communities run, beside simple baselines in the same run.

    python -m bench.accuracy --truth truth.jsonl --checkouts DIR [--predictions FILE] [--json FILE]

The checkouts must not state resources (the answer would be read). A baseline for a row is made
from the rows of all *other* owners. The tool's own constants are not fitted to these rows, but
some are judged against published manifests: the rows of owners whose repositories a constant cites
are left out of the line "ai-provision, uncited owners", which is the one to quote. Rows without
source are not scored.
"""

from __future__ import annotations

import argparse
import json
import math
import re
import statistics
import sys
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path

from bench.truth import Row, amount, by_repository, component_of, load_rows, owner_of
from dca.repository.assemble import read_repository
from pipa.constants import load_constants
from pipeline.wiring import agents, local_checkout
from schemas.recommendation import ComponentRecommendation
from schemas.trigger import Trigger

FIELDS = (("requests", "cpu"), ("requests", "memory"), ("limits", "cpu"), ("limits", "memory"))
_GITHUB_OWNER = re.compile(r"https://github\.com/([^/]+)/")
Prediction = dict[tuple[str, str], int | None]


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--truth", required=True, type=Path)
    parser.add_argument("--checkouts", required=True, type=Path)
    parser.add_argument("--predictions", type=Path)
    parser.add_argument("--json", type=Path)
    arguments = parser.parse_args()
    rows = load_rows(arguments.truth)
    scored: list[Row] = []
    ours: list[Prediction] = []
    replicas: list[int] = []
    lines: list[str] = []
    unmatched = 0
    for repository, directory, group in by_repository(rows, arguments.checkouts):
        print(f"{repository} …", file=sys.stderr)
        for row, answer in predict(directory, group):
            if answer is None:
                unmatched += 1
                continue
            scored.append(row)
            ours.append(_numbers(answer))
            replicas.append(answer.replicas)
            lines.append(_prediction_line(row, answer))
    if arguments.predictions:
        arguments.predictions.write_text("".join(f"{line}\n" for line in lines), "utf-8")
    report = _report(rows, scored, ours, replicas)
    print(f"{len(scored)} rows scored, {unmatched} rows whose component was not found")
    print(_table(report))
    if arguments.json:
        arguments.json.write_text(json.dumps(report, indent=1) + "\n", "utf-8")
    return 0


def predict(
    directory: Path, rows: Sequence[Row]
) -> Iterable[tuple[Row, ComponentRecommendation | None]]:
    """Size each row's component from the repository and the row's own description."""
    dca, pipa, rva = agents()
    with local_checkout(directory) as checkout:
        repository = read_repository(checkout.files, dca.charts)
        for row in rows:
            trigger = Trigger(git_repo=str(directory), app_description=row["description"])
            context = dca.aggregate(trigger, checkout, repository)
            component = component_of(row, context.components)
            if component is None:
                yield row, None
                continue
            refined = rva.refine(context, pipa.draft(context))
            answers = {item.name: item for item in refined.components}
            yield row, answers.get(component.name)


def _numbers(answer: ComponentRecommendation) -> Prediction:
    resources = answer.resources
    return {
        ("requests", "cpu"): resources.requests.cpu,
        ("requests", "memory"): resources.requests.memory,
        ("limits", "cpu"): resources.limits.cpu,
        ("limits", "memory"): resources.limits.memory,
    }


def _prediction_line(row: Row, answer: ComponentRecommendation) -> str:
    resources = answer.resources.model_dump(mode="json")
    return json.dumps(
        {
            "app": row["app"],
            "service": row["service"],
            "replicas": answer.replicas,
            **resources,
            "intervals": answer.intervals.model_dump(mode="json"),
            "confidence": answer.confidence,
        }
    )


Baseline = Callable[[Row, Sequence[Row], tuple[str, str]], float | None]


def _median(rows: Iterable[Row], field: tuple[str, str]) -> float | None:
    values = [value for row in rows if (value := amount(row, *field)) is not None]
    return statistics.median(values) if values else None


def _grouped(*keys: str) -> Baseline:
    """The median of the other owners' rows that are alike in `keys`, else of all of them."""

    def predict_one(row: Row, others: Sequence[Row], field: tuple[str, str]) -> float | None:
        alike = [other for other in others if all(other[key] == row[key] for key in keys)]
        return _median(alike, field) or _median(others, field)

    return predict_one


def _limit_range(_row: Row, _others: Sequence[Row], field: tuple[str, str]) -> float:
    return 500.0 if field[1] == "cpu" else 512.0 * 2**20


BASELINES: dict[str, Baseline] = {
    "one constant (median)": _grouped(),
    "median by role": _grouped("role"),
    "median by language": _grouped("language"),
    "median by language and role": _grouped("language", "role"),
    "LimitRange 500m/512Mi": _limit_range,
}


def _report(
    rows: Sequence[Row], scored: Sequence[Row], ours: Sequence[Prediction], replicas: Sequence[int]
) -> dict[str, dict[str, dict[str, float]]]:
    """Method → field → figures; plus ``by tier`` for ours and the replicas."""
    report: dict[str, dict[str, dict[str, float]]] = {}
    everything = list(range(len(scored)))
    report["ai-provision"] = _figures(everything, scored, lambda i, f: ours[i][f])
    for name, baseline in BASELINES.items():

        def predicted(
            i: int, field: tuple[str, str], baseline: Baseline = baseline
        ) -> float | None:
            others = [row for row in rows if owner_of(row) != owner_of(scored[i])]
            return baseline(scored[i], others, field)

        report[name] = _figures(everything, scored, predicted)
    cited = _cited_owners()
    uncited = [i for i in everything if owner_of(scored[i]) not in cited]
    report["ai-provision, uncited owners"] = _figures(uncited, scored, lambda i, f: ours[i][f])
    for tier in ("demo", "chart_default", "production"):
        some = [i for i in everything if scored[i]["tier"] == tier]
        report[f"ai-provision, {tier}"] = _figures(some, scored, lambda i, f: ours[i][f])
    report["replicas"] = {"replicas": _replica_figures(scored, replicas)}
    return report


def _cited_owners() -> frozenset[str]:
    """Owners of the GitHub repositories that the constants name as their source."""
    urls = [constant.source_url for constant in load_constants().by_id.values()]
    return frozenset(found[1] for url in urls if (found := _GITHUB_OWNER.match(url)))


def _figures(
    chosen: Sequence[int],
    scored: Sequence[Row],
    predicted: Callable[[int, tuple[str, str]], float | None],
) -> dict[str, dict[str, float]]:
    figures: dict[str, dict[str, float]] = {}
    for field in FIELDS:
        logs, unset = [], 0
        for i in chosen:
            truth, ours = amount(scored[i], *field), predicted(i, field)
            if not truth:
                continue
            if not ours:
                unset += 1
                continue
            logs.append(math.log2(ours / truth))
        figures[".".join(field)] = _shares(logs, unset)
    return figures


def _shares(logs: Sequence[float], unset: int) -> dict[str, float]:
    n = len(logs) + unset
    if not logs:
        return {"n": n, "unset": unset}
    sizes = [abs(log) for log in logs]
    return {
        "n": n,
        "unset": unset,
        "factor": 2 ** statistics.mean(sizes),
        "bias": 2 ** statistics.mean(logs),
        "within_1.5": sum(size <= math.log2(1.5) + 1e-9 for size in sizes) / n,
        "within_2": sum(size <= 1 + 1e-9 for size in sizes) / n,
        "within_4": sum(size <= 2 + 1e-9 for size in sizes) / n,
    }


def _replica_figures(scored: Sequence[Row], replicas: Sequence[int]) -> dict[str, float]:
    gaps = [
        abs(row["replicas"] - ours)
        for row, ours in zip(scored, replicas, strict=True)
        if isinstance(row["replicas"], int)
    ]
    n = max(1, len(gaps))
    return {
        "n": len(gaps),
        "exact": sum(g == 0 for g in gaps) / n,
        "within_1": sum(g <= 1 for g in gaps) / n,
    }


def _table(report: dict[str, dict[str, dict[str, float]]]) -> str:
    names = [".".join(field) for field in FIELDS]
    lines = [f"{'geo-mean factor, within 2×, 4×':32}" + "".join(f"{name:>26}" for name in names)]
    for method, figures in report.items():
        if method == "replicas":
            f = figures["replicas"]
            lines.append(
                f"replicas: n {f['n']:.0f}, exact {f['exact']:.0%}, within 1 {f['within_1']:.0%}"
            )
            continue
        cells = []
        for name in names:
            f = figures[name]
            text = (
                f"×{f['factor']:.2f} {f['within_2']:.0%} {f['within_4']:.0%} n{f['n']:.0f}"
                if "factor" in f
                else "-"
            )
            cells.append(f"{text:>26}")
        lines.append(f"{method[:32]:32}" + "".join(cells))
    return "\n".join(lines)


if __name__ == "__main__":
    sys.exit(main())
