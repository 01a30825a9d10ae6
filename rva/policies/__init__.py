"""An organisation's policies: limits of the built-in checks, and rules of its own in CEL."""

from __future__ import annotations

from pathlib import Path

DEFAULT_POLICY = Path(__file__).with_name("default.yaml")
"""The policy that holds where an organisation says nothing else."""
