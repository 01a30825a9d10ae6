"""T: what the API server, the scheduler and the patch itself demand."""

from __future__ import annotations

import json
import re
import unicodedata
from collections.abc import Callable, Iterator
from typing import Any

from rva.checks.base import Check, Problem, Verdict, amount_text, by_hand, judge, theirs
from rva.documents import (
    ContainerView,
    at,
    mapping,
    mappings,
    name_of,
    pod_template,
    template_path,
    text,
)
from rva.merge import apply_strategic_merge
from rva.subject import Subject
from schemas.base import JsonObject
from schemas.context import WorkloadKind
from schemas.quantities import MIB
from schemas.recommendation import Severity

MINIMUM_MEMORY_BYTES = 4 * MIB
"""Less cannot hold the pause and a process: container runtimes refuse limits below about 4 MiB."""

_LABEL = re.compile(r"[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?")
_LABEL_VALUE = re.compile(r"([A-Za-z0-9]([-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?)?")
_RESOURCE_KEYS = frozenset({"cpu", "memory"})


def quantities_parse(subject: Subject) -> Verdict:
    """T01: amounts that stay in the document are quantities; replaced ones are only mentioned."""
    problems = [
        Problem(
            f"{item.name}: {wrong} is not a Kubernetes quantity.",
            path="resources",
            value=wrong,
            container=item.name,
            fix=by_hand("correct_quantity", "resources", wrong, "a Kubernetes quantity"),
        )
        for item in subject.containers
        for wrong in item.invalid
    ]
    current = subject.component.current
    problems += [
        Problem(
            f"The repository says {wrong!r}, which Kubernetes refuses; the patch replaces it.",
            path="current",
            value=wrong,
            severity=Severity.INFO,
        )
        for wrong in (current.invalid if current and not problems else ())
    ]
    return judge(subject, "T01", problems)


def memory_amounts(subject: Subject) -> Verdict:
    """T02: no amount of memory is a slip of the unit (``512m`` is half a byte)."""
    problems = []
    for item in subject.containers:
        for name, amount in _amounts(item, "memory"):
            if amount < MINIMUM_MEMORY_BYTES:
                shown = amount_text("memory", amount)
                problems.append(
                    Problem(
                        f"{item.name}: the memory {name} is {shown}; nothing runs in that.",
                        path=f"resources.{name}s.memory",
                        value=shown,
                        limit="4Mi",
                        container=item.name,
                    )
                )
    return judge(subject, "T02", problems)


def cpu_amounts(subject: Subject) -> Verdict:
    """T03: CPU is at least one millicore."""
    problems = [
        Problem(
            f"{item.name}: the CPU {name} is {amount}m; at least 1m is needed.",
            path=f"resources.{name}s.cpu",
            value=f"{amount}m",
            limit="1m",
            container=item.name,
        )
        for item in subject.containers
        for name, amount in _amounts(item, "cpu")
        if amount < 1
    ]
    return judge(subject, "T03", problems)


def limits_not_below_requests(subject: Subject) -> Verdict:
    """T04: the API server refuses a limit below the request."""
    problems = []
    for item in subject.containers:
        for resource in ("cpu", "memory"):
            amounts = dict(_amounts(item, resource))
            request, limit = amounts.get("request"), amounts.get("limit")
            if request is None or limit is None or limit >= request:
                continue
            low, high = amount_text(resource, limit), amount_text(resource, request)
            problems.append(
                Problem(
                    f"{item.name}: the {resource} limit {low} is below the request {high}.",
                    path=f"resources.limits.{resource}",
                    value=low,
                    limit=high,
                    container=item.name,
                )
            )
    return judge(subject, "T04", problems)


def extended_resources(subject: Subject) -> Verdict:
    """T05: huge pages and devices are whole, with limit and request equal."""
    found = False
    problems = []
    for item in subject.containers:
        resources = mapping(mapping(item.document).get("resources"))
        requests, limits = mapping(resources.get("requests")), mapping(resources.get("limits"))
        for name in sorted(_extended(requests) | _extended(limits)):
            found = True
            request, limit = requests.get(name), limits.get(name)
            ok = limit is not None and (request is None or text(request) == text(limit))
            if ok and (name.startswith("hugepages-") or text(limit).isdigit()):
                continue
            problems.append(
                Problem(
                    f"{item.name}: {name} has request {text(request) or 'none'} and limit "
                    f"{text(limit) or 'none'}; both must be the same whole number.",
                    path=f"resources.limits.{name}",
                    value=text(limit),
                    container=item.name,
                    severity=theirs(subject),
                    fix=by_hand("equal_amounts", f"resources.{name}", text(request), text(limit)),
                )
            )
    return judge(subject, "T05", problems) if found else None


def selector_matches(subject: Subject) -> Verdict:
    """T07: the workload finds its own pods."""
    if subject.workload is None or subject.kind in (WorkloadKind.JOB, WorkloadKind.CRON_JOB):
        return None
    wanted = mapping(at(subject.workload, "spec", "selector", "matchLabels"))
    labels = mapping(at(pod_template(subject.workload), "metadata", "labels"))
    problems = [
        Problem(
            f"The selector asks for {key}={text(value)}, the template says "
            f"{text(labels.get(key)) or 'nothing'}.",
            path="spec.selector.matchLabels",
            value=text(labels.get(key)),
            limit=text(value),
            severity=theirs(subject),
            fix=by_hand("match_selector", f"labels.{key}", text(labels.get(key)), text(value)),
        )
        for key, value in wanted.items()
        if labels.get(key) != value
    ]
    return judge(subject, "T07", problems)


def patch_containers_exist(subject: Subject) -> Verdict:
    """T08: a name that is not there would add a container."""
    reference = subject.component.workload
    if subject.patch is None or reference is None:
        return None
    present = {item.name for item in reference.containers}
    present &= {text(item.get("name")) for item in _container_entries(reference.document)}
    problems = [
        Problem(
            f"The patch names the container {name!r}, which {reference.path} does not have.",
            path="containers",
            value=name,
            limit=", ".join(sorted(present)),
            fix=by_hand("rename", "container", name, "a container of the workload"),
        )
        for name in (text(item.get("name")) for item in _container_entries(subject.patch))
        if name not in present
    ]
    return judge(subject, "T08", problems)


def patch_paths_allowed(subject: Subject) -> Verdict:
    """T09: the patch says sizes and runtime variables, nothing else."""
    if subject.patch is None:
        return None
    problems = [
        Problem(
            f"The patch touches {path}, which no sizing may change.",
            path=path,
            fix=by_hand("remove_path", path, "set", "absent"),
        )
        for path in forbidden_paths(subject.patch)
    ]
    return judge(subject, "T09", problems)


def patch_is_idempotent(subject: Subject) -> Verdict:
    """T10: twice is once."""
    reference = subject.component.workload
    if subject.patch is None or reference is None:
        return None
    once = apply_strategic_merge(reference.document, subject.patch)
    twice = apply_strategic_merge(once, subject.patch)
    problems = [] if once == twice else [Problem("Applying the patch again changes the object.")]
    return judge(subject, "T10", problems)


def names_are_valid(subject: Subject) -> Verdict:
    """T11: object and container names are RFC 1123 labels, label values valid."""
    problems = []
    for document in (subject.workload, *subject.manifests):
        if document is None:
            continue
        name = name_of(document)
        # Names of objects may hold dots; each part between them is a label.
        if not name or len(name) > 253 or not all(_LABEL.fullmatch(p) for p in name.split(".")):
            problems.append(_name_problem(subject, "metadata.name", name))
        for key, value in mapping(at(document, "metadata", "labels")).items():
            if not _LABEL_VALUE.fullmatch(text(value)):
                problems.append(_name_problem(subject, f"metadata.labels.{key}", text(value)))
    problems += [
        _name_problem(subject, "containers.name", item.name)
        for item in subject.containers
        if not _LABEL.fullmatch(item.name)
    ]
    return judge(subject, "T11", problems)


def variables_are_unique(subject: Subject) -> Verdict:
    """T13: of two entries of one name only the last counts, and people read the first."""
    problems = []
    for item in subject.containers:
        names = [text(e.get("name")) for e in mappings(mapping(item.document).get("env"))]
        problems += [
            Problem(
                f"{item.name}: the variable {name} is set {names.count(name)} times.",
                path="env",
                value=name,
                container=item.name,
                fix=by_hand("remove_variable", f"env.{name}", "set twice", "set once"),
            )
            for name in sorted(set(names))
            if names.count(name) > 1
        ]
    return judge(subject, "T13", problems)


def texts_survive(subject: Subject) -> Verdict:
    """T14: what is emitted reads back equal, and no text can break out of its place."""
    problems = []
    for document in (subject.patch, *subject.manifests):
        if document is None:
            continue
        label = f"{text(document.get('kind'))} {name_of(document)}"
        problems += [
            Problem(
                f"{label}: a text holds the control character U+{ord(found):04X}.",
                path=name_of(document),
                fix=by_hand("remove_character", label, f"U+{ord(found):04X}", "absent"),
            )
            for found in sorted(_control_characters(document))
        ]
        if not _reads_back(document):
            problems.append(Problem(f"{label}: does not read back equal after being written."))
    return judge(subject, "T14", problems)


def unsized_containers(subject: Subject) -> list[ContainerView]:
    """Init containers and sidecars without a CPU or a memory request."""
    return [
        item
        for item in subject.containers
        if item.name != subject.main
        and (item.cpu_request_millicores is None or item.memory_request_bytes is None)
    ]


def other_containers_sized(subject: Subject) -> Verdict:
    """T12: the scheduler adds sidecars up and takes the largest init container."""
    if len(subject.containers) < 2:
        return None
    problems = [
        Problem(
            f"{item.name}: the {'init' if item.init else 'other'} container has no "
            f"{'CPU' if item.cpu_request_millicores is None else 'memory'} request.",
            path="resources.requests",
            value="not set",
            container=item.name,
        )
        for item in unsized_containers(subject)
    ]
    return judge(subject, "T12", problems)


def forbidden_paths(patch: JsonObject) -> list[str]:
    """Paths of a patch that are not allow-listed, dotted, list items by ``[]``."""
    path = template_path(text(patch.get("kind"))) or ()
    pod = ".".join((*path, "spec"))
    container = rf"{re.escape(pod)}\.(containers|initContainers)\[\]"
    allowed = re.compile(
        r"(apiVersion|kind|metadata\.name|metadata\.namespace|spec\.replicas"
        r"|spec\.strategy\.(type|rollingUpdate)"
        rf"|{container}\.name|{container}\.resources\.(requests|limits)\.(cpu|memory)"
        rf"|{container}\.env\[\]\.(name|value|valueFrom))"
    )
    return sorted({leaf for leaf in _leaves(patch, "") if not allowed.fullmatch(leaf)})


def _leaves(value: Any, path: str) -> Iterator[str]:  # noqa: ANN401 - any JSON
    if isinstance(value, dict) and value:
        for key, item in value.items():
            yield from _leaves(item, f"{path}.{key}" if path else str(key))
    elif isinstance(value, list) and value:
        for item in value:
            yield from _leaves(item, f"{path}[]")
    elif not isinstance(value, dict | list):
        yield path


def _amounts(item: ContainerView, resource: str) -> list[tuple[str, int]]:
    pairs = (
        (("request", item.cpu_request_millicores), ("limit", item.cpu_limit_millicores))
        if resource == "cpu"
        else (("request", item.memory_request_bytes), ("limit", item.memory_limit_bytes))
    )
    return [(name, amount) for name, amount in pairs if amount is not None]


def _extended(amounts: JsonObject) -> set[str]:
    return {
        str(name)
        for name in amounts
        if str(name) not in _RESOURCE_KEYS
        and ("/" in str(name) or str(name).startswith("hugepages-"))
    }


def _container_entries(document: JsonObject) -> list[JsonObject]:
    spec = mapping(pod_template(document).get("spec"))
    return mappings(spec.get("initContainers")) + mappings(spec.get("containers"))


def _name_problem(subject: Subject, path: str, value: str) -> Problem:
    return Problem(
        f"{path} {value[:80]!r} is not a valid Kubernetes name.",
        path=path,
        value=value[:80],
        severity=theirs(subject),
        fix=by_hand("rename", path, value[:80], "lower-case letters, digits and -"),
    )


def _control_characters(value: Any) -> set[str]:  # noqa: ANN401 - any JSON
    if isinstance(value, dict):
        return {c for pair in value.items() for part in pair for c in _control_characters(part)}
    if isinstance(value, list):
        return {c for item in value for c in _control_characters(item)}
    if not isinstance(value, str):
        return set()
    # Cc: control, Cf: direction overrides and the like, Zl/Zp: line and paragraph separators.
    hidden = ("Cc", "Cf", "Zl", "Zp")
    return {c for c in value if c not in "\n\t" and unicodedata.category(c) in hidden}


def _reads_back(document: JsonObject) -> bool:
    try:
        return bool(json.loads(json.dumps(document, allow_nan=False)) == document)
    except (TypeError, ValueError):
        return False


_PLAN: tuple[tuple[str, Callable[[Subject], Verdict]], ...] = (
    ("T01", quantities_parse),
    ("T02", memory_amounts),
    ("T03", cpu_amounts),
    ("T04", limits_not_below_requests),
    ("T12", other_containers_sized),
    ("T13", variables_are_unique),
)
_FINAL: tuple[tuple[str, Callable[[Subject], Verdict]], ...] = (
    ("T05", extended_resources),
    ("T07", selector_matches),
    ("T08", patch_containers_exist),
    ("T09", patch_paths_allowed),
    ("T10", patch_is_idempotent),
    ("T11", names_are_valid),
    ("T14", texts_survive),
)
CHECKS = tuple(Check(id_, run) for id_, run in _PLAN) + tuple(
    Check(id_, run, final=True) for id_, run in _FINAL
)
