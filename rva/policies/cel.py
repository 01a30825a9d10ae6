"""An organisation's rules: CEL conditions, compiled once and evaluated per component.

CEL has no loops and no side effects; what could still cost time is bounded here. Matching is done
by RE2, which is linear in its input. celpy is imported only when there are rules.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from typing import Any

from rva.checks.base import Check
from rva.subject import Subject
from schemas.context import AutoscalerFacts, Component, CurrentSizing
from schemas.errors import SettingsError
from schemas.plan import ComponentPlan
from schemas.ports import Policy
from schemas.recommendation import Finding, Fix, Severity

MAX_CHARACTERS = 2000
MAX_DEPTH = 32
"""Nested brackets; deeper nesting is no policy that a person reads, and costs the parser stack."""
MAX_MACROS = 2
"""``all``, ``exists``, ``map`` and ``filter`` multiply when nested; two of them are cheap."""
_MAX_TEXT = 1000
_MACRO = re.compile(r"\.\s*(?:all|exists|exists_one|map|filter)\s*\(")
_LONG_LITERAL = re.compile(r"(?:[^,\[\]]*,){64}")
_HINT = "See examples/policies/ for conditions that work."

Program = Callable[[dict[str, Any]], Any]


def rule_checks(rules: Iterable[Policy]) -> tuple[Check, ...]:
    """Compile the rules into checks.

    Raises:
        SettingsError: A condition that is too long, too deep or does not parse; names rule, file
            and column.
    """
    return tuple(_check(rule) for rule in rules)


def _check(rule: Policy) -> Check:
    program = compile_condition(rule)

    def run(subject: Subject) -> Finding | None:
        if rule.roles and subject.component.role not in rule.roles:
            return None
        return _finding(rule, subject, *_holds(program, subject))

    return Check(rule.id, run)


def compile_condition(rule: Policy) -> Program:
    """The condition as a function of its variables.

    Raises:
        SettingsError: As for `rule_checks`.
    """
    _bounded(rule)
    import celpy
    from celpy.adapter import json_to_cel
    from celpy.celparser import CELParseError

    environment = celpy.Environment()
    try:
        runner = environment.program(environment.compile(rule.condition))
    except CELParseError as error:
        place = f", line {error.line}, column {error.column}" if error.column else ""
        raise SettingsError(
            f"{rule.source or 'policy'}: rule {rule.id}{place}: the condition is not valid CEL",
            code="policy.condition",
            hint=_HINT,
        ) from error

    def program(variables: dict[str, Any]) -> Any:  # noqa: ANN401 - whatever CEL yields
        return runner.evaluate({k: json_to_cel(v) for k, v in variables.items()})

    return program


def _bounded(rule: Policy) -> None:
    condition, reason = rule.condition, ""
    depth = deepest = 0
    for character in condition[: MAX_CHARACTERS + 1]:
        depth += (character in "([{") - (character in ")]}")
        deepest = max(deepest, depth)
    if not condition.strip():
        reason = "the condition is empty"
    elif len(condition) > MAX_CHARACTERS:
        reason = f"the condition has {len(condition)} characters, {MAX_CHARACTERS} are allowed"
    elif deepest > MAX_DEPTH:
        reason = f"brackets are nested {deepest} deep, {MAX_DEPTH} are allowed"
    elif len(_MACRO.findall(condition)) > MAX_MACROS:
        reason = f"more than {MAX_MACROS} of all, exists, map and filter"
    elif _MACRO.search(condition) and _LONG_LITERAL.search(condition):
        reason = "a macro beside a list of more than 64 items"
    if reason:
        raise SettingsError(
            f"{rule.source or 'policy'}: rule {rule.id}, column 1: {reason}",
            code="policy.condition",
            hint=_HINT,
        )


def _holds(program: Program, subject: Subject) -> tuple[bool, str]:
    """Whether the condition is true, and why it could not be said otherwise."""
    from celpy.celtypes import BoolType
    from celpy.evaluation import CELEvalError

    try:
        result = program(variables_of(subject))
    except CELEvalError as error:
        return False, str(error.args[0] if error.args else error)[:200]
    except (TypeError, ValueError, ArithmeticError, LookupError, RecursionError) as error:
        return False, type(error).__name__
    if not isinstance(result, BoolType):
        return False, "it yields no boolean"
    return bool(result), ""


def _finding(rule: Policy, subject: Subject, holds: bool, error: str) -> Finding:
    severity = Severity.BLOCK if error else Severity(rule.severity)
    message = rule.message
    if error:
        message = f"The rule {rule.id} could not be evaluated, so it counts as broken: {error}."
    return Finding(
        id=rule.id,
        severity=severity,
        passed=holds,
        message=message,
        component=subject.component.name,
        limit="" if holds else rule.condition,
        fix=None
        if holds
        else Fix(op="by_hand", field=rule.id, before="violated", after="as the rule asks"),
        source=rule.source or "organisation policy",
    )


def variables_of(subject: Subject) -> dict[str, Any]:
    """What a condition sees: plain numbers with their unit in the name, unknown ones absent."""
    cluster = subject.world.cluster
    facts = {
        "kubernetes_version": cluster.kubernetes_version if cluster else None,
        "namespace": cluster.namespace if cluster else None,
        "nodes": sum(node.count for node in cluster.nodes) if cluster else None,
    }
    return {
        "component": _known(_component(subject.component) | {"tier": subject.world.tier.value}),
        "plan": _known(_plan(subject.plan)),
        "current": _known(_current(subject.component.current)),
        "cluster": _known(facts),
        "environment": subject.world.environment.value,
    }


def _component(component: Component) -> dict[str, Any]:
    return {
        "name": component.name,
        "role": component.role.value,
        "kind": component.kind.value,
        "language": component.language,
        "framework": component.framework,
        "third_party": component.third_party,
        "has_volume": component.has_volume,
        "image": component.image,
    }


def _plan(plan: ComponentPlan) -> dict[str, Any]:
    scaling = plan.autoscaling
    return {
        "replicas": plan.replicas,
        "min_replicas": scaling.min_replicas if scaling else None,
        "max_replicas": scaling.max_replicas if scaling else None,
        "target_cpu_percent": scaling.target_cpu_percent if scaling else None,
        "cpu_request_millicores": plan.resources.requests.cpu,
        "cpu_limit_millicores": plan.resources.limits.cpu,
        "memory_request_bytes": plan.resources.requests.memory,
        "memory_limit_bytes": plan.resources.limits.memory,
        "storage_bytes": plan.storage,
        "recreate": plan.recreate,
        "disruption_budget": plan.disruption_budget,
        "confidence": plan.confidence,
        "runtime_env": {key: value[:_MAX_TEXT] for key, value in plan.runtime_env.items()},
    }


def _current(current: CurrentSizing | None) -> dict[str, Any]:
    if current is None:
        return {}
    scaling = current.autoscaler or AutoscalerFacts()
    return {
        "replicas": current.replicas,
        "min_replicas": scaling.min_replicas,
        "max_replicas": scaling.max_replicas,
        "target_cpu_percent": scaling.target_cpu_percent,
        "cpu_request_millicores": current.cpu_request,
        "cpu_limit_millicores": current.cpu_limit,
        "memory_request_bytes": current.memory_request,
        "memory_limit_bytes": current.memory_limit,
    }


def _known(values: dict[str, Any]) -> dict[str, Any]:
    return {
        key: value[:_MAX_TEXT] if isinstance(value, str) else value
        for key, value in values.items()
        if value is not None
    }
