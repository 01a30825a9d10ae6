"""The README of an output directory: which file is for which tool."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from ci.handoff.knowledge import knowledge_summary
from ci.handoff.measured import measured_text
from ci.handoff.patch import WorkloadPatch
from ci.handoff.plain import code, line
from schemas.prose import defused
from schemas.recommendation import Recommendation

_INTRO = """# Sizing

Written by ai-provision. The next run replaces the files listed in `.ai-provision.json` and leaves
all others alone; it refuses to replace one that was edited by hand.

Nothing here has been applied. `recommendation.json` holds everything: numbers, reasons, evidence,
findings, cost. Read it with `ai-provision explain recommendation.json`.
"""
_KUBECTL = """## kubectl

```sh
kubectl patch KIND NAME --type=strategic --patch-file patches/COMPONENT.yaml
kubectl apply -f manifests/COMPONENT.yaml
```
"""
_KUSTOMIZE = """## Kustomize

In an overlay, add all or single components by their path relative to it:

```yaml
components:
  - path/to/kustomize            # all
  - path/to/kustomize/COMPONENT  # or one
```
"""
_HELM = """## Helm

```sh
helm upgrade --install RELEASE CHART -f helm/values-NAME.yaml
```

Give it after the values files that you already use: the last one wins.
"""
_TERRAFORM = """## Terraform

`terraform/` is a module that reads `sizing.auto.tfvars.json`. Run it by itself
(`terraform -chdir=terraform init && terraform -chdir=terraform plan`), or call it:

```hcl
module "sizing" {
  source = "./path/to/terraform"
  sizing = jsondecode(file("./path/to/terraform/sizing.auto.tfvars.json")).sizing
}
```

Then, for example, `module.sizing.requests["COMPONENT"]` is a map of quantities for a `resources`
block, and `module.sizing.replicas["COMPONENT"]` is null where an autoscaler owns the number.
"""
_ANSIBLE = """## Ansible

Needs the collection `kubernetes.core` and access to the cluster.

```sh
ansible-playbook ansible/playbook.yaml -e ai_provision_namespace=NAMESPACE
```
"""


def readme_text(
    recommendation: Recommendation,
    patches: Sequence[WorkloadPatch],
    stems: dict[str, str],
    helm_notes: Iterable[tuple[str, str]],
) -> str:
    """How to use each of the files.

    Args:
        recommendation: The result.
        patches: The patches that were written.
        stems: File name of each component.
        helm_notes: File name and remark: what of the numbers a values file could not place.
    """
    parts = [_INTRO, _components(recommendation, patches, stems)]
    knowledge = knowledge_summary(recommendation)
    if knowledge:
        parts.append(f"Knowledge base: {knowledge}. `explain` shows which, and by how much.\n")
    measured = "".join(
        f"- {code(item.name)}: {_prose(text)}\n"
        for item in recommendation.components
        if (text := measured_text(item))
    )
    if measured:
        parts.append(f"Measured use of the running workloads:\n\n{measured}")
    parts += [*_rationales(recommendation), _KUBECTL, _KUSTOMIZE, _HELM]
    remarks = "".join(f"- {code(name)}: {_prose(text)}\n" for name, text in helm_notes)
    if remarks:
        parts.append(remarks)
    return "\n".join([*parts, _TERRAFORM, _ANSIBLE])


def _rationales(recommendation: Recommendation) -> Iterator[str]:
    """What a language model says of each component, and how it came to the repairs."""
    said = [item for item in recommendation.components if item.rationale]
    if not said:
        return
    yield "In short, in a language model's words; every number in them was checked:\n"
    yield "".join(f"- {code(item.name)}: {_prose(item.rationale)}\n" for item in said)
    for item in said:
        trace = item.refinement.trace if item.refinement else ()
        if trace:
            yield f"How {code(item.name)} was refined:\n"
            yield "".join(
                f"{number}. {_prose(step.thought)} → {code(step.action)} → "
                f"{_prose(step.observation)}\n"
                for number, step in enumerate(trace, start=1)
            )


def _components(
    recommendation: Recommendation, patches: Sequence[WorkloadPatch], stems: dict[str, str]
) -> str:
    patched = {patch.component: patch for patch in patches}
    rows = ["| component | files |", "|---|---|"]
    for item in recommendation.components:
        files = []
        if item.name in patched:
            target = patched[item.name].target
            files.append(
                f"`patches/{stems[item.name]}.yaml` for {code(f'{target.kind}/{target.name}')}"
            )
        if item.manifests:
            files.append(f"`manifests/{stems[item.name]}.yaml`")
        rows.append(f"| {_cell(item.name)} | {', '.join(files) or 'numbers only'} |")
    rows += [
        f"| {_cell(failed.name)} | not sized: {_prose(failed.failure)} |"
        for failed in recommendation.failed
    ]
    return "\n".join(rows) + "\n"


def _cell(text: str) -> str:
    return code(text).replace("|", "\\|")


def _prose(text: str) -> str:
    """Text that Markdown shows as it is; addresses and mentions are no such text for code hosts."""
    said = defused(line(text))
    return "".join(f"\\{char}" if char in r"\`*_{}[]<>#|!" else char for char in said)
