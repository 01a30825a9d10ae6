"""Go: go.mod, and the imports that decide which of its modules one program really uses."""

from __future__ import annotations

import re
from collections.abc import Iterator

from dca.repository.source.dependencies.manifest import Ecosystem, Manifest, unique
from dca.repository.source.sources import Sources, is_test_or_generated, join, parent

_MAX_PACKAGES = 120
"""Packages followed from one main package; services have some dozens."""
_IMPORT_BLOCK = re.compile(
    r'^import\s*\((.{0,20000}?)^\)|^import\s+[\w.]{0,80}[ \t]*"([^"\n]+)"', re.MULTILINE | re.DOTALL
)
_QUOTED = re.compile(r'^[ \t]*[\w.]{0,80}[ \t]*"([^"\n]+)"', re.MULTILINE)
_PACKAGE_MAIN = re.compile(r"^package\s+main\b", re.MULTILINE)


def read_go_mod(path: str, text: str, sources: Sources) -> Manifest | None:
    """Module, Go version and direct requirements (those not marked ``// indirect``)."""
    module, version, names, block = None, None, [], ""
    for raw in text.splitlines():
        body, _, note = raw.strip().partition("//")
        words = body.split()
        if not words:
            continue
        if words[0] == ")":
            block = ""
        elif words[-1] == "(":
            block = words[0]
        elif words[0] == "module" and len(words) > 1:
            module = words[1].strip('"')
        elif words[0] == "go" and len(words) > 1:
            version = words[1]
        elif (block or words[0]) == "require" and "indirect" not in note:
            names.append(words[0] if block else words[1] if len(words) > 1 else "")
    last = [part for part in (module or "").split("/") if not re.fullmatch(r"v\d+", part)]
    return Manifest(
        path=path,
        ecosystem=Ecosystem.GO,
        language="Go",
        name=last[-1] if last else None,
        language_version=version,
        dependencies=unique(names),
        deployable=has_main(parent(path), sources),
    )


def module_name(text: str) -> str | None:
    """The module that a go.mod declares."""
    for line in text.splitlines():
        words = line.partition("//")[0].split()
        if len(words) > 1 and words[0] == "module":
            return words[1].strip('"')
    return None


def has_main(directory: str, sources: Sources) -> bool:
    """Whether a directory itself holds a main package."""
    return any(
        _PACKAGE_MAIN.search(sources.read(path) or "")
        for path in sources.here(directory)
        if path.endswith(".go") and not is_test_or_generated(path)
    )


def main_packages(root: str, sources: Sources) -> tuple[str, ...]:
    """A directory and those below that hold a main package, where such are usually kept."""
    found = [
        parent(path)
        for path in sources.under(root)
        if _may_be_main(path, root) and _PACKAGE_MAIN.search(sources.read(path) or "")
    ]
    return unique(found)


def _may_be_main(path: str, root: str) -> bool:
    if not path.endswith(".go") or is_test_or_generated(path):
        return False
    return path.endswith("main.go") or parent(path) == root or "cmd" in path.split("/")[:-1]


def imports_of(directory: str, module_root: str, sources: Sources) -> tuple[set[str], list[str]]:
    """Packages that a program imports, through the packages of its own module too.

    Returns:
        Import paths outside the module, and the directories of the module that were followed.
    """
    module = module_name(sources.read(join(module_root, "go.mod")) or "")
    outside: set[str] = set()
    queue, seen = [directory], {directory}
    while queue and len(seen) <= _MAX_PACKAGES:
        here = queue.pop(0)
        for name in _package_imports(here, sources):
            inside = _inside(name, module, module_root)
            if inside is None:
                outside.add(name)
            elif inside not in seen:
                seen.add(inside)
                queue.append(inside)
    return outside, sorted(seen)


def _inside(name: str, module: str | None, root: str) -> str | None:
    if module is None or (name != module and not name.startswith(f"{module}/")):
        return None
    return join(root, name[len(module) + 1 :]) or "."


def _package_imports(directory: str, sources: Sources) -> Iterator[str]:
    for path in sources.here(directory):
        if not path.endswith(".go") or path.endswith("_test.go"):
            continue
        text = sources.read(path) or ""
        for block in _IMPORT_BLOCK.finditer(text):
            if block.group(2):
                yield block.group(2)
            else:
                yield from _QUOTED.findall(block.group(1))
