"""Joins what the repository and the description say of an app's components.

* A product or a piece of own code that the description names is the component of the repository
  that fits it; when none does, it becomes a component of its own.
* Where they contradict, a note says so and the repository wins.
* Every component gets the app's demand, with what is said of it alone laid over.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field

from dca.catalogue import Product, catalogue
from dca.contradictions import contradictions
from dca.demand import with_demand
from dca.description.vocabulary import vocabulary
from dca.matching import best_matches, made_of, same_framework, same_language
from schemas.context import (
    Component,
    DescriptionReading,
    FoundIn,
    NamedComponent,
    Note,
    Role,
    Statement,
    Use,
    WorkloadKind,
)

_ONE_PER_APP = frozenset(
    {Role.SQL_DATABASE, Role.NOSQL_DATABASE, Role.CACHE, Role.MESSAGE_BROKER, Role.SEARCH_ENGINE}
)
"""Roles of which an app has one product as a rule: another one is a contradiction."""


@dataclass(slots=True)
class _App:
    """The components while they are being joined."""

    components: list[Component]
    by_named: dict[str, str] = field(default_factory=dict)
    """Name in the description → name of the component."""
    notes: list[Note] = field(default_factory=list)

    def own(self) -> list[Component]:
        return [item for item in self.components if item.third_party is None]

    def change(self, name: str, **changes: object) -> None:
        self.components = [
            item.model_copy(update=changes) if item.name == name else item
            for item in self.components
        ]

    def add(self, component: Component, named: str | None = None) -> None:
        name = unique_name(component.name, {item.name for item in self.components})
        self.components.append(component.model_copy(update={"name": name}))
        if named:
            self.by_named[named] = name


def reconcile(
    components: tuple[Component, ...], reading: DescriptionReading
) -> tuple[tuple[Component, ...], tuple[Note, ...]]:
    """Join the repository's components with the description.

    Args:
        components: Those of the repository, names unique.
        reading: The description.

    Returns:
        All components in order, those that only the description names last; and notes
        (``contradiction.*``, ``unknown.component``).
    """
    app = _App(list(components))
    _match_own_code(app, reading, had_own=bool(app.own()))
    _match_products(app, reading)
    _add_uses(app, reading)
    app.notes += contradictions(tuple(app.components), components, reading, app.by_named)
    return with_demand(tuple(app.components), reading, app.by_named), tuple(app.notes)


def unique_name(wanted: str, taken: Iterable[str]) -> str:
    """An RFC 1123 label like `wanted` that is not taken yet, with ``-2`` where needed."""
    base = re.sub(r"[^a-z0-9]+", "-", wanted.lower()).strip("-")[:58].strip("-") or "app"
    names = set(taken)
    number = 1
    name = base
    while name in names:
        number += 1
        name = f"{base}-{number}"
    return name


def _match_products(app: _App, reading: DescriptionReading) -> None:
    named_keys = {item.third_party for item in reading.named}
    for item in reading.named:
        product = catalogue().get(item.third_party) if item.third_party else None
        if product is None:
            continue
        present = [other for other in app.components if other.third_party == product.key]
        if present:
            app.by_named[item.name] = present[0].name
            app.change(present[0].name, evidence=_with(present[0].evidence, item))
            continue
        made = made_of(product, app.components)
        if made:
            app.by_named |= {item.name: made[0].name} if len(made) == 1 else {}
            continue
        rival = _rival(app.components, product, named_keys)
        if rival:
            app.notes.append(_rival_note(item, product, *rival))
        else:
            app.add(_product_component(item, product), item.name)
            app.notes.append(_only_named(item, app.by_named[item.name]))


def _rival(
    components: Sequence[Component], product: Product, named: set[str | None]
) -> tuple[str, str | None] | None:
    """Another product of the same role that the repository has, and the component that says so."""
    if product.role not in _ONE_PER_APP:
        return None
    used = {use.name for component in components for use in component.uses}
    if product.key in used:
        return None
    for component in components:
        keys = [component.third_party, *(use.name for use in component.uses)]
        for key in keys:
            other = catalogue().get(key) if key else None
            if other and other.role is product.role and other.key not in named:
                return other.title, component.name
    return None


def _match_own_code(app: _App, reading: DescriptionReading, *, had_own: bool) -> None:
    named = [item for item in reading.named if item.third_party is None]
    own = app.own()
    pairs = best_matches(named, own)
    for item in named:
        target = pairs.get(item.name) or _instead(item, named, own, set(pairs.values()))
        if target:
            app.by_named[item.name] = target
            _take_over(app, item, target)
        elif not (had_own and (len(named) == 1 or _is_implied(item))):
            # One service of a larger app whose name says too little is no further component.
            app.add(_own_component(item), item.name)
            app.notes.append(_only_named(item, app.by_named[item.name]))
    if not app.own() and not named:
        _add_app(app, reading, nothing_known=not app.components)


def _is_implied(item: NamedComponent) -> bool:
    """A frontend of which only its framework is named ("Rails, React").

    Where the repository has own code but no such component, that code serves it.
    """
    return item.role is Role.WEB_FRONTEND and (
        item.quote.lower() in vocabulary().technologies or _JOINED.search(item.quote) is not None
    )


def _instead(
    item: NamedComponent,
    named: Sequence[NamedComponent],
    own: Sequence[Component],
    taken: set[str],
) -> str | None:
    """The component that is meant although it does not fit: the only one, or that of its role.

    What does not fit becomes a contradiction.
    """
    if len(own) == 1 and len(named) == 1:
        return own[0].name
    free = [other for other in own if other.name not in taken and other.role is item.role]
    return free[0].name if len(free) == 1 and len(named) > 1 else None


def _take_over(app: _App, item: NamedComponent, name: str) -> None:
    """Let the description fill in what the repository leaves open."""
    component = next(other for other in app.components if other.name == name)
    changes: dict[str, object] = {"evidence": _with(component.evidence, item)}
    if component.language is None and item.language:
        changes["language"] = item.language
    if component.framework is None and item.framework:
        fits = same_language(item.language, component.language) is not False
        if fits and same_framework(item.framework, component.framework) is None:
            changes["framework"] = item.framework
    if component.role is Role.OTHER and item.role:
        changes |= {"role": item.role, "role_reason": f"the description calls it {item.quote!r}"}
    app.change(name, **changes)


def _add_app(app: _App, reading: DescriptionReading, *, nothing_known: bool) -> None:
    """One component for an app of which nothing but its demand, stack or subject is known."""
    stated = {item.key: item for item in reversed(reading.statements) if item.key in _SUBJECT_KEYS}
    subject = stated if nothing_known and not _is_served(reading) else {}
    stack = {item.key: item for item in reversed(reading.statements) if item.key in _STACK_KEYS}
    about_own_code = stack or subject or not reading.named
    if not about_own_code or not reading.statements:
        return
    serves = reading.demand.peak_rps is not None or reading.demand.average_rps is not None
    language, framework = stack.get("language"), stack.get("framework")
    called = str(subject["app_name"].value) if subject else "app"
    name = unique_name(called, {item.name for item in app.components})
    role, reason = _assumed_role(subject.get("app_role"), serves=serves)
    kind = WorkloadKind.CRON_JOB if role is Role.BATCH else WorkloadKind.DEPLOYMENT
    known = (subject.get("app_role"), language, framework)
    evidence = [item.evidence_id for item in known if item]
    app.add(
        Component(
            name=name,
            found_in=(FoundIn.DESCRIPTION,),
            language=str(language.value) if language else None,
            framework=str(framework.value) if framework else None,
            role=role,
            role_reason=reason,
            kind=kind,
            evidence=tuple(dict.fromkeys(evidence or [reading.statements[0].evidence_id])),
        )
    )
    message = "the repository has no component and the description names none; one is assumed"
    if subject:
        quote = subject["app_role"].quote
        message = f"the repository has no component; the description is about {quote!r}"
    app.notes.append(Note(code="unknown.component", message=message, component=name))


def _is_served(reading: DescriptionReading) -> bool:
    """Whether a server that runs or serves an app is named: the subject is what it serves."""
    keys = (item.third_party for item in reading.named)
    return any((product := catalogue().get(key)) and product.runtime for key in keys if key)


def _assumed_role(said: Statement | None, *, serves: bool) -> tuple[Role, str]:
    """The role of what the description is about, and the reason for it."""
    if said:
        return Role(str(said.value)), f"the description calls it {said.quote!r}"
    if serves:
        return Role.BACKEND_API, "the description states requests"
    return Role.OTHER, ""


_STACK_KEYS = frozenset({"language", "framework"})
_SUBJECT_KEYS = frozenset({"app_name", "app_role"})
_JOINED = re.compile(r"[+&/,]|\band\b")


def _add_uses(app: _App, reading: DescriptionReading) -> None:
    """What is said to be used, when it is clear by which component."""
    users = _users(app, reading)
    if len(users) != 1:
        return
    user = next(item for item in app.components if item.name == users[0])
    uses = list(user.uses)
    providers = {item.third_party: item.name for item in app.components if item.third_party}
    for key, evidence in _used(reading):
        if all(use.name != key for use in uses):
            uses.append(Use(name=key, component=providers.get(key), evidence=(evidence,)))
    uses = [
        use if use.component else use.model_copy(update={"component": providers.get(use.name)})
        for use in uses
    ]
    app.change(user.name, uses=tuple(uses))


def _users(app: _App, reading: DescriptionReading) -> list[str]:
    own = [item.name for item in app.own()]
    named = [item.name for item in reading.named if item.third_party is None]
    matched = [app.by_named[name] for name in named if name in app.by_named]
    return own if len(own) == 1 else matched if len(matched) == 1 else []


def _used(reading: DescriptionReading) -> Iterator[tuple[str, str]]:
    for item in reading.statements:
        if item.key in {"uses", "uses_managed"}:
            yield str(item.value), item.evidence_id
    for named in reading.named:
        if named.third_party:
            yield named.third_party, evidence_id(named)


def evidence_id(item: NamedComponent | Statement) -> str:
    """Id of the evidence for what a description names."""
    return f"description:{item.start}-{item.end}"


def _with(evidence: tuple[str, ...], item: NamedComponent) -> tuple[str, ...]:
    return tuple(dict.fromkeys((*evidence, evidence_id(item))))


def _product_component(item: NamedComponent, product: Product) -> Component:
    return Component(
        name=product.key,
        found_in=(FoundIn.DESCRIPTION,),
        language=product.language,
        role=product.role,
        role_reason=f"{product.title} is named in the description",
        kind=product.kind,
        third_party=product.key,
        ports=product.ports,
        evidence=(evidence_id(item),),
    )


def _own_component(item: NamedComponent) -> Component:
    batch = item.role is Role.BATCH
    return Component(
        name=item.name,
        found_in=(FoundIn.DESCRIPTION,),
        language=item.language,
        framework=item.framework,
        role=item.role or Role.OTHER,
        role_reason=f"the description calls it {item.quote!r}",
        kind=WorkloadKind.CRON_JOB if batch else WorkloadKind.DEPLOYMENT,
        evidence=(evidence_id(item),),
    )


def _only_named(item: NamedComponent, component: str) -> Note:
    return Note(
        code="unknown.component",
        message=f"{item.quote!r} is only named in the description, not in the repository",
        component=component,
        evidence=(evidence_id(item),),
    )


def _rival_note(item: NamedComponent, product: Product, rival: str, component: str | None) -> Note:
    return Note(
        code="contradiction.product",
        message=f"the description names {product.title}, the repository has {rival}; "
        "the repository is believed",
        component=component,
        evidence=(evidence_id(item),),
    )
