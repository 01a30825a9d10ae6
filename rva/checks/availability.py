"""A01, A10 to A16: replicas, spread, rollout and start."""

from __future__ import annotations

from collections.abc import Callable

from rva.bounds import DEFAULT_SURGE
from rva.checks.base import Check, Problem, Verdict, by_hand, judge
from rva.documents import (
    HPA,
    at,
    count_of,
    mapping,
    mappings,
    text,
)
from rva.limits import at_least
from rva.runtimes import Runtime, runtime_of
from rva.singletons import QUORUM, must_be_single, single_writer, singleton_sign
from rva.subject import DATABASES, SERVING, Subject
from schemas.base import JsonObject
from schemas.context import Criticality, WorkloadKind
from schemas.recommendation import Severity


def wanted_replicas(subject: Subject) -> int:
    """Replicas that the tier asks of a serving component; 1 for a singleton and for others."""
    if must_be_single(subject) or subject.component.role not in SERVING:
        return 1
    return subject.world.limits.whole("minimum_replicas", subject.world.tier) or 1


def enough_replicas(subject: Subject) -> Verdict:
    """A01: one replica is down during every node drain."""
    if not subject.scalable:
        return None
    wanted, found = wanted_replicas(subject), subject.minimum_replicas
    problems = []
    if found < wanted:
        strict = found < 1 or at_least(subject.world.tier, Criticality.HIGH)
        problems.append(
            Problem(
                f"{found} replicas; tier {subject.world.tier.value} asks for {wanted}.",
                path="replicas",
                value=str(found),
                limit=str(wanted),
                severity=Severity.BLOCK if strict else None,
            )
        )
    return judge(subject, "A01", problems)


def spread(subject: Subject) -> Verdict:
    """A10: replicas on one node go down together."""
    if subject.workload is None or not subject.scalable or subject.minimum_replicas < 2:
        return None
    constraints = mappings(subject.pod.get("topologySpreadConstraints"))
    anti = mapping(at(subject.pod, "affinity", "podAntiAffinity"))
    problems = []
    if not constraints and not anti:
        strict = at_least(subject.world.tier, Criticality.HIGH)
        problems.append(
            Problem(
                f"Nothing spreads the {subject.minimum_replicas} replicas over nodes.",
                path="spec.topologySpreadConstraints",
                value="not set",
                severity=None if strict else Severity.INFO,
                fix=by_hand("spread", "topologySpreadConstraints", "not set", "by hostname"),
            )
        )
    problems += [item for item in (_zones(subject, one) for one in constraints) if item]
    return judge(subject, "A10", problems)


def _zones(subject: Subject, constraint: JsonObject) -> Problem | None:
    cluster = subject.world.cluster
    key = text(constraint.get("topologyKey"))
    wanted = constraint.get("minDomains")
    if (
        cluster is None
        or not cluster.nodes
        or constraint.get("whenUnsatisfiable") == ("ScheduleAnyway")
    ):
        return None
    domains = {node.labels[key] for node in cluster.nodes if node.ready and key in node.labels}
    need = wanted if isinstance(wanted, int) else 1
    if len(domains) >= need or (key == "kubernetes.io/hostname" and len(cluster.nodes) >= need):
        return None
    return Problem(
        f"DoNotSchedule over {key} needs {need} domains; the nodes have {len(domains)}.",
        path="spec.topologySpreadConstraints",
        value=str(len(domains)),
        limit=str(need),
        fix=by_hand("spread", key, "DoNotSchedule", "ScheduleAnyway"),
    )


def rollout_keeps_one(subject: Subject) -> Verdict:
    """A11: an update must not take the last replica."""
    if subject.kind != WorkloadKind.DEPLOYMENT or subject.workload is None:
        return None
    replicas = subject.minimum_replicas
    if replicas < 1 or subject.plan.recreate:
        return None
    gone = taken_away(subject, replicas)
    problems = []
    if gone >= replicas and not must_be_single(subject):
        zero = bool(subject.component.demand.zero_downtime)
        problems.append(
            Problem(
                f"A rollout takes {gone} of {replicas} replicas away at once.",
                path="spec.strategy",
                value=str(gone),
                limit=str(replicas - 1),
                severity=None if zero else Severity.WARN,
                fix=by_hand("keep_one", "spec.strategy", str(gone), "maxUnavailable 0"),
            )
        )
    return judge(subject, "A11", problems)


def taken_away(subject: Subject, replicas: int) -> int:
    """Replicas that a rollout of a Deployment may take away at once (percentages round down)."""
    strategy = mapping(at(mapping(subject.workload), "spec", "strategy"))
    if strategy.get("type") == "Recreate":
        return replicas
    rolling = mapping(strategy.get("rollingUpdate"))
    return count_of(rolling.get("maxUnavailable", DEFAULT_SURGE), replicas, round_up=False)


def odd_count(count: int) -> int:
    """The next odd number: what a quorum of at least that size needs."""
    return count + 1 if count % 2 == 0 else count


def members_counted_right(subject: Subject) -> Verdict:
    """A12: quorums are odd, and a database does not become a cluster by a larger number."""
    component = subject.component
    quorum = component.third_party in QUORUM
    if not subject.scalable or not (quorum or component.role in DATABASES):
        return None
    problems = []
    if quorum and subject.plan.replicas % 2 == 0:
        problems.append(
            Problem(
                f"{component.third_party} has {subject.plan.replicas} members; an odd number "
                "survives as many failures with one member less.",
                path="replicas",
                value=str(subject.plan.replicas),
                limit=str(odd_count(subject.plan.replicas)),
            )
        )
    return judge(subject, "A12", problems)


def single_writer_is_single(subject: Subject) -> Verdict:
    """A13: two writers on one volume destroy it, or are two databases."""
    reason = single_writer(subject)
    if reason is None:
        return None
    plan, problems = subject.plan, []
    running = "replicas" in plan.kept
    if plan.replicas != 1 or plan.autoscaling is not None:
        problems.append(
            Problem(
                f"{reason[0].upper()}{reason[1:]}; the plan has {subject.maximum_replicas} "
                f"replicas{', as they run today' if running else ''}.",
                path="replicas",
                value=str(subject.maximum_replicas),
                limit="1",
                # Members that run are somebody's cluster: taking one away may lose its data.
                severity=Severity.WARN if running else None,
                fix=by_hand("confirm_members", "replicas", str(plan.replicas), "a cluster, or 1")
                if running
                else None,
            )
        )
    if _has_storage(subject) and subject.kind == WorkloadKind.DEPLOYMENT and not recreated(subject):
        problems.append(
            Problem(
                f"{reason[0].upper()}{reason[1:]}; a rolling update would start a second one.",
                path="recreate",
                value="RollingUpdate",
                limit="Recreate",
            )
        )
    if plan.autoscaling is None and subject.autoscaled:
        problems.append(
            Problem(
                f"{reason[0].upper()}{reason[1:]}; the repository's autoscaler would multiply it.",
                path="HorizontalPodAutoscaler",
                fix=by_hand("remove_autoscaler", HPA, "present", "absent"),
            )
        )
    return judge(subject, "A13", problems)


def recreated(subject: Subject) -> bool:
    """Whether an update stops the old pod first."""
    strategy = mapping(at(mapping(subject.workload), "spec", "strategy"))
    return subject.plan.recreate or strategy.get("type") == "Recreate"


def _has_storage(subject: Subject) -> bool:
    return subject.component.has_volume or subject.plan.storage is not None


def singleton_is_single(subject: Subject) -> Verdict:
    """A14: two schedulers do everything twice."""
    sign = singleton_sign(subject)
    if sign is None:
        return None
    problems = []
    if subject.plan.replicas != 1 or subject.plan.autoscaling is not None:
        problems.append(
            Problem(
                f"{subject.maximum_replicas} replicas, but {sign}.",
                path="replicas",
                value=str(subject.maximum_replicas),
                limit="1",
            )
        )
    return judge(subject, "A14", problems)


def readiness_probed(subject: Subject) -> Verdict:
    """A15: without the probe traffic goes to a pod that is still starting."""
    if (
        subject.workload is None
        or not subject.scalable
        or subject.component.role not in SERVING
        or subject.minimum_replicas < 2
    ):
        return None
    container = mapping(subject.main_container.document)
    probe = mapping(container.get("readinessProbe"))
    problems = []
    if not probe:
        problems.append(
            Problem(
                f"{subject.main}: no readiness probe for {subject.minimum_replicas} replicas.",
                path="readinessProbe",
                value="not set",
                container=subject.main,
                fix=by_hand("add_probe", "readinessProbe", "not set", "a probe of the port"),
            )
        )
    port = text(
        next(
            (at(probe, kind, "port") for kind in ("httpGet", "tcpSocket", "grpc") if kind in probe),
            None,
        )
    )
    declared = mappings(container.get("ports"))
    known = {text(item.get("containerPort")) for item in declared}
    known |= {text(item.get("name")) for item in declared}
    if port and declared and port not in known:
        problems.append(
            Problem(
                f"{subject.main}: the readiness probe asks port {port}, which is not declared.",
                path="readinessProbe",
                value=port,
                limit=", ".join(sorted(known - {""})),
                container=subject.main,
                severity=Severity.INFO,
                fix=by_hand("correct_port", "readinessProbe", port, "a declared port"),
            )
        )
    return judge(subject, "A15", problems)


def start_has_cpu(subject: Subject) -> Verdict:
    """A16: class loading needs CPU, and the liveness probe does not wait."""
    least = subject.world.limits.whole("jvm_start_cpu_millicores")
    if runtime_of(subject.component) is not Runtime.JVM or least is None:
        return None
    limit = subject.main_container.cpu_limit_millicores
    container = mapping(subject.main_container.document)
    problems = []
    if limit is not None and limit < least and not container.get("startupProbe"):
        problems.append(
            Problem(
                f"{subject.main}: a JVM starts slowly below {least}m; the limit is {limit}m and "
                "there is no startup probe.",
                path="resources.limits.cpu",
                value=f"{limit}m",
                limit=f"{least}m",
                container=subject.main,
            )
        )
    return judge(subject, "A16", problems)


_ALL: tuple[tuple[str, Callable[[Subject], Verdict]], ...] = (
    ("A01", enough_replicas),
    ("A10", spread),
    ("A11", rollout_keeps_one),
    ("A12", members_counted_right),
    ("A13", single_writer_is_single),
    ("A14", singleton_is_single),
    ("A15", readiness_probed),
    ("A16", start_has_cpu),
)
CHECKS = tuple(Check(id_, run) for id_, run in _ALL)
