"""PHP: composer.json."""

from __future__ import annotations

import re

from dca.repository.source.dependencies.formats import json_value
from dca.repository.source.dependencies.manifest import Ecosystem, Manifest, unique
from dca.repository.source.sources import Sources

_VERSION = re.compile(r"\d+(?:\.\d+)?")


def read_composer(path: str, text: str, sources: Sources) -> Manifest | None:
    """Packages and extensions that are required at run time."""
    del sources
    data = json_value(text)
    if not isinstance(data, dict):
        return None
    required = data.get("require")
    names = required if isinstance(required, dict) else {}
    version = _VERSION.search(str(names.get("php", "")))
    return Manifest(
        path=path,
        ecosystem=Ecosystem.PHP,
        language="PHP",
        name=data["name"] if isinstance(data.get("name"), str) else None,
        language_version=version.group() if version else None,
        dependencies=unique([name for name in names if name != "php"]),
        deployable=data.get("type") == "project",
    )
