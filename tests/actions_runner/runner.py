"""Runs a workflow file as it is: jobs by their needs and conditions, steps with bash.

What differs from GitHub's runner: published actions are the fakes of `uses`, jobs run one after
the other, and secrets are not masked in the log, so that a test sees what would have been printed.
"""

import json
import subprocess
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from tests.actions_runner.expressions import condition, filled
from tests.actions_runner.protocol import SUMMARY_LIMIT, Log, read_pairs
from tests.actions_runner.uses import ACTIONS, Machine, StepFailed, World, environment

_KEYS = {"name", "on", "permissions", "concurrency", "jobs"}
_JOB_KEYS = {
    "needs", "if", "runs-on", "timeout-minutes", "permissions", "concurrency", "outputs", "steps",
}  # fmt: skip
_STEP_KEYS = {"id", "name", "if", "uses", "with", "run", "env", "shell", "continue-on-error"}


@dataclass
class Step:
    """How one step went."""

    name: str
    outcome: str
    conclusion: str
    seconds: float
    outputs: dict[str, str]
    log: Log
    summary: str = ""
    code: int | None = None


@dataclass
class Job:
    """How one job went."""

    result: str
    outputs: dict[str, str] = field(default_factory=dict)
    steps: list[Step] = field(default_factory=list)
    token: str = ""
    seconds: float = 0

    @property
    def log(self) -> str:
        return "".join(step.log.text for step in self.steps)

    @property
    def summary(self) -> str:
        return "".join(step.summary for step in self.steps)

    def remarks(self, level: str) -> list[tuple[dict[str, str], str]]:
        return [remark for step in self.steps for remark in step.log.of(level)]


@dataclass
class FakeRunner:
    """Runs workflows for one repository."""

    world: World
    directory: Path
    vars: Mapping[str, str] = field(default_factory=dict)
    secrets: Mapping[str, str] = field(default_factory=dict)
    variables: Mapping[str, str] = field(default_factory=dict)
    """Variables that the machine has beside those of the runner."""
    runs: int = 0
    artifacts: Mapping[str, Path] = field(default_factory=dict)
    """Of the run that ended last."""

    def run(
        self, workflow: Path, event_name: str, event: Mapping[str, Any], *, attempt: int = 1,
        between: Mapping[str, Any] | None = None,
        kept: Mapping[str, Job] | None = None,
    ) -> dict[str, Job]:  # fmt: skip
        """Run a workflow for an event; the jobs by their names.

        Args:
            workflow: The file.
            event_name: What happened.
            event: Its payload.
            attempt: From 2 on: somebody started the run again.
            between: By job, what happens before it starts.
            kept: Jobs of the run before that are not run again; its artifacts are there too.
        """
        data = yaml.safe_load(workflow.read_text())
        data["on"] = data.pop(True, data.get("on"))  # YAML 1.1 reads `on` as true
        assert set(data) <= _KEYS, set(data) - _KEYS
        assert data["permissions"] == {}
        assert event_name in data["on"]
        outer = self.world.artifacts
        self.world.artifacts = dict(self.artifacts) if kept else {}
        self.runs += 1
        number = self.runs
        github = self.world.github
        context = {
            "event": event,
            "event_name": event_name,
            "repository": github.repository,
            "sha": github.branches["main"],
            "run_attempt": attempt,
            "run_id": 1000 + number,
            "server_url": "https://github.com",
            "api_url": github.url,
        }
        jobs: dict[str, Job] = {}
        for name, job in data["jobs"].items():
            assert set(job) <= _JOB_KEYS, set(job) - _JOB_KEYS
            if name in (kept or {}):
                jobs[name] = kept[name]
                continue
            (between or {}).get(name, lambda: None)()
            jobs[name] = _JobRun(self, name, job, context, jobs).run()
        self.artifacts, self.world.artifacts = self.world.artifacts, outer
        return jobs


class _JobRun:
    def __init__(
        self,
        runner: FakeRunner,
        name: str,
        job: Mapping[str, Any],
        github: Mapping[str, Any],
        before: Mapping[str, Job],
    ) -> None:
        self.runner, self.job, self.name = runner, job, name
        needs = job.get("needs", [])
        self.needs = {n: before[n] for n in ([needs] if isinstance(needs, str) else needs)}
        self.github = github
        root = runner.directory / f"run-{github['run_id']}" / name
        self.machine = Machine(root, job["permissions"])
        self.after: list[tuple[Any, Mapping[str, str]]] = []

    def run(self) -> Job:
        fine = all(job.result == "success" for job in self.needs.values())
        failed = any(job.result == "failure" for job in self.needs.values())
        status = {"always": True, "success": fine, "failure": failed, "cancelled": False}
        if not condition(self.job.get("if"), self._contexts({}), status):
            return Job("skipped")
        for directory in (self.machine.workspace, self.machine.temp, self.machine.root / "home"):
            directory.mkdir(parents=True)
        started = time.perf_counter()
        given = {name.replace("-", "_"): may for name, may in self.machine.permissions.items()}
        done = Job("success", token=self.runner.world.github.token(given))
        self.github = {**self.github, "token": done.token}
        outputs, fine = self.steps(self.job["steps"], {}, done.steps, {})
        for action, inputs in reversed(self.after):
            action.after(inputs, self.runner.world, self.machine)
        done.result = "success" if fine else "failure"
        done.seconds = time.perf_counter() - started
        contexts = self._contexts(outputs)
        for name, text in (self.job.get("outputs") or {}).items():
            done.outputs[name] = filled(text, contexts, status)
        return done

    def steps(
        self,
        steps: list[Mapping[str, Any]],
        more: Mapping[str, Any],
        done: list[Step],
        env: Mapping[str, str],
    ) -> tuple[dict[str, Any], bool]:
        """Run steps in order; what the later ones know of them, and whether all went well."""
        known: dict[str, Any] = {}
        fine = True
        for number, step in enumerate(steps):
            assert set(step) <= _STEP_KEYS, set(step) - _STEP_KEYS
            contexts = {**self._contexts(known), **more}
            status = {"always": True, "success": fine, "failure": not fine, "cancelled": False}
            name = step.get("id") or step.get("uses") or f"step {number + 1}"
            if not condition(step.get("if"), contexts, status):
                ended = Step(name, "skipped", "skipped", 0, {}, Log())
            else:
                ended = self._step(step, name, contexts, status, done, env)
            done.append(ended)
            fine = fine and ended.conclusion != "failure"
            if "id" in step:
                known[step["id"]] = {
                    "outputs": ended.outputs,
                    "outcome": ended.outcome,
                    "conclusion": ended.conclusion,
                }
        return known, fine

    def _step(self, step, name, contexts, status, done, env) -> Step:
        started = time.perf_counter()
        own = {k: filled(v, contexts, status) for k, v in (step.get("env") or {}).items()}
        ended = Step(name, "success", "success", 0, {}, Log())
        if "run" in step:
            self._shell(filled(step["run"], contexts, status), {**env, **own}, contexts, ended)
        else:
            given = {k: filled(v, contexts, status) for k, v in (step.get("with") or {}).items()}
            self._use(step["uses"], given, contexts, ended, done)
        ended.conclusion = ended.outcome
        if step.get("continue-on-error") and ended.outcome == "failure":
            ended.conclusion = "success"
        ended.seconds = time.perf_counter() - started
        return ended

    def _use(self, uses: str, given, contexts, ended: Step, done: list[Step]) -> None:
        if uses.startswith("./"):
            self._composite(self.machine.workspace / uses, given, ended, done)
            return
        name, _, version = uses.partition("@")
        assert len(version) == 40, f"{uses} is not pinned"
        action = ACTIONS[name]
        if hasattr(action, "after"):
            self.after.append((action, given))
        try:
            ended.outputs = action(given, self.runner.world, self.machine)
        except StepFailed as error:
            ended.outcome = "failure"
            ended.log.read(f"::error::{error}\n")

    def _composite(self, directory: Path, given, ended: Step, done: list[Step]) -> None:
        action = yaml.safe_load((directory / "action.yml").read_text())
        unknown = set(given) - set(action["inputs"])
        assert not unknown, f"unexpected inputs {unknown}"
        contexts = self._contexts({})
        status = {"always": True, "success": True, "failure": False, "cancelled": False}
        inputs = {
            name: given.get(name) or filled(about.get("default", ""), contexts, status)
            for name, about in action["inputs"].items()
        }
        more = {"inputs": inputs, "github": {**self.github, "action_path": str(directory)}}
        assert action["runs"]["using"] == "composite"
        known, fine = self.steps(action["runs"]["steps"], more, done, {})
        ended.outcome = "success" if fine else "failure"
        everything = {**self._contexts(known), **more}
        ended.outputs = {
            name: filled(about["value"], everything, status)
            for name, about in action["outputs"].items()
        }

    def _shell(self, script: str, env: Mapping[str, str], contexts, ended: Step) -> None:
        """As the runner does: ``bash --noprofile --norc -e -o pipefail {0}``."""
        temp = self.machine.temp
        number = len(list(temp.glob("script-*")))
        file = temp / f"script-{number}.sh"
        file.write_text(script)
        paths = {
            name: temp / f"{name.lower()}-{number}" for name in ("OUTPUT", "ENV", "STEP_SUMMARY")
        }
        for path in paths.values():
            path.touch()
        done = subprocess.run(
            ["bash", "--noprofile", "--norc", "-e", "-o", "pipefail", str(file)],
            cwd=self.machine.workspace,
            env={
                **environment(self.machine),
                **self.runner.variables,
                **self._told(),
                **{f"GITHUB_{name}": str(path) for name, path in paths.items()},
                **env,
            },
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            timeout=120,
            check=False,
        )
        ended.code = done.returncode
        ended.outcome = "success" if done.returncode == 0 else "failure"
        ended.log.read(done.stdout.decode("utf-8", "replace"))
        ended.outputs = read_pairs(paths["OUTPUT"].read_text())
        assert paths["ENV"].read_text() == "", "no step here sets variables for later ones"
        assert paths["STEP_SUMMARY"].stat().st_size <= SUMMARY_LIMIT
        ended.summary = paths["STEP_SUMMARY"].read_text()

    def _told(self) -> dict[str, str]:
        event = self.machine.temp / "event.json"
        event.write_text(json.dumps(self.github["event"]))
        names = ("event_name", "repository", "sha", "run_attempt", "run_id", "server_url",
                 "api_url")  # fmt: skip
        return {
            "GITHUB_EVENT_PATH": str(event),
            **{f"GITHUB_{name.upper()}": str(self.github[name]) for name in names},
        }

    def _contexts(self, steps: Mapping[str, Any]) -> dict[str, Any]:
        return {
            "github": self.github,
            "vars": self.runner.vars,
            "secrets": self.runner.secrets,
            "needs": {
                name: {"outputs": job.outputs, "result": job.result}
                for name, job in self.needs.items()
            },
            "steps": steps,
            "runner": {"temp": str(self.machine.temp), "os": "Linux", "arch": "X64"},
        }
