"""Settings: the only place that reads the environment.

Every setting is an environment variable that starts with ``AI_PROVISION_``. Its description and
default stand beside the field, and the table of the documentation is made from them. Where a runner
of GitHub Actions sets a variable for the same thing, that one counts when ours is not set.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, SecretStr, ValidationError
from pydantic.fields import FieldInfo

from schemas.errors import SettingsError
from schemas.quantities import GIB, KIB, MIB, Bytes, MemoryQuantity

PREFIX = "AI_PROVISION_"
RUNNER_VARIABLES = {"github_api_url": "GITHUB_API_URL", "github_token": "GITHUB_TOKEN"}
"""What is read when the setting's own variable is not set."""


class Settings(BaseModel):
    """What the operator may set; a field ``git_token`` is read from ``AI_PROVISION_GIT_TOKEN``."""

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)

    git_allow_hosts: tuple[str, ...] = Field(
        default=(),
        description="Host names (`git.corp.example`, `*.corp.example`), addresses and networks "
        "(`10.0.0.0/8`), separated by commas, that may be private. All other private, loopback "
        "and link-local addresses are refused.",
    )
    git_token: SecretStr | None = Field(
        default=None, description="Token or password for private repositories."
    )
    git_username: SecretStr = Field(
        default=SecretStr("x-access-token"),
        description="User name that goes with the token.",
    )
    git_token_hosts: tuple[str, ...] = Field(
        default=("github.com",),
        description="The only hosts that are sent the token, separated by commas: a trigger names "
        "the repository, so it must not choose who sees the token.",
    )
    git_ca_file: str | None = Field(
        default=None, description="PEM file of the authorities that sign the git hosts."
    )
    git_proxy: SecretStr | None = Field(
        default=None,
        description="HTTP proxy for git. Proxy variables of the environment are not used. The "
        "proxy resolves names itself, so it has to keep private addresses away.",
    )
    git_timeout_seconds: float = Field(
        default=120, gt=0, le=3600, description="Longest time that fetching may take."
    )
    git_max_bytes: MemoryQuantity = Field(
        default=Bytes(GIB),
        gt=0,
        description="Largest repository (its latest commit), on disk, as a Kubernetes quantity.",
    )
    git_max_file_bytes: MemoryQuantity = Field(
        default=Bytes(16 * MIB),
        gt=0,
        description="Larger files are not fetched where the host supports that, and not read.",
    )
    web_allow_hosts: tuple[str, ...] = Field(
        default=(),
        description="Hosts whose pages may be added to the knowledge base though their addresses "
        "are private, in the form of `AI_PROVISION_GIT_ALLOW_HOSTS`.",
    )
    web_ca_file: str | None = Field(
        default=None, description="PEM file of the authorities that sign these hosts."
    )
    web_timeout_seconds: float = Field(
        default=30, gt=0, le=600, description="Longest time that fetching one page may take."
    )
    web_max_bytes: MemoryQuantity = Field(
        default=Bytes(16 * MIB),
        gt=0,
        description="Largest page or file that is added, as a Kubernetes quantity.",
    )
    prometheus_url: str | None = Field(
        default=None,
        pattern=r"^https?://[^\s@]+$",
        description="Any endpoint of the Prometheus HTTP API (Prometheus, Thanos, Mimir, "
        "VictoriaMetrics), with its path prefix; no credentials in it.",
    )
    prometheus_token: SecretStr | None = Field(
        default=None, description="Bearer token for it; or a user name and password:"
    )
    prometheus_username: str | None = Field(default=None, description="User name for it.")
    prometheus_password: SecretStr | None = Field(default=None, description="Password for it.")
    prometheus_ca_file: str | None = Field(
        default=None, description="PEM file of the authorities that sign its certificate."
    )
    prometheus_tenant: str | None = Field(
        default=None, description="Tenant (`X-Scope-OrgID`) of Mimir, Cortex or Loki gateways."
    )
    prometheus_headers: SecretStr | None = Field(
        default=None, description="Further headers, `Name: value`, separated by `;`."
    )
    prometheus_selector: str | None = Field(
        default=None,
        pattern=r'^[A-Za-z_][A-Za-z0-9_]*="[^"\\\n{}]*"(,[A-Za-z_][A-Za-z0-9_]*="[^"\\\n{}]*")*$',
        description="Labels that every series must have, where one server holds several clusters: "
        '`cluster="prod-eu"`.',
    )
    prometheus_timeout_seconds: float = Field(
        default=60, gt=0, le=3600, description="Longest time that reading all metrics may take."
    )
    metrics_days: float = Field(
        default=14, gt=0, le=400, description="Days of history that are read."
    )
    metrics_step_seconds: int = Field(
        default=300, ge=15, le=3600, description="Distance of the points that are read."
    )
    metrics_min_days: float = Field(
        default=3,
        ge=0.05,
        le=400,
        description="Days of history from which a workload is sized by its metrics. With less it "
        "is sized like a new one, and what there is counts as evidence.",
    )
    metrics_risk: Literal["thrifty", "balanced", "careful"] = Field(
        default="balanced",
        description="What is asked of the numbers that come from history: less requested, or "
        "fewer samples above the request and fewer OOM kills.",
    )
    metrics_min_change_percent: float = Field(
        default=10,
        ge=0,
        le=100,
        description="A number that moves by less is left as it is: not worth a rollout.",
    )
    metrics_max_decrease_percent: float = Field(
        default=50, gt=0, le=100, description="Largest decrease of a number in one change."
    )
    policy_file: str | None = Field(
        default=None, description="YAML file with the organisation's policies."
    )
    price_file: str | None = Field(default=None, description="YAML file with prices.")
    llm: str = Field(
        default="auto", description="`none`, `auto` or `PROVIDER/MODEL`; `--llm` overrides it."
    )
    llm_auto_model: str = Field(
        default="llama3.1",
        pattern=r"^[A-Za-z0-9][A-Za-z0-9_.:/-]{0,199}$",
        description="The model that `auto` looks for in Ollama.",
    )
    llm_agents: str | None = Field(
        default=None,
        pattern=r"^(dca|pipa|rva)=[^,\s]+(,(dca|pipa|rva)=[^,\s]+)*$",
        description="Other models for single agents: `pipa=ollama/qwen3:14b,rva=none`.",
    )
    llm_url: str | None = Field(
        default=None,
        pattern=r"^https?://[^\s@]+$",
        description="Address of the model server; Ollama's is `http://127.0.0.1:11434` when not "
        "set, for `openai-like/MODEL` it must be set.",
    )
    llm_api_key: SecretStr | None = Field(
        default=None, description="Key for it; Ollama on one's own machine needs none."
    )
    llm_context_tokens: int = Field(
        default=8192,
        ge=2048,
        le=1_000_000,
        description="Context window that is asked for; a larger one takes more memory there.",
    )
    llm_call_seconds: float = Field(
        default=120, gt=0, le=3600, description="Longest time that one answer may take."
    )
    llm_run_seconds: float = Field(
        default=300, gt=0, le=7200, description="Longest time that models may take in one run."
    )
    llm_run_calls: int = Field(
        default=40, ge=1, le=1000, description="Most requests to models in one run."
    )
    llm_run_tokens: int = Field(
        default=200_000, ge=1000, description="Most tokens, asked and answered, in one run."
    )
    llm_keep_alive: str = Field(
        default="10m",
        pattern=r"^-?\d+(s|m|h)?$",
        description="How long Ollama keeps the model in memory afterwards.",
    )
    knowledge: Literal["on", "off"] = Field(
        default="on",
        description="`off`: the sizing asks neither the knowledge base nor the memory of past "
        "decisions; `--knowledge` overrides it.",
    )
    embedder: Literal["auto", "onnx", "sentence-transformers", "chroma", "none"] = Field(
        default="auto",
        description="What embeds facts and queries. `onnx`: an export of all-MiniLM-L6-v2 made "
        "from the installed weights; `sentence-transformers`: the original, slow to start; "
        "`chroma`: the export that Chroma publishes, downloaded by `knowledge build`; `none`: "
        "search by words alone; `auto`: the first of `onnx`, `chroma` and `none` that can be had.",
    )
    chroma_url: str | None = Field(
        default=None,
        pattern=r"^https?://[A-Za-z0-9.\-\[\]:]+/?$",
        description="Chroma server (`https://host:port`) that keeps the vectors; the cache "
        "directory does when not set.",
    )
    chroma_token: SecretStr | None = Field(
        default=None, description="Token that the Chroma server asks for."
    )
    mcp_call_seconds: float = Field(
        default=300,
        gt=0,
        le=7200,
        description="Longest time that one call of a tool of the MCP server may take.",
    )
    mcp_calls_at_once: int = Field(
        default=2, ge=1, le=64, description="Sizings that the MCP server runs side by side."
    )
    mcp_max_answer_bytes: MemoryQuantity = Field(
        default=Bytes(128 * KIB),
        ge=8 * KIB,
        le=16 * MIB,
        description="Largest answer of an MCP tool, as a Kubernetes quantity; what does not fit is "
        "left out, and the answer says so.",
    )
    mcp_servers: str | None = Field(
        default=None,
        description="YAML file with MCP servers whose tools the agents may use, see docs/mcp.md; "
        "none when not set.",
    )
    mcp_tool_seconds: float = Field(
        default=30,
        gt=0,
        le=600,
        description="Longest time that one call of a tool of these servers may take.",
    )
    github_api_url: str = Field(
        default="https://api.github.com",
        pattern=r"^https?://[^\s@?#]+$",
        description="REST API of GitHub; of GitHub Enterprise Server `https://HOST/api/v3`. Also "
        "read from `GITHUB_API_URL`, as the runner of Actions sets it.",
    )
    github_token: SecretStr | None = Field(
        default=None,
        description="Token for it; also read from `GITHUB_TOKEN`. Or the credentials of an app:",
    )
    github_app_id: str | None = Field(
        default=None,
        pattern=r"^[A-Za-z0-9._-]{1,100}$",
        description="Identifier of a GitHub App (its App ID or client ID) that is installed on the "
        "repository; used instead of the token.",
    )
    github_app_private_key: SecretStr | None = Field(
        default=None, description="Private key of the app, PEM; or the file that holds it:"
    )
    github_app_private_key_file: str | None = Field(
        default=None, description="File with the private key of the app."
    )
    github_ca_file: str | None = Field(
        default=None, description="PEM file of the authorities that sign GitHub's certificate."
    )
    github_proxy: SecretStr | None = Field(
        default=None,
        description="HTTP proxy on the way to GitHub. Proxy variables of the environment are not "
        "used.",
    )
    github_timeout_seconds: float = Field(
        default=120,
        gt=0,
        le=3600,
        description="Longest time that one request to GitHub may take, with the tries after it "
        "and the waits that GitHub asks for.",
    )
    helm: str | None = Field(
        default=None, description="The `helm` command; found on `PATH` when not set."
    )
    data_dir: str | None = Field(
        default=None,
        description="Directory for what must not be lost: decisions and added documents. "
        "`~/.local/share/ai-provision` when not set (or below `XDG_DATA_HOME`).",
    )
    cache_dir: str | None = Field(
        default=None,
        description="Directory for what can be made again: the index and the exported embedding "
        "model. `~/.cache/ai-provision` when not set (or below `XDG_CACHE_HOME`).",
    )
    unknown: tuple[str, ...] = Field(default=(), exclude=True)
    """Variables with the prefix that no setting has: usually misspelt, worth a warning."""

    @property
    def data_directory(self) -> Path:
        """Where decisions and added documents are kept; it may not exist yet."""
        return _directory(self.data_dir, "XDG_DATA_HOME", ".local/share")

    @property
    def cache_directory(self) -> Path:
        """Where the index is kept; it may not exist yet."""
        return _directory(self.cache_dir, "XDG_CACHE_HOME", ".cache")


def _directory(given: str | None, variable: str, below_home: str) -> Path:
    """The setting, else the XDG base directory, else its default (XDG Base Directory 0.8)."""
    if given is not None:
        return Path(given).expanduser()
    base = os.environ.get(variable, "")
    # The specification says that a relative path there must be ignored.
    parent = Path(base) if base.startswith("/") else Path.home() / below_home
    return parent / "ai-provision"


def environment() -> Mapping[str, str]:
    """The process' variables, for what is no setting of ours but set by a program around us."""
    return os.environ


def load_settings(environ: Mapping[str, str] | None = None) -> Settings:
    """Read the settings.

    Args:
        environ: The variables; the process' own when None.

    Raises:
        SettingsError: A value cannot be used; the value itself is not repeated, it may be secret.
    """
    variables = os.environ if environ is None else environ
    given = {
        name.removeprefix(PREFIX).lower(): text.strip()
        for name, text in variables.items()
        if name.startswith(PREFIX) and text.strip()
    }
    names = {field: PREFIX + field.upper() for field in _fields()}
    for field, runner in RUNNER_VARIABLES.items():
        if field not in given and variables.get(runner, "").strip():
            given[field] = variables[runner].strip()
            names[field] = runner
    known = {name: _value(name, text) for name, text in given.items() if name in _fields()}
    unknown = tuple(sorted(PREFIX + name.upper() for name in given if name not in known))
    try:
        return _possible(Settings(**known, unknown=unknown))
    except ValidationError as error:
        # Without the value, in the message and in the chain of causes: it may be a secret.
        details = error.errors(include_input=False, include_url=False, include_context=False)[0]
    field = str(details["loc"][0])
    raise SettingsError(
        f"{names[field]}: {details['msg']}", hint=_fields()[field].description or ""
    )


def _possible(settings: Settings) -> Settings:
    """The settings, unless one of them rules another out."""
    if settings.metrics_min_days > settings.metrics_days:
        raise SettingsError(
            f"{PREFIX}METRICS_MIN_DAYS asks for {settings.metrics_min_days:g} days of history, and "
            f"{PREFIX}METRICS_DAYS reads {settings.metrics_days:g}",
            hint="Then no workload could ever be sized by its metrics: read more days, or ask for "
            "fewer.",
        )
    return settings


def settings_table() -> str:
    """The settings as a Markdown table, in the order of their definition."""
    rows = ["| variable | default | what it does |", "|---|---|---|"]
    for name, field in _fields().items():
        rows.append(f"| `{PREFIX}{name.upper()}` | {_default(field)} | {field.description} |")
    return "\n".join(rows) + "\n"


def _fields() -> dict[str, FieldInfo]:
    return {name: field for name, field in Settings.model_fields.items() if field.description}


def _value(name: str, text: str) -> str | tuple[str, ...]:
    if name in {"git_allow_hosts", "git_token_hosts", "web_allow_hosts"}:
        return tuple(part.strip().lower() for part in text.split(",") if part.strip())
    return text


def _default(field: FieldInfo) -> str:
    default: Any = field.default
    if default is None or default == ():
        return "not set"
    if isinstance(default, SecretStr):
        return f"`{default.get_secret_value()}`"
    if isinstance(default, tuple):
        return f"`{','.join(default)}`"
    if isinstance(default, int) and default >= MIB:
        return f"`{default // MIB}Mi`"
    return f"`{default}`"
