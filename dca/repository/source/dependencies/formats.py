"""Parsers of the formats that dependency manifests are written in, for files of unknown origin."""

from __future__ import annotations

import json
import re
import tomllib
from typing import TYPE_CHECKING, Any

from dca.repository.deployment.documents import parse

if TYPE_CHECKING:
    from xml.etree.ElementTree import Element

_MAX_KEY_PARTS = 32
_LONG_KEY = re.compile(r"""(?<![\w-])(?:(?:[\w-]++|"[^"\n]*+"|'[^'\n]*+')[ \t]*+\.[ \t]*+){32}""")
"""Keys of real projects have up to six parts; the time for one grows with the square of them."""


class DamagedError(ValueError):
    """A manifest that cannot be read; the message is the reason and quotes nothing of it."""


def toml(text: str) -> dict[str, Any]:
    """A TOML document.

    Raises:
        DamagedError: Not TOML, or keys of more than `_MAX_KEY_PARTS` parts.
    """
    if _LONG_KEY.search(text):
        raise DamagedError(f"a key of more than {_MAX_KEY_PARTS} parts")
    try:
        return tomllib.loads(text)
    except (tomllib.TOMLDecodeError, RecursionError, ValueError) as error:
        raise DamagedError("not TOML") from error


def json_value(text: str) -> Any:  # noqa: ANN401 - any JSON value
    """A JSON document.

    Raises:
        DamagedError: Not JSON, or nested too deeply.
    """
    try:
        return json.loads(text.lstrip("\ufeff"))
    except (ValueError, RecursionError) as error:
        raise DamagedError("not JSON") from error


def yaml_value(text: str) -> Any:  # noqa: ANN401 - any YAML value
    """A YAML document, bounded as `documents.parse` bounds it.

    Raises:
        DamagedError: Not YAML, nested too deeply or too large once aliases are expanded.
    """
    try:
        return parse(text)
    except ValueError as error:
        raise DamagedError(str(error)) from error


def xml(text: str) -> Element:
    """The root of an XML document without entities; tags keep their namespaces.

    Raises:
        DamagedError: Not XML, or with entities of its own.
    """
    from defusedxml import ElementTree
    from defusedxml.common import DefusedXmlException

    try:
        root: Element = ElementTree.fromstring(text.lstrip("\ufeff"))
    except (DefusedXmlException, SyntaxError, ValueError) as error:
        raise DamagedError("not XML that is safe to read") from error
    return root
