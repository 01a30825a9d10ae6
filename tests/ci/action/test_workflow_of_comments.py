"""The workflow that answers comments, run as it is: from a comment to a pull request."""

import copy
import json
import re
from pathlib import Path

import pytest

from tests.actions_runner import FakeRunner, World
from tests.ci.chatops.payloads import payload
from tests.github_server import FakeGitHub

ROOT = Path(__file__).parents[3]
WORKFLOW = ROOT / ".github" / "workflows" / "ai-provision.yml"
TOOL = ("octo-org/ai-provision", "7" * 40)
CANARY = "canary-4e2d-must-not-leave"
SECRETS = {
    name: f"{CANARY}-{name.lower()}"
    for name in (
        "AI_PROVISION_LLM_API_KEY",
        "AI_PROVISION_PROMETHEUS_TOKEN",
        "AI_PROVISION_GIT_TOKEN",
    )
}
FIELDS = (
    'git_repo: "https://github.com/octo-org/shop"\n'
    'app_description: "Inventory service, 400 QPS peak, zero downtime, Go API"\n'
)
SIZE = f"/ai-provision env=staging\n{FIELDS}"
NOT_PUBLIC = SIZE.replace("github.com/octo-org/shop", "localhost/octo-org/elsewhere")
"""A command whose analysis ends at once: the address is refused before anything is fetched."""
FILES = {
    "deploy/api.yaml": """\
# the team's own remark
apiVersion: apps/v1
kind: Deployment
metadata:
  name: api
spec:
  replicas: 1
  selector:
    matchLabels: {app: api}
  template:
    metadata:
      labels: {app: api}
    spec:
      containers:
        - name: api   # the only one
          image: registry.example/api:1
""",
    "api/go.mod": "module example.com/api\n\ngo 1.23\n",
    "api/main.go": "package main\n\nfunc main() {}\n",
    "api/Dockerfile": 'FROM golang:1.23\nCOPY . .\nEXPOSE 8080\nCMD ["/api"]\n',
}


class Repository:
    """A repository with the workflow, one pull request, and people who write comments."""

    def __init__(self, github, directory, *, knowledge="off"):
        self.github = github
        self.pull = github.add_pull("Add the service", head="inventory", files=FILES)
        store = directory / "store"
        world = World(github, {TOOL: ROOT}, store=store)
        chosen = {"AI_PROVISION_REPOSITORY": TOOL[0], "AI_PROVISION_SHA": TOOL[1]}
        settings = {"AI_PROVISION_KNOWLEDGE": knowledge, "TEAM_TOKEN": f"{CANARY}-team"}
        self.runner = FakeRunner(world, directory, chosen, dict(SECRETS), settings)

    def comment(self, body, author="wren", **options):
        """Somebody writes a comment, and the workflow runs for it."""
        written = self.github.add_comment(self.pull.number, author, body)
        event = payload(body, author, comment_id=written.id)
        event["issue"]["number"] = self.pull.number
        event["comment"]["created_at"] = event["comment"]["updated_at"] = written.created_at
        self.event = event
        return self.again(**options)

    def again(self, **options):
        """The same event once more."""
        self.jobs = self.runner.run(WORKFLOW, "issue_comment", copy.deepcopy(self.event), **options)
        return {name: job.result for name, job in self.jobs.items()}

    @property
    def own(self):
        number = self.pull.number
        return [item for item in self.github.comments(number) if item.author.endswith("[bot]")]

    @property
    def reactions(self):
        return [what for _, what in self.github.reactions(self.event["comment"]["id"])]

    def everything_said(self):
        """All that leaves the jobs: logs, summaries, outputs, artifacts, and GitHub's state."""
        parts = [json.dumps([job.outputs, job.log, job.summary]) for job in self.jobs.values()]
        parts += [step.log.text for job in self.jobs.values() for step in job.steps]
        artifacts = self.runner.artifacts.values()
        parts += [f.read_text() for kept in artifacts for f in kept.rglob("*") if f.is_file()]
        parts += [item.body for item in self.github.all_comments]
        parts += [json.dumps(request.body, default=str) for request in self.github.requests]
        parts += [pull.body or "" for pull in self.github.pulls]
        return "\n".join(parts)


def opened(directory, **options):
    github = FakeGitHub("octo-org/shop", files={"README.md": "# shop\n"})
    github.__enter__()
    github.add_user("wren", "write")
    return github, Repository(github, directory, **options)


@pytest.fixture
def repository(tmp_path):
    github, made = opened(tmp_path)
    yield made
    github.__exit__()


@pytest.fixture(scope="module")
def sized(tmp_path_factory):
    """A repository in which one comment has been answered; tests go on from there."""
    github, made = opened(tmp_path_factory.mktemp("sized"), knowledge="on")
    made.results = made.comment(SIZE)
    made.first = made.jobs
    made.said = made.everything_said()
    yield made
    github.__exit__()


# The whole way


def test_a_comment_goes_through_three_jobs_and_is_answered(sized):
    assert sized.results == {
        "gate": "success",
        "analyse": "success",
        "publish": "success",
        "apply": "skipped",
    }
    (own,) = sized.own[:1]
    assert own.body.startswith("<!-- ai-provision:v1 app=github.com/octo-org/shop ")
    assert "`api`" in own.body
    assert "`staging`" in own.body
    assert [run.conclusion for run in sized.github.check_runs][:1] == ["success"]
    assert "`api`" in sized.first["publish"].summary


def test_the_analysis_holds_no_token_and_its_job_may_write_nothing(sized):
    token = sized.first["analyse"].token
    assert token
    assert [request for request in sized.github.requests if request.token == token] == []
    assert sized.github.tokens[token].permissions == {"contents": "read"}


def test_only_apply_may_push(sized):
    gate, publish = (sized.github.tokens[sized.first[name].token] for name in ("gate", "publish"))
    assert gate.permissions["contents"] == publish.permissions["contents"] == "read"


def test_no_secret_of_any_job_leaves_it(sized):
    assert CANARY not in sized.said
    for job in sized.first.values():
        assert not job.token or job.token not in sized.said


def test_apply_opens_a_pull_request_with_the_numbers_that_were_shown(sized):
    head = sized.pull.head_sha
    assert f"/ai-provision apply sha={head[:7]}" in sized.own[0].body
    results = sized.comment(f"/ai-provision apply sha={head[:7]}")
    assert results == {
        "gate": "success",
        "analyse": "success",
        "publish": "skipped",
        "apply": "success",
    }
    pull = sized.github.pulls[-1]
    assert (pull.base_ref, pull.head_ref.startswith("ai-provision/")) == ("inventory", True)
    written = sized.github.read(pull.head_ref, "deploy/api.yaml").decode()
    assert "# the team's own remark" in written
    assert re.search(r"limits:\s+", written)
    assert sized.github.read("inventory", "deploy/api.yaml").decode() == FILES["deploy/api.yaml"]
    assert len(sized.own) == 1
    assert f"/pull/{pull.number}" in sized.own[0].body
    assert sized.reactions == ["hooray", "rocket"]
    assert CANARY not in sized.everything_said()


# Who is heard


@pytest.mark.parametrize(
    ("body", "author"),
    [
        ("looks good to me", "wren"),
        (f"> {SIZE}", "wren"),
        (SIZE, "sam"),
    ],
    ids=["talk", "quote", "stranger"],
)
def test_nothing_else_starts_a_job_that_reads_the_repository(repository, body, author):
    results = repository.comment(body, author)
    assert {results[name] for name in ("analyse", "publish", "apply")} == {"skipped"}
    assert repository.github.writes == []


def test_the_workflows_own_condition_keeps_talk_from_starting_a_machine(repository):
    assert repository.comment("looks good to me")["gate"] == "skipped"
    event = repository.event
    event["issue"]["state"] = "closed"
    event["comment"]["body"] = SIZE
    assert repository.again()["gate"] == "skipped"


def test_a_refused_command_is_answered_by_the_gate_alone(repository):
    results = repository.comment("/ai-provision env=qa")
    assert (results["gate"], results["analyse"], results["publish"]) == (
        "success",
        "skipped",
        "skipped",
    )
    assert "is no environment" in repository.own[0].body


def test_forks_are_sized_only_where_the_repository_says_so(repository):
    fork = repository.github.add_pull("From a fork", author="ann", fork=True, files=FILES)
    repository.pull = fork
    assert repository.comment(SIZE)["analyse"] == "skipped"
    assert "comes from a fork" in repository.own[0].body
    repository.runner.vars = {**repository.runner.vars, "AI_PROVISION_FORKS": "true"}
    assert repository.comment(NOT_PUBLIC)["analyse"] != "skipped"


# When something goes wrong


def test_a_push_between_gate_and_publish_is_said_and_nothing_is_applied(repository):
    number = repository.pull.number
    sha = repository.pull.head_sha
    results = repository.comment(
        SIZE, between={"publish": lambda: repository.github.force_push(number)}
    )
    assert results["publish"] == "success"
    assert "Outdated" in repository.own[0].body
    assert f"sha={sha}" in repository.own[0].body.splitlines()[0]
    assert [run.conclusion for run in repository.github.check_runs] == ["neutral"]


def test_of_two_comments_at_once_the_later_ones_answer_stays(repository):
    def later():
        repository.comment(SIZE.replace("staging", "dev"))

    repository.comment(SIZE, between={"publish": later})
    (own,) = repository.own
    assert "`dev`" in own.body
    assert "`staging`" not in own.body
    reactions = {item.comment_id: item.content for item in repository.github.all_reactions}
    assert sorted(reactions.values()) == ["+1", "rocket"]


def test_an_analysis_that_fails_is_told_once_and_fails_the_check(repository):
    results = repository.comment(NOT_PUBLIC)
    assert (results["analyse"], results["publish"]) == ("failure", "success")
    assert "localhost is at the address 127.0.0.1" in repository.own[0].body
    assert [run.conclusion for run in repository.github.check_runs] == ["failure"]
    assert repository.reactions == ["hooray", "confused"]
    assert CANARY not in repository.everything_said()
    comments = [(item.id, item.body) for item in repository.own]
    assert repository.again()["analyse"] == "skipped"
    assert [(item.id, item.body) for item in repository.own] == comments


def test_an_analysis_that_leaves_nothing_is_told_too(repository):
    gone = {"analyse": lambda: repository.runner.world.sources.clear()}
    sources = dict(repository.runner.world.sources)
    back = {"publish": lambda: repository.runner.world.sources.update(sources)}
    results = repository.comment(SIZE, between=gone | back)
    assert (results["analyse"], results["publish"]) == ("failure", "success")
    assert "ended without a result" in repository.own[0].body


def test_passing_faults_of_github_are_waited_for(repository):
    github, now = repository.github, {"Retry-After": "0"}
    github.rate_limit("GET .*/permission", retry_after=0)
    github.fail("POST .*/reactions", 429, headers=now)
    github.fail("GET .*/comments", 502, headers=now)
    github.fail("GET .*/comments", 503, headers=now)
    results = repository.comment("/ai-provision env=qa")
    assert results["gate"] == "success"
    assert {403, 429, 502, 503} <= {request.status for request in github.requests}
    assert "is no environment" in repository.own[0].body


def test_a_fault_that_stays_ends_the_job_and_leaves_no_half_answer(repository):
    def breaks():
        later = {"Retry-After": "6000"}
        repository.github.fail(r"/comments|/check-runs", 503, times=None, headers=later)

    results = repository.comment(NOT_PUBLIC, between={"publish": breaks})
    assert results["publish"] == "failure"
    assert (repository.own, repository.github.check_runs) == ([], [])
    assert repository.reactions == ["hooray"]
    assert "error[github." in repository.jobs["publish"].log
    repository.github.faults.clear()
    kept = {name: repository.jobs[name] for name in ("gate", "analyse")}
    assert repository.again(attempt=2, kept=kept)["publish"] == "success"
    assert "localhost is at the address 127.0.0.1" in repository.own[0].body
    assert repository.reactions == ["hooray", "confused"]


def test_a_repository_that_vanishes_between_the_jobs_is_written_to_by_nobody(repository):
    results = repository.comment(SIZE, between={"analyse": repository.github.remove_repository})
    assert (results["analyse"], results["publish"]) == ("failure", "failure")
    assert repository.own == []
    assert "Traceback" not in repository.jobs["publish"].log
