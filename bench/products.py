"""How near third-party products come to what charts ship, one repository left out at a time.

    python -m bench.products --charts chart_defaults.jsonl [--json FILE] [--rows FILE]

For each row nothing of its repository is known: no fact of it, and no product rule that cites it
(such a product falls back to its role). Rules that cite nobody's chart were still written by
people who know charts, so two stricter lines stand beside it: without any product rule, and with
the fallbacks replaced by the medians of the other repositories' rows. Rows of products that no
other repository has are shown apart.
"""

from __future__ import annotations

import argparse
import functools
import json
import math
import statistics
import sys
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from bench.truth import Row, amount, load_rows
from dca.catalogue import catalogue
from dca.docs.coverage import ORDER, match_of, usable
from dca.docs.evidence import fact_evidence, fact_evidence_id
from dca.docs.needs import Match
from dca.docs.search import MOST_DOCUMENTS
from dca.docs.subject import subject_of
from knowledge.corpus import load_corpus
from pipa.capacity import size_component
from pipa.constants import Constants, load_constants
from pipa.observations import source_of
from schemas.context import (
    AppContext,
    Component,
    Demand,
    DescriptionReading,
    FoundIn,
    RepositoryFacts,
    Role,
    WorkloadKind,
)
from schemas.evidence import Evidence
from schemas.knowledge import Fact
from schemas.plan import ComponentPlan
from schemas.quantities import MIB
from schemas.trigger import Trigger

FIELDS = (("requests", "cpu"), ("requests", "memory"), ("limits", "cpu"), ("limits", "memory"))
_RULES = ("cpu_request", "memory_request", "cpu_limit", "memory_limit")
_PRESETS = "bitnami/charts"
_PRESET_SMALL = {
    ("requests", "cpu"): 500.0,
    ("requests", "memory"): 512.0 * MIB,
    ("limits", "cpu"): 750.0,
    ("limits", "memory"): 768.0 * MIB,
}
"""The preset that most of Bitnami's charts choose."""
Field = tuple[str, str]
Predict = Callable[[Row, Field], float | None]


@dataclass(frozen=True, slots=True)
class Case:
    """How much is left out beside the row's repository."""

    name: str
    constants: Callable[[Row], Constants]
    facts: bool


def main() -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--charts", required=True, type=Path)
    parser.add_argument("--json", type=Path, help="write all figures")
    parser.add_argument("--rows", type=Path, help="write one line per row")
    arguments = parser.parse_args()
    # The table of presets is no workload.
    bench = Bench([row for row in load_rows(arguments.charts) if row["workload_kind"] != "any"])
    report = bench.report()
    for title, figures in report.items():
        print(_table(title, figures))
    replicas = bench.replicas()
    for method, counts in replicas.items():
        print(f"replicas, {method}: " + ", ".join(f"{k} {v:.3g}" for k, v in counts.items()))
    if arguments.json:
        text = json.dumps({"sizes": report, "replicas": replicas}, indent=1)
        arguments.json.write_text(f"{text}\n", "utf-8")
    if arguments.rows:
        arguments.rows.write_text("".join(f"{line}\n" for line in bench.lines()), "utf-8")
    return 0


class Bench:
    """Predictions for the rows of a file, each without the row's own repository."""

    def __init__(self, rows: Sequence[Row]) -> None:
        self._rows = rows
        self._all = load_constants()
        self._facts = load_corpus().facts
        self._cases = (
            Case("all constants, no facts (in sample)", lambda _: self._all, facts=False),
            Case("rules citing it dropped, no facts", self._uncited, facts=False),
            Case("rules citing it dropped, facts", self._uncited, facts=True),
            Case("all constants, facts", lambda _: self._all, facts=True),
            Case("no product rules, no facts", self._ruleless, facts=False),
            Case("no product rules, facts", self._ruleless, facts=True),
        )

    def report(self) -> dict[str, dict[str, dict[str, dict[str, float]]]]:
        """Group of rows → method → field → figures."""
        found: dict[str, dict[str, dict[str, dict[str, float]]]] = {}
        for title, rows in self._groups().items():
            methods = {case.name: self._figures(rows, self._sized(case)) for case in self._cases}
            for name, baseline in self._baselines().items():
                methods[name] = self._figures(rows, baseline)
            found[title] = methods
        return found

    def replicas(self) -> dict[str, dict[str, float]]:
        """Method → share of rows with the same number of pods, and with one more or less."""
        rows = [row for row in self._rows if isinstance(row["replicas"], int)]
        found = {}
        for case in self._cases:
            gaps = [abs(self._plan(case, row).replicas - row["replicas"]) for row in rows]
            found[case.name] = {
                "n": len(gaps),
                "exact": sum(gap == 0 for gap in gaps) / max(1, len(gaps)),
                "within_1": sum(gap <= 1 for gap in gaps) / max(1, len(gaps)),
            }
        return found

    def lines(self) -> Iterable[str]:
        """Each row with the prediction of the honest case, as JSON."""
        case = self._cases[2]
        for row in self._rows:
            plan = self._plan(case, row)
            yield json.dumps(
                {
                    "component": row["component"],
                    "repository": row["source_repo"],
                    "profile": row["profile"],
                    "truth": {"requests": row["requests"], "limits": row["limits"]},
                    "replicas": [row["replicas"], plan.replicas],
                    "ours": plan.resources.model_dump(mode="json"),
                    "confidence": plan.confidence,
                    "influences": [item.model_dump(mode="json") for item in plan.influences],
                }
            )

    def _groups(self) -> dict[str, list[Row]]:
        explicit = [row for row in self._rows if row["source_repo"] != _PRESETS]
        known = [row for row in explicit if self._known_elsewhere(row)]
        return {
            "all rows": list(self._rows),
            "charts' own sizes (no Bitnami presets)": explicit,
            "  of products that another repository has too": known,
            "  of products that no other repository has": [r for r in explicit if r not in known],
            "  of products with a rule that does not cite the repository": [
                row for row in explicit if row["component"] in self._uncited(row).products
            ],
            "Bitnami presets": [row for row in self._rows if row["source_repo"] == _PRESETS],
        }

    def _known_elsewhere(self, row: Row) -> bool:
        return any(
            other["component"] == row["component"] and other["source_repo"] != row["source_repo"]
            for other in self._rows
        )

    # --- what is left out

    def _uncited(self, row: Row) -> Constants:
        return _without(self._all, row["source_repo"].lower())

    def _ruleless(self, row: Row) -> Constants:
        return _fallbacks(self._all, self._role_medians(row["source_repo"]))

    @functools.cache  # noqa: B019 - one bench per process
    def _role_medians(self, repository: str) -> tuple[tuple[str, tuple[float, ...]], ...]:
        """Per role the medians of the other repositories' explicit rows, in rule units."""
        others = [row for row in self._rows if row["source_repo"] not in (repository, _PRESETS)] + [
            row for row in self._rows if row["source_repo"] == _PRESETS != repository
        ][::4]
        found = []
        for role in sorted({row["role"] for row in self._rows}):
            alike = [row for row in others if row["role"] == role] or others
            values = (_median(alike, field) or _median(others, field) or 0 for field in FIELDS)
            found.append((role, tuple(values)))
        return tuple(found)

    # --- ours

    def _sized(self, case: Case) -> Predict:
        def predict(row: Row, field: Field) -> float | None:
            resources = self._plan(case, row).resources
            amounts = resources.requests if field[0] == "requests" else resources.limits
            return amounts.cpu if field[1] == "cpu" else amounts.memory

        return predict

    def _plan(self, case: Case, row: Row) -> ComponentPlan:
        return self._plan_of(case, json.dumps(row, sort_keys=True))

    @functools.cache  # noqa: B019 - one bench per process
    def _plan_of(self, case: Case, text: str) -> ComponentPlan:
        row = json.loads(text)
        component = component_for(row)
        evidence: tuple[Evidence, ...] = ()
        if case.facts:
            component, evidence = self._documented(component, row["source_repo"].lower())
        context = AppContext(
            trigger=Trigger(git_repo=".", app_description="a product"),
            repository=RepositoryFacts(url=".", files=1),
            reading=DescriptionReading(),
            components=(component,),
            evidence=evidence,
        )
        return size_component(component, context, case.constants(row))[0]

    def _documented(
        self, component: Component, repository: str
    ) -> tuple[Component, tuple[Evidence, ...]]:
        """The component with the most specific facts of other repositories."""
        subject = subject_of(component)
        hits: list[tuple[int, str, Fact, Match]] = []
        for fact in self._facts:
            if repository in (fact.source.repository, source_of(fact.source.url)):
                continue
            match = match_of(fact, subject)
            if match is not None and usable(fact):
                hits.append((ORDER.index(match), fact.id, fact, match))
        kept = sorted(hits, key=lambda hit: hit[:2])[:MOST_DOCUMENTS]
        ids = tuple(fact_evidence_id(fact, match) for _, _, fact, match in kept)
        evidence = tuple(fact_evidence(fact, match) for _, _, fact, match in kept)
        return component.model_copy(update={"documents": ids}), evidence

    # --- baselines

    def _baselines(self) -> dict[str, Predict]:
        return {
            "median of the role": self._median_of("role"),
            "median of all": self._median_of(),
            "same product elsewhere": self._same,
            "Bitnami preset small": lambda _, field: _PRESET_SMALL[field],
            "LimitRange 500m/512Mi": lambda _, field: 500.0 if field[1] == "cpu" else 512.0 * MIB,
        }

    def _median_of(self, *keys: str) -> Predict:
        def predict(row: Row, field: Field) -> float | None:
            others = [r for r in self._rows if r["source_repo"] != row["source_repo"]]
            alike = [r for r in others if all(r[key] == row[key] for key in keys)]
            return _median(alike, field) or _median(others, field)

        return predict

    def _same(self, row: Row, field: Field) -> float | None:
        """How near careful teams come to each other on one product: the ceiling."""
        others = [r for r in self._rows if r["source_repo"] != row["source_repo"]]
        return _median([r for r in others if r["component"] == row["component"]], field)

    def _figures(self, rows: Sequence[Row], predict: Predict) -> dict[str, dict[str, float]]:
        return {".".join(field): _shares(rows, field, predict) for field in FIELDS}


def component_for(row: Row) -> Component:
    """A component as a repository that deploys this product would show it."""
    key = row["component"]
    product = catalogue().get(key)
    profile = row["profile"].lower()
    kinds = {kind.value: kind for kind in WorkloadKind}
    demand = Demand()
    if any(word in profile.split() for word in ("ha", "prod", "production-ready")):
        demand = Demand(sample=False)
    elif "demo" in profile or "e2e" in profile:
        demand = Demand(sample=True)
    return Component(
        name=key[:60],
        found_in=(FoundIn.MANIFEST,),
        role=Role(row["role"]),
        kind=kinds.get(row["workload_kind"], WorkloadKind.DEPLOYMENT),
        third_party=product.key if product else key,
        language=product.language if product else None,
        demand=demand,
    )


def _without(constants: Constants, repository: str) -> Constants:
    """The constants without the products whose source is a file of a repository."""
    kept = {
        key: product
        for key, product in constants.products.items()
        if source_of(constants.sources[product.source].url) != repository
        or key.startswith("fallback-")
    }
    return replace(constants, products=kept)


@functools.cache
def _fallbacks_of(
    medians: tuple[tuple[str, tuple[float, ...]], ...],
) -> dict[str, Any]:
    constants = load_constants()
    products = {}
    for role, values in medians:
        key = f"fallback-{role.replace('_', '-')}"
        units = [
            max(1, round(value / (MIB if field[1] == "memory" else 1)))
            for field, value in zip(FIELDS, values, strict=True)
        ]
        products[key] = constants.products[key].model_copy(
            update=dict(zip(_RULES, units, strict=True))
        )
    return products


def _fallbacks(
    constants: Constants, medians: tuple[tuple[str, tuple[float, ...]], ...]
) -> Constants:
    products = {k: p for k, p in constants.products.items() if k.startswith("fallback-")}
    return replace(constants, products=products | _fallbacks_of(medians))


def _median(rows: Iterable[Row], field: Field) -> float | None:
    values = [value for row in rows if (value := amount(row, *field))]
    return statistics.median(values) if values else None


def _shares(rows: Sequence[Row], field: Field, predict: Predict) -> dict[str, float]:
    logs = []
    for row in rows:
        truth = amount(row, *field)
        if not truth:
            continue
        ours = predict(row, field)
        if ours:
            logs.append(math.log2(ours / truth))
    if not logs:
        return {"n": 0}
    sizes = [abs(log) for log in logs]
    return {
        "n": len(logs),
        "factor": 2 ** statistics.mean(sizes),
        "bias": 2 ** statistics.mean(logs),
        "within_1.5": sum(size <= math.log2(1.5) + 1e-9 for size in sizes) / len(logs),
        "within_2": sum(size <= 1 + 1e-9 for size in sizes) / len(logs),
        "within_4": sum(size <= 2 + 1e-9 for size in sizes) / len(logs),
    }


def _table(title: str, methods: dict[str, dict[str, dict[str, float]]]) -> str:
    names = [".".join(field) for field in FIELDS]
    lines = [f"\n{title}: n, factor, within 1.5x, 2x, 4x, bias"]
    lines.append(f"{'':36}" + "".join(f"{name:>37}" for name in names))
    for method, fields in methods.items():
        cells = "".join(f"{_cell(fields[name]):>37}" for name in names)
        lines.append(f"{method[:36]:36}{cells}")
    return "\n".join(lines)


def _cell(figures: dict[str, float]) -> str:
    if "factor" not in figures:
        return "-"
    return (
        f"{figures['n']:.0f} x{figures['factor']:.2f} {figures['within_1.5']:4.0%}"
        f" {figures['within_2']:4.0%} {figures['within_4']:4.0%} b{figures['bias']:.2f}"
    )


if __name__ == "__main__":
    sys.exit(main())
