from __future__ import annotations

from rva.checks import CHECKS
from rva.checks.base import Check, Problem, judge
from rva.react import MAX_CYCLES, Choice, WorstFirst, refine_component
from schemas.plan import CpuInterval
from schemas.recommendation import RefinementEnd, Severity
from schemas.trigger import ClusterFacts, QuotaFacts


class FakeReasoner:
    """Chooses the last of what is offered, and notes what that was."""

    def __init__(self):
        self.offered = []

    def choose(self, subject, pending, so_far):
        self.offered.append([item.id for item in pending])
        return Choice(pending[-1], "the last one")


def bad_plan(build):
    return build.plan(sizes=build.resources(cpu=500, cpu_limit=100, memory=600, memory_limit=512))


def test_a_sound_plan_ends_at_once(build):
    refined = refine_component(build.world(), build.plan(), CHECKS)

    assert refined.refinement.ended is RefinementEnd.CLEAN
    assert refined.refinement.cycles == 0
    assert refined.refinement.trace == ()
    assert refined.plan == build.plan()
    assert refined.passed > 20


def test_a_repair_leaves_a_step_that_cites_its_check(build):
    refined = refine_component(build.world(), bad_plan(build), CHECKS)

    step = refined.plan.reasoning[-1]
    assert step.number == 2
    assert step.evidence == ("policy:T04",)
    assert "resources.limits.memory: 512Mi → 600Mi" in step.text
    assert "raise_limit_to_request" in step.text


def test_the_trace_says_why_what_and_what_came_of_it(build):
    refined = refine_component(build.world(), bad_plan(build), CHECKS)

    (step,) = refined.refinement.trace
    assert step.cycle == 1
    assert step.component == "api"
    assert "T04" in step.thought
    assert step.action == "raise_limit_to_request"
    assert step.observation.endswith("T04 holds.")


def test_an_answered_finding_passes_and_names_its_fix(build):
    refined = refine_component(build.world(), bad_plan(build), CHECKS)

    (answered,) = refined.answered
    assert answered.id == "T04"
    assert answered.passed
    assert not answered.blocks
    assert answered.fix.op == "raise_limit_to_request"
    assert answered.fix.field == "resources.limits.cpu"
    assert (answered.fix.before, answered.fix.after) == ("100m", "500m")


def test_what_cannot_be_repaired_ends_without_progress_and_says_what_to_do(build):
    cluster = ClusterFacts(quotas=(QuotaFacts(remaining_pods=0),))

    refined = refine_component(build.world(cluster=cluster), build.plan(), CHECKS)

    assert refined.refinement.ended is RefinementEnd.NO_PROGRESS
    (left,) = [item for item in refined.failed if item.blocks]
    assert left.id == "P09"
    assert left.fix.op == "raise_quota"
    assert refined.refinement.trace[-1].observation.startswith("This repair cannot change it")


def test_the_worst_finding_is_taken_first(build):
    subject = build.subject(planned=build.plan(replicas=1))
    warn = judge(subject, "A01", [Problem("few")])
    block = judge(subject, "T04", [Problem("below")])
    info = judge(subject, "R02", [Problem("serial")])

    choice = WorstFirst().choose(subject, [info, warn, block])

    assert choice.finding is block
    assert "below" in choice.thought


def test_another_reasoner_chooses_among_the_same_repairs(build):
    reasoner = FakeReasoner()
    sizes = build.resources(cpu=0, memory=600, memory_limit=512)
    ranges = build.intervals(2, sizes)
    ranges = ranges.model_copy(update={"cpu_request": CpuInterval(low=0, target=0, high=9)})

    refined = refine_component(
        build.world(), build.plan(sizes=sizes, intervals=ranges), CHECKS, reasoner
    )

    assert reasoner.offered[0] == ["T03", "T04"]
    assert reasoner.offered[1] == ["T03"]
    assert refined.refinement.trace[0].thought == "the last one"
    assert not [item for item in refined.failed if item.blocks]


def test_the_loop_ends_at_its_limit_when_repairs_never_rest(build, monkeypatch):
    """A repair that finds something new in each cycle."""
    from rva import react
    from rva.repairs.amounts import with_replicas
    from rva.repairs.base import Phase, Remedy, Repair

    restless = Remedy(
        Repair.SET_REPLICAS,
        Phase.COUNT,
        lambda subject: with_replicas(subject, subject.plan.replicas + 1),
    )
    monkeypatch.setitem(react.REMEDIES, "T04", restless)
    check = Check("T04", lambda subject: judge(subject, "T04", [Problem("never enough")]))

    refined = refine_component(build.world(), build.plan(replicas=2), [check])

    assert refined.refinement.ended is RefinementEnd.LIMIT
    assert refined.refinement.cycles == MAX_CYCLES
    assert refined.plan.replicas == 2 + MAX_CYCLES
    assert [item.id for item in refined.failed] == ["T04"]


def test_a_plan_that_returns_ends_the_loop(build, monkeypatch):
    """Two repairs that undo each other."""
    from rva import react
    from rva.repairs.amounts import with_replicas
    from rva.repairs.base import Phase, Remedy, Repair

    def toggled(subject):
        return with_replicas(subject, 5 - subject.plan.replicas)

    monkeypatch.setitem(react.REMEDIES, "T04", Remedy(Repair.SET_REPLICAS, Phase.COUNT, toggled))
    check = Check("T04", lambda subject: judge(subject, "T04", [Problem("never right")]))
    ranges = build.intervals(2, build.resources())
    wide = ranges.replicas.model_copy(update={"low": 1, "high": 9})
    planned = build.plan(replicas=2, intervals=ranges.model_copy(update={"replicas": wide}))

    refined = refine_component(build.world(), planned, [check])

    assert refined.refinement.ended is RefinementEnd.NO_PROGRESS
    assert refined.plan == planned


def test_what_is_merely_worth_knowing_starts_no_cycle(build):
    checks = [check for check in CHECKS if check.id == "R02"]
    java = build.component(language="Java")

    refined = refine_component(build.world(java), build.plan(replicas=1), checks)

    assert [item.severity for item in refined.failed] == [Severity.INFO]
    assert refined.refinement.cycles == 0


def test_checks_that_lack_facts_are_named_with_their_reason(build):
    refined = refine_component(build.world(), build.plan(), CHECKS)

    assert "no nodes are known" in refined.skipped["C01"]
    assert "deployment_context" in refined.skipped["P09"]
