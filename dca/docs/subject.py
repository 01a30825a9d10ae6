"""A component in the words that sizing facts use: its product, framework, language and role."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache

from dca.catalogue import Product, catalogue, image_path, product_for_image, product_for_word
from schemas.context import Component, Role

NO_KIND = frozenset({Role.OTHER, Role.PLATFORM})
"""Roles whose members have nothing in common but that they fit nowhere else: no neighbours."""
_FAMILIES: tuple[tuple[str, ...], ...] = (
    ("javascript", "typescript", "node", "nodejs", "node.js"),
    ("java", "kotlin", "scala", "groovy", "clojure", "jvm"),
    ("c#", "f#", "visual basic", ".net", "dotnet", "csharp"),
    ("go", "golang"),
    ("c++", "cpp"),
    ("elixir", "erlang", "beam"),
)
"""Words for languages that share a runtime: what is true of the memory of one process is true of
the others."""
_NOT_WORD = re.compile(r"[^a-z0-9+#]+")
_QUALIFIER = re.compile(r"\s*\([^()]*\)\s*$")
"""A variant in brackets: what is said of Spring Boot holds for ``Spring Boot (WebFlux)``."""
_PREFIX = re.compile(r"^(?:apache|\S+ on)\s+", re.IGNORECASE)
"""What people leave out of a name: Ruby on Rails is Rails, Apache Flink is Flink."""
_LIBRARIES_MAX = 8
_NAME_MAX = 60
"""No product, framework or language has a longer name; a text from a repository may."""


@dataclass(frozen=True, slots=True)
class Subject:
    """What facts may call a component; all words in lower case."""

    component: Component
    title: str
    """Its product or stack, as people write it."""
    products: tuple[str, ...] = ()
    """Names of the product that it is; empty for the app's own code."""
    parents: tuple[str, ...] = ()
    """Names of the product that it is a part of, of the same role."""
    runtimes: tuple[str, ...] = ()
    """Names of the server that its code runs in."""
    frameworks: tuple[str, ...] = ()
    languages: tuple[str, ...] = ()

    @property
    def role(self) -> Role:
        """What it does."""
        return self.component.role

    @property
    def is_product(self) -> bool:
        """It is somebody else's program."""
        return bool(self.products)


def subject_of(component: Component) -> Subject:
    """Say a component in the words of facts."""
    product = _product(component)
    names = _product_names(component, product)
    title = product.title if product else names[0] if names else _stack(component)
    return Subject(
        component=component,
        title=title[:_NAME_MAX],
        products=names,
        parents=_parents(product),
        runtimes=() if names else _runtimes(component),
        frameworks=_frameworks(component),
        languages=() if _is_served(component) else _languages(component.language),
    )


@lru_cache(maxsize=10_000)
def fold(word: str) -> str:
    """A name without what spellings differ in: ``Spring-Boot``, ``spring boot``, ``SpringBoot``.

    >>> fold("Next.js")
    'nextjs'
    """
    return _NOT_WORD.sub("", word.lower())


def _product(component: Component) -> Product | None:
    if component.third_party:
        return catalogue().get(component.third_party)
    found = _image_product(component)
    # An image built on a product, for the same purpose, is that product with other settings.
    same = found is not None and not found.runtime and found.role is component.role
    return found if same else None


def _image_product(component: Component) -> Product | None:
    image = component.base_image or component.image
    return product_for_image(image) if image else None


def _product_names(component: Component, product: Product | None) -> tuple[str, ...]:
    if product is not None:
        return _names(product)
    if component.third_party:
        return _spellings(component.third_party)
    if component.source_path is None and component.image and component.language is None:
        # Somebody's program that the catalogue does not know: a fact may.
        parts = image_path(component.image)
        return _spellings(parts[-1]) if parts else ()
    return ()


def _names(product: Product) -> tuple[str, ...]:
    texts = (product.key, product.title, *product.aliases)
    return tuple(dict.fromkeys(word for text in texts for word in _spellings(text)))


def _parents(product: Product | None) -> tuple[str, ...]:
    """Names of products whose key opens or closes this one's (``redis-master``), of its role."""
    if product is None:
        return ()
    words = product.key.split("-")
    keys = [
        "-".join(part)
        for length in range(len(words) - 1, 0, -1)
        for part in (words[:length], words[-length:])
    ]
    found = (catalogue().get(key) for key in keys)
    parents = [item for item in found if item is not None and item.role is product.role]
    return tuple(dict.fromkeys(name for item in parents for name in _names(item)))


def _runtimes(component: Component) -> tuple[str, ...]:
    """The server that runs the code: of its start command, or the image that it is built on."""
    server = component.runtime.server
    named = (product_for_word(server) if server else None, _image_product(component))
    words = [name for item in named if item is not None for name in _names(item)]
    return tuple(dict.fromkeys((*(_spellings(server) if server else ()), *words)))


def _is_served(component: Component) -> bool:
    """Its language runs in browsers: what runs in the pod is the web server that has its files."""
    server = _image_product(component)
    served = server is not None and server.runtime and server.role is Role.WEB_FRONTEND
    return served and component.role is Role.WEB_FRONTEND


def _frameworks(component: Component) -> tuple[str, ...]:
    """The framework; for what serves a model also the libraries, whose weights are most of it."""
    whole = component.framework or ""
    name = _QUALIFIER.sub("", whole)
    libraries = component.libraries if component.role is Role.ML_INFERENCE else ()
    names = (whole, name, _PREFIX.sub("", name), *libraries[:_LIBRARIES_MAX])
    return tuple(dict.fromkeys(word for text in names for word in _spellings(text)))


def _languages(language: str | None) -> tuple[str, ...]:
    """The language first, then the words for its runtime and for those that share it."""
    if not language:
        return ()
    word = language.lower()[:_NAME_MAX]
    family = next((names for names in _FAMILIES if word in names), ())
    return tuple(dict.fromkeys((word, *family)))


def _spellings(text: str) -> tuple[str, ...]:
    """Ways to write a name in lower case: with spaces, hyphens, or run together."""
    plain = " ".join(text.lower().split())[:_NAME_MAX]
    if not plain:
        return ()
    return tuple(dict.fromkeys((plain, re.sub(r"[\s_/.]+", "-", plain).strip("-"), fold(plain))))


def _stack(component: Component) -> str:
    parts = [part for part in (component.framework, component.language) if part]
    return " ".join(dict.fromkeys(parts)) or component.role.value.replace("_", " ")
