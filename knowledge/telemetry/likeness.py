"""How much one service says about another: stack and role first, then load, then meaning.

The score is a weighted mean over what both are known by; what is unknown of either counts as half
an agreement. Set by judgement and checked by leaving one service out at a time
(``python -m bench.siblings``): what decides is the runtime, so another runtime is no likeness at
all, and neither is another product.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from knowledge.telemetry.text import label, rounded
from schemas.context import Component, Role
from schemas.usage import UsageSummary

FLOOR = 0.5
"""Below it nothing is found: the same language in a related role has 0.48 where everything else is
known and differs."""
_MEANING_FROM, _MEANING_TO = 0.3, 0.9
"""Cosines of unrelated and of nearly equal texts."""
_MEANING_SHARE = 0.05
"""Weight of the meaning beside the structure: it orders services of equal stack and role, where the
names and the shape of use are what is left. With 0.15 the services that it preferred predicted
memory worse (1.22 times off instead of 1.14, ``bench.siblings``): names say little about size."""
_UNKNOWN = 0.5
_NEAR, _FAR = 3.0, 30.0
"""Loads within the first factor agree; from the second on they do not."""

_WEIGHTS = {"role": 0.3, "language": 0.3, "framework": 0.15, "load": 0.15, "repository": 0.1}
_PRODUCT_WEIGHTS = {"product": 0.7, "load": 0.2, "repository": 0.1}

_RELATED_ROLES = (
    frozenset({Role.BACKEND_API, Role.GRPC_SERVICE}),
    frozenset({Role.BACKEND_API, Role.WEB_FRONTEND}),
    frozenset({Role.GRPC_SERVICE, Role.WEB_FRONTEND}),
    frozenset({Role.BACKEND_API, Role.GATEWAY_PROXY}),
    frozenset({Role.WORKER, Role.BATCH}),
    frozenset({Role.WORKER, Role.BACKEND_API}),
    frozenset({Role.WORKER, Role.GRPC_SERVICE}),
)
_RELATED = 0.6
"""Roles that do alike work in one process each, as an API and a gRPC service."""
_RUNTIMES = (
    frozenset({"javascript", "typescript", "node", "node.js", "nodejs"}),
    frozenset({"java", "kotlin", "scala", "groovy", "clojure"}),
    frozenset({"c#", "f#", "vb", ".net", "dotnet"}),
    frozenset({"go", "golang"}),
    frozenset({"c", "c++", "cpp", "rust", "zig"}),
    frozenset({"elixir", "erlang", "gleam"}),
)
"""Languages of one runtime, whose memory follows the same rules."""
_SAME_RUNTIME = 0.9


@dataclass(frozen=True, slots=True)
class Aspect:
    """One respect in which two services are compared."""

    name: str
    agreement: float
    """In [0, 1]."""
    words: str
    """Empty when there is nothing to say."""


@dataclass(frozen=True, slots=True)
class Likeness:
    """How much alike, and why."""

    score: float
    aspects: tuple[Aspect, ...]
    compared: bool = False
    """By meaning too."""

    @property
    def best(self) -> float:
        """The highest score that the meaning could make of it."""
        return self.with_meaning(1.0).score

    @property
    def why(self) -> str:
        """Agreements, then differences, then what is not known."""
        same = [a.words for a in self.aspects if a.words and a.agreement > _UNKNOWN]
        other = [a.words for a in self.aspects if a.words and a.agreement < _UNKNOWN]
        unknown = [a.words for a in self.aspects if a.words and a.agreement == _UNKNOWN]
        parts = (
            ("alike", same),
            ("differs", other),
            ("not known", unknown),
        )
        return "; ".join(f"{name}: {', '.join(words)}" for name, words in parts if words)

    def with_meaning(self, cosine: float) -> Likeness:
        """The same with what the embeddings say, which moves the score by a little."""
        near = (cosine - _MEANING_FROM) / (_MEANING_TO - _MEANING_FROM)
        near = min(1.0, max(0.0, near))
        score = (1 - _MEANING_SHARE) * self.score + _MEANING_SHARE * near
        return Likeness(score, self.aspects, compared=True)


def likeness(
    component: Component, usage: UsageSummary, repository: str | None = None
) -> Likeness | None:
    """Compare a component with a service whose usage is known; None when they are not alike.

    A product is only like itself; own code is only like code of the same runtime in the same or a
    related role.

    Args:
        component: What is to be sized.
        usage: Of the other service.
        repository: Where the component comes from, without credentials.
    """
    if component.third_party is not None or usage.product is not None:
        return _as_product(component, usage, repository)
    role = _role(component.role, usage.role)
    language = _language(component.language, usage.language)
    if role.agreement == 0 or language.agreement == 0:
        return None
    framework = _framework(component.framework, usage.framework)
    place = _place(repository, usage)
    if language.agreement == _UNKNOWN and 1.0 not in (framework.agreement, place.agreement):
        # Without a runtime in common, a role alone says little about a size.
        return None
    aspects = (role, language, framework, _load(component, usage), place)
    return _weighed(aspects, _WEIGHTS)


def _as_product(
    component: Component, usage: UsageSummary, repository: str | None
) -> Likeness | None:
    if _key(component.third_party) != _key(usage.product):
        return None
    product = Aspect("product", 1.0, f"the same product ({label(usage.product or '')})")
    aspects = (product, _load(component, usage), _place(repository, usage))
    return _weighed(aspects, _PRODUCT_WEIGHTS)


def _weighed(aspects: Sequence[Aspect], weights: dict[str, float]) -> Likeness:
    return Likeness(sum(weights[a.name] * a.agreement for a in aspects), tuple(aspects))


def _role(own: Role, other: str | None) -> Aspect:
    known = None if other not in set(Role) else Role(other)
    if known is None or Role.OTHER in (own, known):
        return Aspect("role", _UNKNOWN, "role")
    if own is known:
        return Aspect("role", 1.0, f"role {own.value}")
    words = f"role {known.value} instead of {own.value}"
    related = frozenset({own, known}) in _RELATED_ROLES
    return Aspect("role", _RELATED if related else 0.0, words if not related else f"{words} (near)")


def _language(own: str | None, other: str | None) -> Aspect:
    if not own or not other:
        return Aspect("language", _UNKNOWN, "language")
    mine, theirs = _key(own), _key(other)
    if mine == theirs:
        return Aspect("language", 1.0, label(other))
    if theirs in runtime_of(own):
        return Aspect("language", _SAME_RUNTIME, f"{label(other)}, which has the same runtime")
    return Aspect("language", 0.0, label(other))


def _framework(own: str | None, other: str | None) -> Aspect:
    if not own or not other:
        return Aspect("framework", _UNKNOWN, "framework")
    if _key(own) == _key(other):
        return Aspect("framework", 1.0, label(other))
    return Aspect("framework", 0.0, f"framework {label(other)} instead of {label(own)}")


def _load(component: Component, usage: UsageSummary) -> Aspect:
    """Loads of all pods: how many pods share the wanted one is not known yet."""
    wanted = component.demand.peak_rps or component.demand.average_rps
    seen = None if usage.requests_per_second is None else usage.requests_per_second.p95
    if not wanted or not seen or seen <= 0:
        return Aspect("load", _UNKNOWN, "load")
    apart = abs(math.log(wanted / seen))
    far = (apart - math.log(_NEAR)) / (math.log(_FAR) - math.log(_NEAR))
    words = f"load {rounded(seen)} of {rounded(wanted)} requests/s"
    return Aspect("load", 1 - min(1.0, max(0.0, far)), words)


def _place(repository: str | None, usage: UsageSummary) -> Aspect:
    if not repository or not usage.repository:
        return Aspect("repository", _UNKNOWN, "")
    if same_repository(repository, usage.repository):
        return Aspect("repository", 1.0, "the same repository")
    return Aspect("repository", 0.0, "another repository")


def runtime_of(language: str | None) -> frozenset[str]:
    """Languages of the same runtime, lower case; empty when the language is not known."""
    key = _key(language)
    if not key:
        return frozenset()
    return next((family for family in _RUNTIMES if key in family), frozenset({key}))


def same_repository(one: str, other: str) -> bool:
    """Whether two URLs name one repository: case, ``.git`` and a final slash do not matter."""
    return _place_key(one) == _place_key(other)


def _place_key(url: str) -> str:
    return url.strip().lower().rstrip("/").removesuffix(".git")


def _key(word: str | None) -> str:
    return (word or "").strip().lower()
