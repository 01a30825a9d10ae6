"""Retrieved facts as observations of the model's figures: what they state, and how much it weighs.

Pure: evidence in, observations out. Only figures of `schemas.knowledge.FigureName` count; a fact
without one is shown to people, and moves nothing.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, replace
from urllib.parse import urlsplit

from pipa.constants import Constants
from pipa.tier import Tier
from schemas.context import AppContext, Component
from schemas.evidence import Evidence, EvidenceGrade, EvidenceKind
from schemas.knowledge import FactKind, FigureName, SourceGrade

_CODE_HOSTS = frozenset(
    {"github.com", "gitlab.com", "bitbucket.org", "codeberg.org", "raw.githubusercontent.com"}
)
OWN = frozenset({"product", "framework", "language"})
"""Matches of facts that are about the component itself."""
LOADS = (
    FigureName.AT_REQUEST_RATE,
    FigureName.AT_USERS,
    FigureName.AT_CONNECTIONS,
    FigureName.AT_DATA,
)
"""Figures that say which load a fact's size is for."""
LARGEST = 1e9
"""No amount in millicores or MiB is larger: what is, is a slip."""
_OF_USE = frozenset(
    {
        FigureName.CPU_REQUEST,
        FigureName.MEMORY_REQUEST,
        FigureName.CPU_LIMIT,
        FigureName.MEMORY_LIMIT,
        FigureName.REPLICAS,
    }
)
"""Figures that depend on how much use an installation sees; the cost of a connection does not."""
_WORD = re.compile(r"[a-z]+")
_LIGHT_USE = frozenset({"demo", "dev", "development", "test", "tutorial", "minimal", "tiny"})
_HEAVY_USE = frozenset({"ha", "production", "prod", "large", "xlarge", "datacenter", "enterprise"})
_EXAMPLES = frozenset({"example", "examples", "commented", "bundled", "bundle", "sample"})


@dataclass(frozen=True, slots=True)
class Observation:
    """What one fact says of one figure."""

    evidence: str
    """Id of the fact."""
    value: float
    """In the unit of the figure; > 0."""
    weight: float
    """Votes, relative to the model's own figure."""
    source: str
    """Who says so: a repository, or a site."""
    trusted: bool = False
    """A vendor's word about the component itself: two of them may carry a bound of the model."""


@dataclass(frozen=True, slots=True)
class Fact:
    """Evidence that has figures, with what is known of how far they carry."""

    id: str
    figures: dict[FigureName, float]
    kind: str
    match: str
    profile: frozenset[str]
    source: str
    weight: float
    """Votes, without regard to how much use is stated."""
    vendor: bool
    added: bool

    @property
    def of_a_load(self) -> bool:
        """Its sizes are for a stated load: a rung of a ladder, not a usual size."""
        return any(figure in self.figures for figure in LOADS)

    @property
    def heavy(self) -> bool:
        """It is of an installation in real use: what a vendor advises is hardware for that."""
        return bool(self.profile & _HEAVY_USE) or self.kind == FactKind.VENDOR_GUIDANCE

    @property
    def own(self) -> bool:
        """It is about the component itself."""
        return self.match in OWN


def read_facts(component: Component, context: AppContext, constants: Constants) -> tuple[Fact, ...]:
    """The usable facts among the documents of a component, most relevant first."""
    known = context.evidence_by_id()
    found = (known.get(id_) for id_ in component.documents)
    facts = (_fact(item, constants) for item in found if item is not None)
    return tuple(fact for fact in facts if fact is not None)


def source_of(url: str) -> str:
    """Who stands behind a URL: the repository on a code host, else the site.

    >>> source_of("https://github.com/Bitnami/charts/blob/main/bitnami/redis/values.yaml")
    'bitnami/charts'
    """
    parts = urlsplit(url)
    host = (parts.hostname or "").removeprefix("www.")
    path = [part for part in parts.path.split("/") if part]
    if host in _CODE_HOSTS and len(path) >= 2:
        return f"{path[0]}/{path[1]}".lower()
    return host or url


def observations(
    facts: Iterable[Fact], figure: FigureName, tier: Tier, constants: Constants, beside: float = 1
) -> tuple[Observation, ...]:
    """What facts say of a figure; the facts of one source share one vote.

    Args:
        facts: All usable facts.
        figure: The figure of a fact that is asked for.
        tier: How much use the deployment sees.
        constants: The weights.
        beside: Votes of the model's own figure, which bound those of added documents.
    """
    chosen = [fact for fact in facts if figure in fact.figures and not fact.of_a_load]
    if figure is FigureName.REPLICAS and tier is Tier.PRODUCTION:
        # The one pod of a default says nothing of what survives the loss of a node.
        chosen = [fact for fact in chosen if fact.heavy]
    if any(fact.own for fact in chosen):
        chosen = [fact for fact in chosen if fact.own]
    found = [_observation(fact, figure, tier, constants) for fact in chosen]
    voices = shared([item for item in found if item.weight > 0])
    added = frozenset(fact.id for fact in chosen if fact.added)
    return _bounded(voices, added, constants["influence.added_most"].value * beside)


def shared(found: list[Observation]) -> tuple[Observation, ...]:
    """The same with the vote of each source split among its observations."""
    voices = Counter(item.source for item in found)
    return tuple(replace(item, weight=item.weight / voices[item.source]) for item in found)


def _bounded(
    found: tuple[Observation, ...], added: frozenset[str], most: float
) -> tuple[Observation, ...]:
    """Added documents have little weight together, however many there are."""
    total = sum(item.weight for item in found if item.evidence in added)
    if total <= most:
        return found
    return tuple(
        replace(item, weight=item.weight * most / total) if item.evidence in added else item
        for item in found
    )


def _observation(fact: Fact, figure: FigureName, tier: Tier, constants: Constants) -> Observation:
    weight = fact.weight * (_use(fact, tier, constants) if figure in _OF_USE else 1.0)
    trusted = fact.vendor and fact.own and "preset" not in fact.profile
    return Observation(fact.id, fact.figures[figure], weight, fact.source, trusted)


def _use(fact: Fact, tier: Tier, constants: Constants) -> float:
    """Whether a fact's installation sees as much use as this one."""
    light = bool(fact.profile & _LIGHT_USE)
    other = (light and tier is not Tier.SAMPLE) or (fact.heavy and tier is not Tier.PRODUCTION)
    return constants["influence.profile.other_use"].value if other else 1.0


def _fact(evidence: Evidence, constants: Constants) -> Fact | None:
    raw = evidence.figures
    kind, match = str(raw.get("fact_kind")), str(raw.get("fact_match"))
    figures = _figures(evidence)
    if evidence.kind is not EvidenceKind.DOCUMENT or not figures:
        return None
    profile = frozenset(_WORD.findall(str(raw.get("fact_profile", "")).lower()[:100]))
    source = str(raw.get("fact_source"))
    weight = 1.0
    for part in (
        f"source.{source}",
        f"kind.{kind}",
        f"match.{match}",
        f"confidence.{raw.get('fact_confidence')}",
    ):
        # A kind that has no weight (a price, a rule of a platform) says nothing of a component.
        id_ = f"influence.{part}"
        weight *= constants[id_].value if id_ in constants else 0.0
    if "preset" in profile:
        weight *= constants["influence.profile.preset"].value
    elif profile & _EXAMPLES:
        weight *= constants["influence.profile.example"].value
    return Fact(
        id=evidence.id,
        figures=figures,
        kind=kind,
        match=match,
        profile=profile,
        source=source_of(evidence.source),
        weight=weight,
        vendor=evidence.grade is EvidenceGrade.VENDOR,
        added=source == SourceGrade.ADDED or kind == FactKind.DOCUMENT,
    )


def _figures(evidence: Evidence) -> dict[FigureName, float]:
    """The figures that the model knows, as far as they are positive numbers."""
    found = {}
    for figure in FigureName:
        value = evidence.figures.get(figure.value)
        if isinstance(value, bool) or not isinstance(value, int | float):
            continue
        if 0 < value <= LARGEST:
            found[figure] = float(value)
    return found
