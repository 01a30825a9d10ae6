"""Which series a query is about: several workloads together, by expressions over labels."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Final

from adapters.prometheus.pods import PodKey, owner_pattern, pod_pattern
from adapters.prometheus.promql import any_of, literal, matches, selector
from schemas.usage import WorkloadKey

CADVISOR: Final = ("namespace", "pod", "container")
CADVISOR_OLD: Final = ("namespace", "pod_name", "container_name")
"""Before Kubernetes 1.16."""
STATE: Final = ("namespace", "pod", "container")
STATE_EXPORTED: Final = ("exported_namespace", "exported_pod", "exported_container")
"""kube-state-metrics scraped without ``honor_labels``."""

Style = tuple[str, str, str]
"""What the labels of namespace, pod and container are called."""

CADVISOR_BY: Final = "namespace,pod,container,pod_name,container_name"
STATE_BY: Final = "exported_namespace,exported_pod,exported_container"


@dataclass(frozen=True, slots=True)
class Scope:
    """Workloads that are asked for together.

    Args:
        keys: The workloads.
        cadvisor: Styles of cAdvisor's labels that are in use.
        state: Styles of kube-state-metrics' labels that are in use.
        base: Matchers that every series must meet, from the settings.
        merge: The server makes one series of duplicates; see `queries`.
        unusual: Pods of these workloads whose names their patterns do not match.
    """

    keys: tuple[WorkloadKey, ...]
    base: str = ""
    cadvisor: tuple[Style, ...] = (CADVISOR, CADVISOR_OLD)
    state: tuple[Style, ...] = (STATE, STATE_EXPORTED)
    merge: bool = True
    unusual: Mapping[WorkloadKey, tuple[PodKey, ...]] = field(default_factory=dict)

    @property
    def namespaces(self) -> str:
        """An expression for all namespaces."""
        return any_of(literal(key.namespace) for key in self.keys)

    @property
    def pods(self) -> str:
        """An expression for all names of pods."""
        more = [literal(pod) for key in self.keys for _, pod in self.unusual.get(key, ())]
        return any_of([*map(pod_pattern, self.keys), *more])

    @property
    def owners(self) -> str:
        """An expression for the owners that ``kube_pod_owner`` names."""
        return any_of(map(owner_pattern, self.keys))

    @property
    def names(self) -> str:
        """An expression for the names of the workloads."""
        return any_of(literal(key.name) for key in self.keys)

    def part(self, keys: tuple[WorkloadKey, ...]) -> Scope:
        """The same about fewer workloads."""
        return replace(self, keys=keys)

    def of_containers(self, metric: str, *more: str) -> tuple[str, ...]:
        """Selectors of a metric of cAdvisor, one per style, without pause containers and sums."""
        return tuple(
            selector(
                metric,
                matches(namespace, self.namespaces),
                matches(pod, self.pods),
                f'{container}!=""',
                f'{container}!="POD"',
                *more,
                self.base,
            )
            for namespace, pod, container in self.cadvisor
        )

    def all_containers(self, metric: str) -> tuple[str, ...]:
        """Selectors of a metric of cAdvisor for whatever there is, one per style."""
        return tuple(
            selector(metric, f'{container}!=""', f'{container}!="POD"', self.base)
            for _, _, container in self.cadvisor
        )

    def of_any(self, metric: str, *more: str) -> tuple[str, ...]:
        """Selectors of containers in both metrics of cAdvisor and of kube-state-metrics."""
        styles = dict.fromkeys((*self.cadvisor, *self.state))
        return tuple(
            selector(
                metric,
                *more,
                matches(namespace, self.namespaces),
                matches(pod, self.pods),
                f'{container}!=""',
                f'{container}!="POD"',
                self.base,
            )
            for namespace, pod, container in styles
        )

    def of_pods(self, metric: str, *more: str) -> tuple[str, ...]:
        """Selectors of a metric of kube-state-metrics, one per style.

        Args:
            metric: Its name; empty when `more` matches the name.
            more: Further matchers.
        """
        return tuple(
            selector(
                metric,
                *more,
                matches(namespace, self.namespaces),
                matches(pod, self.pods),
                self.base,
            )
            for namespace, pod, _ in self.state
        )

    def of_namespaces(self, metric: str, *more: str) -> tuple[str, ...]:
        """Selectors of what kube-state-metrics tells of whole namespaces, one per style."""
        return tuple(
            selector(metric, *more, matches(namespace, self.namespaces), self.base)
            for namespace, _, _ in self.state
        )
