"""Remarks of the runner: at the right place, few enough, and never more than one command each."""

from pathlib import PurePosixPath

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ci.action.annotations import MAX_OF_LEVEL, Remark, remarks_of
from schemas.evidence import Evidence, EvidenceGrade, EvidenceKind
from schemas.recommendation import FailedComponent, Finding, Severity
from tests.actions_runner.protocol import Log
from tests.ci.handoff.conftest import (
    hostile,
    make_component,
    make_patched,
    make_recommendation,
    make_target,
)

BELOW = PurePosixPath("app")


def finding(id="T04", component="api", severity=Severity.WARN, **fields):
    given = {"passed": False, "message": f"{component}: too small"}
    return Finding(id=id, severity=severity, component=component, **{**given, **fields})


def read(remarks):
    """What the runner makes of them."""
    log = Log()
    log.read("".join(f"{remark.command()}\n" for remark in remarks))
    return log.commands


def test_a_finding_is_shown_at_the_manifest_with_its_value_and_bound():
    proof = Evidence(
        id="file:deploy/api.yaml:12",
        kind=EvidenceKind.FILE,
        grade=EvidenceGrade.STATED,
        statement="one replica",
        source="deploy/api.yaml",
        line=12,
    )
    item = make_component("api", target=make_target("api", path="deploy/api.yaml"))
    item = item.model_copy(update={"evidence": (*item.evidence, proof)})
    found = finding(value="64Mi", limit="at least 96Mi")
    remarks = remarks_of(
        make_recommendation(item, findings=(found,)), below=BELOW, differences="notice"
    )
    assert read(remarks) == [
        (
            "warning",
            {"file": "app/deploy/api.yaml", "line": "12", "title": "T04"},
            "api: too small Found: 64Mi, bound at least 96Mi",
        )
    ]


@pytest.mark.parametrize(
    ("severity", "level"),
    [(Severity.BLOCK, "error"), (Severity.WARN, "warning"), (Severity.INFO, "notice")],
)
def test_how_much_a_finding_counts(severity, level):
    result = make_recommendation(findings=(finding(severity=severity),))
    assert [name for name, _, _ in read(remarks_of(result, below=BELOW, differences="error"))] == [
        level
    ]


def test_what_passed_is_not_remarked_and_what_has_no_numbers_is():
    failed = FailedComponent(name="web", stage="dca", failure="its Dockerfile cannot be read")
    result = make_recommendation(findings=(finding(passed=True),), failed=(failed,))
    ((level, where, text),) = read(remarks_of(result, below=BELOW, differences="error"))
    assert (level, where) == ("error", {"title": "not sized"})
    assert text == "web: no numbers: its Dockerfile cannot be read"


@pytest.mark.parametrize("level", ["error", "notice"])
def test_differences_count_as_much_as_the_step_is_asked(level):
    result = make_recommendation(make_patched("api"), make_component("web"))
    remarks = read(remarks_of(result, below=PurePosixPath(), differences=level))
    assert [(name, where["title"]) for name, where, _ in remarks] == [
        (level, "differs from the recommendation"),
        (level, "no manifest"),
    ]


def test_no_more_are_written_than_are_shown_and_the_last_says_how_many_are_left():
    findings = tuple(finding(f"T{n:02}") for n in range(30))
    remarks = remarks_of(make_recommendation(findings=findings), below=BELOW, differences="error")
    assert len(remarks) == MAX_OF_LEVEL
    assert remarks[-1].text == "… and 21 more, in the job summary"


def test_a_hostile_repository_gets_no_command_of_its_own():
    result = hostile()
    remarks = remarks_of(result, below=BELOW, differences="error")
    lines = "".join(f"{remark.command()}\n" for remark in remarks)
    assert len(lines.splitlines()) == len(remarks) == len(read(remarks))
    assert "\x1b" not in lines
    assert "\u202e" not in lines


@settings(deadline=None, max_examples=300)
@given(
    text=st.text() | st.sampled_from(["%0A::set-env name=A::b", "a\n::error::b", "##[error]x"]),
    title=st.text(max_size=20) | st.just("a,file=b::c"),
    path=st.none() | st.text(min_size=1, max_size=20) | st.just("a:1,line=2"),
)
def test_whatever_is_remarked_stays_one_command_with_its_own_properties(text, title, path):
    remark = Remark("warning", text, title, path, 3 if path else None)
    ((level, where, data),) = read([remark])
    assert level == "warning"
    assert set(where) <= {"file", "line", "title"}
    assert where.get("line") in (None, "3")
    assert "\n" not in data
