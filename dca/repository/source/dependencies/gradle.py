"""Gradle: build.gradle and build.gradle.kts, with version catalogues and shared root builds."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from dca.repository.source.dependencies.formats import DamagedError, toml
from dca.repository.source.dependencies.manifest import Ecosystem, Manifest, unique
from dca.repository.source.sources import Sources, ancestors, join, parent
from dca.repository.source.syntax import descendants, parse, text_of

if TYPE_CHECKING:
    from tree_sitter import Node

_CONFIGURATIONS = frozenset(
    {"implementation", "api", "runtimeOnly", "compile", "runtime", "jvmMainImplementation"}
)
_PLUGIN_CALLS = frozenset({"id", "kotlin", "alias", "apply"})
_SHARED_BLOCKS = frozenset({"subprojects", "allprojects", "configure"})
_CALLS = frozenset({"call_expression", "method_invocation", "juxt_function_call"})
_MAX_STATEMENT = 6000
_MAX_ROWS = 80
"""Some builds list all dependencies in one call."""

_COORDINATE = re.compile(r"""["']([\w.$\-{}]{1,100}):([\w.$\-{}]{1,100})(?::[^"']{0,100})?["']""")
_MAP_FORM = re.compile(
    r"""group\s*[:=]\s*["']([^"']{2,100})["'],\s*name\s*[:=]\s*["']([^"']{2,100})"""
)
_CATALOGUE = re.compile(r"\blibs((?:\.\w{1,60}){1,8})")
_PROJECT = re.compile(r"""\bproject\s*\(?\s*(?:path\s*[:=]\s*)?["']([^"']{1,200})["']""")
_QUOTED = re.compile(r"""["']([^"']{1,120})["']""")
_PROJECT_ACCESSOR = re.compile(r"\bprojects((?:\.\w{1,60}){1,8})")
_APPLIED = re.compile(r"""apply\s*\(?\s*from\s*[:=]\s*["']([\w./-]{1,120}\.gradle(?:\.kts)?)["']""")
_JVM = re.compile(
    r"""(?:jvmToolchain|JavaLanguageVersion\.of|languageVersion\.set|jvmTarget|sourceCompatibility|JavaVersion\.VERSION|JVM)[\s=(.:'"_]{1,20}(?:JavaVersion\.VERSION_|JavaLanguageVersion\.of\()?(?:1[._])?(\d{1,2})"""
)


def read_gradle(path: str, text: str, sources: Sources) -> Manifest | None:
    """Dependencies of one project and of the shared blocks of the builds above it."""
    directory = parent(path)
    statements = list(_statements(path, text, shared=False))
    for name in _APPLIED.findall(text):
        statements += _statements(name, sources.read(join(directory, name)) or "", shared=False)
    version = _jvm_version(text)
    for above in ancestors(directory):
        for name in ("build.gradle.kts", "build.gradle"):
            shared = sources.read(join(above, name))
            if shared:
                statements += _statements(name, shared, shared=True)
                version = version or _jvm_version(shared)
    catalogue = _catalogue(directory, sources)
    names, plugins, projects = [], [], []
    for call, statement in statements:
        if call in _PLUGIN_CALLS:
            plugins += _plugins(call, statement, catalogue)
        else:
            names += _coordinates(statement, catalogue)
            projects += _projects(directory, statement, sources)
    return Manifest(
        path=path,
        ecosystem=Ecosystem.JAVA,
        language_version=version,
        dependencies=unique(names),
        build_dependencies=unique(plugins),
        projects=unique(projects),
        members=_members(directory, sources),
        deployable=_is_application(plugins, text),
    )


def _statements(path: str, text: str, *, shared: bool) -> Iterator[tuple[str, str]]:
    """Calls that name a dependency or a plugin, with the text of the statement."""
    tree = parse("Kotlin" if path.endswith(".kts") else "Groovy", text)
    if tree is None:
        return
    wanted = _CONFIGURATIONS | _PLUGIN_CALLS
    lines = text.split("\n")
    for node in descendants(tree, _CALLS):
        name = _call_name(node)
        if name in wanted and _in_shared_block(node) == shared:
            yield name, _statement(node, lines)


def _call_name(node: Node) -> str:
    first = node.child_by_field_name("name") or (
        node.named_children[0] if node.named_children else None
    )
    return text_of(first) if first is not None and first.type.endswith("identifier") else ""


def _in_shared_block(node: Node) -> bool:
    above = node.parent
    while above is not None:
        if above.type in _CALLS and _call_name(above) in _SHARED_BLOCKS:
            return True
        above = above.parent
    return False


def _statement(node: Node, lines: list[str]) -> str:
    """The call up to the end of its line: Groovy's grammar cuts ``implementation libs.a.b``."""
    row, column = node.start_point
    end = min(node.end_point[0], row + _MAX_ROWS)
    return "\n".join([lines[row][column:], *lines[row + 1 : end + 1]])[:_MAX_STATEMENT]


def _coordinates(statement: str, catalogue: dict[str, list[str]]) -> list[str]:
    named = [f"{group}:{name}" for group, name in _COORDINATE.findall(statement)]
    named += [f"{group}:{name}" for group, name in _MAP_FORM.findall(statement)]
    for accessor in _CATALOGUE.findall(statement):
        named += catalogue.get(accessor.strip(".").lower(), [])
    return [name for name in named if not name.endswith(("-bom", "-dependencies"))]


def _plugins(call: str, statement: str, catalogue: dict[str, list[str]]) -> list[str]:
    found = list(_QUOTED.findall(statement)[:1])
    if call == "kotlin":
        return [f"org.jetbrains.kotlin.{name}" for name in found]
    for accessor in _CATALOGUE.findall(statement):
        found += catalogue.get(accessor.strip(".").lower(), [])
    return found


def _projects(directory: str, statement: str, sources: Sources) -> list[str]:
    root = _settings_root(directory, sources)
    wanted = [name.replace(":", "/") for name in _PROJECT.findall(statement)]
    wanted += [name.replace(".", "/") for name in _PROJECT_ACCESSOR.findall(statement)]
    found = [join(root, name.strip("/")) for name in wanted]
    return [item for item in found if item and _is_project(item, sources)]


def _is_project(directory: str, sources: Sources) -> bool:
    return any(sources.has(f"{directory}/{name}") for name in ("build.gradle.kts", "build.gradle"))


def _settings_root(directory: str, sources: Sources) -> str:
    for here in (directory, *ancestors(directory)):
        if any(sources.has(join(here, f"settings.gradle{end}")) for end in ("", ".kts")):
            return here
    return directory


def _members(directory: str, sources: Sources) -> tuple[str, ...]:
    for name in ("settings.gradle.kts", "settings.gradle"):
        text = sources.read(join(directory, name))
        if text:
            quoted = [item.strip(":").replace(":", "/") for item in _QUOTED.findall(text)]
            found = [join(directory, item) for item in quoted if " " not in item]
            return unique([item for item in found if item and _is_project(item, sources)])
    return ()


def _catalogue(directory: str, sources: Sources) -> dict[str, list[str]]:
    for here in (directory, *ancestors(directory)):
        path = join(here, "gradle/libs.versions.toml")
        known: dict[str, list[str]] | None = sources.remembered("versions", path)
        if known is not None:
            return known
        text = sources.read(path)
        if text:
            try:
                return dict(sources.remember("versions", path, _accessors(toml(text))))
            except DamagedError:
                return {}
    return {}


def _accessors(data: dict[str, Any]) -> dict[str, list[str]]:
    """``libs.ktor.core`` (without ``libs``) to what it stands for; plugins and bundles too."""
    found: dict[str, list[str]] = {}
    for alias, body in _table(data, "libraries").items():
        found[_accessor(alias)] = [_module(body)]
    for alias, body in _table(data, "plugins").items():
        plugin = body.get("id", "") if isinstance(body, dict) else str(body).partition(":")[0]
        found[f"plugins.{_accessor(alias)}"] = [str(plugin)]
    for alias, members in _table(data, "bundles").items():
        if isinstance(members, list):
            names = [found.get(_accessor(str(member)), []) for member in members]
            found[f"bundles.{_accessor(alias)}"] = [name for group in names for name in group]
    return found


def _accessor(alias: str) -> str:
    return re.sub(r"[-_.]", ".", alias).lower()


def _module(body: object) -> str:
    if isinstance(body, dict):
        return str(body.get("module") or f"{body.get('group', '')}:{body.get('name', '')}")
    return ":".join(str(body).split(":")[:2])


def _table(data: dict[str, Any], key: str) -> dict[str, Any]:
    found = data.get(key)
    return found if isinstance(found, dict) else {}


def _jvm_version(text: str) -> str | None:
    found = _JVM.search(text)
    return found.group(1) if found else None


def _is_application(plugins: list[str], text: str) -> bool:
    marks = (
        "org.springframework.boot",
        "application",
        "io.ktor.plugin",
        "io.quarkus",
        "shadow",
        "jib",
    )
    return any(mark in plugin for plugin in plugins for mark in marks) or "mainClass" in text
