"""The workflow that checks pull requests, and with it the single step, run as they are."""

import json
from pathlib import Path

import pytest
import yaml

from tests.actions_runner import FakeRunner, World
from tests.ci.action.test_workflow_of_comments import CANARY, FILES, ROOT, SECRETS, TOOL
from tests.github_server import FakeGitHub

WORKFLOW = ROOT / ".github" / "workflows" / "ai-provision-check.yml"
VARIABLES = {
    "AI_PROVISION_APP_DESCRIPTION": "Inventory service, 400 QPS peak, zero downtime, Go API",
    "AI_PROVISION_REPOSITORY": TOOL[0],
    "AI_PROVISION_SHA": TOOL[1],
}


class Checks:
    """A repository whose pull requests are checked."""

    def __init__(self, github, directory):
        self.github = github
        world = World(github, {TOOL: ROOT}, store=directory / "store")
        variables = {"AI_PROVISION_KNOWLEDGE": "off", "TEAM_TOKEN": f"{CANARY}-team"}
        self.runner = FakeRunner(world, directory, dict(VARIABLES), dict(SECRETS), variables)

    def pushed(self, pull, **changes):
        """Somebody pushed, and the workflow runs; its one job."""
        self.runner.vars = {**self.runner.vars, **changes}
        side = {"sha": pull.head_sha, "repo": {"full_name": pull.head_repository}}
        base = {"sha": pull.base_sha, "repo": {"full_name": self.github.repository}}
        event = {"pull_request": {"number": pull.number, "head": side, "base": base}}
        jobs = self.runner.run(WORKFLOW, "pull_request", event)
        return jobs["check"]

    def outputs(self, job):
        return next(step.outputs for step in job.steps if step.name == "./tool")

    def own(self, pull):
        return [item for item in self.github.comments(pull.number) if item.author.endswith("[bot]")]


@pytest.fixture(scope="module")
def checks(tmp_path_factory):
    with FakeGitHub("octo-org/shop") as github:
        yield Checks(github, tmp_path_factory.mktemp("checks"))


@pytest.fixture(scope="module")
def first(checks):
    """The first run, for a pull request that sets no resources."""
    pull = checks.github.add_pull("Add the service", head="inventory", files=FILES)
    return pull, checks.pushed(pull)


def test_a_manifest_that_differs_fails_the_check_at_its_file(first):
    _, job = first
    assert job.result == "failure"
    size = next(step for step in job.steps if step.name == "size")
    assert size.code == 1
    differing = [where for where, _ in job.remarks("error") if where["title"].startswith("differs")]
    assert [where["file"] for where in differing] == ["app/deploy/api.yaml"]


def test_the_step_hands_on_its_outputs_summary_and_files(checks, first):
    pull, job = first
    outputs = checks.outputs(job)
    result = json.loads(Path(outputs["recommendation"]).read_text())
    assert [item["name"] for item in result["components"]] == ["api"]
    assert result["repository"]["commit"] == pull.head_sha
    assert (Path(outputs["patch-dir"]) / "api.yaml").is_file()
    assert outputs["changed"] == "true"
    assert outputs["currency"] == "USD"
    assert "`api`" in job.summary
    assert "`api`" in Path(outputs["comment-file"]).read_text()
    assert not Path(outputs["recommendation"]).is_relative_to(
        Path(outputs["recommendation"]).parents[2] / "work"
    )


def test_the_comment_is_written_once_and_updated_in_place(checks, first):
    pull, job = first
    (own,) = checks.own(pull)
    assert checks.outputs(job)["comment"].endswith(f"#issuecomment-{own.id}")
    pull.head_sha = checks.github.force_push(
        pull.number, FILES | {"api/main.go": "package main\n\nfunc main() { println() }\n"}
    )
    again = checks.pushed(pull, AI_PROVISION_FAIL_ON="never")
    assert again.result == "success"
    (now,) = checks.own(pull)
    assert now.id == own.id
    assert f"sha={pull.head_sha}" in now.body.splitlines()[0]


def test_the_libraries_come_from_the_cache_the_second_time(checks, first):
    pull, _ = first
    job = checks.pushed(pull, AI_PROVISION_FAIL_ON="blocking")
    cache = next(step for step in job.steps if step.name.startswith("actions/cache@"))
    assert cache.outputs == {"cache-hit": "true"}
    assert len(checks.runner.world.caches) == 1


HOSTILE = {
    "##[set-output name=comment]evil/go.mod": "module x\n\ngo 1.23\n",
    "##[set-output name=comment]evil/main.go": "package main\n\nfunc main() {}\n",
    "##[set-output name=comment]evil/Dockerfile": 'FROM golang:1.23\nCMD ["/x"]\n',
    "::set-output name=comment::evil/Dockerfile": 'FROM node:22\nCMD ["node", "x.js"]\n',
    "::set-output name=comment::evil/package.json": '{"name": "::error::x"}',
    "deploy/::error::x.yaml": FILES["deploy/api.yaml"].replace("api", "##[error]"),
}
"""A stranger's repository whose names are commands of the runner."""


def test_a_pull_request_from_a_fork_gets_no_comment_and_its_names_are_no_commands(checks):
    files = FILES | HOSTILE
    pull = checks.github.add_pull("From a fork", author="ann", fork=True, files=files)
    job = checks.pushed(pull, AI_PROVISION_FAIL_ON="never")
    assert job.result == "success"
    commands = [name for step in job.steps for name, _, _ in step.log.commands]
    assert set(commands) <= {"warning", "notice"}
    result = json.loads(Path(checks.outputs(job)["recommendation"]).read_text())
    assert len(result["components"]) + len(result["failed"]) > 1
    assert checks.own(pull) == []
    said = [text for where, text in job.remarks("warning") if where.get("title") == "comment"]
    assert said == ["no comment was written: the pull request comes from a fork"]
    assert checks.outputs(job)["comment"] == ""
    assert "`api`" in job.summary


def test_a_wrong_input_fails_before_anything_is_written(checks, first):
    pull, _ = first
    before = len(checks.github.writes)
    job = checks.pushed(pull, AI_PROVISION_FAIL_ON="sometimes")
    assert job.result == "failure"
    assert job.remarks("error") == [
        (
            {"title": "input.invalid"},
            "the input fail-on: Input should be 'never', 'blocking', 'warning' or 'difference'",
        )
    ]
    assert "Not sized" in job.summary
    assert len(checks.github.writes) == before


def test_without_a_description_nothing_runs(checks, first):
    pull, _ = first
    assert checks.pushed(pull, AI_PROVISION_APP_DESCRIPTION="").result == "skipped"
    checks.runner.vars = dict(VARIABLES)


def test_no_secret_leaves_the_job(checks, first):
    pull, job = first
    everything = json.dumps([checks.outputs(job), job.log, job.summary])
    everything += "".join(item.body for item in checks.github.all_comments)
    kept = Path(checks.outputs(job)["recommendation"]).parent
    everything += "".join(file.read_text() for file in kept.rglob("*") if file.is_file())
    assert CANARY not in everything
    assert job.token not in everything


def test_every_input_of_the_action_reaches_the_step():
    action = yaml.safe_load((ROOT / "action.yml").read_text())
    size = action["runs"]["steps"][-1]
    passed = {name.removeprefix("INPUT_").lower().replace("_", "-") for name in size["env"]}
    assert passed - {"command"} == set(action["inputs"]) - {"cache"}
