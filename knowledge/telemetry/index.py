"""The telemetry index: remembers what workloads used, and finds what is alike."""

from __future__ import annotations

import logging
import math
import re
import statistics
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from knowledge.telemetry.likeness import FLOOR, Likeness, likeness, runtime_of
from knowledge.telemetry.rows import Entry, Filter, Row, Vector, id_of, row_of, with_labels_of
from knowledge.telemetry.shelf import Shelf
from knowledge.telemetry.text import label, question_of
from schemas.context import Component
from schemas.errors import ProvisionError
from schemas.ports import Clock, Embedder
from schemas.usage import SimilarUsage, Slice, UsageSummary, WorkloadKey

_LOG = logging.getLogger(__name__)

MAX_AGE_DAYS = 180
"""What was seen longer ago is of another version of the service, and of the cluster."""
MAX_SUMMARIES = 5000
"""About 800 containers with six slices each: 25 MB, of which a search reads what may be alike."""
_BATCH = 64
"""Texts that are embedded in one call, and vectors of another space that one run renews."""
_AS_MUCH = 0.01
"""Scores that differ by less say the same."""
_WORD = re.compile(r"[a-z0-9]{3,}")
WITHOUT_MEANING = "compared without an embedder, by stack, role and load alone"


@dataclass(frozen=True, slots=True)
class Forget:
    """What a purge is about; every condition that is set must hold."""

    workload: str | None = None
    repository: str | None = None
    before: datetime | None = None
    """No window of the container ends at or after this moment."""


class UsageIndex:
    """Implements `schemas.ports.TelemetryIndex`.

    Args:
        shelf: Where summaries are kept.
        clock: For their age.
        embedder: Of their texts; without one they are compared by stack, role and load alone.
    """

    def __init__(self, shelf: Shelf, clock: Clock, embedder: Embedder | None = None) -> None:
        self._shelf = shelf
        self._clock = clock
        self._embedder = embedder

    @property
    def degraded(self) -> str | None:
        """What is lost; None when nothing is."""
        return WITHOUT_MEANING if self._embedder is None else None

    def remember(self, summaries: Sequence[UsageSummary]) -> None:
        """Keep summaries, and forget what is too old or too much.

        One of a known workload, container and slice replaces the earlier one, unless its window
        ends before; texts that are as before keep their vector. A summary that cannot be stored is
        left out, and said.

        Raises:
            StoreError: They could not be stored.
        """
        now_s = int(self._clock.now().timestamp())
        self._shelf.mend()
        rows = self._changed(summaries, now_s)
        if rows:
            entries = self._embedded(rows)
            self._shelf.put(entries, self._space)
        self.expire()

    def slices(
        self, workload: WorkloadKey, container: str, question: str
    ) -> Sequence[UsageSummary]:
        """What is known of one container, the slices most relevant to a question first.

        Raises:
            StoreError: The index cannot be read.
        """
        where = {"workload": (str(workload),), "container": (container,)}
        found = _read(self._shelf.find(where))
        order = list(Slice)
        nearness = self._nearness(question, [entry for entry, _ in found])
        ranked = sorted(
            zip(found, nearness, strict=True),
            key=lambda item: (-item[1], order.index(item[0][1].slice)),
        )
        return [usage for (_, usage), _ in ranked]

    def similar(
        self, component: Component, limit: int = 3, repository: str | None = None
    ) -> Sequence[SimilarUsage]:
        """Usage of other services of the same stack, role and load; most alike first.

        The structure decides, the meaning orders what it leaves equal. The component's own workload
        is not another service.

        Raises:
            StoreError: The index cannot be read.
        """
        own = component.route.workload if component.route else None
        alike: list[tuple[Entry, UsageSummary, Likeness]] = []
        for entry, usage in _read(self._shelf.find(_may_be_alike(component))):
            if usage.workload == own or (usage.cpu_cores is None and usage.memory_bytes is None):
                continue
            found = likeness(component, usage, repository)
            if found is not None and found.best >= FLOOR:
                alike.append((entry, usage, found))
        cosines = self._cosines(question_of(component), [entry for entry, _, _ in alike])
        scored = [
            (usage, self._judged(found, cosine))
            for (_, usage, found), cosine in zip(alike, cosines, strict=True)
        ]
        kept = _ranked([item for item in scored if item[1].score >= FLOOR])
        return [self._answer(usage, found) for usage, found in kept[: max(0, limit)]]

    def find(self, where: Filter) -> Sequence[UsageSummary]:
        """All summaries that match, by workload and container.

        Args:
            where: Wanted values by facet: ``language``, ``framework``, ``role``, ``product`` (lower
                case), ``repository``, ``workload``, ``container``, ``slice``.

        Raises:
            StoreError: The index cannot be read.
        """
        return [usage for _, usage in _read(self._shelf.find(where))]

    def expire(self) -> int:
        """Forget what was not seen for `MAX_AGE_DAYS`, and the oldest over the bound.

        Raises:
            StoreError: They could not be forgotten.
        """
        oldest_s = int(self._clock.now().timestamp()) - MAX_AGE_DAYS * 86400
        ids = self._shelf.stale(oldest_s, MAX_SUMMARIES)
        return self._shelf.delete(ids, for_good=False) if ids else 0

    def purge(self, what: Forget) -> int:
        """Forget for good, all when no condition is set; how many summaries they were.

        Raises:
            StoreError: They could not be forgotten.
        """
        self._shelf.mend()
        given = {"workload": what.workload, "repository": what.repository}
        where = {name: (value,) for name, value in given.items() if value is not None}
        entries = self._shelf.find(where)
        if what.before is not None:
            entries = _all_before(entries, int(what.before.timestamp()))
        return self._shelf.delete([entry.row.id for entry in entries], for_good=True)

    @property
    def _space(self) -> str | None:
        return self._embedder.space if self._embedder else None

    def _changed(self, summaries: Sequence[UsageSummary], now_s: int) -> list[Entry]:
        """Rows that are not kept yet as they are, each with the vector that its text had."""
        ids = [id_of(item.workload, item.container, item.slice) for item in summaries]
        known = self._shelf.known(ids)
        changed: dict[str, Entry] = {}
        for id_, usage in zip(ids, summaries, strict=True):
            former = known.get(id_)
            row = _row(_labelled(usage, former), now_s)
            if row is None:
                continue
            if former is None:
                changed[id_] = Entry(row)
            elif row.end_s >= former.row.end_s and not self._is_current(former, row):
                changed[id_] = _successor(row, former)
        return list(changed.values())

    def _is_current(self, former: Entry, row: Row) -> bool:
        return former.row == row and (self._space is None or former.in_space(self._space))

    def _embedded(self, entries: Sequence[Entry]) -> list[Entry]:
        """The same with vectors of this space; texts alike share one."""
        space, embedder = self._space, self._embedder
        if embedder is None or space is None:
            return list(entries)
        missing = {entry.row.text for entry in entries if not entry.in_space(space)}
        vectors = self._vectors(sorted(missing, key=len))
        if vectors is None:
            return list(entries)
        return [
            entry
            if entry.in_space(space)
            else Entry(entry.row, entry.row.text_hash(space), vectors[entry.row.text])
            for entry in entries
        ]

    def _vectors(self, texts: Sequence[str]) -> dict[str, Vector] | None:
        """Vectors of texts; None when the embedder fails, which is said once."""
        found: dict[str, Vector] = {}
        if self._embedder is None:
            return None
        try:
            for start in range(0, len(texts), _BATCH):
                batch = texts[start : start + _BATCH]
                found.update(zip(batch, self._embedder.embed(batch), strict=True))
        except ProvisionError as error:
            _LOG.warning("usage is compared without its meaning: %s", error.message)
            self._embedder = None
            return None
        return found

    def _cosines(self, question: str, entries: Sequence[Entry]) -> list[float | None]:
        """How near each text is to a question; None where there is no vector of this space."""
        near = [entry.in_space(self._space) and entry.vector is not None for entry in entries]
        vectors = self._vectors([question]) if any(near) else None
        if vectors is None:
            return [None] * len(entries)
        import numpy as np

        asked = np.asarray(vectors[question], dtype=np.float32)
        return [
            float(np.asarray(entry.vector, dtype=np.float32) @ asked) if usable else None
            for entry, usable in zip(entries, near, strict=True)
        ]

    def _nearness(self, question: str, entries: Sequence[Entry]) -> list[float]:
        """How near each text is to a question, by meaning or else by words."""
        cosines = self._cosines(question, entries)
        if all(cosine is not None for cosine in cosines):
            return [cosine or 0.0 for cosine in cosines]
        asked = set(_WORD.findall(question.lower()))
        return [float(len(asked & set(_WORD.findall(e.row.text.lower())))) for e in entries]

    def _judged(self, found: Likeness, cosine: float | None) -> Likeness:
        return found if cosine is None else found.with_meaning(cosine)

    def _answer(self, usage: UsageSummary, found: Likeness) -> SimilarUsage:
        why = found.why if found.compared else f"{found.why}; {WITHOUT_MEANING}"
        return SimilarUsage(usage=usage, score=round(found.score, 4), why=why)


def _may_be_alike(component: Component) -> Filter:
    """What can be ruled out before a document is read."""
    where: dict[str, Sequence[str]] = {"slice": (Slice.ALL.value,)}
    if component.third_party is not None:
        return where | {"product": (component.third_party.strip().lower(),)}
    where["product"] = ("",)
    languages = runtime_of(component.language)
    return where | {"language": (*sorted(languages), "")} if languages else where


def _ranked(found: Sequence[tuple[UsageSummary, Likeness]]) -> list[tuple[UsageSummary, Likeness]]:
    """Most alike first; of those that are as much alike, the usual ones of their kind."""
    groups: dict[int, list[tuple[UsageSummary, Likeness]]] = {}
    for item in found:
        groups.setdefault(round(item[1].score / _AS_MUCH), []).append(item)
    ranked = []
    for key in sorted(groups, reverse=True):
        sizes = [_memory(usage) for usage, _ in groups[key]]
        middle = statistics.median(sizes)
        order = sorted(
            zip(sizes, groups[key], strict=True),
            key=lambda item: (abs(item[0] - middle), item[1][0].id),
        )
        ranked += [item for _, item in order]
    return ranked


def _memory(usage: UsageSummary) -> float:
    """Logarithm of the largest use, 0 when it is not known."""
    most = 0.0 if usage.memory_bytes is None else usage.memory_bytes.maximum
    return math.log(most) if most > 0 else 0.0


def _read(entries: Sequence[Entry]) -> list[tuple[Entry, UsageSummary]]:
    """The documents of entries; those that cannot be read are counted and left out."""
    found = []
    for entry in entries:
        try:
            found.append((entry, entry.row.summary))
        except ValueError:
            _LOG.debug("summary_unreadable", extra={"id": entry.row.id})
    lost = len(entries) - len(found)
    if lost:
        _LOG.warning("%d of %d usage summaries cannot be read and are left out", lost, len(entries))
    return found


def _row(usage: UsageSummary, now_s: int) -> Row | None:
    try:
        return row_of(usage, now_s)
    except ValueError as error:
        _LOG.warning("usage of %s is not kept: %s", label(usage.workload.name), error)
        return None


def _labelled(usage: UsageSummary, former: Entry | None) -> UsageSummary:
    if former is None:
        return usage
    try:
        return with_labels_of(usage, former.row.summary)
    except ValueError:
        return usage


def _successor(row: Row, former: Entry) -> Entry:
    """A row in the place of another; a text that has not changed keeps its vector."""
    if row.text != former.row.text:
        return Entry(row)
    indexed = former.indexed and row.facets == former.row.facets
    return replace(former, row=row, indexed=indexed)


def _all_before(entries: Sequence[Entry], end_s: int) -> list[Entry]:
    late = {
        (entry.row.facets.workload, entry.row.facets.container)
        for entry in entries
        if entry.row.end_s >= end_s
    }
    return [e for e in entries if (e.row.facets.workload, e.row.facets.container) not in late]
