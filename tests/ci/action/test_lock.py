"""The pinned libraries of the Action: current, complete and no more than that."""

import json
import subprocess
import sys
import tomllib
from importlib.metadata import PackageNotFoundError, distribution, packages_distributions
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from ci.action.lock import GITHUB, HERE, MODELS, NOT_NEEDED, SIZE, locked, main
from tests.ci.chatops.test_analyse import FILES, committed, head, job_for

ROOT = Path(__file__).parents[3]
HEAVY = {"torch", "chromadb", "onnxruntime", "matplotlib", "transformers", "sentence-transformers"}
_BLOCKED = """\
import importlib.abc, json, sys
forbidden = set(json.loads(sys.argv[1]))
class Blocker(importlib.abc.MetaPathFinder):
    def find_spec(self, name, path=None, target=None):
        if name.split(".")[0] in forbidden:
            raise ModuleNotFoundError(f"not in the list: {name}", name=name)
sys.meta_path.insert(0, Blocker())
from ci.cli import main
sys.exit(main(sys.argv[2:]))
"""


def pins(name):
    lines = (HERE / name).read_text().splitlines()
    return dict(line.split("==") for line in lines if not line.startswith("#"))


def roots():
    """The package's own dependencies that the Action needs."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    found = [Requirement(text) for text in project["dependencies"]]
    return [item for item in found if canonicalize_name(item.name) not in NOT_NEEDED]


def test_every_dependency_is_pinned_to_a_version_that_the_package_takes():
    for item in roots():
        version = pins(SIZE)[canonicalize_name(item.name)]
        assert item.specifier.contains(version), item


@pytest.mark.skipif(sys.version_info[:2] != (3, 11), reason="the lists are made for Python 3.11")
def test_whatever_a_pinned_library_needs_is_pinned_too():
    """For those in the version that is installed here; installing resolves nothing."""
    for listed, known in ((SIZE, pins(SIZE)), (GITHUB, pins(GITHUB)), (MODELS, both())):
        for name, version in pins(listed).items():
            if installed_version(name) == version:
                assert set(locked([name], {})) <= set(known), name


def both():
    return pins(SIZE) | pins(MODELS)


def installed_version(name):
    try:
        return distribution(name).version
    except PackageNotFoundError:
        return None


def test_a_list_that_is_out_of_date_is_said(monkeypatch, capsys, tmp_path):
    monkeypatch.setattr("ci.action.lock.HERE", tmp_path)
    assert main([]) == 1
    assert capsys.readouterr().err.startswith("error[lock.stale]: ")
    assert main(["--write"]) == 0
    assert {file.name for file in tmp_path.iterdir()} == {SIZE, MODELS, GITHUB}
    assert main([]) == 0


def test_the_heavy_libraries_are_in_no_list():
    for name in (SIZE, MODELS, GITHUB):
        assert not HEAVY & set(pins(name))


def test_the_jobs_with_a_write_token_install_a_fraction_of_it():
    assert len(pins(GITHUB)) < len(pins(SIZE)) / 3
    assert pins(GITHUB).items() <= pins(SIZE).items()


def test_what_is_left_out_is_a_dependency_with_a_reason():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    named = {canonicalize_name(Requirement(text).name) for text in project["dependencies"]}
    assert set(NOT_NEEDED) <= named
    assert all(NOT_NEEDED.values())


def test_what_another_root_needs_is_kept_though_it_is_left_out_as_a_root():
    found = locked(["rich", "markdown-it-py"], {"markdown-it-py": "not a root"})
    assert {"rich", "markdown-it-py", "pygments"} <= set(found)


@pytest.fixture
def without():
    """Runs the command line where only the libraries of some lists can be imported."""

    def run(lists, *arguments, env, cwd):
        allowed = {canonicalize_name(name) for listed in lists for name in pins(listed)}
        ours = {"ai-provision"}
        forbidden = [
            top
            for top, names in packages_distributions().items()
            if not {canonicalize_name(name) for name in names} & (allowed | ours)
            and top not in sys.stdlib_module_names
            and not (ROOT / top).exists()
        ]
        command = [sys.executable, "-c", _BLOCKED, json.dumps(forbidden), *arguments]
        given = {"PATH": "/usr/bin:/bin", "HOME": str(cwd), "PYTHONPATH": str(ROOT), **env}
        return subprocess.run(
            command, cwd=cwd, env=given, capture_output=True, text=True, timeout=120
        )

    return run


def test_the_list_is_enough_to_size_with_knowledge_and_a_metrics_server(without, tmp_path):
    checkout = committed(tmp_path / "pr", FILES)
    (tmp_path / "job.json").write_text(job_for(head(checkout)).model_dump_json())
    done = without(
        [SIZE], "github", "analyse", "--job", "job.json", "--checkout", "pr", "--out", "out",
        env={"AI_PROVISION_LLM": "none", "AI_PROVISION_PROMETHEUS_URL": "http://127.0.0.1:9"},
        cwd=tmp_path,
    )  # fmt: skip
    assert (done.returncode, done.stderr) == (0, "")
    result = json.loads((tmp_path / "out" / "recommendation.json").read_text())
    assert result["knowledge"]["facts"] > 500
    told = " ".join(note["message"] for note in result["notes"])
    assert "the connection was refused" in told
    assert "not installed" not in told


@pytest.mark.parametrize(
    ("lists", "code"), [((SIZE,), "model.failed"), ((SIZE, MODELS), None)], ids=["without", "with"]
)
def test_a_model_needs_the_second_list(without, tmp_path, lists, code):
    checkout = committed(tmp_path / "pr", FILES)
    (tmp_path / "job.json").write_text(job_for(head(checkout)).model_dump_json())
    done = without(
        lists, "github", "analyse", "--job", "job.json", "--checkout", "pr", "--out", "out",
        env={
            "AI_PROVISION_LLM": "ollama/tiny",
            "AI_PROVISION_LLM_URL": "http://127.0.0.1:9",
            "AI_PROVISION_KNOWLEDGE": "off",
        },
        cwd=tmp_path,
    )  # fmt: skip
    assert ("the library is not installed" in done.stderr) == (code is not None)
