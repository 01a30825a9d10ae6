"""The figures of an evaluation as one table of fixed width."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

from pipeline.evaluation.report import THINKING, TOOL, UNCITED, Method, Part, Report
from pipeline.evaluation.scoring import FieldScore
from pipeline.evaluation.truth import FIELDS

_NAME = 31
_CELL = 14
_HEADS = tuple(
    f"{'CPU' if resource == 'cpu' else 'memory'} {kind.removesuffix('s')}"
    for kind, resource in FIELDS
)
_LEGEND = """\
Each number: geometric-mean factor, share within 2×. ok: requests within 4× and replicas within 1.
all4: every stated number within 4×. r0, r1: replicas exact, within 1. BLEU, CodeB(LEU): the section
of the manifest. kill, waste: memory limit under, over 4×, what is known to be needed.
inside: the truth is in the interval. twins: rows of two teams with the same language, framework,
role and tier, beside each other."""


def table(report: Report) -> str:
    """All methods, part by part, tier by tier; then the tool number by number."""
    lines = [f"{name}: {text}" for name, text in report.conditions.items()]
    for title, part in report.parts.items():
        lines += ["", *_part(title, part)]
    if report.without_source:
        lines += ["", f"{report.without_source} rows without source are not among these."]
    return "\n".join([*lines, "", _LEGEND]) + "\n"


def _part(title: str, part: Part) -> list[str]:
    lines = [f"{part.predicted} of {part.rows} rows predicted: {title}"]
    lines += [f"  {count} not: {reason}" for reason, count in sorted(part.reasons.items())]
    if part.missing:
        names = ", ".join(f"{name} ({count})" for name, count in sorted(part.missing.items()))
        lines.append(f"  {sum(part.missing.values())} rows do not count, not checked out: {names}")
    if not part.rows:
        return lines
    lines += ["", *_methods(f"all, {part.rows} rows", part.methods), _twins(part)]
    for tier, methods in part.tiers.items():
        if len(part.tiers) > 1:
            lines += ["", *_methods(f"{tier}, {methods[0].rows} rows", methods)]
    return [*lines, "", *_details(part)]


def _methods(title: str, methods: Sequence[Method]) -> list[str]:
    heads = "".join(f"{head:>{_CELL + 1}}" for head in _HEADS)
    lines = [f"{title:{_NAME}}{'ok':>5}{'all4':>5}{heads}{_line('r0', 'r1', 'BLEU', 'CodeB')}"]
    lines[0] += _line("kill", "waste")
    baselines = [method for method in methods if method.name not in (TOOL, UNCITED, THINKING)]
    return [*lines, *map(_method, methods), _best(baselines)]


def _method(method: Method) -> str:
    scores, similarity, needs = method.scores, method.similarity, method.needs
    cells = "".join(f"{_cell(scores.fields[key]):>{_CELL + 1}}" for key in FIELDS)
    return (
        f"{method.name[:_NAME]:{_NAME}}{_percent(scores.success):>5}"
        f"{_percent(scores.all_within_4):>5}{cells}"
        + _shares(scores.replicas_exact, scores.replicas_within_1)
        + _shares(*((similarity.bleu, similarity.code_bleu) if similarity else (None, None)))
        + _shares(needs.below, needs.wasted)
    )


def _best(methods: Sequence[Method]) -> str:
    """The best that any baseline reaches in each column by itself."""

    def most(of: Callable[[Method], float | None]) -> float | None:
        return max((value for m in methods if (value := of(m)) is not None), default=None)

    def least(of: Callable[[Method], float | None]) -> float | None:
        return min((value for m in methods if (value := of(m)) is not None), default=None)

    def cell(key: tuple[str, str]) -> str:
        factor = least(lambda m: m.scores.fields[key].factor)
        share = most(lambda m: m.scores.fields[key].within_2)
        return "-" if factor is None else f"×{factor:.2f} {_percent(share):>4}"

    cells = "".join(f"{cell(key):>{_CELL + 1}}" for key in FIELDS)
    return (
        f"{'best of the baselines':{_NAME}}{_percent(most(lambda m: m.scores.success)):>5}"
        f"{_percent(most(lambda m: m.scores.all_within_4)):>5}{cells}"
        + _shares(
            most(lambda m: m.scores.replicas_exact),
            most(lambda m: m.scores.replicas_within_1),
            most(lambda m: m.similarity.bleu if m.similarity else None),
            most(lambda m: m.similarity.code_bleu if m.similarity else None),
            least(lambda m: m.needs.below),
            least(lambda m: m.needs.wasted),
        )
    )


def _twins(part: Part) -> str:
    cells = "".join(
        f"{f'{_percent(part.twins[key].within_2)} n{part.twins[key].n}':>{_CELL + 1}}"
        for key in FIELDS
    )
    return f"{'twins of two teams':{_NAME}}{'':10}{cells}"


def _details(part: Part) -> list[str]:
    """The tool's own figures: every number, in all rows and in each tier."""
    sets: Iterable[tuple[str, tuple[Method, ...]]] = [("all", part.methods)]
    if len(part.tiers) > 1:
        sets = [*sets, *part.tiers.items()]
    heads = ("n", "unset", "factor", "bias", "1.5×", "2×", "4×", "inside")
    lines = [f"{TOOL + ', number by number':{_NAME}}" + "".join(f"{head:>8}" for head in heads)]
    for key, head in zip(FIELDS, _HEADS, strict=True):
        for tier, methods in sets:
            item = methods[0].scores.fields[key]
            lines.append(f"{f'{head}, {tier}':{_NAME}}" + "".join(f"{c:>8}" for c in _cells(item)))
    return [
        *lines,
        f"memory need known of {part.methods[0].needs.n} components; sections of "
        f"{part.from_manifests} rows are the community's own text, "
        f"of {part.rows - part.from_manifests} made from their numbers",
        f"facts of a row's own owner that were met: {part.own_facts}",
    ]


def _cells(item: FieldScore) -> tuple[str, ...]:
    head = (str(item.n), str(item.unset))
    if item.factor is None or item.bias is None:
        return (*head, *("-",) * 6)
    shares = (item.within_1_5, item.within_2, item.within_4, item.covered)
    return (*head, f"×{item.factor:.2f}", f"{item.bias:.2f}", *map(_percent, shares))


def _cell(item: FieldScore) -> str:
    return "-" if item.factor is None else f"×{item.factor:.2f} {_percent(item.within_2):>4}"


def _shares(*values: float | None) -> str:
    return _line(*map(_percent, values))


def _line(*cells: str) -> str:
    return "".join(f"{cell:>6}" for cell in cells)


def _percent(share: float | None) -> str:
    return "-" if share is None else f"{share * 100:.0f}%"
