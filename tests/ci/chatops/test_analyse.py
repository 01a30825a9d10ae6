"""``github analyse``: exactly the job's commit, all files or one sentence, and no token."""

import json
import shutil

import pytest
import trustme

from adapters.actions import ActionsRun
from adapters.helm import HelmRenderer
from adapters.settings import load_settings
from ci.chatops.analyse import is_own, trigger_of
from ci.chatops.charts import read_charts
from ci.chatops.failure import failure_of, secrets_of
from ci.chatops.result import read_result
from ci.cli import main
from schemas.chatops import Command, Job, Verb
from schemas.errors import OutsideError, RepositoryError
from schemas.trigger import Environment
from tests.adapters.git_server import GitServer, git
from tests.ci.chatops.world import REPOSITORY
from tests.engine.colleague import agreeing
from tests.engine.fake_ollama import FakeOllama, ScriptedBrain

CANARY = "canary-5b1c-must-not-leave"
DEPLOYMENT = """\
apiVersion: apps/v1
kind: Deployment
metadata: {name: api}
spec:
  selector: {matchLabels: {app: api}}
  template:
    metadata: {labels: {app: api}}
    spec:
      containers:
        - {name: api, image: "registry.example/api:1"}
"""
FILES = {
    "deploy/api.yaml": DEPLOYMENT,
    "api/go.mod": "module example.com/api\n\ngo 1.23\n",
    "api/main.go": "package main\n\nfunc main() {}\n",
    "api/Dockerfile": 'FROM golang:1.23\nCOPY . .\nEXPOSE 8080\nCMD ["/api"]\n',
}


@pytest.fixture(autouse=True)
def _a_job_without_a_token(monkeypatch):
    for name in ("GITHUB_TOKEN", "GITHUB_API_URL", "GITHUB_REPOSITORY", "GITHUB_SERVER_URL"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("AI_PROVISION_LLM", "none")
    monkeypatch.setenv("AI_PROVISION_KNOWLEDGE", "off")


@pytest.fixture
def checkout(tmp_path):
    """A checkout of the pull request, as actions/checkout leaves it."""
    root = tmp_path / "pr"
    return committed(root, FILES)


def committed(root, files):
    for path, text in files.items():
        file = root / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)
    git("init", "--quiet", "--initial-branch=main", cwd=root)
    git("add", ".", cwd=root)
    git("commit", "--quiet", "-m", "Start", cwd=root)
    return root


def head(root):
    return git("rev-parse", "HEAD", cwd=root)


def job_for(sha, *, fork=False, **command):
    fields = {
        "verb": Verb.SIZE,
        "git_repo": f"https://github.com/{REPOSITORY}",
        "app_description": "Inventory service, 200 QPS peak, Go API",
    }
    return Job(
        repository=REPOSITORY,
        repository_id=1,
        pull_request=7,
        comment_id=9,
        actor="wren",
        head_sha=sha,
        head_ref="inventory",
        head_repository="ann/shop" if fork else REPOSITORY,
        base_ref="main",
        fork=fork,
        title="Add the inventory service",
        command=Command(**{**fields, **command}),
        asked_at="2026-11-21T10:00:00Z",
    )


@pytest.fixture
def analyse(tmp_path, checkout):
    """Runs the command; its exit code and the directory."""

    def run(job, directory=checkout):
        out = tmp_path / "out"
        file = tmp_path / "job.json"
        file.write_text(job if isinstance(job, str) else job.model_dump_json())
        arguments = ["--job", str(file), "--checkout", str(directory), "--out", str(out)]
        return main(["github", "analyse", *arguments]), out

    return run


def test_the_checkout_of_the_job_is_sized_under_its_own_address(analyse, checkout, capsys):
    code, out = analyse(job_for(head(checkout), environment=Environment.STAGING))
    result = read_result(out)
    assert code == 0
    assert [item.name for item in result.components] == ["api"]
    assert result.repository.url == f"https://github.com/{REPOSITORY}"
    assert result.repository.commit == head(checkout)
    assert result.trigger.environment is Environment.STAGING
    assert (out / "patches" / "api.yaml").is_file()
    assert "sized 1 component" in capsys.readouterr().out


@pytest.mark.parametrize("component", ["API", "nothing-like-it"])
def test_a_component_is_left_to_the_publisher_so_that_all_of_the_result_counts(
    analyse, checkout, component
):
    code, out = analyse(job_for(head(checkout), component=component))
    assert (code, [item.name for item in read_result(out).components]) == (0, ["api"])


@pytest.mark.parametrize("what", ["moved", "no-git", "absent"])
def test_another_commit_is_never_sized(analyse, checkout, what, capsys):
    sha = head(checkout)
    if what == "moved":
        (checkout / "api" / "main.go").write_text("package main\n")
        git("commit", "--quiet", "-am", "Later", cwd=checkout)
    elif what == "no-git":
        shutil.rmtree(checkout / ".git")
    else:
        shutil.rmtree(checkout)
    code, out = analyse(job_for(sha))
    assert code == 2
    assert [file.name for file in out.iterdir() if not file.name.startswith(".")] == ["failure.txt"]
    assert (out / "failure.txt").read_text().count("\n") == 1
    with pytest.raises(OutsideError, match="checkout|directory|exist"):
        read_result(out)
    error = capsys.readouterr().err
    assert error.startswith("error[checkout.other_commit]: " if what != "absent" else "error[")
    assert "Traceback" not in error


def test_a_failure_takes_an_earlier_result_away(analyse, checkout):
    code, out = analyse(job_for(head(checkout)))
    assert code == 0
    code, out = analyse(job_for("0" * 40))
    assert code == 2
    assert not (out / "recommendation.json").exists()
    code, out = analyse(job_for(head(checkout)))
    assert code == 0
    assert not (out / "failure.txt").exists()


def test_a_repository_with_nothing_to_size_is_one_sentence(analyse, tmp_path):
    empty = committed(tmp_path / "empty", {"notes.txt": "nothing"})
    code, out = analyse(job_for(head(empty), app_description="x"), empty)
    left = {file.name for file in out.iterdir()}
    assert ("failure.txt" in left) != ("recommendation.json" in left)
    assert (code == 0) == ("recommendation.json" in left)


@pytest.mark.parametrize("text", ["", "{}", "not JSON", '{"repository": 3}'])
def test_what_is_no_job_is_refused(analyse, text):
    code, out = analyse(text)
    assert code == 2
    assert "is no job of the gate" in (out / "failure.txt").read_text()


def test_a_setting_that_cannot_be_used_reaches_the_comment_without_its_value(
    analyse, checkout, monkeypatch, capsys
):
    monkeypatch.setenv("AI_PROVISION_PROMETHEUS_URL", f"https://user:{CANARY}@metrics.example")
    code, out = analyse(job_for(head(checkout)))
    said = (out / "failure.txt").read_text()
    assert code == 2
    assert "AI_PROVISION_PROMETHEUS_URL" in said
    assert CANARY not in said + capsys.readouterr().err


def test_a_directory_that_holds_somebody_elses_file_is_left_alone(analyse, checkout, tmp_path):
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "recommendation.json").write_text("mine")
    code, out = analyse(job_for(head(checkout)))
    assert code == 3
    assert (out / "recommendation.json").read_text() == "mine"
    assert not (out / "patches").exists()


def test_a_fault_of_our_own_is_told_by_its_kind_alone(analyse, checkout, monkeypatch, capsys):
    def broken(*_):
        raise ZeroDivisionError(CANARY)

    monkeypatch.setattr("ci.chatops.analyse.size_checkout", broken)
    code, out = analyse(job_for(head(checkout)))
    said = (out / "failure.txt").read_text()
    assert (code, said) == (
        3,
        "ai-provision has a fault (ZeroDivisionError); the log says more\n",
    )
    assert CANARY not in capsys.readouterr().err


def test_words_of_a_repository_are_no_commands_of_the_runner(
    analyse, checkout, monkeypatch, capsys
):
    def refused(*_):
        raise RepositoryError("##[set-output name=ok]true\n::set-env name=A::b\x1b[31m")

    monkeypatch.setattr("ci.chatops.analyse.size_checkout", refused)
    analyse(job_for(head(checkout)))
    error = capsys.readouterr().err
    assert "##[" not in error
    assert not any(line.lstrip().startswith("::") for line in error.splitlines())
    assert "\x1b" not in error


def test_decisions_are_remembered_but_never_those_about_a_fork(analyse, checkout, monkeypatch):
    seen = []
    monkeypatch.setattr("ci.chatops.analyse.remember", lambda result, _: seen.append(result))
    analyse(job_for(head(checkout), fork=True))
    assert seen == []
    analyse(job_for(head(checkout)))
    assert len(seen) == 1


def test_charts_leave_what_the_publisher_needs_to_write_into_them(analyse, tmp_path):
    if not HelmRenderer().available:
        pytest.skip("helm is not installed")
    chart = {
        "chart/Chart.yaml": "apiVersion: v2\nname: api\nversion: 1.0.0\n",
        "chart/values.yaml": "replicaCount: 1\nresources: {}\n",
        "chart/templates/api.yaml": DEPLOYMENT.replace(
            "spec:\n  selector", "spec:\n  replicas: {{ .Values.replicaCount }}\n  selector"
        ).replace(
            '- {name: api, image: "registry.example/api:1"}',
            "- name: api\n          image: registry.example/api:1\n"
            "          resources: {{ toYaml .Values.resources | nindent 12 }}",
        ),
        "api/go.mod": FILES["api/go.mod"],
        "api/main.go": FILES["api/main.go"],
    }
    root = committed(tmp_path / "charts", chart)
    code, out = analyse(job_for(head(root)), root)
    assert code == 0
    (found,) = read_charts(out).charts
    assert (found.chart, {item.path[0] for item in found.placed}) == (
        "chart",
        {"replicaCount", "resources"},
    )


def test_no_secret_reaches_a_model_a_file_or_the_log(analyse, checkout, monkeypatch, capsys):
    key = f"{CANARY}-model"
    secrets = {"LLM_API_KEY": key, "PROMETHEUS_TOKEN": CANARY, "GIT_TOKEN": CANARY}
    for name, value in secrets.items():
        monkeypatch.setenv(f"AI_PROVISION_{name}", value)
    for name in ("GITHUB_TOKEN", "TEAM_TOKEN"):
        monkeypatch.setenv(name, f"{CANARY}-{name.lower()}")
    with FakeOllama(ScriptedBrain(agreeing), api_key=key) as model:
        monkeypatch.setenv("AI_PROVISION_LLM", "ollama/tiny")
        monkeypatch.setenv("AI_PROVISION_LLM_URL", model.url)
        code, out = analyse(job_for(head(checkout)))
        asked = [request for request in model.chats if request.body]
    assert (code, bool(asked)) == (0, True)
    assert read_result(out).run.reasoner.used == "ollama/tiny"
    assert CANARY not in json.dumps([request.body for request in asked])
    assert CANARY not in "".join(f.read_text() for f in out.rglob("*") if f.is_file())
    told = capsys.readouterr()
    assert CANARY not in told.out + told.err


# Another repository


@pytest.fixture
def other(tmp_path):
    """A repository on another host."""
    directory = committed(tmp_path / "work" / "other", FILES)
    root = tmp_path / "served"
    root.mkdir()
    git("clone", "--quiet", "--bare", str(directory), "other.git", cwd=root)
    git("config", "uploadpack.allowFilter", "true", cwd=root / "other.git")
    authority = trustme.CA()
    authority.cert_pem.write_to_path(str(tmp_path / "ca.pem"))
    server = GitServer(root, authority)
    yield server, head(directory), tmp_path / "ca.pem"
    server.close()


def test_another_repository_is_fetched_under_the_rules_for_git(analyse, other, monkeypatch):
    server, sha, authority = other
    job = job_for("1" * 40, git_repo=server.url("other.git"))
    code, out = analyse(job)
    assert code == 3
    assert "not public" in (out / "failure.txt").read_text()
    monkeypatch.setenv("AI_PROVISION_GIT_ALLOW_HOSTS", "localhost")
    monkeypatch.setenv("AI_PROVISION_GIT_CA_FILE", str(authority))
    code, out = analyse(job)
    result = read_result(out)
    assert (code, result.repository.commit) == (0, sha)
    assert result.repository.url == server.url("other.git")


RUN = ActionsRun(server_url="https://github.com", repository=REPOSITORY)


@pytest.mark.parametrize(
    ("git_repo", "own"),
    [
        (f"https://github.com/{REPOSITORY}", True),
        (f"https://GitHub.com/{REPOSITORY.upper()}.git", True),
        ("https://github.com/ann/shop", True),
        ("https://github.com/ann/other", False),
        (f"https://gitlab.com/{REPOSITORY}", False),
        (f"https://github.com.evil.example/{REPOSITORY}", False),
    ],
    ids=["own", "spelling", "fork", "other", "other-host", "look-alike"],
)
def test_which_repository_is_that_of_the_pull_request(git_repo, own):
    assert is_own(job_for("0" * 40, fork=True), git_repo, RUN) is own


def test_without_fields_the_pull_requests_own_words_are_taken():
    trigger = trigger_of(job_for("0" * 40, git_repo=None, app_description=None), RUN)
    assert trigger.git_repo == f"https://github.com/{REPOSITORY}"
    assert trigger.app_description == "Add the inventory service"
    assert trigger.environment is Environment.PROD


# Sentences


def test_every_secret_setting_is_cut_out_of_a_failure():
    names = [
        name
        for name in load_settings({}).model_dump()
        if name.endswith(("token", "password", "api_key", "private_key", "headers", "proxy"))
    ]
    given = {f"AI_PROVISION_{name.upper()}": f"{CANARY}-{name}" for name in names}
    settings = load_settings(given)
    assert {f"{CANARY}-{name}" for name in names} == set(secrets_of(settings))
    told = failure_of(RepositoryError(f"no {json.dumps(given)}", hint=str(given)), settings)
    assert CANARY not in told.sentence


def test_the_user_name_that_everybody_has_is_no_secret():
    assert secrets_of(load_settings({})) == ()
