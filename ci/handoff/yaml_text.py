"""YAML and JSON text: the same bytes for the same data, and the same data for every reader.

YAML 1.1 (Go, PyYAML) and 1.2 disagree on words such as ``on``, ``1e3`` or ``0o7``: a string is
written plain only when no version could read it as something else. The output is ASCII, so that no
control or bidirectional character of a repository reaches a terminal or a reviewer as it is.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from typing import Any

import yaml
from pydantic_core import to_jsonable_python

from ci.handoff.plain import line

_PLAIN = re.compile(r"[A-Za-z/][A-Za-z0-9._/-]*(?: [A-Za-z0-9._/-]+)*")
_WORDS = frozenset({"y", "n", "yes", "no", "on", "off", "true", "false", "null"})
_NO_TEMPLATE = re.compile(r"[A-Za-z0-9 ._/:@+,=<>~^*&|!?()'\";-]*")
"""Characters of which no Jinja delimiter or header can be made: no brace, no ``%``, no ``#``."""
_WIDTH = 1 << 30
"""Never fold: a folded line is harder to compare and to search."""


class _Dumper(yaml.SafeDumper):
    """Block style, indented sequences, no anchors."""

    def ignore_aliases(self, data: object) -> bool:
        """Write shared parts in full: readers bound or refuse aliases."""
        return True

    def increase_indent(self, flow: bool = False, indentless: bool = False) -> None:
        """Indent sequences below their key."""
        super().increase_indent(flow, False)

    def string(self, data: str) -> yaml.ScalarNode:
        """Plain where every YAML version reads a string, else double quotes."""
        plain = _PLAIN.fullmatch(data) is not None and data.lower() not in _WORDS
        return self.represent_scalar("tag:yaml.org,2002:str", data, style=None if plain else '"')


class _FlowDumper(_Dumper):
    """Innermost mappings on one line."""

    def represent_mapping(
        self,
        tag: str,
        mapping: Any,  # noqa: ANN401 - as the base class has it
        flow_style: bool | None = None,
    ) -> yaml.MappingNode:
        """Flow style where all values are scalars, as people write requests and limits."""
        node = super().represent_mapping(tag, mapping, flow_style)
        node.flow_style = all(isinstance(value, yaml.ScalarNode) for _, value in node.value)
        return node


class _AnsibleDumper(_Dumper):
    """Marks what Ansible might take for a template as data."""

    def string(self, data: str) -> yaml.ScalarNode:
        """Tag every string that is not plainly free of template syntax."""
        if _NO_TEMPLATE.fullmatch(data):
            return super().string(data)
        return self.represent_scalar("!unsafe", data, style='"')


_Dumper.add_representer(str, _Dumper.string)
_AnsibleDumper.add_representer(str, _AnsibleDumper.string)


def plain_data(value: Any) -> Any:  # noqa: ANN401 - any parsed document
    """The value in JSON's own types; lone surrogates, which no UTF-8 file can hold, as U+FFFD."""
    return _encodable(to_jsonable_python(value))


def json_text(value: Any) -> str:  # noqa: ANN401 - any parsed document
    """Indented JSON in ASCII, keys in the order of the data, one newline at the end."""
    return json.dumps(plain_data(value), indent=2, ensure_ascii=True, allow_nan=False) + "\n"


def yaml_text(
    value: Any,  # noqa: ANN401 - any parsed document
    *,
    header: Iterable[str] = (),
    flow_leaves: bool = False,
    ansible: bool = False,
) -> str:
    """One YAML document.

    Args:
        value: Mappings, sequences and scalars.
        header: Comment lines above it; any text.
        flow_leaves: Write innermost collections on one line: ``{cpu: "250m", memory: "512Mi"}``.
        ansible: Tag strings that could be templates as ``!unsafe``.
    """
    flow = _FlowDumper if flow_leaves else _Dumper
    body = yaml.dump(
        plain_data(value),
        Dumper=_AnsibleDumper if ansible else flow,
        allow_unicode=False,
        default_flow_style=False,
        sort_keys=False,
        width=_WIDTH,
    )
    return comments(header) + body


def yaml_documents(values: Iterable[Mapping[str, Any]], *, header: Iterable[str] = ()) -> str:
    """A stream of YAML documents with ``---`` between them; no documents are an empty text."""
    return comments(header) + "---\n".join(yaml_text(value) for value in values)


def comments(lines: Iterable[str]) -> str:
    """Comment lines; what is in them cannot leave the comment."""
    return "".join(f"# {ascii_line(text)}".rstrip() + "\n" for text in lines)


def ascii_line(text: str) -> str:
    """One visible line in ASCII, other characters as their code points."""
    return line(text).encode("ascii", errors="backslashreplace").decode("ascii")


def _encodable(value: Any) -> Any:  # noqa: ANN401 - any parsed document
    if isinstance(value, str):
        return value.encode("utf-8", errors="surrogatepass").decode("utf-8", errors="replace")
    if isinstance(value, dict):
        return {_encodable(key): _encodable(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_encodable(item) for item in value]
    return value
