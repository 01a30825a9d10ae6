"""Writes the JSON Schemas of the contracts: ``python -m schemas.export [DIRECTORY]``.

The committed files under ``schemas/json`` are what other programs validate against; a test compares
them with the models.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

from pydantic import BaseModel

from schemas.context import AppContext
from schemas.evidence import Evidence
from schemas.knowledge import Decision, Fact
from schemas.plan import DraftPlan
from schemas.recommendation import Finding, Recommendation
from schemas.run import RunRecord
from schemas.trigger import Trigger

CONTRACTS: dict[str, type[BaseModel]] = {
    "trigger": Trigger,
    "app-context": AppContext,
    "evidence": Evidence,
    "fact": Fact,
    "decision": Decision,
    "draft-plan": DraftPlan,
    "finding": Finding,
    "recommendation": Recommendation,
    "run-record": RunRecord,
}
"""File name (without ``.schema.json``) and the model that it describes."""

DIRECTORY = Path(__file__).parent / "json"


def schema_text(model: type[BaseModel]) -> str:
    """The JSON Schema (2020-12) of what a contract serialises to."""
    schema = model.model_json_schema(mode="serialization")
    schema = {"$schema": "https://json-schema.org/draft/2020-12/schema", **schema}
    return json.dumps(schema, indent=2, sort_keys=True, ensure_ascii=False) + "\n"


def export(directory: Path) -> None:
    """Write all schemas into a directory."""
    directory.mkdir(parents=True, exist_ok=True)
    for name, model in CONTRACTS.items():
        (directory / f"{name}.schema.json").write_text(schema_text(model), "utf-8")


if __name__ == "__main__":
    export(Path(sys.argv[1]) if len(sys.argv) > 1 else DIRECTORY)
