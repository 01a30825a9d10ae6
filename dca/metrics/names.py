"""How far the name of a running workload agrees with what a component is called.

A name comes from the repository's manifests, else it is derived from directories and images. A Helm
release or a kustomization puts words around it; an environment stands at its end.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache

from dca.catalogue import image_path, product_for_word
from dca.repository import role_words
from dca.repository.naming import is_filler, same_service
from dca.repository.paths import STAGE_WORDS, basename, words
from schemas.context import Component, WorkloadRef

MANIFEST, RELEASE, AFFIXED, SAME, NEARLY, TAIL = 0.9, 0.8, 0.75, 0.75, 0.7, 0.45
"""How sure each kind of agreement is by itself, in [0, 1]: set by judgement. Below `resolve.LEAST`
it needs another sign."""

_EVERYWHERE = frozenset(
    [
        *["backend", "main", "core", "db", "database", "cache", "queue", "store", "storage"],
        *["auth", "login", "user", "users", "admin", "bot", "mail", "email", "broker", "search"],
        *["agent", "console", "dashboard", "scheduler", "sync", "docs", "demo", "test", "mock"],
    ]
)
_ROLE_WORDS = (
    role_words.LOAD
    | role_words.WORKER
    | role_words.BATCH
    | role_words.FRONTEND
    | role_words.GATEWAY
    | role_words.CONTROLLER
    | role_words.OBSERVABILITY
    | role_words.API
    | role_words.INFERENCE
    | _EVERYWHERE
)
"""Words that name a part that many apps have."""


@dataclass(frozen=True, slots=True)
class Agreement:
    """Why a name may be that of a component."""

    confidence: float
    words: str
    common: bool
    """Many apps have something that is called so."""
    plain: bool = False
    """A single word, without the repository's manifest behind it: other apps may have it too."""


def agreement(component: Component, name: str, app: str) -> Agreement | None:
    """The best agreement of a workload's name with a component; None when there is none.

    Args:
        component: With its manifest, when it has one.
        name: Of the running workload.
        app: Name of the repository.
    """
    found = [*_by_manifest(component.workload, name), *_by_likeness(component, name, app)]
    return max(found, key=lambda item: (item.confidence, not item.common), default=None)


@lru_cache(maxsize=10_000)
def is_common(name: str) -> bool:
    """Whether a name could be that of a part of any app: ``api``, ``web-server``, ``redis``."""
    if is_filler(name) or product_for_word(name) is not None:
        return True
    told = [word for word in words(name) if not is_filler(word) and word not in STAGE_WORDS]
    return all(
        word in _ROLE_WORDS or word.isdigit() or product_for_word(word) is not None for word in told
    )


def _is_plain(name: str) -> bool:
    return len([word for word in words(name) if not is_filler(word)]) < 2


def _by_manifest(ref: WorkloadRef | None, name: str) -> Iterator[Agreement]:
    if ref is None:
        return
    if name == ref.name:
        yield Agreement(MANIFEST, "the manifest's name", is_common(name))
    kept = [part for part in _of_chart(ref) if ref.chart and name.endswith(f"-{part}")]
    if kept:
        common = is_common(max(kept, key=len))
        yield Agreement(RELEASE, "the chart's name in another release", common)
    around = name.startswith(f"{ref.name}-") or name.endswith(f"-{ref.name}")
    if ref.kustomization is not None and around:
        yield Agreement(AFFIXED, "the manifest's name with a prefix or suffix", is_common(ref.name))


def _of_chart(ref: WorkloadRef) -> Iterator[str]:
    """What of a rendered name stays when the release has another name."""
    yield ref.name
    metadata = ref.document.get("metadata")
    labels = metadata.get("labels") if isinstance(metadata, dict) else None
    instance = labels.get("app.kubernetes.io/instance") if isinstance(labels, dict) else None
    for release in (instance, basename(ref.chart or "")):
        if isinstance(release, str) and release and ref.name.startswith(f"{release}-"):
            yield ref.name.removeprefix(f"{release}-")


def _by_likeness(component: Component, name: str, app: str) -> Iterator[Agreement]:
    levels = {3: (SAME, "the same name"), 2: (NEARLY, "nearly the same name")}
    for own in _called(component):
        with_app = same_service(f"{app}-{own}", name) if app and not is_common(app) else 0
        if with_app >= 2 and own != name:
            yield Agreement(SAME, "its name with the repository's", common=False)
        level = same_service(own, name)
        if level in levels:
            confidence, text = levels[level]
            yield Agreement(confidence, text, is_common(own) and is_common(name), _is_plain(name))
        elif level == 1:
            short = min(own, name, key=lambda item: len(words(item)))
            yield Agreement(TAIL, "a name that ends alike", is_common(short))


def _called(component: Component) -> Iterator[str]:
    """All that a component is called, each once."""
    names = [component.name, component.workload.name if component.workload else ""]
    names += [component.metadata.get(key, "") for key in ("name", "service", "app")]
    if component.image and component.third_party is None:
        names += image_path(component.image)[-1:]
    yield from dict.fromkeys(name for name in names if name and len(name) <= 253)
