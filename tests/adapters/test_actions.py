"""The runner's files: read with bounds, written so that no value can add another."""

import json
import secrets
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from adapters.actions import (
    MAX_EVENT_BYTES,
    MAX_SUMMARY_BYTES,
    ActionsRun,
    add_summary,
    harmless,
    load_actions,
    read_payload,
    write_outputs,
)
from schemas.errors import InputFileError, OutputError, SettingsError

RUNNER = {
    "GITHUB_EVENT_NAME": "issue_comment",
    "GITHUB_EVENT_PATH": "/home/runner/work/_temp/_github_workflow/event.json",
    "GITHUB_OUTPUT": "/home/runner/work/_temp/_runner_file_commands/set_output_x",
    "GITHUB_STEP_SUMMARY": "/home/runner/work/_temp/_runner_file_commands/step_summary_x",
    "GITHUB_RUN_ATTEMPT": "2",
    "GITHUB_RUN_ID": "1658821493",
    "GITHUB_REPOSITORY": "octo-org/shop",
    "GITHUB_SERVER_URL": "https://GitHub.com",
    "GITHUB_TOKEN": "ghs_not_ours_to_read",
}


def outputs_of(text):
    """The outputs as the runner reads them: ``name<<MARK``, the lines, ``MARK``."""
    found, lines = {}, iter(text.split("\n"))
    for line in lines:
        if not line:
            continue
        name, arrow, mark = line.partition("<<")
        assert arrow, line
        value = []
        for part in lines:
            if part == mark:
                break
            value.append(part)
        else:
            raise AssertionError("the value never ends")
        found[name] = "\n".join(value)
    return found


def test_what_the_runner_tells():
    run = load_actions(RUNNER)
    assert (run.event_name, run.run_attempt, run.repository) == (
        "issue_comment",
        2,
        "octo-org/shop",
    )
    assert run.event_path == Path(RUNNER["GITHUB_EVENT_PATH"])
    assert run.server == "github.com"
    assert run.run_url == "https://GitHub.com/octo-org/shop/actions/runs/1658821493"
    assert "ghs_" not in repr(run)


def test_outside_of_actions_nothing_is_known_and_nothing_is_written():
    run = load_actions({"PATH": "/usr/bin", "GITHUB_OUTPUT": "  "})
    assert run == ActionsRun()
    assert run.run_url is None
    write_outputs(run, {"ok": "true"})
    add_summary(run, "text")


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("GITHUB_RUN_ATTEMPT", "first"),
        ("GITHUB_RUN_ATTEMPT", "0"),
        ("GITHUB_REPOSITORY", "shop"),
        ("GITHUB_REPOSITORY", "a/b/../c"),
        ("GITHUB_SERVER_URL", "https://user:pw@github.com"),
        ("GITHUB_SERVER_URL", "javascript:alert(1)"),
        ("GITHUB_RUN_ID", "x"),
    ],
)
def test_a_variable_of_another_form_is_refused_by_its_name_and_not_repeated(name, value):
    with pytest.raises(SettingsError) as caught:
        load_actions({**RUNNER, name: value})
    assert caught.value.message.startswith(f"{name}: ")
    assert "pw@" not in caught.value.render()


hostile = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\r"), max_size=60)


@given(st.dictionaries(st.sampled_from(["job", "reason", "comment-url"]), hostile))
@settings(deadline=None)
def test_outputs_come_out_as_they_went_in(tmp_path_factory, values):
    file = tmp_path_factory.mktemp("out") / "output"
    write_outputs(ActionsRun(output=file), values)
    assert outputs_of(file.read_text("utf-8") if values else "") == values


def test_no_value_ends_itself_and_adds_an_output(tmp_path):
    file = tmp_path / "output"
    write_outputs(ActionsRun(output=file), {"reason": "x"})
    mark = file.read_text().split("<<")[1].split("\n")[0]
    write_outputs(ActionsRun(output=file), {"reason": f"x\n{mark}\nok<<E\ntrue\nE"})
    assert set(outputs_of(file.read_text())) == {"reason"}
    assert len(mark) >= 40


def test_each_output_has_a_mark_of_its_own(tmp_path, monkeypatch):
    marks = iter(["first", "second"])
    monkeypatch.setattr(secrets, "token_hex", lambda _size: next(marks))
    file = tmp_path / "output"
    write_outputs(ActionsRun(output=file), {"a": "1", "b": "2"})
    assert file.read_text() == "a<<end-first\n1\nend-first\nb<<end-second\n2\nend-second\n"


@pytest.mark.parametrize("name", ["a b", "a<<b", "a=b", "", "A", "a\nb"])
def test_a_name_that_the_runner_would_read_otherwise_is_refused(tmp_path, name):
    file = tmp_path / "output"
    with pytest.raises(ValueError, match="no name of an output"):
        write_outputs(ActionsRun(output=file), {"ok": "true", name: "x"})
    assert not file.exists()


def test_a_summary_is_added_to_and_cut_at_a_mebibyte(tmp_path):
    file = tmp_path / "summary"
    run = ActionsRun(step_summary=file)
    add_summary(run, "first\n")
    add_summary(run, "second\n")
    assert file.read_text() == "first\nsecond\n"
    long = tmp_path / "long"
    add_summary(ActionsRun(step_summary=long), "é" * MAX_SUMMARY_BYTES)
    content = long.read_bytes()
    assert MAX_SUMMARY_BYTES - 4 < len(content) <= MAX_SUMMARY_BYTES
    assert "the rest was left out" in content.decode("utf-8")


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("::add-mask::x", ": :add-mask::x"),
        ("a\n  ::stop-commands::x", "a\n  : :stop-commands::x"),
        ("a\r::warning::x", "a\r: :warning::x"),
        ("it says ##[set-output name=ok]true", "it says ## [set-output name=ok]true"),
        ("std::vector and a::b", "std::vector and a::b"),
        ("## [x] and # #[x]", "## [x] and # #[x]"),
    ],
)
def test_a_text_in_the_log_is_no_command_of_the_runner(text, shown):
    assert harmless(text) == shown


@given(st.text(alphabet="#[]:\n\r\t ax", max_size=40))
@settings(deadline=None)
def test_no_text_in_the_log_is_a_command(text):
    said = harmless(text)
    assert "##[" not in said
    assert not any(part.lstrip().startswith("::") for part in said.splitlines())
    assert said.replace(" ", "") == text.replace(" ", "")


def test_a_file_that_cannot_be_written_is_an_error(tmp_path):
    with pytest.raises(OutputError, match="cannot be written"):
        write_outputs(ActionsRun(output=tmp_path), {"ok": "true"})


def test_the_event_is_read(tmp_path):
    file = tmp_path / "event.json"
    file.write_text(json.dumps({"action": "created"}))
    assert read_payload(file) == {"action": "created"}


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (None, "cannot be read"),
        (b"", "is not JSON"),
        (b"{", "is not JSON"),
        (b"\xff\xfe{}", "is not JSON"),
        (b"[1]", "is no JSON object"),
        (b"[" * 100_000, "is not JSON"),
        (b" " * (MAX_EVENT_BYTES + 1), "at most"),
    ],
    ids=["absent", "empty", "cut", "bytes", "list", "deep", "large"],
)
def test_an_event_that_is_none_is_a_sentence(tmp_path, content, says):
    file = tmp_path / "event.json"
    if content is not None:
        file.write_bytes(content)
    with pytest.raises(InputFileError, match=says):
        read_payload(file)
