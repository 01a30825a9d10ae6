"""``github gate`` and ``github publish`` as a workflow runs them, against a GitHub over HTTP."""

import json
import os

import pytest

from ci.cli import main
from tests.adapters.test_actions import outputs_of
from tests.ci.chatops.payloads import FIELDS, payload
from tests.ci.handoff.conftest import make_patched, make_recommendation
from tests.github_server import FakeGitHub

CANARY = "canary-7f3a9b-must-not-leave"
SIZE = f"/ai-provision\n{FIELDS}"


MANIFEST = """\
# the team's own remark
apiVersion: apps/v1
kind: Deployment
metadata:
  name: {name}
spec:
  replicas: 1
  selector:
    matchLabels: {{app: {name}}}
  template:
    metadata:
      labels: {{app: {name}}}
    spec:
      containers:
        - name: {name}   # the only one
          image: registry.example/{name}:1
"""


class Runner:
    """A job of a workflow: its variables, its files, and the commands run in it."""

    def __init__(self, github, directory, monkeypatch):
        self.github, self.directory, self._patch = github, directory, monkeypatch
        manifests = {f"deploy/{name}.yaml": MANIFEST.format(name=name) for name in ("api", "web")}
        self.pull = github.add_pull("Add the service", head="inventory", files=manifests)
        self.attempt = 1
        for name in [name for name in os.environ if name.startswith("GITHUB_")]:
            monkeypatch.delenv(name)
        monkeypatch.setenv("GITHUB_API_URL", github.url)
        monkeypatch.setenv("GITHUB_TOKEN", github.token())
        monkeypatch.setenv("GITHUB_REPOSITORY", github.repository)
        monkeypatch.setenv("GITHUB_EVENT_NAME", "issue_comment")
        monkeypatch.setenv("GITHUB_RUN_ID", "77")
        monkeypatch.setenv("AI_PROVISION_LLM_API_KEY", CANARY)

    def step(self, *arguments):
        """Run one step; its exit code, and its outputs as the runner reads them."""
        output, summary = self.directory / "output", self.directory / "summary"
        output.write_text("")
        self._patch.setenv("GITHUB_OUTPUT", str(output))
        self._patch.setenv("GITHUB_STEP_SUMMARY", str(summary))
        self._patch.setenv("GITHUB_RUN_ATTEMPT", str(self.attempt))
        code = main(["github", *arguments])
        self.summary = summary.read_text() if summary.exists() else ""
        return code, outputs_of(output.read_text())

    def gate(self, body, author="wren", **changes):
        """Somebody writes a comment, and the gate runs for it."""
        comment = self.github.add_comment(self.pull.number, author, body)
        self.comment = comment
        event = payload(body, author, comment_id=comment.id, **changes)
        event["issue"]["number"] = self.pull.number
        event["comment"]["created_at"] = event["comment"]["updated_at"] = comment.created_at
        event["repository"]["full_name"] = self.github.repository
        return self.gate_again(event)

    def gate_again(self, event):
        self.event = event
        file = self.directory / "event.json"
        file.write_text(json.dumps(event))
        self._patch.setenv("GITHUB_EVENT_PATH", str(file))
        return self.step("gate", "--out", str(self.directory / "job.json"))

    def publish(self, recommendation=None):
        result = self.directory / "result"
        result.mkdir(exist_ok=True)
        for old in result.iterdir():
            old.unlink()
        if recommendation is not None:
            (result / "recommendation.json").write_text(recommendation.model_dump_json())
        job = str(self.directory / "job.json")
        return self.step("publish", "--job", job, "--result", str(result))

    @property
    def own(self):
        number = self.pull.number
        return [item for item in self.github.comments(number) if item.author.endswith("[bot]")]


@pytest.fixture
def github():
    with FakeGitHub("octo-org/shop") as fake:
        fake.add_user("wren", "write")
        yield fake


@pytest.fixture
def runner(github, tmp_path, monkeypatch):
    return Runner(github, tmp_path, monkeypatch)


@pytest.fixture
def result():
    return make_recommendation(make_patched("api"), make_patched("web"))


def test_a_comment_becomes_a_job_and_an_answer(runner, github, result, capsys):
    code, outputs = runner.gate(SIZE)
    assert (code, outputs["ok"], outputs["verb"]) == (0, "true", "size")
    assert outputs["sha"] == runner.pull.head_sha
    assert json.loads(outputs["job"]) == json.loads((runner.directory / "job.json").read_text())
    code, outputs = runner.publish(result)
    assert (code, outputs["conclusion"], outputs["stale"]) == (0, "success", "false")
    (own,) = runner.own
    assert own.body.startswith("<!-- ai-provision:v1 app=github.com/octo-org/shop sha=")
    assert outputs["comment"].endswith(f"#issuecomment-{own.id}")
    assert [run.conclusion for run in github.check_runs] == ["success"]
    assert [what for _, what in github.reactions(runner.comment.id)] == ["hooray", "rocket"]
    assert "api" in runner.summary
    told = capsys.readouterr()
    everything = told.out + told.err + runner.summary + own.body + json.dumps(outputs)
    assert CANARY not in everything
    assert "ghs_" not in everything


def test_an_explanation_stands_beside_the_sizing(runner, result):
    runner.gate(SIZE)
    runner.publish(result)
    code, outputs = runner.gate("/ai-provision explain API")
    assert (code, outputs["verb"]) == (0, "explain")
    code, outputs = runner.publish(result)
    assert (code, outputs["conclusion"]) == (0, "")
    runner.gate("/ai-provision explain api")
    runner.publish(result)
    sizing, explanation = runner.own
    assert "Why `api` is sized like this" in explanation.body
    assert "Why `api` is sized like this" not in sizing.body
    runner.gate("/ai-provision")
    runner.publish(result)
    assert [item.id for item in runner.own] == [sizing.id, explanation.id]


@pytest.mark.parametrize("role", ["none", "read", "triage"])
def test_who_may_not_push_gets_nothing_at_all(runner, github, role):
    github.add_user("sam", role)
    code, outputs = runner.gate(SIZE, "sam")
    assert (code, outputs["ok"]) == (0, "false")
    assert outputs["reason"] == "the author may not push to the repository"
    assert github.writes == []
    assert not (runner.directory / "job.json").exists()


def test_the_same_event_again_is_taken_and_a_second_attempt_passes(runner, github):
    runner.gate(SIZE)
    assert runner.gate_again(runner.event)[1]["ok"] == "false"
    runner.attempt = 2
    assert runner.gate_again(runner.event)[1]["ok"] == "true"
    assert len(github.reactions(runner.comment.id)) == 1


def test_a_wrong_command_is_answered_in_the_one_comment(runner):
    assert runner.gate("/ai-provision env=qa")[1]["ok"] == "false"
    runner.gate("/ai-provision help")
    (own,) = runner.own
    assert "What `/ai-provision` can do" in own.body
    assert "'qa'" not in own.body


def test_a_push_between_gate_and_publish_is_said(runner, github, result):
    runner.gate(SIZE)
    github.force_push(runner.pull.number)
    code, outputs = runner.publish(result)
    assert (code, outputs["stale"], outputs["conclusion"]) == (0, "true", "neutral")
    assert github.pull(runner.pull.number).head_sha[:7] in runner.own[0].body


@pytest.mark.parametrize(
    ("leave", "says"),
    [
        (None, "the analysis ended without a result"),
        (("failure.txt", "the repository is too large"), "the repository is too large"),
        (("recommendation.json", "{}"), "no valid recommendation"),
        (("recommendation.json", "not JSON"), "no valid recommendation"),
    ],
    ids=["nothing", "words", "another-shape", "no-json"],
)
def test_an_analysis_that_failed_is_said(runner, github, leave, says):
    runner.gate(SIZE)
    result = runner.directory / "result"
    if leave is not None:
        result.mkdir()
        (result / leave[0]).write_text(leave[1])
    job = str(runner.directory / "job.json")
    code, outputs = runner.step("publish", "--job", job, "--result", str(result))
    assert (code, outputs["conclusion"]) == (0, "failure")
    assert says in runner.own[0].body
    assert [what for _, what in github.reactions(runner.comment.id)] == ["hooray", "confused"]


def test_a_vanished_repository_ends_with_three_and_one_sentence(runner, github, result, capsys):
    runner.gate(SIZE)
    before = len(github.writes)
    github.remove_repository()
    code, outputs = runner.publish(result)
    assert (code, outputs) == (3, {})
    error = capsys.readouterr().err
    assert error.startswith("error[github.not_found]: ")
    assert "Traceback" not in error
    assert len(github.writes) == before


def test_in_a_vanished_repository_nobody_may_push(runner, github):
    github.remove_repository()
    code, outputs = runner.gate(SIZE)
    assert (code, outputs["ok"]) == (0, "false")
    assert github.writes == []


def test_a_token_without_check_runs_ends_with_three_and_the_comment_says_why(
    runner, github, result, monkeypatch, capsys
):
    runner.gate(SIZE)
    allowed = {"contents": "read", "issues": "write", "pull_requests": "write"}
    monkeypatch.setenv("GITHUB_TOKEN", github.token(allowed))
    assert runner.publish(result)[0] == 3
    assert capsys.readouterr().err.startswith("error[github.refused]: ")
    (own,) = runner.own
    assert "The check run is missing: run the job again" in own.body
    assert [what for _, what in github.reactions(runner.comment.id)] == ["hooray"]


def test_a_job_of_another_repository_is_refused(runner, github, result, monkeypatch, capsys):
    runner.gate(SIZE)
    before = len(github.writes)
    monkeypatch.setenv("GITHUB_REPOSITORY", "octo-org/other")
    assert runner.publish(result)[0] == 2
    assert "error[job.foreign]" in capsys.readouterr().err
    assert len(github.writes) == before


@pytest.mark.parametrize(
    ("change", "code", "says"),
    [
        ({"GITHUB_EVENT_NAME": "push"}, 2, "the event is push, not issue_comment"),
        ({"GITHUB_EVENT_PATH": ""}, 2, "there is no event"),
        ({"GITHUB_EVENT_PATH": "/nowhere/event.json"}, 2, "cannot be read"),
        ({"GITHUB_RUN_ATTEMPT": "x"}, 2, "GITHUB_RUN_ATTEMPT"),
    ],
    ids=["push", "no-event", "absent", "attempt"],
)
def test_a_runner_that_tells_something_else_is_a_usage_error(
    runner, monkeypatch, capsys, change, code, says
):
    for name, value in {"GITHUB_RUN_ATTEMPT": "1", **change}.items():
        monkeypatch.setenv(name, value)
    assert main(["github", "gate"]) == code
    assert says in capsys.readouterr().err


def test_a_fault_of_our_own_is_said_too(runner, github, result, monkeypatch, capsys):
    def render(recommendation, about):
        raise ZeroDivisionError

    runner.gate(SIZE)
    monkeypatch.setattr("ci.chatops.run_publish.render", render)
    assert runner.publish(result)[0] == 3
    assert "error[internal]" in capsys.readouterr().err
    assert "ai-provision has a fault" in runner.own[0].body
    assert [run.conclusion for run in github.check_runs] == ["failure"]


# apply


def test_from_the_comment_to_a_pull_request_with_the_numbers(runner, github, result):
    runner.gate(SIZE)
    runner.publish(result)
    head = runner.pull.head_sha
    assert f"/ai-provision apply sha={head[:7]}" in runner.own[0].body
    code, outputs = runner.gate(f"/ai-provision apply sha={head[:7]}")
    assert (code, outputs["ok"], outputs["verb"]) == (0, "true", "apply")
    code, outputs = runner.publish(result)
    opened = github.pulls[-1]
    assert (code, outputs["applied"].rpartition("/")[2]) == (0, str(opened.number))
    assert (opened.base_ref, opened.head_ref) == (
        "inventory",
        f"ai-provision/{runner.pull.number}-{head[:7]}-{runner.comment.id}",
    )
    written = github.read(opened.head_ref, "deploy/api.yaml").decode()
    assert "# the team's own remark" in written
    assert "replicas: 3" in written
    assert "512Mi" in written
    assert github.read("inventory", "deploy/api.yaml").decode() == MANIFEST.format(name="api")
    (own,) = runner.own
    assert f"/pull/{opened.number}" in own.body
    assert [what for _, what in github.reactions(runner.comment.id)] == ["hooray", "rocket"]


def test_apply_before_anything_was_shown_is_refused(runner, github):
    head = runner.pull.head_sha
    assert runner.gate(f"/ai-provision apply sha={head[:9]}\n{FIELDS}")[1]["ok"] == "false"
    assert "no numbers are shown" in runner.own[0].body
    assert len(github.branches) == 2


def test_a_repository_that_lets_actions_open_no_pull_requests_keeps_no_branch(
    runner, github, result, capsys
):
    runner.gate(SIZE)
    runner.publish(result)
    github.actions_may_open_pulls = False
    before = dict(github.branches)
    runner.gate(f"/ai-provision apply sha={runner.pull.head_sha[:7]}")
    code, outputs = runner.publish(result)
    assert (code, outputs["applied"]) == (3, "")
    assert github.branches == before
    assert "error[github." in capsys.readouterr().err
    (own,) = runner.own
    assert "Nothing was applied" in own.body
    assert "512Mi" in own.body


def test_a_push_between_the_command_and_apply_writes_nothing(runner, github, result):
    runner.gate(SIZE)
    runner.publish(result)
    runner.gate(f"/ai-provision apply sha={runner.pull.head_sha[:7]}")
    github.force_push(runner.pull.number)
    before = dict(github.branches)
    code, outputs = runner.publish(result)
    assert (code, outputs["applied"], outputs["stale"]) == (3, "", "true")
    assert github.branches == before
