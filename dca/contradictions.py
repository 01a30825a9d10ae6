"""Where a description says something else than the repository; the repository is believed."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from dca.catalogue import catalogue
from dca.matching import same_framework, same_language
from schemas.context import Component, DescriptionReading, NamedComponent, Note


def contradictions(
    components: tuple[Component, ...],
    repository: tuple[Component, ...],
    reading: DescriptionReading,
    by_named: Mapping[str, str],
) -> list[Note]:
    """All contradictions but those between products, which `dca.reconcile` finds while matching.

    Args:
        components: All components, joined.
        repository: Those of the repository, as they were found there.
        reading: The description.
        by_named: Name in the description → name of the component.
    """
    found = {component.name: component for component in repository}
    return [
        *_of_matches(reading, found, by_named),
        *_of_languages(reading, repository, by_named),
        *_of_state(reading, components, by_named),
        *_of_denied_products(reading, repository),
    ]


def _of_matches(
    reading: DescriptionReading, found: Mapping[str, Component], by_named: Mapping[str, str]
) -> Iterator[Note]:
    for item in reading.named:
        component = found.get(by_named.get(item.name, ""))
        if component is None or component.third_party:
            continue
        if same_language(item.language, component.language) is False:
            yield _note("language", item, component, item.language, component.language)
        elif same_framework(item.framework, component.framework) is False:
            yield _note("framework", item, component, item.framework, component.framework)


def _of_languages(
    reading: DescriptionReading, repository: tuple[Component, ...], by_named: Mapping[str, str]
) -> Iterator[Note]:
    """The description names languages, and no component of the repository is in any of them."""
    stated = [item for item in reading.statements if item.key == "language"]
    known = {
        component.language
        for component in repository
        if component.language and component.third_party is None
    }
    about_products = reading.named and all(item.third_party for item in reading.named)
    if not stated or not known or about_products or _any_compared(reading, repository, by_named):
        return
    if not any(same_language(str(item.value), other) for item in stated for other in known):
        names = ", ".join(sorted({str(item.value) for item in stated}))
        yield Note(
            code="contradiction.language",
            message=f"the description speaks of {names}, the repository is in "
            f"{', '.join(sorted(known))}; the repository is believed",
            evidence=tuple(dict.fromkeys(item.evidence_id for item in stated)),
        )


def _any_compared(
    reading: DescriptionReading, repository: tuple[Component, ...], by_named: Mapping[str, str]
) -> bool:
    names = {component.name for component in repository if component.language}
    return any(item.language and by_named.get(item.name) in names for item in reading.named)


def _of_state(
    reading: DescriptionReading, components: tuple[Component, ...], by_named: Mapping[str, str]
) -> Iterator[Note]:
    """Said to keep no data, but with a volume in the repository."""
    says = [item for item in reading.statements if item.key == "persistence" and not item.value]
    for item in says:
        target = by_named.get(item.component or "")
        for component in components:
            own = component.third_party is None and item.component is None
            if component.has_volume and (own or component.name == target):
                yield Note(
                    code="contradiction.persistence",
                    message=f"the description says {item.quote!r}, but {component.name} mounts a "
                    "persistent volume; the repository is believed",
                    component=component.name,
                    evidence=(item.evidence_id,),
                )


def _of_denied_products(
    reading: DescriptionReading, repository: tuple[Component, ...]
) -> Iterator[Note]:
    for item in reading.statements:
        if item.key != "without":
            continue
        product = catalogue().get(str(item.value))
        for component in repository:
            uses = any(use.name == item.value for use in component.uses)
            if product and (uses or component.third_party == item.value):
                yield Note(
                    code="contradiction.product",
                    message=f"the description denies {product.title}, but {component.name} "
                    f"{'uses' if uses else 'is'} it; the repository is believed",
                    component=component.name,
                    evidence=(item.evidence_id,),
                )
                break


def _note(
    what: str, item: NamedComponent, component: Component, said: str | None, is_: str | None
) -> Note:
    return Note(
        code=f"contradiction.{what}",
        message=f"the description says {item.quote!r} ({said}), but {component.name} is {is_}; "
        "the repository is believed",
        component=component.name,
        evidence=(f"description:{item.start}-{item.end}",),
    )
