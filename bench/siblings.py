"""What a new service learns from services that run: one left out at a time.

    python -m bench.siblings --traces DIR [--sock-shop DIR] [--each] [--settings]

Each container is sized as if it were new, while the usage of all others is in a telemetry index of
its own: by the capacity model alone, by its siblings alone (the median of what up to three similar
services use), and by both as the tool does. Compared is what a size says of the use, the request
without its headroom, with what was used: largest memory, p95 of CPU. A factor error is the larger
of the two over the smaller one. ">request" and ">limit" are the shares of services that used more
memory than that.

Once with all others in the index ("same app too"), and once without those of its own application
("other apps only"), which is what an organisation's first service of an application meets.

Data (none of it is part of this project):
* ``--traces``: directory with ``nezha.parquet`` (columns ``series_id``, ``cpu_cores``,
  ``memory_bytes``, ``timestamp_s``), made of https://github.com/IntelligentDDS/Nezha: Online
  Boutique and Train Ticket under load with injected faults.
* ``--sock-shop``: the folder ``sock-shop-data`` of https://github.com/azamikram/rcd: Sock Shop, CPU
  in percent of a core and memory in bytes; only the files ``normal.csv`` are read.

Reading parquet needs pyarrow. What runs in a container is what the applications' own repositories
say. No load is known, so the scaling by load is not measured here. Containers that did nothing (p95
of CPU below `IDLE_CORES`) are left out, and counted.
"""

from __future__ import annotations

import argparse
import csv
import math
import statistics
import tempfile
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

import numpy as np

from adapters.settings import load_settings
from knowledge.telemetry.index import UsageIndex
from knowledge.telemetry.shelf import LocalShelf
from pipa.capacity import size_component
from pipa.constants import Constants, load_constants
from pipeline.knowledge_index import query_embedder
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
from schemas.evidence import Evidence, EvidenceGrade, EvidenceKind
from schemas.plan import ComponentPlan
from schemas.ports import Embedder
from schemas.quantities import MIB
from schemas.trigger import Trigger
from schemas.usage import SimilarUsage, Spread, UsageSummary, WorkloadKey

IDLE_CORES = 5e-5
NEZHA = {
    "boutique": "https://github.com/GoogleCloudPlatform/microservices-demo",
    "trainticket": "https://github.com/FudanSELab/train-ticket",
}
SOCK_SHOP = "https://github.com/microservices-demo/microservices-demo"
_SPRING, _GRPC = ("Java", "Spring Boot"), "gRPC"
STACKS: Mapping[str, tuple[str | None, str | None]] = {
    "boutique/currencyservice": ("JavaScript", _GRPC),
    "boutique/emailservice": ("Python", _GRPC),
    "boutique/frontend": ("Go", None),
    "boutique/paymentservice": ("JavaScript", _GRPC),
    "boutique/recommendationservice": ("Python", _GRPC),
    "trainticket/ts-news-service": ("Go", None),
    "trainticket/ts-ticket-office-service": ("JavaScript", "Express"),
    "trainticket/ts-voucher-service": ("Python", "Tornado"),
    "sockshop/front-end": ("JavaScript", "Express"),
    "sockshop/catalogue": ("Go", "Go kit"),
    "sockshop/payment": ("Go", "Go kit"),
    "sockshop/user": ("Go", "Go kit"),
}
"""All others of their applications are Java with Spring Boot, or a product."""
PRODUCTS: Mapping[str, tuple[str, Role]] = {
    "sockshop/carts-db": ("mongodb", Role.NOSQL_DATABASE),
    "sockshop/orders-db": ("mongodb", Role.NOSQL_DATABASE),
    "sockshop/user-db": ("mongodb", Role.NOSQL_DATABASE),
    "sockshop/catalogue-db": ("mysql", Role.SQL_DATABASE),
    "sockshop/rabbitmq": ("rabbitmq", Role.MESSAGE_BROKER),
}


class FixedClock:
    """The end of all windows."""

    def now(self) -> datetime:
        """Always the same."""
        return datetime(2026, 1, 1, tzinfo=UTC)

    def monotonic(self) -> float:
        """Stands still."""
        return 0.0


@dataclass(frozen=True, slots=True)
class Service:
    """One container with what it used."""

    component: Component
    usage: UsageSummary

    @property
    def memory_mib(self) -> float:
        """Largest use."""
        return (self.usage.memory_bytes.maximum if self.usage.memory_bytes else 0) / MIB

    @property
    def cpu_millicores(self) -> float:
        """At p95."""
        return 1000 * (self.usage.cpu_cores.p95 if self.usage.cpu_cores else 0)


@dataclass(frozen=True, slots=True)
class Said:
    """What one way of sizing says of the use; None when it says nothing."""

    memory_mib: float | None
    cpu_millicores: float | None
    request_mib: float | None
    limit_mib: float | None = None


@dataclass(frozen=True, slots=True)
class Search:
    """How similar services are looked for."""

    limit: int
    embedder: Embedder | None


class KnownTexts:
    """An embedder that embeds each text once: the same are asked for again and again."""

    def __init__(self, embedder: Embedder) -> None:
        self._embedder = embedder
        self._known: dict[str, Sequence[float]] = {}
        self.name, self.space = embedder.name, embedder.space

    def embed(self, texts: Sequence[str]) -> Sequence[Sequence[float]]:
        """One vector of length 1 per text."""
        new = [text for text in texts if text not in self._known]
        self._known.update(zip(new, self._embedder.embed(new), strict=True))
        return [self._known[text] for text in texts]


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--traces", required=True, type=Path)
    parser.add_argument("--sock-shop", type=Path)
    parser.add_argument("--each", action="store_true", help="a line per service")
    parser.add_argument("--settings", action="store_true", help="compare weights")
    parser.add_argument("--limit", type=int, default=3, help="similar services (default: 3)")
    parser.add_argument("--embedder", action="store_true", help="that of the settings")
    arguments = parser.parse_args()
    embedder = query_embedder(load_settings()) if arguments.embedder else None
    search = Search(arguments.limit, KnownTexts(embedder) if embedder else None)
    found = list(nezha(arguments.traces / "nezha.parquet"))
    if arguments.sock_shop:
        found += sock_shop(arguments.sock_shop)
    services = [s for s in found if s.usage.cpu_cores and s.usage.cpu_cores.p95 >= IDLE_CORES]
    idle = len(found) - len(services)
    name = embedder.name if embedder else "none"
    print(f"{len(services)} services, {idle} idle ones left out; embedder: {name}\n")
    constants = load_constants()
    for title, same_app in (("same app too", True), ("other apps only", False)):
        siblings = [leave_out(item, services, search, same_app=same_app) for item in services]
        table(title, services, siblings, constants, each=arguments.each)
        if arguments.settings:
            compare(services, siblings, constants)
    return 0


def nezha(path: Path) -> Iterator[Service]:
    """The containers of Nezha's two applications."""
    import pyarrow.parquet as parquet

    columns = parquet.read_table(path)
    ids = np.asarray(columns["series_id"].to_pylist())
    cpu, memory = columns["cpu_cores"].to_numpy(), columns["memory_bytes"].to_numpy()
    moments = columns["timestamp_s"].to_numpy()
    for id_ in sorted(set(ids.tolist())):
        rows = ids == id_
        _, app, name = id_.split("/")
        days = float(np.ptp(moments[rows])) / 86400
        yield _service(app, NEZHA[app], name, (cpu[rows], memory[rows]), days)


def sock_shop(directory: Path) -> Iterator[Service]:
    """The containers of Sock Shop, over all runs without a fault."""
    values: dict[str, list[float]] = {}
    for path in sorted(directory.glob("*/*/normal.csv")):
        with path.open(encoding="utf-8", newline="") as file:
            for row in csv.DictReader(file):
                for column, text in row.items():
                    values.setdefault(column, []).append(float(text or "nan"))
    for column in sorted(values):
        name = column.removesuffix("_mem")
        if name != column and f"{name}_cpu" in values:
            cpu, memory = np.asarray(values[f"{name}_cpu"]) / 100, np.asarray(values[column])
            yield _service("sockshop", SOCK_SHOP, name, (cpu, memory), len(cpu) / 86400)


def _service(
    app: str, repository: str, name: str, arrays: tuple[np.ndarray, np.ndarray], days: float
) -> Service:
    product, role = PRODUCTS.get(f"{app}/{name}", (None, None))
    language, framework = STACKS.get(f"{app}/{name}", _SPRING) if product is None else (None, None)
    if role is None:
        role = Role.GRPC_SERVICE if framework == _GRPC else Role.BACKEND_API
        role = Role.WEB_FRONTEND if name in {"frontend", "front-end"} else role
    component = Component(
        name=name,
        source_path=None if product else name,
        found_in=(FoundIn.MANIFEST if product else FoundIn.DOCKERFILE,),
        language=language,
        framework=framework,
        role=role,
        third_party=product,
        kind=WorkloadKind.DEPLOYMENT,
        demand=Demand(sample=True),
    )
    cpu, memory = arrays
    usage = UsageSummary(
        workload=WorkloadKey(namespace=app, kind="Deployment", name=name),
        container=name,
        origin=app,
        end_s=int(FixedClock().now().timestamp()),
        days=days,
        coverage=1,
        samples=int(np.isfinite(memory).sum()),
        pods=1,
        replicas=Spread(mean=1, p50=1, p95=1, p99=1, maximum=1),
        cpu_cores=_spread(cpu),
        memory_bytes=_spread(memory),
        language=language,
        framework=framework,
        role=role.value,
        product=product,
        repository=repository,
    )
    return Service(component, usage)


def _spread(values: np.ndarray) -> Spread:
    finite = values[np.isfinite(values)]
    p50, p95, p99 = (float(q) for q in np.quantile(finite, (0.5, 0.95, 0.99)))
    return Spread(mean=float(finite.mean()), p50=p50, p95=p95, p99=p99, maximum=float(finite.max()))


def evidence_of(similar: SimilarUsage, repository: str) -> Evidence:
    """A similar service with the figures that the capacity model reads."""
    usage = similar.usage
    assert usage.cpu_cores is not None  # noqa: S101 - idle containers are left out
    assert usage.memory_bytes is not None  # noqa: S101 - the same
    return Evidence(
        id=usage.id,
        kind=EvidenceKind.METRICS,
        grade=EvidenceGrade.MEASURED,
        statement=similar.why,
        source=usage.origin,
        figures={
            "cpu_p95_cores": usage.cpu_cores.p95,
            "memory_max_mib": usage.memory_bytes.maximum / MIB,
            "replicas_count": 1,
            "similarity": similar.score,
            "same_repository": usage.repository == repository,
            "days": usage.days,
        },
    )


def leave_out(
    service: Service, services: Sequence[Service], search: Search, *, same_app: bool
) -> list[Evidence]:
    """What the index finds for a service when all others are in it."""
    own = service.usage.repository or ""
    others = [
        s.usage for s in services if s is not service and (same_app or s.usage.repository != own)
    ]
    with tempfile.TemporaryDirectory() as directory:
        index = UsageIndex(LocalShelf(Path(directory)), FixedClock(), search.embedder)
        index.remember(others)
        found = index.similar(service.component, search.limit, own)
    return [evidence_of(item, own) for item in found]


def plan(service: Service, evidence: Sequence[Evidence], constants: Constants) -> ComponentPlan:
    """The size of a service with some evidence."""
    documents = tuple(item.id for item in evidence)
    component = service.component.model_copy(update={"documents": documents})
    context = AppContext(
        trigger=Trigger(git_repo=service.usage.repository or "", app_description="a sample"),
        repository=RepositoryFacts(url=service.usage.repository or "", files=10),
        reading=DescriptionReading(demand=component.demand),
        components=(component,),
        evidence=tuple(evidence),
    )
    return size_component(component, context, constants)[0]


def by_plan(sized: ComponentPlan, constants: Constants) -> Said:
    """What a plan says of the use: its requests without their headroom."""
    requests, limits = sized.resources.requests, sized.resources.limits
    request_mib = (requests.memory or 0) / MIB
    return Said(
        request_mib / constants["memory.headroom"].value,
        (requests.cpu or 0) * constants["cpu.utilisation"].value,
        request_mib,
        (limits.memory or 0) / MIB,
    )


def by_siblings(evidence: Sequence[Evidence], constants: Constants) -> Said:
    """The median of what similar services use."""
    if not evidence:
        return Said(None, None, None)
    memory = statistics.median(float(item.figures["memory_max_mib"]) for item in evidence)
    cpu = statistics.median(1000 * float(item.figures["cpu_p95_cores"]) for item in evidence)
    return Said(memory, cpu, memory * constants["memory.headroom"].value)


def table(
    title: str,
    services: Sequence[Service],
    found: Sequence[Sequence[Evidence]],
    constants: Constants,
    *,
    each: bool,
) -> None:
    """Print the errors of the three ways."""
    both = [by_plan(plan(s, f, constants), constants) for s, f in zip(services, found, strict=True)]
    model = [by_plan(plan(s, (), constants), constants) for s in services]
    alone = [by_siblings(f, constants) for f in found]
    with_any = [n for n, item in enumerate(found) if item]
    print(f"{title}: {len(with_any)} of {len(services)} services have any like them")
    print(f"{'':26}{'memory max':>24}{'>request':>10}{'>limit':>8}{'CPU p95':>26}")
    for name, said in (("capacity model", model), ("siblings alone", alone), ("both", both)):
        print(_line(name, [services[n] for n in with_any], [said[n] for n in with_any]))
    for app in sorted({services[n].usage.workload.namespace for n in with_any}):
        some = [n for n in with_any if services[n].usage.workload.namespace == app]
        for name, said in (("model", model), ("both", both)):
            line = f"  {app} ({len(some)}), {name}"
            print(_line(line, [services[n] for n in some], [said[n] for n in some]))
    print()
    for n, service in enumerate(services if each else ()):
        print(_each(service, model[n], alone[n], both[n], [e.id for e in found[n]]))


def _line(name: str, services: Sequence[Service], said: Sequence[Said]) -> str:
    memory = [factor(s.memory_mib, x.memory_mib) for s, x in zip(services, said, strict=True)]
    cpu = [factor(s.cpu_millicores, x.cpu_millicores) for s, x in zip(services, said, strict=True)]
    over = [
        _share(
            s.memory_mib > (getattr(x, field) or math.inf)
            for s, x in zip(services, said, strict=True)
        )
        for field in ("request_mib", "limit_mib")
    ]
    return f"{name:26}{_errors(memory):>24}{over[0]:>10.0%}{over[1]:>8.0%}{_errors(cpu):>26}"


def _share(flags: Iterable[bool]) -> float:
    found = list(flags)
    return sum(found) / max(1, len(found))


def factor(used: float, said: float | None) -> float:
    """The larger over the smaller."""
    return math.inf if not said or used <= 0 else max(used / said, said / used)


def _errors(factors: Sequence[float]) -> str:
    if not factors:
        return "-"
    twice = sum(item <= 2 for item in factors) / len(factors)
    return f"{statistics.median(factors):.2f}x, within 2x {twice:.0%}"


def _each(service: Service, model: Said, alone: Said, both: Said, found: Sequence[str]) -> str:
    def row(used: float, amounts: Sequence[float | None]) -> str:
        return f"{used:7.1f} | " + " ".join(
            "      -" if a is None else f"{a:7.1f}" for a in amounts
        )

    ways = (model, alone, both)
    memory = row(service.memory_mib, [way.memory_mib for way in ways])
    cpu = row(service.cpu_millicores, [way.cpu_millicores for way in ways])
    names = ", ".join(id_.split("/")[-1] for id_ in found)
    return f"{service.component.name:28} {memory}   {cpu}   {names}"


def compare(
    services: Sequence[Service], found: Sequence[Sequence[Evidence]], constants: Constants
) -> None:
    """Print the errors under other weights."""
    pairs = [(s, f) for s, f in zip(services, found, strict=True) if f]
    for votes in (0.5, 1, 2, 4):
        for elsewhere in (0.25, 0.5, 1):
            other = _with(constants, votes=votes, elsewhere=elsewhere)
            said = [by_plan(plan(s, f, other), other) for s, f in pairs]
            print(_line(f"{votes:g} votes, {elsewhere:g}", [s for s, _ in pairs], said))
    print()


def _with(constants: Constants, **values: float) -> Constants:
    by_id = dict(constants.by_id)
    for name, value in values.items():
        id_ = f"influence.sibling.{name}"
        estimate = replace(by_id[id_].estimate, low=0.0, target=value, high=max(value, 8.0))
        by_id[id_] = replace(by_id[id_], estimate=estimate)
    return replace(constants, by_id=by_id)


if __name__ == "__main__":
    raise SystemExit(main())
