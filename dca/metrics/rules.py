"""What a user may say about metrics; brings no NumPy."""

from __future__ import annotations

from dataclasses import dataclass, field

from schemas.context import AppContext
from schemas.trigger import Environment
from schemas.usage import WorkloadKey

MIN_DAYS = 3.0
"""Default of `adapters.settings.Settings.metrics_min_days`."""

STATED_KIND = "Component"
"""Kind of a workload that a payload tells of by the component's name alone."""
ANY_COMPONENT = "*"
"""Name of a workload of that kind that is said to be the only one."""


@dataclass(frozen=True, slots=True)
class ChosenWorkload:
    """One ``--workload [COMPONENT=]namespace/Kind/name[/container]``."""

    key: WorkloadKey
    component: str | None = None
    """None: the only component, or the one whose name fits."""
    container: str | None = None

    @classmethod
    def parse(cls, text: str) -> ChosenWorkload:
        """Read the value of the flag.

        Raises:
            ValueError: The text has another form.

        >>> str(ChosenWorkload.parse("api=shop/Deployment/inventory-api").key)
        'shop/Deployment/inventory-api'
        """
        component, equals, rest = text.strip().rpartition("=")
        if (equals and not component) or rest.count("/") not in (2, 3):
            raise ValueError(f"not [COMPONENT=]namespace/Kind/name: {text[:120]!r}")
        parts = rest.split("/")
        key = WorkloadKey.parse("/".join(parts[:3]))
        container = parts[3] if len(parts) == 4 else None
        if container == "":
            raise ValueError(f"the container's name is empty: {text[:120]!r}")
        return cls(key, component or None, container)


@dataclass(frozen=True, slots=True)
class MetricsRules:
    """Settings of the metrics route."""

    min_days: float = MIN_DAYS
    """Days of history from which a workload is sized by its metrics."""
    chosen: tuple[ChosenWorkload, ...] = ()


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What is known of the place where the app runs."""

    app: str = ""
    """Name of the repository."""
    namespace: str | None = None
    """Namespace that the trigger names."""
    environment: Environment = Environment.PROD
    chosen: tuple[ChosenWorkload, ...] = field(default=())


def surroundings_of(context: AppContext, rules: MetricsRules) -> Surroundings:
    """What a context and the rules say about the place."""
    trigger = context.trigger
    # A local checkout stands for the repository that the trigger names.
    path = trigger.git_repo.rstrip("/").removesuffix(".git")
    return Surroundings(
        app=path.replace("\\", "/").rpartition("/")[2].rpartition(":")[2],
        namespace=trigger.cluster.namespace if trigger.cluster else None,
        environment=trigger.environment,
        chosen=rules.chosen,
    )
