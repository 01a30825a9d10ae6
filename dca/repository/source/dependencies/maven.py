"""Maven: pom.xml with what it inherits from parents in the same repository."""

from __future__ import annotations

import re
from xml.etree.ElementTree import Element

from dca.repository.source.dependencies.formats import DamagedError, xml
from dca.repository.source.dependencies.manifest import Ecosystem, Manifest, unique
from dca.repository.source.sources import Sources, join, parent

_MAX_PARENTS = 6
_PROPERTY = re.compile(r"\$\{([^}]{1,100})\}")
_LEFT_OUT = frozenset({"test", "provided", "system", "import"})
_VERSION_PROPERTIES = (
    "maven.compiler.release",
    "java.version",
    "maven.compiler.source",
    "maven.compiler.target",
    "jdk.version",
    "java-version",
)


def read_pom(path: str, text: str, sources: Sources) -> Manifest | None:
    """Dependencies of a project and of its parents, those of scope test or provided left out."""
    project = _parse(text)
    if project is None:
        return None
    chain = _chain(path, project, sources)
    properties = _properties(chain)
    names = [name for item in chain for name in _dependencies(item, properties)]
    plugins = [name for item in chain for name in _plugins(item)]
    plugins += [_parent_name(item) for item in chain]
    own_plugins = " ".join(_plugins(project))
    return Manifest(
        path=path,
        ecosystem=Ecosystem.JAVA,
        name=_filled(_child_text(project, "artifactId"), properties) or None,
        language_version=_java_version(properties),
        dependencies=unique(names),
        build_dependencies=unique(plugins),
        members=_modules(path, project, sources),
        projects=_siblings(path, chain, project, properties, sources),
        deployable=any(mark in own_plugins for mark in ("spring-boot", "quarkus", "shade", "jib")),
    )


def _parse(text: str) -> Element | None:
    root = xml(text)
    for node in root.iter():
        node.tag = str(node.tag).rpartition("}")[2]
    return root if root.tag == "project" else None


def _cached(path: str, sources: Sources) -> Element | None:
    known: Element | None = sources.remembered("pom", path)
    if known is not None:
        return known
    text = sources.read(path)
    try:
        project = _parse(text) if text else None
    except DamagedError:  # a broken parent says nothing; its own reading notes it
        return None
    sources.remember("pom", path, project)
    return project


def _chain(path: str, project: Element, sources: Sources) -> list[Element]:
    found, here = [project], path
    while len(found) <= _MAX_PARENTS:
        above = found[-1].find("parent")
        if above is None:
            break
        relative = above.findtext("relativePath")
        relative = "../pom.xml" if relative is None else relative.strip()
        target = join(
            parent(here), relative if relative.endswith(".xml") else f"{relative}/pom.xml"
        )
        inherited = _cached(target, sources) if target and target != here else None
        if inherited is None or _child_text(inherited, "artifactId") != _child_text(
            above, "artifactId"
        ):
            break
        found.append(inherited)
        here = target
    return found


def _properties(chain: list[Element]) -> dict[str, str]:
    found: dict[str, str] = {}
    for project in reversed(chain):
        for item in project.findall("properties/*"):
            found[item.tag] = (item.text or "").strip()
    found["project.groupId"] = next(
        (text for item in chain for text in (_group(item),) if text), "unknown"
    )
    return found


def _group(project: Element) -> str:
    return _child_text(project, "groupId") or (project.findtext("parent/groupId") or "").strip()


def _dependencies(project: Element, properties: dict[str, str]) -> list[str]:
    return [
        f"{_filled(_child_text(item, 'groupId'), properties)}:"
        f"{_filled(_child_text(item, 'artifactId'), properties)}"
        for item in project.findall("dependencies/dependency")
        if _child_text(item, "scope") not in _LEFT_OUT
    ]


def _plugins(project: Element) -> list[str]:
    return [
        f"{_child_text(item, 'groupId') or 'org.apache.maven.plugins'}:"
        f"{_child_text(item, 'artifactId')}"
        for item in project.findall("build/plugins/plugin")
    ]


def _parent_name(project: Element) -> str:
    above = project.find("parent")
    if above is None:
        return ""
    return f"{_child_text(above, 'groupId')}:{_child_text(above, 'artifactId')}"


def _java_version(properties: dict[str, str]) -> str | None:
    for name in _VERSION_PROPERTIES:
        value = _filled(properties.get(name, ""), properties)
        if value and value[0].isdigit():
            return value.removeprefix("1.") if value.startswith("1.") else value
    return None


def _modules(path: str, project: Element, sources: Sources) -> tuple[str, ...]:
    found = [
        join(parent(path), (item.text or "").strip())
        for item in (*project.findall("modules/module"), *project.findall("profiles/*/modules/*"))
    ]
    return unique([item for item in found if sources.has(f"{item}/pom.xml")])


def _siblings(
    path: str,
    chain: list[Element],
    project: Element,
    properties: dict[str, str],
    sources: Sources,
) -> tuple[str, ...]:
    """Modules of the same repository that this one depends on, found beside it by their name."""
    group = properties["project.groupId"]
    wanted = {
        _filled(_child_text(item, "artifactId"), properties)
        for item in project.findall("dependencies/dependency")
        if _filled(_child_text(item, "groupId"), properties).startswith(group)
    }
    above = parent(parent(path))
    if len(chain) == 1 or not wanted:
        return ()
    return unique(
        [join(above, name) for name in sorted(wanted) if _is_module(above, name, sources)]
    )


def _is_module(above: str, name: str, sources: Sources) -> bool:
    return sources.has(join(above, f"{name}/pom.xml"))


def _child_text(node: Element, name: str) -> str:
    return (node.findtext(name) or "").strip()


def _filled(text: str, properties: dict[str, str], depth: int = 3) -> str:
    if "${" not in text or depth == 0:
        return text
    replaced = _PROPERTY.sub(lambda found: properties.get(found.group(1), ""), text)
    return _filled(replaced, properties, depth - 1)
