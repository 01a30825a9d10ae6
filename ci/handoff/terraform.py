"""Terraform: the numbers as JSON variables, read by a fixed module.

Terraform takes strings in a ``.tfvars.json`` file as they are, so nothing of a repository is ever
part of an HCL expression; the module itself is the same for every recommendation.
"""

from __future__ import annotations

from importlib.resources import files

from ci.handoff.sizing import sizing_data
from ci.handoff.yaml_text import json_text
from schemas.recommendation import Recommendation

VARIABLES_FILE = "sizing.auto.tfvars.json"
MODULE_FILES = ("main.tf", "outputs.tf", "variables.tf")


def terraform_files(recommendation: Recommendation) -> dict[str, str]:
    """The module and its variables: file name → text."""
    source = files("ci.handoff") / "files" / "terraform"
    module = {name: (source / name).read_text(encoding="utf-8") for name in MODULE_FILES}
    sizing = {item.name: sizing_data(item) for item in recommendation.components}
    return {**module, VARIABLES_FILE: json_text({"sizing": sizing})}
