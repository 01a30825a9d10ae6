"""Python: pyproject.toml, requirements files, Pipfile, setup.cfg, setup.py, environment.yml."""

from __future__ import annotations

import ast
import configparser
import re
import warnings
from collections.abc import Iterator
from typing import Any

from dca.repository.source.dependencies.formats import DamagedError, toml, yaml_value
from dca.repository.source.dependencies.manifest import Ecosystem, Manifest, unique
from dca.repository.source.sources import Sources, join, parent

_DEVELOPMENT = ("dev", "test", "lint", "doc", "typing", "ci", "build", "format", "style", "bench")
_SERVING_EXTRAS = frozenset({"server", "api", "web", "app", "prod", "production", "service", "all"})
_INCLUDED_FILES = 20
"""Requirements files that one file takes in, all levels together."""
_VERSION = re.compile(r"(\d+)(?:\.(\d+))?")
_PINNED = re.compile(
    r"([A-Za-z0-9][A-Za-z0-9._-]{0,100})(?:\[[\w,. -]{0,200}\])?(?:==[\w.!+*-]{1,60})?"
)
"""What most lines are; the full grammar takes a hundred times as long."""
_LOCAL = re.compile(r"^(?:-e\s{1,4})?(\.{1,2}/[\w./-]{1,200})\s*$", re.MULTILINE)
"""``-e ../lib`` or ``./lib``: a project of the same repository."""
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,100}")


def read_pyproject(path: str, text: str, sources: Sources) -> Manifest | None:
    """PEP 621, Poetry, uv and PDM projects."""
    data = toml(text)
    project = _table(data, "project")
    poetry = _table(data, "tool", "poetry")
    if not project and not poetry and not _table(data, "tool", "pdm"):
        return None
    names = [requirement_name(item) for item in _strings(project.get("dependencies"))]
    for extra, items in _table(project, "optional-dependencies").items():
        if extra.lower() in _SERVING_EXTRAS:
            names += [requirement_name(item) for item in _strings(items)]
    names += [name for name in _table(poetry, "dependencies") if name.lower() != "python"]
    for group, body in _table(poetry, "group").items():
        if not group.lower().startswith(_DEVELOPMENT) and isinstance(body, dict):
            names += list(_table(body, "dependencies"))
    tables = [_table(poetry, "dependencies"), _table(data, "tool", "uv", "sources")]
    bodies = [body for table in tables for body in table.values() if isinstance(body, dict)]
    linked = [join(parent(path), str(body["path"])) for body in bodies if "path" in body]
    wanted = project.get("requires-python") or _table(poetry, "dependencies").get("python")
    scripts = {**_table(project, "scripts"), **_table(poetry, "scripts")}
    return Manifest(
        path=path,
        ecosystem=Ecosystem.PYTHON,
        language="Python",
        name=_text(project.get("name")) or _text(poetry.get("name")),
        language_version=lowest_version(wanted),
        dependencies=unique(names),
        projects=_projects(linked, sources),
        deployable=bool(scripts),
    )


def read_requirements(path: str, text: str, sources: Sources) -> Manifest | None:
    """A pip requirements file, the files it includes, less what only other packages need."""
    if path.endswith(".txt") and sources.has(f"{path[:-4]}.in"):
        return None  # the .in file beside it names the direct ones
    found = list(_requirement_names(path, text, sources, {path}))
    listed = {name.lower() for name, _ in found}
    names = [name for name, asked_by in found if not asked_by or not asked_by <= listed]
    linked = [join(parent(path), item) for item in _LOCAL.findall(text)]
    return Manifest(
        path=path,
        ecosystem=Ecosystem.PYTHON,
        language="Python",
        dependencies=unique(names),
        projects=_projects(linked, sources),
    )


def read_pipfile(path: str, text: str, sources: Sources) -> Manifest | None:
    """Pipenv."""
    del sources
    data = toml(text)
    return Manifest(
        path=path,
        ecosystem=Ecosystem.PYTHON,
        language="Python",
        language_version=lowest_version(_table(data, "requires").get("python_version")),
        dependencies=unique(list(_table(data, "packages"))),
    )


def read_setup_cfg(path: str, text: str, sources: Sources) -> Manifest | None:
    """Declarative setuptools; most ``setup.cfg`` only configure linters and say nothing here."""
    del sources
    parser = configparser.ConfigParser(interpolation=None, strict=False)
    parser.read_string(text)
    requires = parser.get("options", "install_requires", fallback="")
    if not requires and not parser.has_section("metadata"):
        return None
    names = [requirement_name(line) for line in requires.splitlines()]
    return Manifest(
        path=path,
        ecosystem=Ecosystem.PYTHON,
        language="Python",
        name=parser.get("metadata", "name", fallback=None),
        language_version=lowest_version(parser.get("options", "python_requires", fallback=None)),
        dependencies=unique(names),
    )


def read_setup_py(path: str, text: str, sources: Sources) -> Manifest | None:
    """The literal arguments of ``setup(…)``; the file is parsed and never run."""
    del sources
    tree = _tree(text)
    call = next((node for node in ast.walk(tree) if _is_setup_call(node)), None)
    if not isinstance(call, ast.Call):
        return None
    given = {item.arg: item.value for item in call.keywords if item.arg}
    requires = given.get("install_requires")
    items = requires.elts if isinstance(requires, ast.List | ast.Tuple) else []
    return Manifest(
        path=path,
        ecosystem=Ecosystem.PYTHON,
        language="Python",
        name=_constant(given.get("name")),
        language_version=lowest_version(_constant(given.get("python_requires"))),
        dependencies=unique([requirement_name(_constant(item) or "") for item in items]),
    )


def read_environment(path: str, text: str, sources: Sources) -> Manifest | None:
    """Conda."""
    del sources
    data = yaml_value(text)
    items = data.get("dependencies") if isinstance(data, dict) else None
    if not isinstance(items, list):
        return None
    names: list[str] = []
    version = None
    for item in items:
        if isinstance(item, dict):
            names += [requirement_name(line) for line in _strings(item.get("pip"))]
        elif isinstance(item, str):
            name, _, wanted = item.partition("=")
            if name.strip() == "python":
                version = lowest_version(wanted)
            names.append(requirement_name(name.rpartition("::")[2]))
    kept = [name for name in names if name not in ("python", "pip")]
    return Manifest(path, Ecosystem.PYTHON, "Python", None, version, unique(kept))


def requirement_name(line: str) -> str:
    """Distribution that a requirement names, empty when it names none."""
    from packaging.requirements import InvalidRequirement, Requirement

    line = line.strip()
    pinned = _PINNED.fullmatch(line)
    if pinned:
        return pinned.group(1)
    if "#egg=" in line:
        line = line.rpartition("#egg=")[2]
    try:
        return Requirement(line.partition(" #")[0]).name
    except InvalidRequirement:
        found = _NAME.match(line)
        return found.group() if found and "://" not in line else ""


def lowest_version(wanted: object) -> str | None:
    """``3.11`` of ``>=3.11,<4`` or ``^3.11``."""
    found = _VERSION.search(wanted) if isinstance(wanted, str) else None
    return found.group() if found else None


def _requirement_names(
    path: str, text: str, sources: Sources, seen: set[str]
) -> Iterator[tuple[str, frozenset[str]]]:
    """Requirements, each with the packages that pip-compile or uv say it is there for."""
    for line, comment in _logical_lines(text):
        if line.startswith(("-r", "--requirement")):
            target = join(parent(path), line.split(maxsplit=1)[-1].removeprefix("-r").strip())
            if target in seen or len(seen) > _INCLUDED_FILES:
                continue
            seen.add(target)
            included = sources.read(target)
            if included is not None:
                yield from _requirement_names(target, included, sources, seen)
        elif not line.startswith("-") or "#egg=" in line:
            yield requirement_name(line), _asked_by(comment)


def _logical_lines(text: str) -> Iterator[tuple[str, str]]:
    """Requirement lines, each with the comments on and below it."""
    line, comment = "", ""
    for raw in text.replace("\\\n", " ").splitlines():
        body, _, note = raw.strip().partition(" #")
        if body.startswith("#"):
            comment += f" {body.lstrip('# ')}"
            continue
        if not body or body.startswith("--hash"):
            continue
        if line:
            yield line, comment
        line, comment = body.partition(" --hash")[0].strip(), note.strip()
        if "#egg=" in raw:
            line = raw.strip()
    if line:
        yield line, comment


def _asked_by(comment: str) -> frozenset[str]:
    """The packages of ``via fastapi, httpx``; empty when a file or nobody is named."""
    _, via, names = comment.partition("via ")
    if not via or any(mark in names for mark in ("-r ", "(", ".in", ".toml")):
        return frozenset()
    return frozenset(name.lower() for name in _NAME.findall(names))


def _tree(text: str) -> ast.Module:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # a file's odd escapes are no news to our reader
            return ast.parse(text)
    except (SyntaxError, ValueError, MemoryError, RecursionError) as error:
        raise DamagedError("not Python") from error


def _is_setup_call(node: ast.AST) -> bool:
    if not isinstance(node, ast.Call):
        return False
    name = node.func
    return (isinstance(name, ast.Name) and name.id == "setup") or (
        isinstance(name, ast.Attribute) and name.attr == "setup"
    )


def _constant(node: ast.expr | None) -> str | None:
    return node.value if isinstance(node, ast.Constant) and isinstance(node.value, str) else None


def _projects(paths: list[str], sources: Sources) -> tuple[str, ...]:
    names = ("pyproject.toml", "setup.py", "setup.cfg")
    return unique([item for item in paths if any(sources.has(join(item, name)) for name in names)])


def _table(data: dict[str, Any], *keys: str) -> dict[str, Any]:
    for key in keys:
        found = data.get(key)
        if not isinstance(found, dict):
            return {}
        data = found
    return data


def _strings(value: object) -> list[str]:
    return [item for item in value if isinstance(item, str)] if isinstance(value, list) else []


def _text(value: object) -> str | None:
    return value if isinstance(value, str) else None
