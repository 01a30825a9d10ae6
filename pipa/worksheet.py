"""The worksheet of one component: figures are taken from it, so that every one is cited."""

from __future__ import annotations

from collections.abc import Iterable

from pipa.constants import Constant, Constants
from pipa.estimate import Estimate
from schemas.evidence import Evidence
from schemas.plan import ReasoningStep


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

    def use(self, id_: str) -> Estimate:
        """A figure by its id; the next step cites it.

        Raises:
            SettingsError: There is no such figure.
        """
        return self._take(self.constants[id_])

    def use_product(self, key: str, field: str, unit: str) -> Estimate:
        """A figure of a product's rule; the next step cites it.

        Raises:
            SettingsError: The product has no such figure.
        """
        return self._take(self.constants.of_product(key, field, unit))

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

    def _take(self, constant: Constant) -> Estimate:
        self._pending[constant.evidence_id] = constant
        return constant.estimate


def number(value: float) -> str:
    """A number as people write it in a sentence: at most three decimals, no trailing zeros."""
    text = f"{value:.3f}" if abs(value) < 10 else f"{value:.1f}"
    return text.rstrip("0").rstrip(".")


def mib(value: float) -> str:
    """Memory in a sentence."""
    return f"{number(value)} MiB"


def millicores(value: float) -> str:
    """CPU in a sentence: 250 is ``250m``."""
    return f"{number(round(value, 1))}m"
