"""The worksheet of one component: figures are taken from it, so that every one is cited."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from typing import TYPE_CHECKING

from pipa.constants import Constant, Constants
from pipa.estimate import Estimate
from schemas.evidence import Evidence
from schemas.plan import Influence, ReasoningStep

if TYPE_CHECKING:  # the ledger knows the tier, which is read with a worksheet
    from pipa.influence import Ledger, Moved


class Worksheet:
    """Collects reasoning steps, and the constants that each one used.

    Args:
        constants: All figures.
        known: Ids of the context's evidence; others are not cited, so that no citation dangles.
    """

    def __init__(self, constants: Constants, known: Iterable[str] = ()) -> None:
        self.constants = constants
        self._known = frozenset(known)
        self._pending: dict[str, Constant] = {}
        self._cited: dict[str, Constant] = {}
        self._steps: list[ReasoningStep] = []
        self._moved: dict[str, Estimate] = {}
        self.ledger: Ledger | None = None
        """What was retrieved; None, or empty, leaves every figure as it is."""
        self.siblings = 0
        """How many similar services agree on what such a service uses."""

    def use(self, id_: str) -> Estimate:
        """A figure by its id; the next step cites it.

        Raises:
            SettingsError: There is no such figure.
        """
        constant = self._take(self.constants[id_])
        if self.ledger is None:
            return constant.estimate
        if id_ not in self._moved:
            self._moved[id_] = self._tell(self.ledger.constant(constant))
        return self._moved[id_]

    def use_product(self, key: str, field: str, unit: str, times: float = 1) -> Estimate:
        """A figure of a product's rule; the next step cites it.

        Args:
            key: The product.
            field: The figure.
            unit: Its unit.
            times: How it changes with a figure that it follows, as far as its interval allows.

        Raises:
            SettingsError: The product has no such figure.
        """
        constant = self._take(self.constants.of_product(key, field, unit))
        scaled = constant.estimate.shifted(times)
        if self.ledger is None:
            return scaled
        if constant.id not in self._moved:
            moved = self.ledger.product(key, field, replace(constant, estimate=scaled))
            self._moved[constant.id] = self._tell(moved)
        return self._moved[constant.id]

    def pods(self, key: str, count: int, between: tuple[int, int]) -> int:
        """The number of pods of a product's rule, as far as facts about it leave it so."""
        if self.ledger is None:
            return count
        return round(self.tell(self.ledger.pods(key, count, between)).target)

    def step(self, about: str, text: str, cited: Iterable[str] = ()) -> None:
        """Write one step; it cites the figures used since the last one, and `cited`."""
        context = [id_ for id_ in cited if id_ in self._known]
        self._steps.append(
            ReasoningStep(
                number=len(self._steps) + 1,
                about=about,
                text=text,
                evidence=tuple(dict.fromkeys([*context, *self._pending])),
            )
        )
        self._cited.update(self._pending)
        self._pending.clear()

    @property
    def steps(self) -> tuple[ReasoningStep, ...]:
        """The steps so far, numbered from 1."""
        return tuple(self._steps)

    @property
    def evidence(self) -> tuple[Evidence, ...]:
        """The constants that the steps cite."""
        return tuple(constant.evidence() for constant in self._cited.values())

    @property
    def influences(self) -> tuple[Influence, ...]:
        """What retrieved evidence changed, in the order in which it did."""
        return self.ledger.influences if self.ledger else ()

    def tell(self, moved: Moved) -> Estimate:
        """Write down what facts changed, and hand out the figure."""
        if moved.text:
            self.step(moved.about, moved.text, moved.evidence)
        return moved.estimate

    def _take(self, constant: Constant) -> Constant:
        self._pending[constant.evidence_id] = constant
        return constant

    def _tell(self, moved: Moved) -> Estimate:
        """As `tell`, but the figures in use stay in use for the step that they are for."""
        pending = dict(self._pending)
        estimate = self.tell(moved)
        self._pending.update(pending)
        return estimate
