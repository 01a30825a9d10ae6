"""Who talks to whom: depends_on, links and addresses in environment values become uses."""

from __future__ import annotations

import re
from collections.abc import Sequence

from dca.repository.component import Draft, file_evidence
from dca.repository.deployment.runs import Run
from schemas.context import Component, Use
from schemas.evidence import Evidence

_SCHEMES = {
    "postgres": "postgresql",
    "postgresql": "postgresql",
    "mysql": "mysql",
    "mariadb": "mariadb",
    "mongodb": "mongodb",
    "redis": "redis",
    "rediss": "redis",
    "amqp": "rabbitmq",
    "amqps": "rabbitmq",
    "kafka": "kafka",
    "nats": "nats",
    "memcached": "memcached",
    "clickhouse": "clickhouse",
}
"""Schemes of addresses that name a product."""

_SCHEME = re.compile(r"^(?:jdbc:)?([a-z]{3,12})(?:\+[a-z0-9]{1,20})?://", re.IGNORECASE)
_HOST = re.compile(
    r"(?:^|[/@,;= ])([a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?)(?:\.[a-z0-9.-]{1,80})?(?=$|[:/,; ])"
)
_MAX_USES = 60


def connect(
    components: Sequence[Component], drafts: Sequence[Draft]
) -> tuple[list[Component], list[Evidence]]:
    """Fill in `Component.uses` from what runs say they need.

    Args:
        components: In the order of `drafts`.
        drafts: What they were made from.
    """
    by_name = _by_name(components, drafts)
    by_product: dict[str, list[str]] = {}
    for component in components:
        if component.third_party is not None:
            by_product.setdefault(component.third_party, []).append(component.name)
    joined: list[Component] = []
    evidence: list[Evidence] = []
    for component, draft in zip(components, drafts, strict=True):
        uses = {use.name: _placed(use, by_product) for use in component.uses}
        for run in draft.runs:
            proof = file_evidence(
                run.path, run.line, f"{run.name} names what it talks to.", needs=True
            )
            for use in _named(run, component, by_name, proof.id) + _addressed(
                run, by_product, proof.id
            ):
                if use.name not in uses or (use.component and not uses[use.name].component):
                    uses[use.name] = use
                    evidence.append(proof)
        joined.append(component.model_copy(update={"uses": tuple(uses.values())[:_MAX_USES]}))
    return joined, evidence


def _by_name(components: Sequence[Component], drafts: Sequence[Draft]) -> dict[str, Component]:
    """Components by their own name and by the names of their runs."""
    found = {component.name: component for component in components}
    for component, draft in zip(components, drafts, strict=True):
        for run in draft.runs:
            found.setdefault(run.name, component)
            for item in run.workload.related if run.workload else ():
                if item.get("kind") == "Service":
                    found.setdefault(str(item.get("metadata", {}).get("name")), component)
    return found


def _placed(use: Use, by_product: dict[str, list[str]]) -> Use:
    """A use with its provider, when exactly one component of the app is that product."""
    providers = by_product.get(use.name, [])
    if use.component is None and len(providers) == 1:
        return use.model_copy(update={"component": providers[0]})
    return use


def _named(run: Run, component: Component, by_name: dict[str, Component], proof: str) -> list[Use]:
    names = list(run.needs)
    for value in run.environment.values():
        names.extend(match[1] for match in _HOST.finditer(value[:2_000].lower()))
    found: dict[str, Use] = {}
    for name in names:
        other = by_name.get(name)
        if other is not None and other.name != component.name:
            key = other.third_party or other.name
            found.setdefault(key, Use(name=key, component=other.name, evidence=(proof,)))
    return list(found.values())


def _addressed(run: Run, by_product: dict[str, list[str]], proof: str) -> list[Use]:
    found: dict[str, Use] = {}
    for value in run.environment.values():
        scheme = _SCHEME.match(value)
        product = _SCHEMES.get(scheme[1].lower()) if scheme else None
        if product is not None and product not in found:
            found[product] = _placed(Use(name=product, evidence=(proof,)), by_product)
    return list(found.values())
