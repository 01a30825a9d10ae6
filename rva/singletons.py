"""Which components must not be multiplied, and why."""

from __future__ import annotations

from rva.documents import mapping, mappings, text
from rva.runtimes import command_words
from rva.subject import Subject
from schemas.context import Role, WorkloadKind

SINGLE_WRITERS = frozenset(
    {"postgresql", "postgres", "mysql", "mariadb", "mssql", "sqlserver", "oracle", "sqlite"}
)
"""Databases of which each instance holds data of its own: more replicas are more databases."""
QUORUM = frozenset({"etcd", "zookeeper", "kafka", "consul", "rabbitmq", "nats", "vault"})
"""Systems that need a majority: an even member adds a member that may fail, and no safety."""
_SCHEDULERS = frozenset({"beat", "clockwork", "rqscheduler", "celerybeat", "schedule:work"})


def single_writer(subject: Subject) -> str | None:
    """Why the component may have one replica only because of its data; None when it need not."""
    component = subject.component
    if not subject.scalable or _replicated_today(subject):
        return None
    if component.third_party in SINGLE_WRITERS:
        return f"{component.third_party} is a single writer"
    if component.has_volume and subject.kind == WorkloadKind.DEPLOYMENT:
        return "the Deployment mounts a volume that one node can write at a time"
    return None


def singleton_sign(subject: Subject) -> str | None:
    """A sign that two copies would do the same work twice; None when there is none."""
    component = subject.component
    if not subject.scalable or _replicated_today(subject):
        return None
    if any(use.name == "sqlite" for use in component.uses) and component.role is not Role.CACHE:
        return "it keeps its data in an SQLite file"
    words = [word.rsplit("/", 1)[-1].lower() for word in command_words(subject)]
    scheduler = next((word for word in words if word in _SCHEDULERS), None)
    if scheduler is not None:
        return f"its command starts the scheduler {scheduler}"
    for volume in mappings(subject.pod.get("volumes")):
        path = text(mapping(volume.get("hostPath")).get("path"))
        if path:
            return f"it mounts {path[:80]} of its node"
    return None


def must_be_single(subject: Subject) -> bool:
    """Whether one replica is the right number."""
    return single_writer(subject) is not None or singleton_sign(subject) is not None


def _replicated_today(subject: Subject) -> bool:
    """The repository runs several already, so it has a way to share the work."""
    current = subject.component.current
    return current is not None and (current.replicas or 0) > 1
