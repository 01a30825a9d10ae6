"""PIPA, the Prediction & Initial Plan Agent: an AppContext in, a DraftPlan out."""

from __future__ import annotations

import logging

from pipa.capacity import size_component
from pipa.constants import Constants, load_constants
from schemas.context import AppContext
from schemas.errors import ProvisionError
from schemas.evidence import Evidence
from schemas.plan import ComponentFailure, ComponentPlan, DraftPlan

_log = logging.getLogger(__name__)


class PipaAgent:
    """Sizes every component of an app with the capacity model.

    Args:
        constants: The figures of the model; those that ship with the package by default.
    """

    def __init__(self, constants: Constants | None = None) -> None:
        self._constants = constants

    def draft(self, context: AppContext) -> DraftPlan:
        """Size all components; one that fails becomes a `ComponentFailure`, the others stand.

        Raises:
            SettingsError: The constants that ship with the package cannot be read.
        """
        constants = self._constants or load_constants()
        plans: list[ComponentPlan] = []
        failures: list[ComponentFailure] = []
        cited: dict[str, Evidence] = {}
        for component in context.components:
            try:
                plan, evidence = size_component(component, context, constants)
            except Exception as error:  # noqa: BLE001 - one component's failure is its own
                _log.warning("component_failed", exc_info=True, extra={"component": component.name})
                failures.append(_failure(component.name, error))
                continue
            plans.append(plan)
            cited.update((item.id, item) for item in evidence)
        return DraftPlan(
            components=tuple(plans), failures=tuple(failures), evidence=tuple(cited.values())
        )


def _failure(name: str, error: Exception) -> ComponentFailure:
    message = (
        error.message if isinstance(error, ProvisionError) else f"{type(error).__name__}: {error}"
    )
    return ComponentFailure(component=name, stage="pipa.capacity", message=message)
