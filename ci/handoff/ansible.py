"""Ansible: variables, a task file that applies them with ``kubernetes.core.k8s``, a playbook.

Strings of a repository may look like Jinja. The variables tag everything that could be a template
as ``!unsafe``, which Ansible never evaluates; tasks and playbook are the same for every
recommendation.
"""

from __future__ import annotations

from importlib.resources import files

from ci.handoff.patch import workload_patches
from ci.handoff.sizing import sizing_data
from ci.handoff.yaml_text import yaml_text
from schemas.base import JsonObject
from schemas.recommendation import Recommendation

VARIABLES_FILE = "group_vars/all.yaml"
_FIXED = {"playbook.yaml": "playbook.yaml", "tasks/apply.yaml": "apply.yaml"}
_HEADER = (
    "Variables of playbook.yaml, written by ai-provision.",
    "ai_provision_namespace is used for objects that name no namespace of their own.",
)


def ansible_files(recommendation: Recommendation) -> dict[str, str]:
    """Variables, tasks and playbook: relative path → text."""
    source = files("ci.handoff") / "files" / "ansible"
    fixed = {path: (source / name).read_text(encoding="utf-8") for path, name in _FIXED.items()}
    variables = yaml_text(ansible_variables(recommendation), header=_HEADER, ansible=True)
    return {**fixed, VARIABLES_FILE: variables}


def ansible_variables(recommendation: Recommendation) -> JsonObject:
    """What the variables file holds."""
    return {
        "ai_provision_namespace": "default",
        "ai_provision_sizing": {item.name: sizing_data(item) for item in recommendation.components},
        "ai_provision_patches": [
            {"component": patch.component, "definition": patch.document}
            for patch in workload_patches(recommendation)
        ],
        "ai_provision_manifests": [
            {"component": item.name, "definition": document}
            for item in recommendation.components
            for document in item.manifests
        ],
    }
