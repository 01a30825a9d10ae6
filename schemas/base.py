"""What all contracts have in common: frozen, closed, and read back from their own JSON."""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel, ConfigDict

JsonObject = dict[str, Any]
"""A parsed YAML or JSON mapping, such as one Kubernetes document."""


class Contract(BaseModel):
    """Base of what crosses a package boundary."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)
