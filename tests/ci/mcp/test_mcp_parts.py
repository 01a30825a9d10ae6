"""Parts of the server that need no client: bounds of answers, of messages, and of the queue."""

import io
import json

import anyio
import pytest

from ci.mcp import jobs as jobs_module
from ci.mcp.answers import ManifestCheck, Sizing
from ci.mcp.jobs import Jobs
from ci.mcp.stdio import TOO_LARGE, BoundedLines
from ci.mcp.summary import explanations_of, fitted, sizing_of
from ci.mcp.tools import STAGES, progress_of
from schemas.errors import OutsideError
from schemas.recommendation import Finding, Severity
from tests.ci.handoff.conftest import hostile, make_component, make_recommendation, shop
from tests.ci.mcp.test_mcp_tools import strings, visible

SIZES = [200_000, 40_000, 20_000, 8192]


def large():
    """More than any answer holds: many components, each with its warning."""
    names = [f"service-{number}" for number in range(150)]
    warnings = tuple(
        Finding(id="R03", severity=severity, passed=False, message="m" * 300, component=name)
        for name in names
        for severity in (Severity.WARN, Severity.BLOCK)
    )
    return make_recommendation(*map(make_component, names), findings=warnings)


def test_the_answer_says_the_recommendations_numbers():
    told, meant = sizing_of(shop()), shop()
    assert [item.replicas for item in told.components] == [c.replicas for c in meant.components]
    assert told.run == meant.run.id
    assert [item.name for item in told.not_sized] == ["legacy"]
    assert told.blocked is meant.blocked


def test_failed_checks_stand_worst_first_and_repaired_ones_are_not_told():
    said = [item.severity for item in sizing_of(shop()).findings]
    assert said == sorted(said, key=["block", "warn", "info"].index)
    assert len(said) == sum(not finding.passed for finding in shop().findings)


def test_hostile_texts_are_flat_wherever_they_stand():
    for text in strings(sizing_of(hostile()).model_dump(mode="json")):
        assert visible(text.replace("\n", " ")), repr(text)
    for name, text in explanations_of(hostile()).items():
        assert visible(name)
        assert visible(text.replace("\n", " "))


def test_each_component_can_be_explained_by_the_name_that_is_shown():
    told = sizing_of(hostile())
    shown = {item.name for item in (*told.components, *told.not_sized)}
    assert shown == set(explanations_of(hostile()))


def test_an_answer_that_fits_is_left_as_it_is():
    answer = sizing_of(shop())
    assert fitted(answer, 1 << 20) is answer


@pytest.mark.parametrize("most", SIZES)
def test_an_answer_never_exceeds_its_bound_and_says_what_is_missing(most):
    answer = fitted(sizing_of(large()), most)
    assert len(answer.model_dump_json().encode()) <= most
    assert answer.left_out
    assert Sizing.model_validate(answer.model_dump(mode="json")) == answer


def test_blocking_findings_and_numbers_outlive_reasons_and_patches():
    whole = sizing_of(large())
    answer = fitted(whole, 170_000)
    assert not any(item.reasons for item in answer.components)
    assert len(answer.components) == len(whole.components)
    assert {item.severity for item in answer.findings} == {"block"}


def test_findings_on_what_stands_are_bounded_too():
    whole = sizing_of(large())
    checked = ManifestCheck(**dict(whole), documents=1, as_they_stand=whole.findings)
    answer = fitted(checked, 8192)
    assert isinstance(answer, ManifestCheck)
    assert len(answer.model_dump_json().encode()) <= 8192


def test_progress_always_grows_and_never_claims_to_be_done():
    told = [progress_of(number) for number in range(1, 20)]
    assert told[:6] == [1, 2, 3, 4, 4.5, 4.75]
    assert told == sorted(set(told))
    assert told[-1] < STAGES


def lines(data, most=64):
    reader = BoundedLines(io.BytesIO(data), most)
    return list(iter(reader.readline, ""))


def test_short_lines_pass_as_they_are():
    assert lines(b'{"a":1}\n{"b":2}\nend') == ['{"a":1}\n', '{"b":2}\n', "end"]


def test_a_line_of_exactly_the_limit_passes():
    assert lines(b"x" * 63 + b"\n", 64) == ["x" * 63 + "\n"]


def test_bytes_that_are_no_text_are_replaced():
    assert lines(b"\xff\xfe\n") == ["\ufffd\ufffd\n"]


@pytest.mark.parametrize(
    ("head", "id_"),
    [
        (b'{"jsonrpc":"2.0","id":7,"method":"tools/call"', 7),
        (b'{"id": "abc-1", "jsonrpc":"2.0"', "abc-1"),
        (b'{"jsonrpc":"2.0","method":"tools/call"', 0),
        (b'{"id":"\\"},\\"method\\":\\"x"', 0),
    ],
    ids=["number", "text", "none in sight", "one that would break out"],
)
def test_a_line_that_is_too_long_becomes_a_refused_call_with_its_id(head, id_):
    refused, following = lines(head + b"x" * 5_000_000 + b'\n{"a":1}\n', 100)
    message = json.loads(refused)
    assert message["id"] == id_
    assert message["method"] == "tools/call"
    assert message["params"]["name"] == TOO_LARGE
    assert following == '{"a":1}\n'


async def test_more_than_may_wait_are_refused_at_once(monkeypatch):
    monkeypatch.setattr(jobs_module, "MAX_WAITING", 2)
    begun, done = anyio.Event(), anyio.Event()

    async def fake_work(_make, _told):
        begun.set()
        await done.wait()

    monkeypatch.setattr(jobs_module, "_worked", fake_work)
    queue = Jobs(at_once=1, seconds=30)

    async def nobody(_stage):
        """Hear nothing."""

    async with anyio.create_task_group() as group:
        group.start_soon(queue.run, None, nobody)
        await begun.wait()
        for _ in range(2):
            group.start_soon(queue.run, None, nobody)
        await anyio.wait_all_tasks_blocked()
        with pytest.raises(OutsideError) as refused:
            await queue.run(None, nobody)
        assert refused.value.code == "mcp.busy"
        done.set()
    await queue.run(None, nobody)
