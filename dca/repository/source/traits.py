"""Traits: what the words in source code show of a program's life, by ``traits.yaml``."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from functools import cache

from dca.repository.source.frameworks import load_table
from dca.repository.source.runtimes import language_by_extension
from dca.repository.source.sources import Sources, extension, is_aside

MAX_FILES = 250
MAX_BYTES = 2_500_000
"""What is read of one program at most; its entry points and routes stand first."""

TEMPLATES = "html_templates"
"""Trait of a program that carries templates of pages."""

ONLY_PROXIES = "only_proxies"
"""Trait of a web server whose configuration passes requests on and names no files."""
_MAX_CONFIGURATIONS = 20
_SERVER_FILES = re.compile(r"^\s*(?:root|alias|try_files|index)\s", re.MULTILINE)

_ENTRY_WORDS = ("main", "app", "server", "program", "startup", "index", "wsgi", "asgi", "worker",
                "consumer", "route", "controller", "handler", "api", "url", "view", "application",
                "config", "router", "endpoint", "resource")  # fmt: skip
_TEMPLATE_ENDINGS = (".erb", ".haml", ".slim", ".jinja", ".jinja2", ".j2", ".ejs", ".pug", ".hbs",
                     ".mustache", ".cshtml", ".razor", ".twig", ".blade.php", ".eex", ".leex",
                     ".heex", ".gohtml", ".ftl", ".jsp", ".njk", ".html", ".tmpl")  # fmt: skip
_TEMPLATE_FOLDERS = frozenset(
    {"templates", "template", "views", "pages", "web", "www", "public", "static", "html", "jinja2"}
)
_NO_PAGES = (
    "mail",
    "swagger",
    "openapi",
    "email",
    "notify",
    "pdf",
    "letter",
    "config",
    "helm",
    "k8s",
)


def by_relevance(files: Iterable[str]) -> tuple[str, ...]:
    """Files in the order in which they tell most: entry points and routes first, then shallow."""

    def rank(path: str) -> tuple[int, int, str]:
        name = path.rpartition("/")[2].lower()
        return (0 if any(word in name for word in _ENTRY_WORDS) else 1, path.count("/"), path)

    return tuple(sorted(files, key=rank))


def read_bounded(files: Iterable[str], sources: Sources) -> Iterable[tuple[str, str]]:
    """Path and text of the first files, within `MAX_FILES` and `MAX_BYTES`."""
    left = MAX_BYTES
    for count, path in enumerate(files):
        if count >= MAX_FILES or left <= 0:
            return
        size = sources.size(path)
        text = sources.read(path) if size <= left else None
        if text:
            left -= size
            yield path, text


def find_traits(files: Iterable[str], sources: Sources) -> frozenset[str]:
    """Traits that the sources show."""
    known = language_by_extension()
    found: set[str] = set()
    for path, text in read_bounded(files, sources):
        language = known.get(extension(path), ("", ""))[1]
        for trait, markers in _by_language().get(language, {}).items():
            if trait not in found and any(marker in text for marker in markers):
                found.add(trait)
    return frozenset(found)


def only_proxies(directory: str, sources: Sources) -> bool:
    """Whether the nginx configuration of a directory has upstreams and no files to serve."""
    names = (".conf", ".conf.template", ".conf.tmpl", ".hbs", ".template", "nginx.conf.erb")
    found = [path for path in sources.under(directory) if path.endswith(names)]
    texts = [sources.read(path) or "" for path in found[:_MAX_CONFIGURATIONS]]
    passing = any("proxy_pass" in text for text in texts)
    return passing and not any(_SERVER_FILES.search(text) for text in texts)


def template_count(directory: str, sources: Sources) -> int:
    """Templates and pages that the program itself carries; those for mails are left out."""
    return sum(_is_template(path, directory) for path in sources.under(directory))


def _is_template(path: str, directory: str) -> bool:
    lower = path.lower()
    if not lower.endswith(_TEMPLATE_ENDINGS) or is_aside(path, directory):
        return False
    if any(word in lower for word in _NO_PAGES):
        return False
    if lower.endswith((".html", ".tmpl", ".j2")):
        return bool(_TEMPLATE_FOLDERS & set(lower.split("/")[:-1]))
    return True


@cache
def _by_language() -> Mapping[str, Mapping[str, tuple[str, ...]]]:
    table: dict[str, dict[str, tuple[str, ...]]] = {}
    for trait, languages in load_table("traits.yaml").items():
        for language, markers in languages.items():
            table.setdefault(language, {})[trait] = tuple(markers)
    return table
