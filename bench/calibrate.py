"""Fits the capacity model to what communities run, and says what that is worth.

    python -m bench.calibrate --truth truth.jsonl --checkouts DIR [--checkouts DIR …] [--write]

The checkouts must not state resources. Shown are the workloads of owners that were left out, beside
the documented figures, the simple baselines, fits to random halves of the owners, and how far
careful teams differ among themselves. `--write` makes ``pipa/constants/fitted.yaml`` and its folds.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import statistics
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

import yaml

from bench.fitting import Fitter, Values, fittable, leave_one_out, may_move, random_halves
from bench.workloads import Sizer, Workload, prediction, read_workloads
from pipa.constants import DIRECTORY, Constants, load_constants
from pipa.constants.fitted import FITTED, FOLDS, Data, Fitted, FittedFigure
from pipeline.evaluation.baselines import Baselines
from pipeline.evaluation.needs import score_needs
from pipeline.evaluation.scoring import Prediction, Scores, score
from pipeline.evaluation.truth import FIELDS, Row, load_rows
from pipeline.evaluation.twins import agreement

TIERS = ("demo", "chart_default", "production")
_HEAD = "# Made by `python -m bench.calibrate --write`; do not edit.\n"


def main() -> int:
    """Fit, report, and write where that is wanted."""
    arguments = _arguments()
    rows = load_rows(arguments.truth)
    workloads = read_workloads(arguments.truth, arguments.checkouts, arguments.cache)
    fitter = Fitter(_sizer(workloads))
    values = fitter.fit(range(len(workloads)))
    folds = leave_one_out(fitter)
    print(f"{len(workloads)} workloads of {len(folds)} owners; {len(fitter.figures)} may move")
    for figure in _figures(fitter, values, folds):
        print(f"  {figure.id}: {figure.prior:g} -> {figure.value:g}; {figure.better} owners gain,")
        print(f"    {figure.worse} lose; {figure.folds_alike:.0%} of the folds agree")
    left_out = _left_out(fitter, folds)
    print(_report(rows, fitter, values, left_out))
    print(_halves(fitter, arguments.halves))
    print(_twins(workloads, rows))
    print(_needs(workloads, left_out))
    if arguments.write:
        _write(arguments.truth, fitter, values, folds)
    return 0


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--truth", required=True, type=Path)
    parser.add_argument("--checkouts", required=True, action="append", type=Path)
    parser.add_argument("--cache", type=Path, help="keep what was read of the checkouts here")
    parser.add_argument("--halves", type=int, default=8, help="random splits of the owners")
    parser.add_argument("--write", action="store_true", help="write the fitted figures")
    return parser.parse_args()


def documented() -> Constants:
    """The figures as their sources have them, without any fit.

    Raises:
        SettingsError: The constants that ship with the package cannot be read.
    """
    return load_constants(fitted=False)


def _sizer(workloads: Sequence[Workload]) -> Sizer:
    constants = documented()
    return Sizer(workloads, constants, may_move(constants))


def _figures(
    fitter: Fitter, values: Values, folds: Mapping[str, Values]
) -> tuple[FittedFigure, ...]:
    found = []
    for figure in fittable(fitter.sizer):
        if figure.id not in values:
            continue
        better, worse = fitter.by_owner(figure, values)
        alike = [fold.get(figure.id) == values[figure.id] for fold in folds.values()]
        found.append(
            FittedFigure(
                id=figure.id,
                prior=figure.prior,
                value=values[figure.id],
                workloads=len(figure.users),
                owners=len({fitter.sizer.workloads[i].owner for i in figure.users}),
                better=better,
                worse=worse,
                folds_alike=round(statistics.mean(alike), 3),
            )
        )
    return tuple(found)


def _left_out(fitter: Fitter, folds: Mapping[str, Values]) -> list[Prediction]:
    """Every workload, sized with the figures that were fitted without its owner."""
    sizer = fitter.sizer
    return [
        prediction(sizer.size(folds[workload.owner], i))
        for i, workload in enumerate(sizer.workloads)
    ]


def _all(fitter: Fitter, values: Values) -> list[Prediction]:
    sizer = fitter.sizer
    return [prediction(sizer.size(values, i)) for i in range(len(sizer.workloads))]


def _report(
    rows: Sequence[Row], fitter: Fitter, values: Values, left_out: Sequence[Prediction]
) -> str:
    own = [workload.row for workload in fitter.sizer.workloads]
    methods: dict[str, Sequence[Prediction]] = {
        "as documented": _all(fitter, {}),
        "fitted, owner left out": left_out,
        "fitted to all (in sample)": _all(fitter, values),
    }
    for name, baseline in Baselines(rows).methods().items():
        methods[name] = [baseline(row) for row in own]
    lines = [f"{'within 2x / 4x':36}" + "".join(f"{' '.join(f):>19}" for f in FIELDS)]
    for tier in (None, *TIERS):
        chosen = [i for i, row in enumerate(own) if tier in (None, row["tier"])]
        lines.append(f"{tier or 'all tiers'} ({len(chosen)})")
        for name, made in methods.items():
            scores = score([own[i] for i in chosen], [made[i] for i in chosen])
            lines.append(f"  {name:34}{_cells(scores)}{_replicas(scores)}")
    return "\n".join(lines)


def _cells(scores: Scores) -> str:
    cells = (scores.fields[field] for field in FIELDS)
    return "".join(f"{f'{c.within_2:.1%} / {c.within_4:.1%}':>19}" for c in cells)


def _replicas(scores: Scores) -> str:
    if not scores.replicas_within_1:
        return ""
    return f"   replicas {scores.replicas_exact:.0%} exact, {scores.replicas_within_1:.0%} within 1"


def _halves(fitter: Fitter, times: int) -> str:
    """Fits to half of the owners, tried on the other half."""
    documented_: list[Scores] = []
    fitted: list[Scores] = []
    for values, test in random_halves(fitter, times):
        rows = [fitter.sizer.workloads[i].row for i in test]
        for made, found in ((Values(), documented_), (values, fitted)):
            found.append(score(rows, [prediction(fitter.sizer.size(made, i)) for i in test]))
    lines = [f"random halves of the owners, {2 * times} fits"]
    for name, every in (("as documented", documented_), ("fitted to the other half", fitted)):
        lines.append(f"  {name:34}{_means(every)}")
    return "\n".join(lines)


def _means(every: Sequence[Scores]) -> str:
    cells = []
    for field in FIELDS:
        near = statistics.mean(item.fields[field].within_2 for item in every)
        far = statistics.mean(item.fields[field].within_4 for item in every)
        cells.append(f"{f'{near:.1%} / {far:.1%}':>19}")
    return "".join(cells)


def _twins(workloads: Sequence[Workload], rows: Sequence[Row]) -> str:
    """How often twins of different owners are within the same factors of each other."""
    found = agreement([workload.row for workload in workloads], rows)
    cells = "".join(
        f"{f'{item.within_2 or 0:.1%} / {item.within_4 or 0:.1%} n{item.n}':>19}"
        for item in (found[field] for field in FIELDS)
    )
    return f"twins of other owners\n  {'same language, framework, role, tier':34}{cells}"


def _needs(workloads: Sequence[Workload], left_out: Sequence[Prediction]) -> str:
    found = score_needs([workload.row for workload in workloads], left_out)
    below, wasted = found.below or 0, found.wasted or 0
    return (
        f"needs known for {found.n}: {below:.0%} of the memory limits are below,"
        f" {wasted:.0%} above four times that"
    )


def _write(truth: Path, fitter: Fitter, values: Values, folds: Mapping[str, Values]) -> None:
    workloads = fitter.sizer.workloads
    fitted = Fitted(
        made_by="bench/calibrate.py, version 1",
        data=Data(
            name="truth_apps, development half",
            sha256=hashlib.sha256(truth.read_bytes()).hexdigest(),
            workloads=len(workloads),
            owners=len(folds),
        ),
        considered=tuple(figure.id for figure in fitter.figures),
        figures=_figures(fitter, values, folds),
    )
    text = yaml.safe_dump(fitted.model_dump(mode="json"), sort_keys=False, width=100)
    (DIRECTORY / FITTED).write_text(_HEAD + text, "utf-8")
    (DIRECTORY / FOLDS).write_text(json.dumps(folds, indent=1, sort_keys=True) + "\n", "utf-8")


if __name__ == "__main__":
    sys.exit(main())
