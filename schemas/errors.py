"""Everything that ai-provision raises on purpose.

ProvisionError                    exit code, stable code, one sentence, one hint
├── UsageError                    2: what the user gave cannot be used
│   ├── TriggerError              the two-field trigger or the JSON payload
│   ├── QuantityError             a CPU or memory amount (also a ValueError)
│   ├── SettingsError             a setting or a policy, price or constants file
│   └── InputFileError            a file or directory that was named
└── OutsideError                  3: something outside failed
    ├── RepositoryError           git: refused, not found, too large, too slow
    ├── WebError                  a web page: refused, not found, too large, too slow
    ├── ToolError                 helm and other commands
    ├── EmbedderError             the embedding model: absent, refused, damaged, not reachable
    ├── MetricsError              the metrics source: not reachable, refused, not as it should be
    ├── ModelError                a language model: not reachable, absent, refused
    ├── GitHubError               GitHub: not reachable, refused, changed meanwhile
    ├── StoreError                what was remembered cannot be read or kept
    └── OutputError               results could not be written

One component's failure is no exception: it stands in the result (`ComponentFailure`).
"""

from __future__ import annotations


class ProvisionError(Exception):
    """Base of the tree.

    Args:
        message: What happened, one sentence without a final newline.
        code: Stable, dotted, lower case; shown as ``error[code]``.
        hint: What the user can do about it; may be empty.
    """

    exit_code = 3
    default_code = "internal"

    def __init__(self, message: str, *, code: str | None = None, hint: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.code = code or self.default_code
        self.hint = hint

    def render(self) -> str:
        """The lines a user reads on stderr."""
        head = f"error[{self.code}]: {self.message}"
        return f"{head}\nhint: {self.hint}" if self.hint else head


class UsageError(ProvisionError):
    """What the user gave cannot be used."""

    exit_code = 2
    default_code = "usage"


class TriggerError(UsageError):
    """The trigger does not have the two fields, in order, with values."""

    default_code = "trigger.invalid"


class QuantityError(UsageError, ValueError):
    """Not a Kubernetes quantity, or not one that fits the resource."""

    default_code = "quantity.invalid"


class SettingsError(UsageError):
    """A setting, policy, price or constants file is wrong."""

    default_code = "settings.invalid"


class InputFileError(UsageError):
    """A named file or directory cannot be read as what it should be."""

    default_code = "input.unreadable"


class OutsideError(ProvisionError):
    """Something outside the process failed."""

    default_code = "outside.failed"


class RepositoryError(OutsideError):
    """A repository was refused, or could not be fetched or read."""

    default_code = "repository.failed"


class WebError(OutsideError):
    """A web page was refused, or could not be fetched."""

    default_code = "web.failed"


class ToolError(OutsideError):
    """A command-line tool is absent or failed."""

    default_code = "tool.failed"


class EmbedderError(OutsideError):
    """The embedding model is absent, refused, damaged, or cannot be run."""

    default_code = "embedder.failed"


class MetricsError(OutsideError):
    """The metrics source does not answer, refuses, or answers what cannot be read."""

    default_code = "metrics.failed"


class ModelError(OutsideError):
    """A language model that was asked for by name cannot be reached or refuses."""

    default_code = "model.failed"


class GitHubError(OutsideError):
    """GitHub cannot be reached, refuses, or has something else by now."""

    default_code = "github.failed"


class StoreError(OutsideError):
    """The store of past decisions cannot be read or written."""

    default_code = "store.failed"


class OutputError(OutsideError):
    """Results could not be written."""

    default_code = "output.failed"
