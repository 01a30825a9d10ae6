"""Settings of the built-in checks, and the tier that decides which of them hold."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from schemas.context import Component, Criticality
from schemas.trigger import Environment

HIGH_AVAILABILITY = 0.9995
"""From here on one replica cannot hold what is asked: 0.9995 leaves 22 minutes a month, and one
node drain or image pull of a single pod takes minutes."""

_ORDER = tuple(Criticality)


@dataclass(frozen=True, slots=True)
class Limits:
    """The ``limits`` of a policy file: ``key`` or, for one tier, ``key.tier``."""

    values: Mapping[str, float | int | str | bool] = field(default_factory=dict)

    def number(self, key: str, tier: Criticality | None = None) -> float | None:
        """A number; None when the policy does not set it."""
        value = self._value(key, tier)
        return float(value) if isinstance(value, int | float) else None

    def whole(self, key: str, tier: Criticality | None = None) -> int | None:
        """A whole number, fractions dropped; None when the policy does not set it."""
        value = self.number(key, tier)
        return None if value is None else int(value)

    def text(self, key: str, tier: Criticality | None = None) -> str:
        """A word; empty when the policy does not set it."""
        value = self._value(key, tier)
        return value if isinstance(value, str) else ""

    def flag(self, key: str, tier: Criticality | None = None) -> bool:
        """Whether something is switched on; False when the policy does not set it."""
        return self._value(key, tier) is True

    def _value(self, key: str, tier: Criticality | None) -> float | int | str | bool | None:
        if tier is not None and f"{key}.{tier.value}" in self.values:
            return self.values[f"{key}.{tier.value}"]
        return self.values.get(key)


def tier_of(component: Component, environment: Environment) -> Criticality:
    """How strict the rules are for a component.

    The stated criticality, ``high`` at least where zero downtime or 99.95 % is asked, ``low`` in
    dev and for a sample app; staging is never above ``normal``.
    """
    demand = component.demand
    if environment is Environment.DEV or demand.sample:
        return Criticality.LOW
    tier = demand.criticality or Criticality.NORMAL
    if demand.zero_downtime or (demand.availability or 0) >= HIGH_AVAILABILITY:
        tier = _ORDER[max(_ORDER.index(tier), _ORDER.index(Criticality.HIGH))]
    if environment is Environment.STAGING:
        tier = _ORDER[min(_ORDER.index(tier), _ORDER.index(Criticality.NORMAL))]
    return tier


def at_least(tier: Criticality, other: Criticality) -> bool:
    """Whether a tier is as strict as another one."""
    return _ORDER.index(tier) >= _ORDER.index(other)
