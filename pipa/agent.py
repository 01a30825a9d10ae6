"""PIPA, the Prediction & Initial Plan Agent: an AppContext in, a DraftPlan out."""

from __future__ import annotations

import logging

from pipa.capacity import size_component
from pipa.constants import Constants, load_constants
from pipa.usage.settings import UsageSettings
from schemas.context import AppContext, Component, RouteName
from schemas.errors import ModelError, ProvisionError
from schemas.evidence import Evidence
from schemas.model import LanguageModel
from schemas.plan import ComponentFailure, ComponentPlan, DraftPlan, ReasoningStep

_log = logging.getLogger(__name__)

_NEW = "; sized as a new service is."
Sized = tuple[ComponentPlan, tuple[Evidence, ...]]


class PipaAgent:
    """Sizes every component of an app, by its history where there is enough.

    All others are sized by the capacity model.

    Args:
        constants: The figures of the models; those that ship with the package by default.
        usage: What is asked of the numbers that come from history.
        model: Looks at every draft, and may move numbers inside bounds; None: nobody does.
    """

    def __init__(
        self,
        constants: Constants | None = None,
        usage: UsageSettings | None = None,
        model: LanguageModel | None = None,
    ) -> None:
        self._constants = constants
        self.usage = usage or UsageSettings()
        self._model = model

    def draft(self, context: AppContext, only: str | None = None) -> DraftPlan:
        """Size all components; one that fails becomes a `ComponentFailure`, the others stand.

        Args:
            context: The app.
            only: Name of the one component to size; the others share its load all the same.

        Raises:
            SettingsError: The constants that ship with the package cannot be read.
            ModelError: The model was asked for by name and cannot be reached.
        """
        constants = self._constants or load_constants()
        plans: list[ComponentPlan] = []
        failures: list[ComponentFailure] = []
        cited: dict[str, Evidence] = {}
        for component in context.components:
            if only not in (None, component.name):
                continue
            try:
                plan, evidence = self._size(component, context, constants)
                plan = self._thought(component, context, plan, evidence)
            except ModelError:
                raise
            except Exception as error:  # noqa: BLE001 - one component's failure is its own
                _log.warning("component_failed", exc_info=True, extra={"component": component.name})
                failures.append(_failure(component.name, error))
                continue
            plans.append(plan)
            cited.update((item.id, item) for item in evidence)
        return DraftPlan(
            components=tuple(plans), failures=tuple(failures), evidence=tuple(cited.values())
        )

    def _thought(
        self,
        component: Component,
        context: AppContext,
        plan: ComponentPlan,
        evidence: tuple[Evidence, ...],
    ) -> ComponentPlan:
        """The draft after the model; the draft itself where looking at it fails."""
        if self._model is None:
            return plan
        from pipa.thinking.think import think

        try:
            return think(self._model, component, context, plan, {e.id: e for e in evidence})
        except ModelError:
            raise
        except Exception as error:  # noqa: BLE001 - a model must not cost the component
            _log.warning("thinking_failed", exc_info=True, extra={"component": component.name})
            return _told(plan, [f"The model's answer was not used ({_words(error)})."])

    def _size(self, component: Component, context: AppContext, constants: Constants) -> Sized:
        """One component by the model that its route names; a history that fails is a step."""
        history = context.histories.get(component.name)
        if history is None:
            return size_component(component, context, constants)
        # Imported here: a run without history pays nothing for NumPy.
        from pipa.usage.hint import with_floors
        from pipa.usage.plan import size_from_usage

        reasons = []
        if component.route is not None and component.route.name is RouteName.METRICS:
            try:
                return size_from_usage(component, context, history, constants, self.usage)
            except Exception as error:  # noqa: BLE001 - a bad history must not cost the component
                _log.warning("history_failed", exc_info=True, extra={"component": component.name})
                reasons.append(f"The usage history could not be used ({_words(error)}){_NEW}")
        plan, evidence = size_component(component, context, constants)
        try:
            plan, measured = with_floors(plan, component, history, constants)
        except Exception as error:  # noqa: BLE001 - as above
            _log.warning("hint_failed", exc_info=True, extra={"component": component.name})
            reasons = reasons or [f"What history there is was not used ({_words(error)}){_NEW}"]
            measured = ()
        return _told(plan, reasons), (*evidence, *measured)


def _told(plan: ComponentPlan, reasons: list[str]) -> ComponentPlan:
    """The plan with a step for each reason why something did not count."""
    count = len(plan.reasoning)
    steps = tuple(
        ReasoningStep(number=count + index, about="demand", text=reason)
        for index, reason in enumerate(reasons, start=1)
    )
    return plan.model_copy(update={"reasoning": (*plan.reasoning, *steps)}) if steps else plan


def _words(error: Exception) -> str:
    """What went wrong; words of the tool itself only, for data may speak in others' errors."""
    return error.message if isinstance(error, ProvisionError) else type(error).__name__


def _failure(name: str, error: Exception) -> ComponentFailure:
    message = (
        error.message if isinstance(error, ProvisionError) else f"{type(error).__name__}: {error}"
    )
    return ComponentFailure(component=name, stage="pipa.capacity", message=message)
