from datetime import UTC, datetime, timedelta

import pytest

from pipeline.run import Recorder
from schemas.run import ReasonerChoice, StageStatus

START = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
NONE = ReasonerChoice(requested="none", used="none", why="asked for")


class FakeClock:
    """Every look at the monotonic clock takes half a second."""

    def __init__(self):
        self.ticks = 0

    def now(self):
        return START + timedelta(seconds=self.ticks)

    def monotonic(self):
        self.ticks += 1
        return self.ticks * 0.5


def recorder():
    return Recorder(FakeClock(), version="1.2.3", reasoner=NONE)


def test_a_stage_is_timed_and_kept_in_order():
    run = recorder()
    with run.stage("dca") as stage:
        stage.detail = "3 files"
    with run.stage("pipa"):
        pass
    record = run.finish({"llm": "none"}, ("repo", "text"))
    assert [(s.name, s.status, s.seconds, s.detail) for s in record.stages] == [
        ("dca", StageStatus.DONE, 0.5, "3 files"),
        ("pipa", StageStatus.DONE, 0.5, ""),
    ]
    assert record.seconds == 2.5
    assert record.started_at == START
    assert record.version == "1.2.3"


def test_errors_of_some_components_make_a_stage_partial():
    run = recorder()
    with run.stage("pipa") as stage:
        stage.errors.append("api: no")
    (only,) = run.finish({}, ()).stages
    assert only.status is StageStatus.PARTIAL
    assert only.errors == ("api: no",)


def test_a_failing_stage_is_recorded_and_the_error_goes_on():
    run = recorder()
    with pytest.raises(RuntimeError, match="boom"), run.stage("rva"):
        raise RuntimeError("boom")
    (only,) = run.finish({}, ()).stages
    assert only.status is StageStatus.FAILED
    assert only.errors == ("boom",)


def test_the_id_depends_on_what_was_asked_and_when():
    same = {recorder().finish({}, ("a", "b")).id for _ in range(2)}
    other = recorder().finish({}, ("a", "c")).id
    assert len(same) == 1
    assert other not in same
