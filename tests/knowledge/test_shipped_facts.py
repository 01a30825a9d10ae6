"""Rules for the facts that ship: units, ranges, sources, and names that the reader uses.

``knowledge/README.md`` states the same rules for people who add facts.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable
from functools import cache
from pathlib import Path
from urllib.parse import urlsplit

import pytest
import yaml

from dca.catalogue import catalogue
from knowledge.corpus import FACTS, load_corpus
from schemas.context import Role
from schemas.knowledge import Confidence, Fact, FactKind, FigureName, SourceGrade

SIZES = {
    FigureName.CPU_REQUEST,
    FigureName.MEMORY_REQUEST,
    FigureName.CPU_LIMIT,
    FigureName.MEMORY_LIMIT,
    FigureName.CPU_MINIMUM,
    FigureName.MEMORY_MINIMUM,
}
CANONICAL = frozenset(name.value for name in FigureName)

# What the last word of a figure's name may be.
NUMBER_UNITS = frozenset(
    re.findall(
        r"\w+",
        "millicores cores bytes kib mib gib tib kb mb gb tb bits ms seconds minutes hours days "
        "usd iops count ktokens fraction percent percentile ratio factor",
    )
)
"""`kib` to `tib` are powers of 1024, `kb` to `tb` powers of 1000; a vCPU is a core. `ktokens` are
thousands of tokens as models count them. The last five have no dimension: a fraction is of one, a
percent and a percentile of a hundred, a ratio divides two amounts, a factor multiplies one."""
TEXT_UNITS = frozenset({"formula", "order", "action", "flavor", "statistic", "version"})
TRUTH_UNITS = frozenset({"required", "enabled", "set"})
PER = frozenset(
    re.findall(
        r"\w+",
        "second minute hour day core thread gpu mb gb gib pod node worker process instance replica "
        "shard connection request message user sample series parameter dimension weight class "
        "pair value namespace service model pool schema scheduler frontend compactor dag host",
    )
)
"""What something may be counted per: ``queries_per_second_per_core``, ``memory_mib_per_node``; an
adjective may stand before it (``per_extra_node``)."""

MIB = {
    FigureName.MEMORY_REQUEST,
    FigureName.MEMORY_LIMIT,
    FigureName.MEMORY_MINIMUM,
    FigureName.MEMORY_IDLE,
}
MILLICORES = {FigureName.CPU_REQUEST, FigureName.CPU_LIMIT, FigureName.CPU_MINIMUM}
RANGES: dict[FigureName, tuple[float, float]] = {
    **dict.fromkeys(MIB, (1, 2 * 1024 * 1024)),
    **dict.fromkeys(MILLICORES, (1, 256_000)),
    FigureName.REPLICAS: (1, 1000),
    FigureName.CPU_PER_REQUEST: (0.0001, 10_000_000),
    FigureName.MEMORY_PER_CONNECTION: (0.0001, 64),
    FigureName.MEMORY_PER_DATA: (0.0005, 20),
    FigureName.AT_REQUEST_RATE: (0.1, 10_000_000),
    FigureName.AT_USERS: (1, 10_000_000),
    FigureName.AT_CONNECTIONS: (1, 10_000_000),
    FigureName.AT_DATA: (0.001, 10_000_000),
}
AT = {
    FigureName.AT_REQUEST_RATE,
    FigureName.AT_USERS,
    FigureName.AT_CONNECTIONS,
    FigureName.AT_DATA,
}

AREAS: dict[str, tuple[int, Callable[[Fact], bool]]] = {
    "runtimes": (30, lambda f: bool(f.applies_to.languages)),
    "frameworks": (30, lambda f: bool(f.applies_to.frameworks)),
    "SQL databases": (40, lambda f: Role.SQL_DATABASE in f.applies_to.roles),
    "other databases": (25, lambda f: Role.NOSQL_DATABASE in f.applies_to.roles),
    "vector databases": (10, lambda f: Role.VECTOR_DATABASE in f.applies_to.roles),
    "caches": (20, lambda f: Role.CACHE in f.applies_to.roles),
    "brokers": (25, lambda f: Role.MESSAGE_BROKER in f.applies_to.roles),
    "search engines": (15, lambda f: Role.SEARCH_ENGINE in f.applies_to.roles),
    "gateways": (20, lambda f: Role.GATEWAY_PROXY in f.applies_to.roles),
    "observability": (40, lambda f: Role.OBSERVABILITY in f.applies_to.roles),
    "ML serving": (15, lambda f: Role.ML_INFERENCE in f.applies_to.roles),
    "platform rules": (40, lambda f: f.kind is FactKind.PLATFORM_RULE),
    "prices": (5, lambda f: f.kind is FactKind.PRICE),
}


@cache
def facts() -> tuple[Fact, ...]:
    return load_corpus().facts


def complaints(*found: str) -> None:
    assert not found, "\n".join(found)


def unit_problem(key: str, value: object) -> str | None:
    """What is wrong with the name of a figure, if anything."""
    if not re.fullmatch(r"[a-z][a-z0-9]*(_[a-z0-9]+)*", key):
        return "is not in lower case with underscores"
    last = key.rsplit("_", 1)[-1]
    if isinstance(value, bool):
        return None if last in TRUTH_UNITS else f"is a truth, so it ends in one of {TRUTH_UNITS}"
    if isinstance(value, str):
        return None if last in TEXT_UNITS else f"is a text, so it ends in one of {TEXT_UNITS}"
    if key in CANONICAL or (last in PER if "_per_" in key else last in NUMBER_UNITS):
        return None
    return "ends in no known unit"


def test_there_are_enough_facts_of_every_kind_that_ships() -> None:
    kinds = Counter(fact.kind for fact in facts())
    assert len(facts()) >= 600
    assert set(kinds) == set(FactKind) - {FactKind.DOCUMENT}


@pytest.mark.parametrize("area", AREAS)
def test_every_area_is_covered(area: str) -> None:
    needed, belongs = AREAS[area]
    assert sum(belongs(fact) for fact in facts()) >= needed


def test_every_figure_names_its_unit() -> None:
    complaints(
        *(
            f"{fact.id}: {key} {problem}"
            for fact in facts()
            for key, value in fact.figures.items()
            if (problem := unit_problem(key, value))
        )
    )


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("memory", 5),
        ("Memory_mib", 5),
        ("memory_m", 5),
        ("requests_per_fortnight", 5),
        ("limit_set", 1),
        ("memory_mib", "512"),
        ("formula", 2),
        ("swap_mib", True),
    ],
)
def test_a_figure_without_a_unit_is_noticed(key: str, value: object) -> None:
    assert unit_problem(key, value)


def test_sizes_are_in_a_plausible_range() -> None:
    for fact in facts():
        for name, (low, high) in RANGES.items():
            value = fact.figures.get(name.value, low)
            assert isinstance(value, int | float), fact.id
            assert not isinstance(value, bool), fact.id
            assert low <= value <= high, f"{fact.id}: {name.value} is {value}"


def test_every_figure_of_the_capacity_model_has_a_range() -> None:
    assert set(RANGES) == set(FigureName)


@pytest.mark.parametrize(
    ("less", "more"),
    [
        (FigureName.CPU_REQUEST, FigureName.CPU_LIMIT),
        (FigureName.MEMORY_REQUEST, FigureName.MEMORY_LIMIT),
        (FigureName.CPU_MINIMUM, FigureName.CPU_LIMIT),
        (FigureName.MEMORY_MINIMUM, FigureName.MEMORY_LIMIT),
    ],
    ids=str,
)
def test_no_limit_is_below_what_it_limits(less: FigureName, more: FigureName) -> None:
    for fact in facts():
        low, high = fact.figures.get(less.value), fact.figures.get(more.value)
        if low is not None and high is not None:
            assert float(low) <= float(high), fact.id


def test_the_load_of_a_rung_stands_beside_a_size() -> None:
    for fact in facts():
        if any(name.value in fact.figures for name in AT):
            assert any(name.value in fact.figures for name in SIZES), fact.id


@pytest.mark.parametrize(
    ("raw", "canonical"),
    [
        ("memory_gb", FigureName.MEMORY_REQUEST),
        ("min_memory_gb", FigureName.MEMORY_MINIMUM),
        ("min_memory_mb", FigureName.MEMORY_MINIMUM),
        ("rss_mb", FigureName.MEMORY_IDLE),
    ],
)
def test_an_amount_in_the_words_of_its_source_is_the_one_in_mib(
    raw: str, canonical: FigureName
) -> None:
    scale = 1e9 if raw.endswith("gb") else 1e6
    for fact in facts():
        said, taken = fact.figures.get(raw), fact.figures.get(canonical.value)
        if said is not None and taken is not None:
            assert float(taken) == pytest.approx(float(said) * scale / 2**20, abs=0.6), fact.id


def test_the_ranking_of_frameworks_moves_no_number() -> None:
    ranked = [fact for fact in facts() if fact.topic == "framework_benchmark"]
    assert len(ranked) >= 30
    for fact in ranked:
        assert not CANONICAL & set(fact.figures), fact.id
        assert fact.confidence is Confidence.LOW, fact.id


def test_statements_are_short_and_said_once() -> None:
    words = Counter(re.sub(r"\W+", " ", fact.statement).lower() for fact in facts())
    complaints(*(text for text, times in words.items() if times > 1))
    complaints(*(fact.id for fact in facts() if len(fact.statement) > 400))
    complaints(*(fact.id for fact in facts() if not fact.statement.endswith((".", "?"))))


def test_every_source_is_a_web_address() -> None:
    for fact in facts():
        parts = urlsplit(fact.source.url)
        assert parts.scheme == "https", fact.id
        assert "." in (parts.hostname or ""), fact.id
        assert not parts.username, fact.id


def test_a_file_of_a_repository_names_its_repository() -> None:
    for fact in facts():
        parts = urlsplit(fact.source.url)
        if parts.hostname in {"github.com", "gitlab.com", "raw.githubusercontent.com"}:
            assert fact.source.repository == "/".join(parts.path.lower().split("/")[1:3]), fact.id


def test_what_was_not_read_or_is_one_persons_word_is_not_sure() -> None:
    one_voice = {SourceGrade.COMMUNITY_BLOG, SourceGrade.FORUM}
    for fact in facts():
        if not fact.source.read or fact.source.grade in one_voice:
            assert fact.confidence is not Confidence.HIGH, fact.id


def test_presets_for_tests_are_not_trusted() -> None:
    presets = [fact for fact in facts() if fact.profile.startswith("preset-")]
    assert len(presets) > 100
    assert {fact.confidence for fact in presets} == {Confidence.LOW}


def test_a_chart_default_names_a_product() -> None:
    complaints(
        *(
            fact.id
            for fact in facts()
            if fact.kind is FactKind.CHART_DEFAULT and not fact.applies_to.products
        )
    )


def test_a_fact_about_a_product_of_the_catalogue_names_its_key_and_role() -> None:
    known = catalogue()
    for fact in facts():
        product = known.get(fact.component)
        if product is None or not fact.applies_to.products:
            continue
        assert product.key in fact.applies_to.products, fact.id
        if fact.applies_to.roles and fact.topic not in {"java", "sql"}:
            assert product.role in fact.applies_to.roles, fact.id


def test_words_are_in_lower_case() -> None:
    for fact in facts():
        about = fact.applies_to
        words = (fact.component, *about.products, *about.languages, *about.frameworks)
        assert [word for word in words if word != word.lower().strip()] == [], fact.id


def _names(value: object, key: str) -> set[str]:
    """All texts under a key, anywhere in a YAML value."""
    if isinstance(value, dict):
        own = {value[key].lower()} if isinstance(value.get(key), str) else set()
        return own.union(*(_names(item, key) for item in value.values()))
    if isinstance(value, list):
        return set().union(*(_names(item, key) for item in value))
    return set()


def test_frameworks_are_named_as_the_repository_reader_names_them() -> None:
    path = Path("dca/repository/source/frameworks.yaml")
    known = _names(yaml.safe_load((FACTS.parents[1] / path).read_text("utf-8")), "name")
    complaints(
        *(
            f"{fact.id}: {framework}"
            for fact in facts()
            for framework in fact.applies_to.frameworks
            if framework not in known
        )
    )


def test_files_are_small_and_stand_in_the_folder_of_their_topic() -> None:
    for path in FACTS.rglob("*.yaml"):
        text = path.read_text("utf-8")
        assert text.count("\n") <= 260, path
        assert f"\ntopic: {path.parent.name}\n" in text, path
