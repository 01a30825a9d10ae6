"""What is asked of one component: how serious the deployment is, and which load meets it."""

from __future__ import annotations

from dataclasses import dataclass, replace

from pipa.estimate import Estimate
from pipa.holders import own_demand
from pipa.tier import Tier
from pipa.words import number
from pipa.worksheet import Worksheet
from schemas.context import AppContext, Component, Criticality, Demand, Role, Traffic
from schemas.trigger import Environment

SERVING = frozenset(
    {Role.BACKEND_API, Role.WEB_FRONTEND, Role.GRPC_SERVICE, Role.GATEWAY_PROXY, Role.ML_INFERENCE}
)
"""Roles that answer requests and can be multiplied."""
DATABASES = frozenset({Role.SQL_DATABASE, Role.NOSQL_DATABASE, Role.VECTOR_DATABASE})
STATEFUL = DATABASES | {Role.CACHE, Role.MESSAGE_BROKER, Role.SEARCH_ENGINE}
"""Roles that hold the data of others."""
_SHARED = SERVING - {Role.ML_INFERENCE}
_UNLOADED = frozenset(
    {
        Role.BATCH,
        Role.CONTROLLER,
        Role.OBSERVABILITY,
        Role.LOAD_GENERATOR,
        Role.PLATFORM,
        Role.OTHER,
    }
)
_PRODUCTION, _INSTALLATION = "production", "default_install"
"""Words in `Demand.special` for a deployment in real use, and for what a product ships."""
_PUBLIC, _INTERNAL, _SMALL = "public", "internal", "small"
"""Words there for who uses it, and for a service that is called small."""
_OF_LOAD = (
    "peak_rps",
    "average_rps",
    "concurrent_users",
    "messages_per_second",
    "latency_ms",
    "traffic",
)
_OF_USE = ("sample", "deployment", "zero_downtime", "availability", "criticality")
_OF_DATA = ("data_bytes", "connections", "ingest_bytes_per_second", "persistence", "consistency")
_SERIOUS = (Criticality.HIGH, Criticality.CRITICAL)


@dataclass(frozen=True, slots=True)
class Load:
    """Work per second that meets all pods of a component together, at peak."""

    rate: Estimate
    unit: str
    """``requests``, ``queries``, ``messages`` and so on."""


@dataclass(frozen=True, slots=True)
class Situation:
    """Everything about the demand that the model needs."""

    tier: Tier
    environment: Environment
    demand: Demand
    load: Load | None
    stated: dict[str, tuple[str, ...]]
    """Evidence of the description's statements, by what they state (``peak_rps``)."""

    @property
    def about_load(self) -> tuple[str, ...]:
        """Evidence of what is stated of the load and its shape."""
        return self._about(_OF_LOAD)

    @property
    def about_use(self) -> tuple[str, ...]:
        """Evidence of how serious the deployment is."""
        return self._about(_OF_USE)

    @property
    def about_data(self) -> tuple[str, ...]:
        """Evidence of data, connections and their throughput."""
        return self._about(_OF_DATA)

    def _about(self, keys: tuple[str, ...]) -> tuple[str, ...]:
        return tuple(id_ for key in keys for id_ in self.stated.get(key, ()))

    @property
    def critical(self) -> bool:
        """An outage is expensive, in production."""
        return self.environment is Environment.PROD and self.demand.criticality in _SERIOUS

    @property
    def installation(self) -> bool:
        """It is what a product ships to everybody, and no load is stated."""
        return _INSTALLATION in self.demand.special and not _has_load(self.demand)

    @property
    def small(self) -> bool:
        """It is called small, thin or minimal, and more is asked of it than of a sample."""
        return _SMALL in self.demand.special and self.tier is not Tier.SAMPLE

    @property
    def public(self) -> bool:
        """Anybody may use it, in production."""
        return _PUBLIC in self.demand.special and self.tier is Tier.PRODUCTION

    @property
    def internal(self) -> bool:
        """Only an organisation's own people use it, in production."""
        return _INTERNAL in self.demand.special and self.tier is Tier.PRODUCTION

    @property
    def autoscaled(self) -> bool:
        """It is said to be scaled with its load, in production."""
        return bool(self.stated.get("autoscaling")) and self.tier is Tier.PRODUCTION

    @property
    def about_users(self) -> tuple[str, ...]:
        """Evidence of who uses it, and of its being small."""
        return self._about(tuple(f"special.{word}" for word in (_PUBLIC, _INTERNAL, _SMALL)))

    @property
    def spiky(self) -> bool:
        """The load comes in spikes."""
        return self.demand.traffic is Traffic.SPIKY


def read_situation(component: Component, context: AppContext, sheet: Worksheet) -> Situation:
    """Judge the tier and work out the load, with a step for each."""
    demand = own_demand(component, context)
    environment = context.trigger.environment
    tier = _tier(demand, environment)
    situation = Situation(tier, environment, demand, None, _statements(component, context))
    why = (*situation.about_use, *(situation.about_load if _has_load(demand) else ()))
    sheet.step("demand", _tier_text(tier, environment, demand), why)
    load = _load(component, context, sheet)
    if load is not None:
        text = (
            f"At peak about {number(load.rate.target)} {load.unit} per second meet {component.name}"
            f" (between {number(load.rate.low)} and {number(load.rate.high)}): {_origin(demand)}"
            f" times its share, {number(_share_of(component, context, sheet).target)}."
        )
        sheet.step("demand", text, situation.about_load)
    return replace(situation, load=load)


def _tier(demand: Demand, environment: Environment) -> Tier:
    if demand.sample or environment is Environment.DEV:
        return Tier.SAMPLE
    if _INSTALLATION in demand.special and not _has_load(demand):
        return Tier.GENERAL
    stated = (
        demand.sample is False
        or _PRODUCTION in demand.special
        or demand.criticality in _SERIOUS
        or demand.zero_downtime
        or demand.availability is not None
        or _has_load(demand)
    )
    return Tier.PRODUCTION if environment is Environment.PROD and stated else Tier.GENERAL


def _tier_text(tier: Tier, environment: Environment, demand: Demand) -> str:
    if tier is Tier.SAMPLE:
        why = "a demo or sample" if demand.sample else "a development environment"
        return f"Sized as {why}: the process itself with little data, one pod."
    if tier is Tier.PRODUCTION:
        return "Sized for production: real use is stated, so data and traffic of real users count."
    return f"Sized as a usual {environment.value} installation: nothing is said of its use."


def _has_load(demand: Demand) -> bool:
    return any(
        value is not None
        for value in (
            demand.peak_rps,
            demand.average_rps,
            demand.concurrent_users,
            demand.messages_per_second,
        )
    )


def _load(component: Component, context: AppContext, sheet: Worksheet) -> Load | None:
    demand = component.demand
    if component.role in (Role.WORKER, Role.MESSAGE_BROKER) and demand.messages_per_second:
        return Load(Estimate.exactly(demand.messages_per_second), "messages")
    base = _requests(demand, sheet)
    if base is None or component.role in _UNLOADED or base.target == 0:
        return None
    return Load(base * _share_of(component, context, sheet), _unit(component.role))


def _requests(demand: Demand, sheet: Worksheet) -> Estimate | None:
    """Requests per second to the whole app at its peak."""
    if demand.peak_rps is not None:
        return Estimate.exactly(demand.peak_rps)
    if demand.average_rps is not None:
        return sheet.use("load.peak_over_average").times(demand.average_rps)
    if demand.concurrent_users is not None:
        return Estimate.exactly(demand.concurrent_users) / sheet.use("load.seconds_per_action")
    return None


def _origin(demand: Demand) -> str:
    if demand.peak_rps is not None:
        return f"the stated peak of {number(demand.peak_rps)} requests per second"
    if demand.average_rps is not None:
        return f"the stated average of {number(demand.average_rps)} per second raised to its peak"
    if demand.concurrent_users is not None:
        return f"{demand.concurrent_users} concurrent users, each acting now and then,"
    return f"{number(demand.messages_per_second or 0)} messages per second"


def _share_of(component: Component, context: AppContext, sheet: Worksheet) -> Estimate:
    """Share of the app's requests that meets this component; 1 when they are its own."""
    whole = Estimate.exactly(1)
    queued = component.role in (Role.WORKER, Role.MESSAGE_BROKER)
    if queued and component.demand.messages_per_second:
        return whole
    if _stated_for(component, context) or component.role is Role.GATEWAY_PROXY:
        return whole
    peers = [peer for peer in context.components if not peer.third_party]
    services = [peer for peer in peers if peer.role in (Role.BACKEND_API, Role.GRPC_SERVICE)]
    if component.role in (Role.WEB_FRONTEND, Role.ML_INFERENCE):
        return sheet.use(f"load.share.{component.role.value}") if services else whole
    if component.role in _SHARED:
        if len(services) <= 1:
            return whole
        return sheet.use("load.fan_out").times(1 / len(services)).at_most(1)
    return sheet.use(f"load.share.{component.role.value}")


def _stated_for(component: Component, context: AppContext) -> bool:
    own = context.reading.by_component.get(component.name)
    return own is not None and _has_load(own)


def _unit(role: Role) -> str:
    if role in DATABASES or role is Role.SEARCH_ENGINE:
        return "queries"
    if role is Role.CACHE:
        return "commands"
    if role is Role.MESSAGE_BROKER:
        return "messages"
    return "jobs" if role is Role.WORKER else "requests"


def _statements(component: Component, context: AppContext) -> dict[str, tuple[str, ...]]:
    """Evidence of what is said of the app or of this component, by key."""
    found: dict[str, tuple[str, ...]] = {}
    for item in context.reading.statements:
        if item.component in (None, component.name) and item.value is not False:
            key = f"special.{item.value}" if item.key == "special" else item.key
            found[key] = (*found.get(key, ()), item.evidence_id)
    return found
