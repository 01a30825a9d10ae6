"""Projects of .NET: *.csproj, *.fsproj, *.vbproj and the Directory.*.props above them."""

from __future__ import annotations

import re
from contextlib import suppress
from xml.etree.ElementTree import Element

from dca.repository.source.dependencies.formats import DamagedError, xml
from dca.repository.source.dependencies.manifest import Ecosystem, Manifest, unique
from dca.repository.source.sources import Sources, ancestors, join, parent

_LANGUAGES = {".csproj": "C#", ".fsproj": "F#", ".vbproj": "Visual Basic"}
_FRAMEWORK = re.compile(r"net(?:coreapp)?(\d+\.\d+)")
_INHERITED = ("Directory.Build.props", "Directory.Packages.props")


def read_project(path: str, text: str, sources: Sources) -> Manifest | None:
    """Packages, referenced projects, SDK and target framework of one project."""
    root = _parse(text)
    inherited = _inherited(parent(path), sources)
    every = [root, *inherited]
    packages = [name for item in every for name in _includes(item, "PackageReference")]
    packages += [name for item in inherited for name in _includes(item, "GlobalPackageReference")]
    packages += _includes(root, "FrameworkReference")
    sdk = (root.get("Sdk") or "").partition("/")[0]
    output = next((node.text for node in root.iter("OutputType")), None)
    name = path.rpartition("/")[2].rpartition(".")[0]
    return Manifest(
        path=path,
        ecosystem=Ecosystem.DOTNET,
        language=_LANGUAGES.get("." + path.rpartition(".")[2].lower(), "C#"),
        name=name,
        language_version=next((item for item in map(_version, every) if item), None),
        dependencies=unique([sdk, *packages]),
        projects=_references(path, root, sources),
        deployable=sdk.endswith((".Web", ".Worker")) or (output or "").lower() == "exe",
    )


def _parse(text: str) -> Element:
    root = xml(text)
    for node in root.iter():
        node.tag = str(node.tag).rpartition("}")[2]
    return root


def _inherited(directory: str, sources: Sources) -> list[Element]:
    """The nearest file of each name, as MSBuild takes it."""
    found = []
    for name in _INHERITED:
        for here in (directory, *ancestors(directory)):
            text = sources.read(join(here, name))
            if text:
                with suppress(DamagedError):  # its own reading notes the damage
                    found.append(_parse(text))
                break
    return found


def _includes(root: Element, tag: str) -> list[str]:
    return [
        (node.get("Include") or "").strip()
        for node in root.iter(tag)
        if (node.get("PrivateAssets") or "").lower() != "all"
    ]


def _version(root: Element) -> str | None:
    for tag in ("TargetFramework", "TargetFrameworks"):
        for node in root.iter(tag):
            found = _FRAMEWORK.search(node.text or "")
            if found:
                return found.group(1)
    return None


def _references(path: str, root: Element, sources: Sources) -> tuple[str, ...]:
    found = [join(parent(path), item) for item in _includes(root, "ProjectReference")]
    return unique([parent(item) for item in found if sources.has(item)])
