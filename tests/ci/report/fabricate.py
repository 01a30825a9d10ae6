"""Recommendations with usage, made by formula: each case a component could be in."""

import math
import random
from datetime import UTC, datetime

from schemas.context import CurrentSizing, Note, RepositoryFacts, Role, RouteName, WorkloadKind
from schemas.evidence import Evidence, EvidenceGrade, EvidenceKind
from schemas.plan import (
    Amounts,
    Autoscaling,
    CountInterval,
    CpuInterval,
    Influence,
    Intervals,
    MemoryInterval,
    ReasoningStep,
    Resources,
)
from schemas.quantities import MIB, format_cpu, format_memory
from schemas.quantities import cpu_millicores as cpu
from schemas.quantities import memory_bytes as mem
from schemas.recommendation import (
    ComponentCost,
    ComponentRecommendation,
    Cost,
    FailedComponent,
    Finding,
    Fix,
    Recommendation,
    Severity,
)
from schemas.run import ReasonerChoice, RunRecord
from schemas.trigger import Trigger
from schemas.usage import Spread, Timeline, UsageSummary, WorkloadKey

START_S = 1_770_595_200
"""Monday, 2026-02-09 00:00 UTC."""
DAY_S = 86_400
DAYS = 14
STEP_S = 3_600
URL = "https://git.example.com/acme/shop"
HOSTILE = (
    "</title><script>alert(1)</script><img src=x onerror=alert(2)>'\"`{{ 7*7 }}{% x %} "
    "javascript:alert(3) \x1b[31m\u202egnp.exe &lt; <svg onload=alert(4)>"
)
"""Ends every element and attribute it could stand in, if it were not escaped."""


def wave(hour, *, night=0.3, weekend=0.6):
    """The load of one hour: high in the afternoon, low at night and on the weekend."""
    of_day = night + (1 - night) * max(0.0, math.sin((hour % 24 - 6) / 14 * math.pi))
    return of_day * (weekend if hour // 24 % 7 >= 5 else 1.0)


def usage(name, typical, peak, memory, memory_peak, **changes):
    """Two weeks of one workload.

    Args:
        name: Of workload and container.
        typical: Cores in a busy hour.
        peak: Highest cores.
        memory: Usual bytes.
        memory_peak: Highest bytes.
        changes: Other fields of the summary.
    """
    noise = random.Random(name)  # noqa: S311 - a picture
    count = DAYS * DAY_S // STEP_S
    middle = [typical * wave(hour) * noise.uniform(0.9, 1.1) for hour in range(count)]
    high = [min(peak, value * noise.uniform(1.2, 1.9)) for value in middle]
    high[count // 2] = peak
    held = [
        memory * (0.93 + 0.05 * wave(hour)) * noise.uniform(0.99, 1.01) for hour in range(count)
    ]
    top = [min(memory_peak, value * noise.uniform(1.02, 1.08)) for value in held]
    top[count // 2] = memory_peak
    ordered, packed = sorted(middle), sorted(held)
    by_hour = [wave(hour) for hour in range(24)]
    by_day = [1.0] * 5 + [0.6] * 2
    fields = {
        "workload": WorkloadKey(namespace="shop", kind="Deployment", name=name),
        "container": name,
        "origin": "http://prometheus.example:9090",
        "end_s": START_S + DAYS * DAY_S,
        "days": float(DAYS),
        "coverage": 0.99,
        "samples": count * 3,
        "pods": 3,
        "cpu_cores": Spread(
            mean=sum(middle) / count,
            p50=ordered[count // 2],
            p95=ordered[int(count * 0.95)] * 1.15,
            p99=peak * 0.9,
            maximum=peak,
        ),
        "memory_bytes": Spread(
            mean=sum(held) / count,
            p50=packed[count // 2],
            p95=packed[int(count * 0.95)],
            p99=packed[-1],
            maximum=memory_peak,
        ),
        "cpu_by_hour": tuple(24 * value / sum(by_hour) for value in by_hour),
        "cpu_by_weekday": tuple(7 * value / sum(by_day) for value in by_day),
        "throttled_share": 0.0,
        "oom_kills": 0,
        "replicas_now": 3,
        "cpu_timeline": Timeline(
            start_s=START_S, step_s=STEP_S, middle=tuple(middle), high=tuple(high)
        ),
        "memory_timeline": Timeline(
            start_s=START_S, step_s=STEP_S, middle=tuple(held), high=tuple(top)
        ),
    }
    return UsageSummary(**{**fields, **changes})


def now(cpu_request, cpu_limit, memory_request, memory_limit):
    """What the running pods have, as fields of a usage summary."""
    cores = [None if x is None else cpu(x) / 1000 for x in (cpu_request, cpu_limit)]
    amounts = [None if x is None else float(mem(x)) for x in (memory_request, memory_limit)]
    return {
        "cpu_request_cores": cores[0],
        "cpu_limit_cores": cores[1],
        "memory_request_bytes": amounts[0],
        "memory_limit_bytes": amounts[1],
    }


def component(name, requests, limits, *, spread=1.3, **changes):
    """A sized component; its bounds are `spread` times below and above."""
    request, memory = cpu(requests[0]), mem(requests[1])
    limit, most = (None if x is None else f(x) for x, f in zip(limits, (cpu, mem), strict=True))
    used = changes.get("usage")
    evidence, reasoning = (_measured if used else _estimated)(name, used, request, memory)
    fields = {
        "name": name,
        "source_path": name,
        "language": "Go",
        "framework": "Gin",
        "role": Role.BACKEND_API,
        "kind": WorkloadKind.DEPLOYMENT,
        "route": RouteName.METRICS if used else RouteName.DOCS,
        "route_reason": "14.0 days of history, 7 are enough"
        if used
        else "the metrics source knows no workload of that name",
        "replicas": 3,
        "resources": Resources(
            requests=Amounts(cpu=request, memory=memory), limits=Amounts(cpu=limit, memory=most)
        ),
        "confidence": 0.91 if used else 0.64,
        "intervals": Intervals(
            replicas=CountInterval(low=2, target=3, high=6),
            cpu_request=_cpu_interval(request, spread),
            cpu_limit=None if limit is None else _cpu_interval(limit, spread),
            memory_request=_memory_interval(memory, spread),
            memory_limit=_memory_interval(most, spread),
        ),
        "reasoning": reasoning,
        "evidence": evidence,
    }
    return ComponentRecommendation(**{**fields, **changes})


def _cpu_interval(target, spread):
    return CpuInterval(low=int(target / spread), target=target, high=int(target * spread))


def _memory_interval(target, spread):
    step = 8 * MIB
    low, high = int(target / spread) // step * step, int(target * spread) // step * step
    return MemoryInterval(low=low, target=target, high=max(high, target))


def _measured(name, used, request, memory):
    evidence = (
        Evidence(
            id=used.id,
            kind=EvidenceKind.METRICS,
            grade=EvidenceGrade.MEASURED,
            statement=f"{name} was seen for 14 days in 3 pods.",
            source=f'rate(container_cpu_usage_seconds_total{{container="{name}"}}[5m])',
        ),
        Evidence(
            id="constant:usage.memory_margin",
            kind=EvidenceKind.CONSTANT,
            grade=EvidenceGrade.BENCHMARK,
            statement="A peak of 14 days is passed within the next day in 1 of 100 containers.",
            source="https://example.com/traces",
        ),
    )
    return evidence, (
        ReasoningStep(
            number=1,
            about="cpu",
            text=f"The 95th percentile of single pods, with its margin: {format_cpu(request)}.",
            evidence=(used.id,),
        ),
        ReasoningStep(
            number=2,
            about="memory",
            text=f"The largest working set, with a margin for what was not seen yet: "
            f"{format_memory(memory)}.",
            evidence=(used.id, "constant:usage.memory_margin"),
        ),
        ReasoningStep(
            number=3, about="replicas", text="3 pods carry the busiest hour.", evidence=(used.id,)
        ),
    )


def _estimated(name, _used, request, memory):
    evidence = (
        Evidence(
            id="description:46-54",
            kind=EvidenceKind.DESCRIPTION,
            grade=EvidenceGrade.STATED,
            statement="The description says '2000 QPS'.",
            source="app_description",
        ),
        Evidence(
            id="fact:go-runtime",
            kind=EvidenceKind.DOCUMENT,
            grade=EvidenceGrade.VENDOR,
            statement="A Go process without load holds about 20 MiB.",
            source="https://go.dev/doc/gc-guide",
        ),
        Evidence(
            id="constant:cpu.per_request.go",
            kind=EvidenceKind.CONSTANT,
            grade=EvidenceGrade.HEURISTIC,
            statement="A request to a Go API with a database costs 0.5 ms of CPU.",
            source="pipa/constants/cpu.yaml",
            line=12,
        ),
    )
    steps = (
        ("demand", f"At peak about 2000 requests per second meet {name}.", ("description:46-54",)),
        (
            "cpu",
            f"2000 requests per second x 0.5 ms of CPU, over 3 pods: {format_cpu(request)}.",
            ("description:46-54", "constant:cpu.per_request.go"),
        ),
        ("memory", f"Runtime and load: {format_memory(memory)}.", ("fact:go-runtime",)),
        ("replicas", "At least 3 for availability.", ("constant:lost",)),
    )
    reasoning = tuple(
        ReasoningStep(number=number, about=about, text=text, evidence=ids)
        for number, (about, text, ids) in enumerate(steps, start=1)
    )
    return evidence, reasoning


def starved():
    """CPU request far below use, throttled; memory killed at its limit."""
    used = usage(
        "checkout-api", 0.42, 0.8, 230 * MIB, 256 * MIB, oom_kills=3, oom_limit_bytes=256.0 * MIB,
        throttled_share=0.18, restarts=3, **now("100m", "800m", "128Mi", "256Mi"),
    )  # fmt: skip
    return component("checkout-api", ("500m", "352Mi"), ("1200m", "448Mi"), usage=used)


def wasteful():
    """Both requests many times what was ever used."""
    used = usage("catalog", 0.08, 0.21, 180 * MIB, 212 * MIB, **now("2", "4", "4Gi", "4Gi"))
    return component(
        "catalog", ("120m", "256Mi"), (None, "320Mi"), usage=used, replicas=2, language="Java",
        framework="Spring",
    )  # fmt: skip


def fitting():
    """Enough and not too much; left alone."""
    used = usage(
        "payments", 0.3, 0.62, 400 * MIB, 470 * MIB, **now("400m", "1", "512Mi", "640Mi"),
        requests_per_second=Spread(mean=120, p50=110, p95=240, p99=300, maximum=410),
    )  # fmt: skip
    return component(
        "payments", ("400m", "512Mi"), ("1", "640Mi"), usage=used,
        kept=("cpu_request", "cpu_limit", "memory_request", "memory_limit"),
        autoscaling=Autoscaling(min_replicas=3, max_replicas=9, target_cpu_percent=65),
    )  # fmt: skip


def throttled():
    """A limit that slows the work down; memory is fine."""
    used = usage(
        "search", 0.7, 1.0, 900 * MIB, 1010 * MIB, throttled_share=0.34,
        **now("800m", "1", "1200Mi", "1200Mi"),
    )  # fmt: skip
    return component("search", ("900m", "1200Mi"), ("2", "1200Mi"), usage=used, framework=None)


def estimated():
    """Without history, with a manifest."""
    return component(
        "storefront", ("80m", "192Mi"), ("500m", "192Mi"), spread=4.0, role=Role.WEB_FRONTEND,
        language="TypeScript", framework="React",
        current=CurrentSizing(
            replicas=1, cpu_request=cpu("1"), memory_request=mem("128Mi"), memory_limit=mem("1Gi"),
            source="deploy/storefront.yaml:20",
        ),
        influences=(
            Influence(
                number="memory_request", figure="memory.base.node", evidence="fact:go-runtime",
                before=48.0, after=64.0, unit="MiB",
            ),
        ),
    )  # fmt: skip


def fresh():
    """Without history and without a manifest."""
    return component(
        "postgres", ("1", "1Gi"), (None, "1Gi"), spread=3.0, role=Role.SQL_DATABASE,
        kind=WorkloadKind.STATEFUL_SET, language=None, framework=None, third_party="postgresql",
        replicas=1, storage=mem("20Gi"),
    )  # fmt: skip


def odd():
    """Amounts at both ends, a history with holes, equal numbers, a limit far away."""
    tiny = usage("tiny", 0.0004, 0.002, 3 * MIB, 4 * MIB, **now("1m", None, "1288490189", None))
    huge = usage(
        "huge", 40.0, 63.5, 400 * 2**30, 500 * 2**30,
        **{**now("8", "128", None, None), "memory_request_bytes": 412316860416.5,
           "memory_limit_bytes": 2.0**40},
    )  # fmt: skip
    holes = usage("holes", 0.1, 0.3, 100 * MIB, 140 * MIB, **now("100m", "4", "1Gi", "16Gi"))
    gaps = [None if 90 < i < 180 or i == 201 else v for i, v in enumerate(holes.cpu_timeline.high)]
    gaps[150] = 0.2
    line = holes.cpu_timeline.model_copy(update={"high": tuple(gaps), "middle": tuple(gaps)})
    holes = holes.model_copy(
        update={"cpu_timeline": line, "memory_timeline": None, "cpu_by_weekday": (), "days": 5.5,
                "missing": ("memory over time: the server refused the query (too many samples)",)}
    )  # fmt: skip
    nothing = holes.model_copy(
        update={"cpu_cores": None, "memory_bytes": None, "cpu_timeline": None, "cpu_by_hour": ()}
    )
    return recommendation(
        component("tiny", ("1m", "8Mi"), (None, "16Mi"), usage=tiny),
        component("huge", ("48", "512Gi"), ("96", "640Gi"), usage=huge),
        component("holes", ("100m", "1Gi"), ("4", "16Gi"), usage=holes, spread=1.0),
        component("nothing-read", ("100m", "128Mi"), ("200m", "128Mi"), usage=nothing),
        component("a" * 63, ("0", "1Mi"), (None, "1Mi"), spread=1.0),
    )


CASES = (starved, wasteful, fitting, throttled, estimated, fresh)


def priced(item):
    """What a component requests, at 20 a month for a core and 2.50 for a GiB."""
    requests, used = item.resources.requests, item.usage
    today = None
    if used is not None and used.cpu_request_cores and used.memory_request_bytes:
        amount = used.cpu_request_cores * 20 + used.memory_request_bytes / 2**30 * 2.5
        today = round(used.replicas_now * amount, 2)
    amount = requests.cpu / 1000 * 20 + requests.memory / 2**30 * 2.5
    return ComponentCost(
        component=item.name, monthly=round(item.replicas * amount, 2), monthly_current=today
    )


def recommendation(*components, **changes):
    """A whole answer."""
    costs = tuple(priced(item) for item in components)
    known = [cost for cost in costs if cost.monthly_current is not None]
    fields = {
        "trigger": Trigger(
            git_repo=URL,
            app_description="Supermarket inventory service, zero downtime, 2000 QPS peak, strong "
            "consistency, React frontend + Go/Gin API + PostgreSQL backend",
        ),
        "repository": RepositoryFacts(url=URL, commit="4f0c" * 10, files=40),
        "components": components,
        "findings": (),
        "checks_passed": 85,
        "cost": Cost(
            currency="USD",
            unit="USD per month of 730 hours",
            source="opencost default prices",
            monthly=round(sum(cost.monthly for cost in costs), 2),
            monthly_delta=round(sum(c.monthly - c.monthly_current for c in known), 2)
            if known
            else None,
            components=costs,
        ),
        "run": RunRecord(
            id="run-1",
            version="0.1.0",
            started_at=datetime(2026, 2, 23, 8, 30, tzinfo=UTC),
            seconds=0.8,
            reasoner=ReasonerChoice(requested="auto", used="none", why="no model is configured"),
        ),
    }
    return Recommendation(**{**fields, **changes})


def everything():
    """Each case once, findings, a failure."""
    findings = (
        Finding(
            id="A13",
            severity=Severity.BLOCK,
            passed=False,
            message="One replica cannot give zero downtime.",
            component="postgres",
            value="1 replica",
            limit="2 replicas",
        ),
        Finding(
            id="A10",
            severity=Severity.WARN,
            passed=False,
            message="Nothing spreads the 3 replicas over nodes.",
            component="checkout-api",
            fix=Fix(op="spread", field="topologySpreadConstraints", before="", after="by hostname"),
        ),
        Finding(
            id="M02",
            severity=Severity.BLOCK,
            passed=True,
            message="The limit is above the one at which it was killed.",
            component="checkout-api",
            fix=Fix(op="raise", field="resources.limits.memory", before="256Mi", after="448Mi"),
        ),
    )
    return recommendation(
        *(case() for case in CASES),
        findings=findings,
        failed=(FailedComponent(name="legacy", stage="pipa", failure="no runtime is known"),),
        notes=(
            Note(code="unknown.language", message="No language was found.", component="search"),
        ),
        checks_skipped={"C01": "no nodes are known", "C02": "no nodes are known"},
    )


def many(count=40):
    """An app of many components."""
    items = []
    for index in range(count):
        item = CASES[index % len(CASES)]()
        name = f"{item.name}-{index:02d}"
        items.append(item.model_copy(update={"name": name}))
    return recommendation(*items)


def hostile():
    """A stranger's text wherever text can stand."""
    first = starved()
    used = first.usage.model_copy(
        update={
            "origin": HOSTILE, "missing": (HOSTILE,), "container": HOSTILE,
            "workload": WorkloadKey(namespace=HOSTILE, kind=HOSTILE[:60], name=HOSTILE),
        }
    )  # fmt: skip
    evidence = tuple(
        found.model_copy(update={"statement": HOSTILE, "source": "https://x/" + HOSTILE})
        for found in first.evidence
    ) + (
        Evidence(
            id="file:" + HOSTILE[:50],
            kind=EvidenceKind.FILE,
            grade=EvidenceGrade.STATED,
            statement=HOSTILE,
            source="javascript:alert(1)",
        ),
    )
    item = first.model_copy(
        update={
            "name": HOSTILE,
            "usage": used,
            "evidence": evidence,
            "language": HOSTILE,
            "framework": HOSTILE,
            "third_party": HOSTILE,
            "route_reason": HOSTILE,
            "failure": HOSTILE,
            "kept": (HOSTILE,),
            "runtime_env": {HOSTILE: HOSTILE},
            "reasoning": (
                ReasoningStep(number=1, about=HOSTILE, text=HOSTILE, evidence=(HOSTILE[:300],)),
            ),
            "influences": (
                Influence(
                    number=HOSTILE,
                    figure=HOSTILE,
                    evidence=HOSTILE,
                    before=1,
                    after=2,
                    unit=HOSTILE,
                ),
            ),
        }
    )
    finding = Finding(
        id="R03", severity=Severity.WARN, passed=False, message=HOSTILE, component=HOSTILE,
        value=HOSTILE, limit=HOSTILE,
        fix=Fix(op=HOSTILE, field=HOSTILE, before=HOSTILE, after=HOSTILE),
    )  # fmt: skip
    return recommendation(
        item,
        findings=(finding, finding.model_copy(update={"passed": True})),
        failed=(FailedComponent(name=HOSTILE, stage=HOSTILE, failure=HOSTILE),),
        notes=(Note(code="x", message=HOSTILE, component=HOSTILE),),
        checks_skipped={HOSTILE: HOSTILE},
        trigger=Trigger(git_repo=HOSTILE, app_description=HOSTILE),
        repository=RepositoryFacts(url=HOSTILE, commit=HOSTILE),
        cost=Cost(currency=HOSTILE, unit=HOSTILE, source=HOSTILE, monthly=1.0, unknown=HOSTILE,
                  components=(ComponentCost(component=HOSTILE, unknown=HOSTILE),)),
    )  # fmt: skip
