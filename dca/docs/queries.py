"""What to ask the corpus about a component, round by round.

The first round asks broadly with all that is known of the component. The second asks for each
figure that is missing; the third widens along a ladder: a product, what it is a part of, its role;
own code by its stack and server, then its language with any framework, then its role.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from dca.docs.needs import WORDS, Need, Topic
from dca.docs.subject import NO_KIND, Subject
from schemas.context import Demand, Role
from schemas.knowledge import FactKind, KnowledgeQuery
from schemas.quantities import format_memory

ROUNDS = 3
BROAD_LIMIT = 10
"""Facts that a broad question may return; what is about something else is dropped afterwards."""
NARROW_LIMIT = 5
CODE_LIMIT = 30
"""Without the name of a product to select by, facts about products come back too."""

_KINDS = tuple(kind for kind in FactKind if kind is not FactKind.PRICE)
"""A price says nothing of a size."""
_ROLES = {Role.SQL_DATABASE: "SQL database", Role.NOSQL_DATABASE: "NoSQL database",
          Role.BACKEND_API: "backend API", Role.GRPC_SERVICE: "gRPC service",
          Role.ML_INFERENCE: "ML inference server"}  # fmt: skip
_TOPICS = {
    Topic.SIZES: "CPU and memory requests and limits",
    Topic.MINIMUM: "minimum requirements",
    Topic.PROCESS: "memory of an idle process",
    Topic.LOAD: "CPU time per request",
    Topic.CONNECTIONS: "memory per connection",
    Topic.DATA: "memory by amount of data",
}
_SHOWN = 3
"""Figures that a sentence names one by one."""


@dataclass(frozen=True, slots=True)
class Step:
    """What is asked in one round, and why."""

    queries: tuple[KnowledgeQuery, ...]
    why: str

    @property
    def text(self) -> str:
        """The questions as the run records them."""
        return "; ".join(dict.fromkeys(query.text for query in self.queries))


def broad(subject: Subject, needs: Sequence[Need], why: str = "") -> Step:
    """The first round: all that is known of the component, in words and in filters.

    Args:
        subject: The component.
        needs: All that it needs.
        why: Added to the reason: for example that there will be no second round.
    """
    load = _load(subject.component.demand)
    topics = _topics(needs)
    text = _text(subject, ", ".join((*topics, load) if load else topics))
    about = f"what is known of {_named(subject)}" + (f" with {load}" if load else "")
    queries = [_about(subject, text, limit=BROAD_LIMIT)]
    if subject.runtimes:
        server = KnowledgeQuery(
            text=f"{subject.runtimes[0]}: {', '.join(topics)}",
            products=subject.runtimes,
            kinds=_KINDS,
            limit=BROAD_LIMIT,
        )
        queries.append(server)
    return Step(tuple(queries), about + why)


def narrow(subject: Subject, missing: Sequence[Need]) -> Step:
    """A round about the component itself again, for facts that hold a missing figure.

    All of them are asked for together: the figures select, so the words need not, and each text
    costs the time of an embedding.
    """
    topics = len({need.topic for need in missing})
    query = _about(subject, _text(subject, _wanted(missing)), missing, NARROW_LIMIT * topics)
    return Step((query,), f"{_missing(missing)}: asked for alone, still about {_named(subject)}")


def free(subject: Subject, question: str) -> KnowledgeQuery:
    """A question in somebody's own words about the component or what it is one of."""
    return KnowledgeQuery(text=_text(subject, question), kinds=_KINDS, limit=CODE_LIMIT)


def wide(subject: Subject, missing: Sequence[Need], rungs: slice) -> Step | None:
    """A round about what the component is one of; None when there is nothing wider.

    Args:
        subject: The component.
        missing: What is still wanted.
        rungs: Which steps of the ladder, the next wider one first.
    """
    chosen = tuple(_ladder(subject, missing))[rungs]
    if not chosen:
        return None
    names = " and ".join(name for name, _ in chosen)
    queries = tuple(query for _, found in chosen for query in found)
    return Step(queries, f"{_missing(missing)}: asked of {names}")


def _about(
    subject: Subject, text: str, needs: Sequence[Need] = (), limit: int = NARROW_LIMIT
) -> KnowledgeQuery:
    """A question about the component itself: its product, or its stack.

    The role does not select here: what is known of a framework holds in whatever role it serves.
    """
    asked = KnowledgeQuery(
        text=text, kinds=_KINDS, figures=tuple(need.figure.value for need in needs), limit=limit
    )
    if subject.is_product:
        return asked.model_copy(update={"products": subject.products})
    stack: dict[str, object] = {
        "frameworks": subject.frameworks,
        "languages": subject.languages,
        "limit": max(limit, CODE_LIMIT),
    }
    if not subject.frameworks and not subject.languages:
        stack["roles"] = (subject.role,)
    return asked.model_copy(update=stack)


def _ladder(
    subject: Subject, missing: Sequence[Need]
) -> Iterator[tuple[str, tuple[KnowledgeQuery, ...]]]:
    """Wider and wider questions, each step with its name."""
    role = _role(subject.role)
    own = subject.component.language
    if subject.parents:
        parent = subject.parents[0]
        query = _ask(f"{parent} {role}", missing, products=subject.parents)
        yield f"{parent}, which it is a part of", (query,)
    if own and subject.frameworks and subject.languages and not subject.is_product:
        query = _ask(f"{own} {role}", missing, languages=subject.languages)
        yield f"{own} whatever the framework", (query,)
    if subject.role in NO_KIND:
        return
    yield f"the role {role}", (_ask(role, missing, roles=(subject.role,)),)


def _ask(
    about: str,
    missing: Sequence[Need],
    *,
    products: tuple[str, ...] = (),
    languages: tuple[str, ...] = (),
    roles: tuple[Role, ...] = (),
) -> KnowledgeQuery:
    return KnowledgeQuery(
        # By topic, so that components that miss different figures of one ask the same.
        text=f"{about}: {', '.join(_topics(missing))}",
        products=products,
        languages=languages,
        roles=roles,
        kinds=_KINDS,
        figures=tuple(need.figure.value for need in missing),
        limit=NARROW_LIMIT if products else CODE_LIMIT,
    )


def _text(subject: Subject, wanted: str) -> str:
    return f"{_named(subject)}: {wanted}"


def _named(subject: Subject) -> str:
    role = _role(subject.role)
    return (
        subject.title
        if subject.title == role or subject.role is Role.OTHER
        else f"{subject.title} ({role})"
    )


def _role(role: Role) -> str:
    return _ROLES.get(role, role.value.replace("_", " "))


def _wanted(needs: Sequence[Need]) -> str:
    return ", ".join(WORDS[need.figure] for need in needs)


def _topics(needs: Sequence[Need]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(_TOPICS[need.topic] for need in needs))


def _missing(needs: Sequence[Need]) -> str:
    names = [WORDS[need.figure] for need in needs]
    more = f" and {len(names) - _SHOWN} more" if len(names) > _SHOWN else ""
    return f"{', '.join(names[:_SHOWN])}{more} still missing"


def _load(demand: Demand) -> str:
    """The stated demand in words; empty when nothing is stated."""
    rows = (
        (demand.peak_rps, "{:g} requests per second at peak"),
        (demand.average_rps, "{:g} requests per second on average"),
        (demand.messages_per_second, "{:g} messages per second"),
        (demand.concurrent_users, "{:d} concurrent users"),
        (demand.connections, "{:d} connections"),
    )
    parts = [words.format(value) for value, words in rows if value]
    if demand.data_bytes:
        parts.append(f"{format_memory(demand.data_bytes)} of data")
    return ", ".join(parts)
