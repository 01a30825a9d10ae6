"""Policy files: an organisation's YAML laid over the default policy."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from adapters.yaml_file import read_mapping
from schemas.context import Role
from schemas.errors import SettingsError
from schemas.ports import Policy, PolicySet
from schemas.recommendation import Severity

Scalar = float | int | str | bool

MAX_RULES = 200
_KEYS = frozenset({"name", "limits", "rules", "disabled"})
_RULE_KEYS = frozenset({"id", "severity", "message", "condition", "roles"})
_ID = re.compile(r"org\.[a-z0-9.-]{1,100}")
_CHOICES: Mapping[str, tuple[str, ...]] = {
    "cpu_limits": ("forbid", "optional", "require"),
    "guaranteed_qos": ("none", "databases", "all"),
}
"""Settings that are one of a few words."""
_OPEN = ("minimum_memory_mib.",)
"""Settings whose last part a file may add: every framework or product may have a minimum."""


def load_policies(default: Path, organisation: Path | None = None) -> PolicySet:
    """Read the default policy, and the organisation's over it.

    Args:
        default: The policy that ships with the tool; its settings are the ones that exist.
        organisation: A file that changes some of them and adds rules; None for none.

    Raises:
        SettingsError: A file that is no policy: an unknown setting, a value of another type, a
            rule without condition. Names file, setting or rule.
    """
    base = _policy_set(default, None)
    return base if organisation is None else _policy_set(organisation, base)


def _policy_set(file: Path, base: PolicySet | None) -> PolicySet:
    content = read_mapping(file, what="policy")
    unknown = sorted(content.keys() - _KEYS)
    if unknown:
        raise _error(file, f"{unknown[0][:50]!r} is not one of {', '.join(sorted(_KEYS))}")
    given = dict(_flat(file, _mapping(file, content, "limits")))
    for key, value in given.items():
        _check_setting(file, key, value, base)
    disabled = _mapping(file, content, "disabled")
    wrong = [key for key, reason in disabled.items() if not isinstance(reason, str) or not reason]
    if wrong:
        raise _error(file, f"disabled.{wrong[0][:50]} needs a reason")
    limits = dict(base.limits if base else {})
    for key, value in given.items():
        # One value for all tiers replaces the default's values for each tier.
        limits = {k: v for k, v in limits.items() if not k.startswith(f"{key}.")}
        limits[key] = value
    return PolicySet(
        name=str(content.get("name") or file.stem)[:100],
        limits=limits,
        rules=(*(base.rules if base else ()), *_rules(file, content.get("rules"))),
        disabled={**(base.disabled if base else {}), **disabled},
    )


def _flat(file: Path, limits: Mapping[str, Any], prefix: str = "") -> Iterator[tuple[str, Scalar]]:
    for key, value in limits.items():
        name = f"{prefix}{key}"
        if isinstance(value, dict) and not prefix:
            yield from _flat(file, value, f"{name}.")
        elif isinstance(value, bool | int | float | str):
            yield name, value
        else:
            raise _error(file, f"limits.{name[:80]} is no number, word or yes/no")


def _check_setting(file: Path, key: str, value: Scalar, base: PolicySet | None) -> None:
    head = key.split(".", 1)[0]
    if isinstance(value, int | float) and not isinstance(value, bool) and not 0 <= value < 1e12:
        raise _error(file, f"limits.{key} is {value}; it must not be negative")
    choices = _CHOICES.get(head)
    if choices and value not in choices:
        raise _error(file, f"limits.{key} is {value!r}; it must be {', '.join(choices)}")
    if base is None:
        return
    default = _default_of(key, base)
    if default is None:
        near = difflib.get_close_matches(key, [*base.limits, *_heads(base)], n=1)
        raise _error(
            file,
            f"limits.{key[:80]} is not a setting",
            hint=f"Did you mean {near[0]}?" if near else "",
        )
    if _sort(default) is not _sort(value):
        raise _error(file, f"limits.{key} is {value!r}; it must be {_sort(default).__name__}")


def _default_of(key: str, base: PolicySet) -> Scalar | None:
    """The default that a setting replaces: its own, its tiers', or any of an open group."""
    if key in base.limits:
        return base.limits[key]
    groups = [f"{key}.", *(prefix for prefix in _OPEN if key.startswith(prefix))]
    return next((v for k, v in base.limits.items() for g in groups if k.startswith(g)), None)


def _heads(base: PolicySet) -> set[str]:
    return {key.split(".", 1)[0] for key in base.limits}


def _sort(value: Scalar) -> type:
    if isinstance(value, bool):
        return bool
    return float if isinstance(value, int | float) else str


def _rules(file: Path, value: Any) -> tuple[Policy, ...]:  # noqa: ANN401 - whatever the file says
    if value is None:
        return ()
    if not isinstance(value, list) or len(value) > MAX_RULES:
        raise _error(file, f"rules is no list of at most {MAX_RULES} rules")
    rules = tuple(_rule(file, index, item) for index, item in enumerate(value, start=1))
    ids = [rule.id for rule in rules]
    doubled = next((one for one in ids if ids.count(one) > 1), None)
    if doubled:
        raise _error(file, f"the rule {doubled} is given twice")
    return rules


def _rule(file: Path, index: int, value: Any) -> Policy:  # noqa: ANN401 - whatever the file says
    if not isinstance(value, dict):
        raise _error(file, f"rule {index} is no mapping")
    label = f"rule {value.get('id') or index}"[:80]
    unknown = sorted(str(key) for key in value.keys() - _RULE_KEYS)
    if unknown:
        raise _error(file, f"{label}: {unknown[0][:50]!r} is not one of {sorted(_RULE_KEYS)}")
    for key in ("id", "severity", "message", "condition"):
        if not isinstance(value.get(key), str) or not value[key].strip():
            raise _error(file, f"{label}: {key} is missing or no text")
    if not _ID.fullmatch(value["id"]):
        raise _error(file, f"{label}: the id must be org. with lower-case letters, digits, - and .")
    if value["severity"] not in set(Severity):
        raise _error(file, f"{label}: severity must be one of {', '.join(Severity)}")
    return Policy(
        id=value["id"],
        severity=value["severity"],
        message=value["message"].strip()[:500],
        condition=value["condition"].strip(),
        roles=_roles(file, label, value.get("roles") or []),
        source=str(file),
    )


def _roles(file: Path, label: str, value: Any) -> tuple[Role, ...]:  # noqa: ANN401
    known = set(Role)
    if not isinstance(value, list) or any(item not in known for item in value):
        raise _error(file, f"{label}: roles must be a list of {', '.join(sorted(known))}")
    return tuple(Role(item) for item in value)


def _mapping(file: Path, content: Mapping[str, Any], key: str) -> Mapping[str, Any]:
    value = content.get(key) or {}
    if not isinstance(value, dict) or not all(isinstance(name, str) for name in value):
        raise _error(file, f"{key} is no mapping of names to values")
    return value


def _error(file: Path, message: str, *, hint: str = "") -> SettingsError:
    return SettingsError(
        f"{file}: {message}",
        code="policy.invalid",
        hint=hint or "See examples/policies/ for a complete file.",
    )
