"""The ``doctor`` command: what is installed and reachable, and what each missing thing costs."""

from __future__ import annotations

import json
import platform
import shutil
import subprocess
import sys
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path

from adapters.clock import SystemClock
from adapters.embeddings.choice import find_embedder
from adapters.embeddings.weights import INSTALL, installed
from adapters.helm import HelmRenderer
from adapters.llm.fit import fit_of
from adapters.llm.models import open_models
from adapters.llm.ollama import DEFAULT_URL
from adapters.llm.probe import Silent, ask_ollama
from adapters.settings import Settings, load_settings
from ci.version import version as own_version
from pipeline.knowledge_index import open_retriever
from pipeline.metrics import open_metrics
from pipeline.wiring import agents
from schemas.errors import ProvisionError
from schemas.run import ReasonerChoice

_TIMEOUT_SECONDS = 10.0


@dataclass(frozen=True, slots=True)
class Diagnosis:
    """One thing that was looked at."""

    name: str
    ok: bool
    needed: bool
    """Without it nothing works; else something is lost, which `cost` names."""
    found: str
    cost: str
    """What is lost without it; empty when it is there."""


def doctor(format_: str) -> int:
    """Print the diagnoses; 1 when something that is needed is missing."""
    diagnoses = diagnose(load_settings())
    if format_ == "json":
        sys.stdout.write(json.dumps([asdict(item) for item in diagnoses], indent=2) + "\n")
    else:
        sys.stdout.write(_text(diagnoses))
    return 1 if any(item.needed and not item.ok for item in diagnoses) else 0


def diagnose(settings: Settings) -> list[Diagnosis]:
    """Look at everything; what fails is a diagnosis, never an error."""
    return [check(settings) for check in _CHECKS]


def _text(diagnoses: list[Diagnosis]) -> str:
    width = max(len(item.name) for item in diagnoses)
    lines = [f"ai-provision {own_version()}"]
    for item in diagnoses:
        mark = "ok     " if item.ok else ("MISSING" if item.needed else "absent ")
        lines.append(f"{mark}  {item.name:{width}}  {item.found}")
        if item.cost:
            lines.append(f"{'':{width + 11}}lost: {item.cost}")
    return "\n".join(lines) + "\n"


def _python(_settings: Settings) -> Diagnosis:
    ok = sys.version_info >= (3, 11)
    return Diagnosis(
        "python", ok, True, platform.python_version(), "" if ok else "3.11 or newer is needed"
    )


def _command(name: str, arguments: tuple[str, ...], *, needed: bool, cost: str) -> Diagnosis:
    path = shutil.which(name) or _beside_python(name)
    if path is None:
        return Diagnosis(name, False, needed, "not found", cost)
    try:
        done = subprocess.run(  # noqa: S603 - a tool found on PATH, with fixed arguments
            [path, *arguments],
            capture_output=True,
            text=True,
            timeout=_TIMEOUT_SECONDS,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        return Diagnosis(name, False, needed, f"{path} does not run: {error}", cost)
    said = (done.stdout or done.stderr).strip().splitlines()
    if done.returncode:
        return Diagnosis(name, False, needed, f"{path} fails: {said[0] if said else ''}", cost)
    return Diagnosis(name, True, needed, said[0] if said else path, "")


def _beside_python(name: str) -> str | None:
    """A script of the same virtual environment (helm's and ansible's wheels put one there)."""
    path = Path(sys.executable).parent / name
    return str(path) if path.is_file() else None


def _git(_settings: Settings) -> Diagnosis:
    cost = "repositories cannot be cloned; local directories still work"
    return _command("git", ("--version",), needed=False, cost=cost)


def _helm(settings: Settings) -> Diagnosis:
    cost = "charts are read from their values only, and Helm values cannot be proven by rendering"
    renderer = HelmRenderer(settings.helm)
    if not renderer.available:
        hint = "install Helm, or the extra: pip install 'ai-provision[helm]'"
        return Diagnosis("helm", False, False, f"not found ({hint})", cost)
    return Diagnosis("helm", True, False, "charts are rendered", "")


def _consumer(name: str, arguments: tuple[str, ...]) -> Callable[[Settings], Diagnosis]:
    def check(_settings: Settings) -> Diagnosis:
        cost = "nothing in a sizing; only needed to apply its output"
        return _command(name, arguments, needed=False, cost=cost)

    return check


def _embedder(settings: Settings) -> Diagnosis:
    """What embeds queries: what is there already, nothing is loaded."""
    name, cost = "embedder", "facts are found by their words alone, not by their meaning"
    if settings.embedder == "none":
        return Diagnosis(name, False, False, "none, by AI_PROVISION_EMBEDDER", cost)
    embedder = find_embedder(settings.cache_directory, settings.embedder)
    if embedder is not None:
        return Diagnosis(name, True, False, embedder.name, "")
    hint = "make it: ai-provision knowledge build"
    if not installed():
        hint = f"{INSTALL}, then ai-provision knowledge build"
    return Diagnosis(name, False, False, f"none yet ({hint})", cost)


def _knowledge(settings: Settings) -> Diagnosis:
    """The facts and their index, opened as a run does."""
    name = "knowledge"
    try:
        state = open_retriever(settings).state
    except ProvisionError as error:
        return Diagnosis(name, False, True, error.message, error.hint)
    found = f"{state.facts} facts, {state.embedder}"
    if settings.chroma_url:
        found += f", vectors on {settings.chroma_url}"
    return Diagnosis(name, state.degraded is None, False, found, state.degraded or "")


def _model(settings: Settings) -> Diagnosis:
    try:
        choice = open_models(settings, SystemClock()).choice
    except ProvisionError as error:
        return Diagnosis("language model", False, True, error.message, error.hint)
    if choice.used == "none" or not choice.used.startswith("ollama/"):
        return Diagnosis("language model", True, False, f"{choice.used}: {choice.why}", "")
    return _fitting(settings, choice)


def _fitting(settings: Settings, choice: ReasonerChoice) -> Diagnosis:
    """Whether Ollama has the model, and whether that fits."""
    name, model = "language model", choice.used.removeprefix("ollama/")
    url = settings.llm_url or DEFAULT_URL
    key = settings.llm_api_key.get_secret_value() if settings.llm_api_key else None
    answer = ask_ollama(url, key)
    cost = "a run with this model ends with an error; --llm auto or none goes on without"
    if isinstance(answer, Silent):
        return Diagnosis(name, False, True, f"{choice.used}: {answer.reason}", cost)
    if not answer.has(model):
        missing = f"{choice.used}: the Ollama at {url} does not have it; `ollama pull {model}` does"
        return Diagnosis(name, False, True, missing, cost)
    fit = fit_of(url, key, model, settings.llm_context_tokens)
    found = f"{choice.used}: {fit.text}"
    return Diagnosis(name, fit.ok, False, found, "" if fit.ok else "answers are late or cut off")


def _metrics(settings: Settings) -> Diagnosis:
    """The metrics server, asked for its workloads as a run does."""
    name, cost = "metrics", "running services are sized like new ones, by documents and defaults"
    if settings.prometheus_url is None:
        hint = "no server: set AI_PROVISION_PROMETHEUS_URL, or give size --metrics FILE"
        return Diagnosis(name, False, False, hint, cost)
    soon = settings.model_copy(update={"prometheus_timeout_seconds": _TIMEOUT_SECONDS})
    try:
        source = open_metrics(soon, SystemClock())
        found = source.workloads()
    except ProvisionError as error:
        hint = f" ({error.hint})" if error.hint else ""
        return Diagnosis(name, False, False, f"{error.message}{hint}", cost)
    if not found:
        return Diagnosis(name, False, False, f"{source.origin} has no usage of containers", cost)
    return Diagnosis(name, True, False, f"{len(found)} workloads on {source.origin}", "")


def _files(settings: Settings) -> Diagnosis:
    """Policies, prices and constants, by loading them as a run does."""
    name = "policies, prices"
    try:
        agents(settings)
    except ProvisionError as error:
        return Diagnosis(name, False, True, error.message, error.hint)
    return Diagnosis(
        name,
        True,
        True,
        f"{settings.policy_file or 'default'}, {settings.price_file or 'default'}",
        "",
    )


def _misspelt(settings: Settings) -> Diagnosis:
    if settings.unknown:
        found = f"unknown: {', '.join(settings.unknown)}"
        return Diagnosis("settings", False, False, found, "these variables have no effect")
    return Diagnosis("settings", True, False, "no unknown variables", "")


_CHECKS: tuple[Callable[[Settings], Diagnosis], ...] = (
    _python,
    _git,
    _helm,
    _files,
    _misspelt,
    _model,
    _metrics,
    _embedder,
    _knowledge,
    _consumer("kubectl", ("version", "--client")),
    _consumer("terraform", ("version",)),
    _consumer("ansible-playbook", ("--version",)),
)
