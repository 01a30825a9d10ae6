"""Makes a document say something else, with as few changed characters as that takes.

The old and the new meaning are walked side by side with the nodes of the text. A value that differs
is replaced where it stands; an entry that is new is written below the last one; one that has to go
takes its line with it. Everything else, comments included, is not even looked at.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from ruamel.yaml.nodes import MappingNode, Node, ScalarNode, SequenceNode

from ci.handoff.edits import emit
from ci.handoff.edits.look import beside, look_of
from ci.handoff.edits.nodes import (
    after_colon,
    entries,
    entry_end,
    is_absent,
    is_alias_of_earlier,
    is_flow,
    line_end,
    line_start,
    node_end,
    own_start,
)
from ci.handoff.edits.proof import Path, resource_of, same
from ci.handoff.edits.result import EditRefused
from ci.handoff.edits.source import Splice
from schemas.base import JsonObject

_FIRST = frozenset({"replicas", "strategy", "minReplicas"})
"""Keys that people write at the top of their mapping."""


def rewrite(text: str, node: Node, old: JsonObject, new: JsonObject, newline: str) -> list[Splice]:
    """The splices that make the text at a node say `new` instead of `old`.

    Args:
        text: The document.
        node: The mapping in it.
        old: What it says.
        new: What it is to say.
        newline: The file's line ending.

    Raises:
        EditRefused: It is written in a way that cannot be edited in place.
    """
    editor = _Editor(text, look_of(text, node, newline))
    editor.value(node, old, new, ())
    below = [Splice(at, at, "".join(found)) for at, found in editor.inserts.items()]
    return [*editor.splices, *below]


Entries = dict[str, tuple[ScalarNode, Node]]


@dataclass(slots=True)
class _Editor:
    text: str
    look: emit.Look
    splices: list[Splice] = field(default_factory=list)
    """Characters that are replaced."""
    inserts: dict[int, dict[str, None]] = field(default_factory=dict)
    """Text that is put in, by its place, what belongs to inner parts first; a part that is reached
    twice, through an alias, is written once."""

    def value(self, node: Node, old: Any, new: Any, path: Path) -> None:  # noqa: ANN401
        if same(old, new, path):
            return
        if isinstance(node, MappingNode) and isinstance(new, dict) and node.value:
            self._mapping(node, old, new, path)
        elif isinstance(node, SequenceNode) and isinstance(new, list) and node.value:
            self._sequence(node, old, new, path)
        elif isinstance(node, ScalarNode) and not isinstance(new, dict | list):
            self._scalar(node, new, path)
        else:
            raise EditRefused(f"{'.'.join(path)} is not written as what it would have to be")

    def _insert_at(self, place: int, written: str) -> None:
        self.inserts.setdefault(place, {})[written] = None

    def _scalar(self, node: ScalarNode, new: Any, path: Path) -> None:  # noqa: ANN401 - a scalar
        start = own_start(self.text, node)
        end = node_end(self.text, node)
        quote = node.style if node.style in ("'", '"') and isinstance(new, str) else ""
        written = emit.scalar(new, quote)
        if isinstance(new, str) and not quote and resource_of(path) and _stays_number(node, new):
            written = new
        self.splices.append(Splice(start, end, written))

    def _mapping(self, node: MappingNode, old: JsonObject, new: JsonObject, path: Path) -> None:
        listed = entries(node)
        gone = [key for key in old if key not in new]
        if any(key not in listed for key in gone):
            raise EditRefused(f"{'.'.join(path)} takes what would have to go from an anchor")
        added = {key: value for key, value in new.items() if key not in listed}
        added = {k: v for k, v in added.items() if k not in old or not same(old[k], v, (*path, k))}
        for key, (name, value) in listed.items():
            if key in new and not same(old.get(key), new[key], (*path, key)):
                self._entry(node, name, value, (old.get(key), new[key]), (*path, key))
        kept = [key for key in listed if key not in gone]
        if not kept:
            self._replace_all(node, listed, added)
            return
        for key in gone:
            self._delete(node, listed, key)
        if added:
            self._insert(node, listed, kept, added)

    def _entry(
        self, node: MappingNode, key: ScalarNode, value: Node, change: tuple[Any, Any], path: Path
    ) -> None:
        old, new = change
        grows = isinstance(new, dict | list) and bool(new)
        empty = old in (None, {}, []) and not isinstance(old, bool)
        if grows and empty and not is_alias_of_earlier(key, value):
            self._fill(node, key, value, new)
        elif is_absent(value):
            self._insert_at(after_colon(self.text, key), f" {emit.flow(new, self.look)}")
        else:
            self.value(value, old, new, path)

    def _fill(self, node: MappingNode, key: ScalarNode, value: Node, new: Any) -> None:  # noqa: ANN401
        """Put a block below ``resources: {}`` or ``resources:``, comments behind it kept."""
        start = after_colon(self.text, key)
        end = entry_end(self.text, key, value)
        if is_flow(node):
            written = emit.flow(new, self.look, quoted=self._quoted(node))
            self.splices.append(Splice(start, end, f" {written}"))
            return
        if self.text[start:end].strip() not in ("", "{}", "[]", "null", "~", "Null", "NULL"):
            raise EditRefused(f"{key.value} is empty in a way that cannot be filled in place")
        step = self.look.list_step if isinstance(new, list) else self.look.step
        lines = emit.block(new, int(key.start_mark.column) + step, self.look)
        below = "".join(self.look.newline + line for line in lines)
        finish = line_end(self.text, end)
        if end > start:
            self.splices.append(Splice(start, end, ""))
        self._insert_at(finish, below)

    def _replace_all(self, node: MappingNode, listed: Entries, added: JsonObject) -> None:
        """No entry stays: what is new takes the place of what goes."""
        pairs = sorted(listed.values(), key=lambda pair: int(pair[0].start_mark.index))
        start, end = int(pairs[0][0].start_mark.index), entry_end(self.text, *pairs[-1])
        if not added or len(pairs) != len(node.value):
            raise EditRefused("nothing would be left of a mapping")
        if is_flow(node):
            written = emit.flow(added, self.look, quoted=self._quoted(node))[1:-1]
        else:
            lines = emit.block(added, int(pairs[0][0].start_mark.column), self.look)
            written = self.look.newline.join(lines).lstrip(" ")
        self.splices.append(Splice(start, end, written))

    def _delete(self, node: MappingNode, listed: Entries, key: str) -> None:
        name, value = listed[key]
        if is_flow(node):
            self.splices.append(self._flow_deletion(listed, key))
            return
        start = line_start(self.text, int(name.start_mark.index))
        end = line_end(self.text, entry_end(self.text, name, value))
        if self.text[start : int(name.start_mark.index)].strip():
            raise EditRefused(f"{key} stands on a line with something else")
        # With the line ending before it: what is put in below it then has its place still.
        self.splices.append(Splice(line_end(self.text, start - 1) if start else 0, end, ""))

    def _flow_deletion(self, listed: Entries, key: str) -> Splice:
        order = sorted(listed, key=lambda item: int(listed[item][0].start_mark.index))
        place = order.index(key)
        if place + 1 < len(order):
            following = listed[order[place + 1]][0]
            return Splice(int(listed[key][0].start_mark.index), int(following.start_mark.index), "")
        before = entry_end(self.text, *listed[order[place - 1]])
        return Splice(before, entry_end(self.text, *listed[key]), "")

    def _insert(
        self, node: MappingNode, listed: Entries, kept: list[str], added: JsonObject
    ) -> None:
        last = max((listed[key] for key in kept), key=lambda pair: int(pair[0].start_mark.index))
        end = entry_end(self.text, *last)
        if is_flow(node):
            separator = self._separator(node)
            written = emit.flow(added, self.look, quoted=self._quoted(node))[1:-1]
            self._insert_at(end, f"{separator}{written}")
            return
        column, look = int(last[0].start_mark.column), beside(node, self.look)
        top = {key: value for key, value in added.items() if key in _FIRST}
        rest = {key: value for key, value in added.items() if key not in _FIRST}
        if top:
            first = min(int(pair[0].start_mark.index) for pair in listed.values())
            lines = emit.block(top, column, look)
            above = self.look.newline.join(lines).lstrip(" ") + self.look.newline
            self._insert_at(first, above + " " * column)
        if rest:
            lines = emit.block(rest, column, look)
            self._below(end, lines)

    def _below(self, end: int, lines: list[str]) -> None:
        finish = line_end(self.text, end)
        self._insert_at(finish, "".join(self.look.newline + line for line in lines))

    def _separator(self, node: MappingNode) -> str:
        """What stands between two entries in brackets; a line break where they have one."""
        starts = sorted(int(key.start_mark.index) for key, _ in node.value)
        opening = self.text[int(node.start_mark.index) + 1 : starts[0]]
        return f",{opening}" if "\n" in opening and not opening.strip() else ", "

    def _quoted(self, node: Node) -> bool:
        """The keys are in double quotes, as in JSON."""
        return isinstance(node, MappingNode) and any(key.style == '"' for key, _ in node.value)

    def _sequence(self, node: SequenceNode, old: list[Any], new: list[Any], path: Path) -> None:
        if len(old) != len(node.value) or len(new) < len(old):
            raise EditRefused(f"{'.'.join(path)} is a list that cannot be edited in place")
        for item, before, after in zip(node.value, old, new, strict=False):
            self.value(item, before, after, path)
        if len(new) > len(old):
            self._append(node, new[len(old) :])

    def _append(self, node: SequenceNode, items: list[Any]) -> None:
        end = node_end(self.text, node)
        if is_flow(node):
            end = node_end(self.text, node.value[-1])
            quoted = self._quoted(node.value[-1])
            written = "".join(f", {emit.flow(item, self.look, quoted=quoted)}" for item in items)
            self._insert_at(end, written)
            return
        dash = int(node.start_mark.index)
        if self.text[dash : dash + 1] != "-":
            raise EditRefused("a list is written in a way that cannot be edited in place")
        self._below(end, emit.block(items, int(node.start_mark.column), self.look))


def _stays_number(node: ScalarNode, new: str) -> bool:
    """A quantity without a unit that was written without quotes: ``cpu: 1`` becomes ``cpu: 2``."""
    is_number = node.tag in ("tag:yaml.org,2002:int", "tag:yaml.org,2002:float")
    return bool(is_number) and new.isascii() and new.isdigit()
