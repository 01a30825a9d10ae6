"""Dimension 6, data and storage, and the sizes a developer wishes for.

Wishes ("3 replicas", "2 vCPU", "4 GB of RAM") are kept as statements for the reader to compare;
they are no measure of need and enter no demand.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from dca.description.load import unit_bytes
from dca.description.numbers import Number
from dca.description.statements import statement
from dca.description.text import Prose
from schemas.context import Dimension, Statement

_SIZE = re.compile(
    r" ?(?P<unit>[kmgtp]i?b|[kmgtp]i|(?:kilo|mega|giga|tera|peta)bytes?)\b(?! ?/| ?per\b)"
)
_MEMORY_AFTER = re.compile(r" ?(?:of )?(?:ram|memory|mem|heap|vram|of heap)\b")
_MEMORY = re.compile(r"\b(?:ram|memory|heap|vram|xmx|oom)\b")
_NOT_DATA = re.compile(
    r"\b(?:uploads?|upload(?:ed|ing)|files? (?:of|up to)|file sizes?|attachments?|payloads?"
    r"|bodies|body"
    r"|images? (?:of|up to)|each|per|a day|daily|bandwidth|chunks?|parts?|messages? (?:of|up to)"
    r"|bundle|requests? (?:of|up to)|responses?|models? of|binary|download)\b"
)
_PER_AFTER = re.compile(
    r" ?(?:/|per\b|an? (?:day|week|month|year|hour)\b|each\b|daily\b|monthly\b)"
)
_REPLICAS = re.compile(r" (?:[\w-]+ )?(?:replicas?|pods?|instances?)\b")
_CPUS = re.compile(r" ?(?:v?cpus?|(?:cpu |virtual )?cores?)\b")
_MILLICPU = re.compile(r" ?m(?:illi)? ?(?:cores?|v?cpus?|of cpu)\b")
_MODEL_BEFORE = re.compile(
    r"\b(?:models?|weights|checkpoints?)(?: (?:file|files|size))?"
    r"(?: (?:is|are|has|have|takes?|needs?|of|about|around|roughly|up to|each|with)){0,4}[ :=(~≈]*$"
)
_MODEL_AFTER = re.compile(r" ?(?:[\w-]+ )?(?:models?|weights|checkpoints?)\b")
_PROCESSED = re.compile(
    r"\b(?:process|crunch|transform|scan|transfer|cop(?:y|i)|mov|aggregat|convert|import|export)"
    r"[a-z]{0,4} (?:about |around |roughly |up to |some |~)?$"
)
_GROWTH = re.compile(r"(?:\+ ?|\bgrow(?:s|ing|th)?(?: (?:by|of|about|around)){0,2} )$")
_SMALLEST_DATA_BYTES = 1e8
"""Smaller amounts in prose are sizes of files and messages, not of a data set."""


def read_amounts(prose: Prose, found: tuple[Number, ...]) -> Iterator[Statement]:
    """All statements about amounts of data, and all stated wishes."""
    for number in found:
        size = _SIZE.match(prose.lower, number.end)
        if size:
            yield from _size(prose, number, size)
        elif match := _MILLICPU.match(prose.lower, number.end):
            yield _wish(prose, "stated_cpu", number.value / 1000, number, match.end())
        elif match := _CPUS.match(prose.lower, number.end):
            yield _wish(prose, "stated_cpu", number.value, number, match.end())
        elif match := _REPLICAS.match(prose.lower, number.end):
            yield _wish(prose, "stated_replicas", int(number.count), number, match.end())


def _size(prose: Prose, number: Number, size: re.Match[str]) -> Iterator[Statement]:
    written = prose.text[size.start("unit") : size.end("unit")]
    value = number.value * unit_bytes(written)
    if value >= 2**63:
        return
    after = _MEMORY_AFTER.match(prose.lower, size.end())
    clause = prose.clause(number.at)
    words = prose.lower[clause.start : clause.end]
    if after or _MEMORY.search(words):
        end = after.end() if after else size.end()
        yield _wish(prose, "stated_memory_bytes", int(value), number, end)
        return
    span = (number.start, size.end())
    before = prose.lower[max(clause.start, number.start - 60) : number.start]
    if _MODEL_BEFORE.search(before) or _MODEL_AFTER.match(prose.lower, size.end()):
        yield statement(prose, Dimension.SPECIAL, "model_bytes", int(value), span)
        yield statement(prose, Dimension.SPECIAL, "special", "ml", span)
        return
    excluded = _NOT_DATA.search(words) or _PER_AFTER.match(prose.lower, size.end())
    if excluded or _GROWTH.search(before) or value < _SMALLEST_DATA_BYTES:
        return
    key = "processed_bytes" if _PROCESSED.search(before) else "data_bytes"
    yield statement(prose, Dimension.DATA, key, int(value), span)


def _wish(prose: Prose, key: str, value: float | int, number: Number, end: int) -> Statement:
    return statement(prose, Dimension.WORKLOAD, key, value, (number.start, end))
