"""RVA, the Refinement and Validation Agent: from a draft to numbers that may be applied."""

from __future__ import annotations

import logging
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from rva.assembly import check_evidence, companion_notes, confidence, recommend, safe, shown
from rva.checks import CHECKS
from rva.checks.base import Check, Problem, Verdict, by_hand, judge
from rva.checks.catalogue import CATALOGUE
from rva.checks.together import together
from rva.cost import component_cost, cost_findings, total_cost
from rva.guard import refine_guarded
from rva.limits import Limits, tier_of
from rva.policies.cel import rule_checks
from rva.react import RefinedComponent, refine_component, run_checks
from rva.standing import ABOUT_MANIFESTS, standing_plan
from rva.subject import Subject, World, make_subject
from rva.thinking.prompt import Outcome, relevant
from rva.thinking.rationale import NO_RATIONALE, Rationale, explain_outcome
from rva.thinking.reasoner import ThinkingReasoner
from rva.thinking.tools import NO_PORTS, Ports, Tools
from schemas.context import AppContext, Component, Note
from schemas.errors import ModelError, ProvisionError, SettingsError
from schemas.evidence import Evidence
from schemas.model import LanguageModel
from schemas.plan import ComponentPlan, DraftPlan
from schemas.ports import ExternalTool, ManifestGenerator, PolicySet, Prices, SchemaValidator
from schemas.recommendation import (
    ComponentCost,
    ComponentRecommendation,
    Cost,
    FailedComponent,
    Finding,
    Severity,
)

logger = logging.getLogger(__name__)

NO_SERVER = "no cluster was reached for a server-side dry run"


@dataclass(frozen=True, slots=True)
class Refined:
    """What RVA hands back; the pipeline adds trigger, repository and run record."""

    components: tuple[ComponentRecommendation, ...]
    failed: tuple[FailedComponent, ...]
    findings: tuple[Finding, ...]
    """All that are left, and those that a repair answered."""
    checks_passed: int
    checks_skipped: dict[str, str]
    cost: Cost
    notes: tuple[Note, ...] = ()


@dataclass(frozen=True, slots=True)
class _Done:
    component: Component
    refined: RefinedComponent
    recommendation: ComponentRecommendation
    cost: ComponentCost


@dataclass(frozen=True, slots=True)
class _Thought:
    refined: RefinedComponent
    evidence: Mapping[str, Evidence]
    rationale: Rationale = NO_RATIONALE


class RvaAgent:
    """Checks, repairs and prices a draft.

    Args:
        generate_manifests: Writes the documents of components that have none.
        validator: Holds documents against the Kubernetes schemas.
        policies: Limits, rules and switched-off checks.
        prices: The price list; None when there is none, and then costs are unknown.
        model: Chooses among the repairs and sums up; the worst finding goes first, and there is no
            summary, when None.
        ports: What the model's tools need of the world.

    Raises:
        SettingsError: A rule of the policies cannot be compiled, or a switched-off check does not
            exist.
    """

    def __init__(
        self,
        generate_manifests: ManifestGenerator,
        validator: SchemaValidator,
        policies: PolicySet,
        prices: Prices | None,
        model: LanguageModel | None = None,
        ports: Ports = NO_PORTS,
    ) -> None:
        self._generate = generate_manifests
        self._validator = validator
        self._policies = policies
        self._prices = prices
        self._model = model
        self._ports = ports
        self._described: Sequence[ExternalTool] | None = None
        checks = (*CHECKS, *rule_checks(policies.rules))
        _known(checks, policies)
        self._checks = _enabled(checks, policies)

    def refine(self, context: AppContext, draft: DraftPlan) -> Refined:
        """Refine every component of a draft; one that fails stands beside the others.

        Raises:
            ModelError: The model was asked for by name and cannot be reached.
        """
        evidence = {item.id: item for item in (*context.evidence, *draft.evidence)}
        evidence |= check_evidence(self._policies.rules)
        components = {item.name: item for item in context.components}
        done: list[_Done] = []
        failed = [
            FailedComponent(name=item.component, stage=item.stage, failure=item.message)
            for item in draft.failures
        ]
        for plan in draft.components:
            component = components.get(plan.component)
            if component is None:
                failed.append(_failure(plan.component, "the draft names no component of the app"))
                continue
            try:
                done.append(self._one(context, component, plan, evidence))
            except ModelError:
                # The user named the model: going on without it would be a lie.
                raise
            except ProvisionError as error:
                failed.append(_failure(plan.component, error.message))
            except Exception as error:
                logger.warning("component failed", exc_info=error)
                failed.append(_failure(plan.component, f"{type(error).__name__}: {error}"[:500]))
        return self._together(context, done, failed)

    def standing(self, context: AppContext, draft: DraftPlan) -> tuple[Finding, ...]:
        """What fails on the manifests as they stand; nothing is repaired.

        Args:
            context: The app.
            draft: PIPA's draft of it, for what the manifests do not say.
        """
        plans = {plan.component: plan for plan in draft.components}
        evidence = frozenset(item.id for item in (*context.evidence, *draft.evidence))
        found: list[Finding] = []
        for component in context.components:
            drafted = plans.get(component.name)
            plan = None if drafted is None else standing_plan(component, drafted)
            if plan is not None:
                subject = make_subject(self._world(context, component, evidence), plan)
                found += run_checks(subject, self._all_checks()).failed
        return tuple(shown(item) for item in found if item.id.startswith(ABOUT_MANIFESTS))

    def _one(
        self,
        context: AppContext,
        component: Component,
        plan: ComponentPlan,
        evidence: dict[str, Evidence],
    ) -> _Done:
        world = self._world(context, component, frozenset(evidence))
        thought = None if self._model is None else self._thought(self._model, world, plan, evidence)
        if thought is None:
            thought = _Thought(refine_component(world, plan, self._all_checks()), evidence)
        refined = thought.refined
        return _Done(
            component,
            refined,
            recommend(component, plan, refined, thought.evidence, thought.rationale),
            component_cost(refined.subject, self._prices),
        )

    def _thought(
        self, model: LanguageModel, world: World, plan: ComponentPlan, evidence: dict[str, Evidence]
    ) -> _Thought | None:
        """The refinement as the model chooses, with its summary; None when that fails somehow."""
        try:
            tools = Tools(
                self._all_checks(),
                lambda subject: component_cost(subject, self._prices),
                self._ports,
                self._external(),
            )
            reasoner = ThinkingReasoner(model, tools, evidence)
            refined = refine_guarded(world, plan, tools.checks, reasoner)
            known = tools.found | evidence
            outcome = Outcome(
                subject=refined.subject,
                confidence=confidence(plan, refined),
                left=refined.failed,
                answered=refined.answered,
                cost=tools.cost(refined.subject),
                passed=refined.passed,
            )
            offered = relevant(refined.subject, known, tools.found.values())
            return _Thought(refined, known, explain_outcome(model, outcome, offered))
        except ModelError:
            raise
        except Exception as error:
            logger.warning("went on without the model", exc_info=error)
            return None

    def _external(self) -> Sequence[ExternalTool]:
        """The tools of other servers, asked for once."""
        if self._described is None:
            external = self._ports.external
            self._described = () if external is None else tuple(external.describe())
        return self._described

    def _world(
        self, context: AppContext, component: Component, evidence_ids: frozenset[str]
    ) -> World:
        environment = context.trigger.environment
        return World(
            component=component,
            tier=tier_of(component, environment),
            environment=environment,
            limits=Limits(self._policies.limits),
            generate=self._generate,
            cluster=context.trigger.cluster,
            evidence_ids=evidence_ids,
        )

    def _all_checks(self) -> list[Check]:
        return [*self._checks, *_enabled((Check("T06", self._schema, True),), self._policies)]

    def _schema(self, subject: Subject) -> Verdict:
        """T06: the workload and every document to write, against the target's version."""
        cluster = subject.world.cluster
        version = cluster.kubernetes_version if cluster else None
        reference = subject.component.workload
        documents = subject.manifests
        known: set[str] = set()
        if reference is not None and subject.workload is not None:
            documents = (subject.workload, *documents)
            # What was wrong before is the repository's own; what the patch makes wrong is not.
            known = set(self._validator.errors(reference.document, version))
        problems = [
            Problem(
                f"{document.get('kind')}: {error}"[:300],
                path=str(document.get("kind")),
                value=str(document.get("apiVersion")),
                limit=f"Kubernetes {version or 'newest known'}",
                severity=Severity.WARN if error in known else None,
                fix=by_hand("correct_document", str(document.get("kind")), error[:200], "valid"),
            )
            for document in documents
            for error in self._validator.errors(document, version)
        ]
        return judge(subject, "T06", problems) if documents else None

    def _together(
        self, context: AppContext, done: list[_Done], failed: list[FailedComponent]
    ) -> Refined:
        cost = total_cost(tuple(item.cost for item in done), self._prices)
        of_cost, unpriced = cost_findings(
            cost, Limits(self._policies.limits), context.trigger.environment
        )
        of_app = (*of_cost, *together([item.refined.subject for item in done]))
        of_app = tuple(item for item in of_app if item.id not in self._policies.disabled)
        validated = self._model is not None and "L01" not in self._policies.disabled
        told = [(*item.refined.failed, *item.refined.answered) for item in done]
        findings = [shown(finding) for group in told for finding in group]
        findings += [item for item in of_app if not item.passed]
        return Refined(
            components=tuple(item.recommendation for item in done),
            failed=tuple(failed),
            findings=tuple(findings),
            checks_passed=sum(item.refined.passed for item in done)
            + sum(item.passed for item in of_app)
            + validated,
            checks_skipped=_skipped(self._policies, [item.refined for item in done], validated)
            | unpriced,
            cost=cost,
            notes=tuple(
                note for item in done for note in companion_notes(item.component, item.refined.plan)
            ),
        )


def _enabled(checks: tuple[Check, ...], policies: PolicySet) -> tuple[Check, ...]:
    return tuple(check for check in checks if check.id not in policies.disabled)


def _known(checks: tuple[Check, ...], policies: PolicySet) -> None:
    known = {check.id for check in checks} | CATALOGUE.keys()
    unknown = sorted(set(policies.disabled) - known)
    if unknown:
        raise SettingsError(
            f"policy {policies.name}: disabled names no check: {', '.join(unknown)}",
            code="policy.unknown_check",
            hint="Check ids look like P10; an organisation's own rules are org.name.",
        )


def _skipped(
    policies: PolicySet, refined: list[RefinedComponent], validated: bool
) -> dict[str, str]:
    """Checks that did not run: not possible yet, switched off, or lacking facts of a component."""
    reasons = {id_: entry.pending for id_, entry in CATALOGUE.items() if entry.pending}
    if validated:
        # What a model answers is used only after it has validated.
        del reasons["L01"]
    reasons["T10 (server-side)"] = NO_SERVER
    without: dict[str, list[str]] = defaultdict(list)
    for item in refined:
        for id_, reason in item.skipped.items():
            without[id_].append(reason)
    for id_, told in without.items():
        some = "" if len(told) == len(refined) else f" ({len(told)} of {len(refined)} components)"
        reasons[id_] = told[0] + some
    reasons |= {
        id_: f"switched off by policy {policies.name}: {reason}"
        for id_, reason in policies.disabled.items()
    }
    return dict(sorted(reasons.items()))


def _failure(name: str, message: str) -> FailedComponent:
    return FailedComponent(name=name, stage="rva", failure=safe(message))
