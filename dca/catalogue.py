"""The products that people run beside their own code, and how to recognise one.

A product is recognised by the name of its image, by its name in prose, or by a client library
among the dependencies of something that talks to it. All three are tables: ``catalogue.yaml`` and
``client_libraries.yaml`` beside this file.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

from schemas.context import Role, WorkloadKind
from schemas.errors import SettingsError

_HERE = Path(__file__).parent
_WORD = re.compile(r"[A-Za-z0-9]+")
_GAP_MAX = 2
"""Characters between two words of one name: ``SQL Server``, ``cloudnative-pg``, ``a + b`` not."""

_COMPANY = frozenset(
    _WORD.findall(
        """agent agents backend backed broker brokers cache cluster clusters collector consumer
        consumers container containers controller database databases db deployment engine exporter
        gateway image instance instances job jobs member members node nodes operator pipeline
        pipelines pod pods proxy queue queues raft replica replicas server servers service sidecar
        sidecars store storage stream streams topic topics worker workers"""
    )
)
"""Nouns that make a plain word beside them a product: "a vector database" is not the product
Vector, and is not listed as its name; "a consul cluster" is Consul."""


@dataclass(frozen=True, slots=True)
class Product:
    """One product of the catalogue."""

    key: str
    title: str
    role: Role
    language: str | None = None
    kind: WorkloadKind = WorkloadKind.DEPLOYMENT
    stateful: bool = False
    """It keeps data that outlives a pod."""
    single_writer: bool = False
    """One instance accepts writes, however many replicas there are."""
    quorum: bool = False
    """Members vote: an odd number of at least 3, or exactly 1."""
    runtime: bool = False
    """It runs or serves somebody else's code: an image built on it is not the product."""
    ports: tuple[int, ...] = ()
    aliases: tuple[str, ...] = ()
    """Names in prose beside the key and the title, lower case."""
    words: tuple[str, ...] | None = None
    """Names that are plain words too, with their capitals; None when the key is no such word."""
    images: tuple[str, ...] = ()
    libraries: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """Client libraries by ecosystem (``python``, ``node``, ``go``, ``java``, …)."""


@dataclass(frozen=True, slots=True)
class Catalogue:
    """All products, with the indexes that find them."""

    products: Mapping[str, Product]
    by_image: Mapping[str, Product]
    """By the last part of an image's name, or its last two or three."""
    by_first_word: Mapping[str, tuple[tuple[tuple[str, ...], Product], ...]]
    """Names as tuples of lower-case words under their first word, longest first."""
    plain_words: Mapping[str, str]
    """Ambiguous names in lower case, with the capitals that make them a name."""

    def get(self, key: str) -> Product | None:
        """The product with this key."""
        return self.products.get(key)


@cache
def catalogue() -> Catalogue:
    """The catalogue that comes with the package.

    Raises:
        SettingsError: The file is damaged.
    """
    libraries = _load("client_libraries.yaml")
    products = {
        key: _product(key, raw, libraries.get(key, {}))
        for key, raw in _load("catalogue.yaml").items()
    }
    by_image: dict[str, Product] = {}
    for product in products.values():
        for image in product.images:
            by_image.setdefault(image, product)
    return Catalogue(products, by_image, _by_first_word(products), _plain_words(products))


def product_for_image(image: str) -> Product | None:
    """The product that an image contains, judged by the image's name.

    Registry, tag and digest do not matter: ``postgres``, ``docker.io/bitnami/postgresql:15`` and
    ``registry.example:5000/x/postgres@sha256:…`` are all PostgreSQL. ``myshop/postgres-backup`` is
    not.
    """
    parts = image_path(image)
    index = catalogue().by_image
    for count in (3, 2, 1):
        found = index.get("/".join(parts[-count:])) if len(parts) >= count else None
        if found:
            return found
    return None


def image_path(image: str) -> tuple[str, ...]:
    """Name of an image in parts, without digest and tag, in lower case."""
    name = image.strip().lower().split("@", 1)[0]
    head, _, last = name.rpartition("/")
    last = last.split(":", 1)[0]
    return tuple(part for part in (*head.split("/"), last) if part)


def image_tag(image: str) -> str:
    """Tag of an image, empty when it has none."""
    last = image.strip().split("@", 1)[0].rpartition("/")[2]
    return last.partition(":")[2]


def product_for_word(text: str) -> Product | None:
    """The product whose name the whole text is: ``Postgres``, ``sql server``."""
    words = tuple(match.group().lower() for match in _WORD.finditer(text))
    if not words:
        return None
    for name, product in catalogue().by_first_word.get(words[0], ()):
        if name == words:
            return product
    return None


def products_in_text(text: str) -> tuple[tuple[Product, int, int], ...]:
    """Every product that prose names, with where: (product, start, one past the end).

    The longest name wins ("redis exporter" is not Redis), names do not overlap, and a name that is
    also a plain word ("vault", "consul") counts with its capitals inside a sentence, or beside a
    noun such as "cluster".
    """
    words = tuple(_WORD.finditer(text))
    lower = tuple(word.group().lower() for word in words)
    found: list[tuple[Product, int, int]] = []
    at = 0
    while at < len(words):
        match = next(_names_at(text, words, lower, at), None)
        if match is None:
            at += 1
            continue
        product, count = match
        found.append((product, words[at].start(), words[at + count - 1].end()))
        at += count
    return tuple(found)


def product_for_library(ecosystem: str, name: str) -> Product | None:
    """The product that a client library talks to.

    Args:
        ecosystem: ``python``, ``node``, ``go``, ``java``, ``dotnet``, ``rust``, ``ruby``, ``php``,
            ``elixir``, ``erlang`` or ``cpp``.
        name: As the dependency manifest writes it; ``group:artifact`` for Java.
    """
    index = _library_index().get(ecosystem)
    if index is None:
        return None
    return next((index[key] for key in library_keys(ecosystem, name) if key in index), None)


def library_keys(ecosystem: str, name: str) -> Iterator[str]:
    """The spellings under which a table may hold a dependency, most exact first."""
    if ecosystem == "java":
        yield from _java_keys(name)
    elif ecosystem == "go":
        yield from _go_keys(name)
    elif ecosystem == "python":
        yield re.sub(r"[-_.]+", "-", name).lower()
    elif ecosystem == "dotnet":
        yield from _family_keys(name.lower(), ".")
    elif ecosystem == "node":
        yield name.lower()
        yield name.lower().split("/", 1)[0] + "/*"
    else:
        yield name.lower()


def _java_keys(name: str) -> Iterator[str]:
    group, _, artifact = name.lower().partition(":")
    yield f"{group}:{artifact}"
    yield f":{artifact}"
    yield f"{group}:*"


def _go_keys(name: str) -> Iterator[str]:
    parts = name.lower().split("/")
    for count in range(len(parts), 1, -1):
        yield "/".join(parts[:count])


def _family_keys(name: str, separator: str) -> Iterator[str]:
    yield name
    parts = name.split(separator)
    for count in range(len(parts) - 1, 0, -1):
        yield separator.join(parts[:count]) + separator + "*"


def _names_at(
    text: str, words: tuple[re.Match[str], ...], lower: tuple[str, ...], at: int
) -> Iterator[tuple[Product, int]]:
    for name, product in catalogue().by_first_word.get(lower[at], ()):
        count = len(name)
        if lower[at : at + count] != name or not _adjoining(words[at : at + count]):
            continue
        if count == 1 and not _is_name(text, words, at):
            continue
        yield product, count


def _adjoining(words: tuple[re.Match[str], ...]) -> bool:
    return all(
        0 < after.start() - before.end() <= _GAP_MAX
        for before, after in zip(words, words[1:], strict=False)
    )


def _is_name(text: str, words: tuple[re.Match[str], ...], at: int) -> bool:
    """Whether a single word is meant as a name: always, unless it is a plain word too."""
    capitals = catalogue().plain_words.get(words[at].group().lower())
    if capitals is None:
        return True
    if _has_company(words, at):
        return True
    before = text[: words[at].start()].rstrip(" \t")
    opens_sentence = not before or before[-1] in ".!?\n"
    return words[at].group() == capitals and not opens_sentence and not _is_prefix(words, at)


def _has_company(words: tuple[re.Match[str], ...], at: int) -> bool:
    around = words[max(0, at - 1) : at + 2]
    return any(
        _adjoining(pair) and any(word.group().lower() in _COMPANY for word in pair)
        for pair in zip(around, around[1:], strict=False)
        if pair[1].start() - pair[0].end() == 1
    )


def _is_prefix(words: tuple[re.Match[str], ...], at: int) -> bool:
    """Whether a longer name goes on after this word: the Apache of "Apache Beam"."""
    if at + 1 >= len(words) or not _adjoining(words[at : at + 2]):
        return False
    return words[at + 1].start() - words[at].end() == 1 and words[at + 1].group()[0].isupper()


def _load(name: str) -> dict[str, Any]:
    import yaml

    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    loaded = yaml.load((_HERE / name).read_text("utf-8"), Loader=loader)  # noqa: S506 - a safe one
    if not isinstance(loaded, dict):
        raise SettingsError(f"{name} is not a mapping", hint="Reinstall the package.")
    return loaded


def _product(key: str, raw: dict[str, Any], libraries: dict[str, list[str]]) -> Product:
    stateful = bool(raw.get("stateful", False))
    default_kind = WorkloadKind.STATEFUL_SET if stateful else WorkloadKind.DEPLOYMENT
    return Product(
        key=key,
        title=raw.get("title", key.replace("-", " ").title()),
        role=Role(raw["role"]),
        language=raw.get("language"),
        kind=WorkloadKind(raw.get("kind", default_kind)),
        stateful=stateful,
        single_writer=bool(raw.get("single_writer", False)),
        quorum=bool(raw.get("quorum", False)),
        runtime=bool(raw.get("runtime", False)),
        ports=tuple(raw.get("ports", ())),
        aliases=tuple(raw.get("aliases", ())),
        words=tuple(raw["words"]) if "words" in raw else None,
        images=tuple(raw.get("images", (key,))),
        libraries={system: tuple(names) for system, names in libraries.items()},
    )


def _names(product: Product) -> set[tuple[str, ...]]:
    texts = (product.key, product.title, *product.aliases)
    names = {tuple(word.lower() for word in _WORD.findall(text)) for text in texts}
    if product.words is None:
        return names
    plain = {_WORD.findall(text)[0].lower() for text in (product.key, product.title)}
    listed = {word.lower() for word in (*product.words, *product.aliases)}
    return {name for name in names if len(name) > 1 or name[0] not in plain - listed} | {
        (word.lower(),) for word in product.words
    }


def _by_first_word(
    products: Mapping[str, Product],
) -> dict[str, tuple[tuple[tuple[str, ...], Product], ...]]:
    owners: dict[tuple[str, ...], Product] = {}
    for product in products.values():
        for name in _names(product):
            owners.setdefault(name, product)
    index: dict[str, list[tuple[tuple[str, ...], Product]]] = {}
    for name in sorted(owners, key=lambda item: (-len(item), item)):
        index.setdefault(name[0], []).append((name, owners[name]))
    return {word: tuple(names) for word, names in index.items()}


def _plain_words(products: Mapping[str, Product]) -> dict[str, str]:
    return {word.lower(): word for product in products.values() for word in product.words or ()}


@cache
def _library_index() -> dict[str, dict[str, Product]]:
    index: dict[str, dict[str, Product]] = {}
    for product in catalogue().products.values():
        for ecosystem, names in product.libraries.items():
            known = index.setdefault(ecosystem, {})
            for name in names:
                known.setdefault(name.lower(), product)
    return index
