"""Languages, frameworks and role words, as people write them: ``vocabulary.yaml`` beside this."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from schemas.context import Role


@dataclass(frozen=True, slots=True)
class Technology:
    """A language or a framework."""

    title: str
    language: str | None
    """The language itself, or the only one that the framework is for."""
    is_language: bool = False
    role: Role | None = None
    """What something made with it is, whatever noun follows."""
    plain_word: bool = False
    """Its name is an ordinary word too: it counts with its capital and in company only."""
    server: bool = False
    """The name is that of the language on a server: Node.js."""


@dataclass(frozen=True, slots=True)
class RoleNoun:
    """A noun that says what a component does."""

    role: Role
    slug: str
    """Name of a component that has no other."""
    generic: bool = False
    """It says little: what stands before it, or the framework, decides."""
    plural: bool = False


@dataclass(frozen=True, slots=True)
class Vocabulary:
    """The whole table; names in lower case."""

    technologies: dict[str, Technology]
    nouns: dict[str, RoleNoun]
    adjectives: frozenset[str]
    """Words before a role noun that describe the component without naming it."""
    stops: frozenset[str]
    """Words that end a noun phrase."""


@cache
def vocabulary() -> Vocabulary:
    """The table that comes with the package."""
    import yaml

    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    text = Path(__file__).with_name("vocabulary.yaml").read_text("utf-8")
    raw = yaml.load(text, Loader=loader)  # noqa: S506 - a safe one
    languages = _technologies(raw["languages"], are_languages=True)
    frameworks = _technologies(raw["frameworks"], are_languages=False)
    return Vocabulary(
        technologies=dict((*languages, *frameworks)),
        nouns=dict(_nouns(raw["nouns"])),
        adjectives=frozenset(raw["adjectives"].split()),
        stops=frozenset(raw["stops"].split()),
    )


def _technologies(
    raw: dict[str, dict[str, Any]], *, are_languages: bool
) -> Iterator[tuple[str, Technology]]:
    for title, entry in raw.items():
        language = title if are_languages else entry.get("language")
        role = Role(entry["role"]) if "role" in entry else None
        for key in ("names", "plain"):
            for name in entry.get(key, ()):
                server = name in entry.get("server", ())
                yield (
                    name,
                    Technology(title, language, are_languages, role, key == "plain", server),
                )


def _nouns(raw: list[dict[str, Any]]) -> Iterator[tuple[str, RoleNoun]]:
    for entry in raw:
        role, generic = Role(entry["role"]), bool(entry.get("generic", False))
        for key in ("names", "plural"):
            for name in entry.get(key, ()):
                yield name, RoleNoun(role, entry["slug"], generic, key == "plural")
