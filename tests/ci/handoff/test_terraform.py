"""The Terraform module, proven with the real terraform: the plan equals the recommendation."""

import json
import os
import shutil

import pytest

from ci.handoff.sizing import sizing_data
from ci.handoff.write import write_all

pytestmark = pytest.mark.tool


@pytest.fixture
def terraform(tool, tmp_path):
    """Runs terraform in a directory, offline and without the user's configuration."""
    if shutil.which("terraform") is None:
        pytest.skip("terraform is not installed")
    env = {**os.environ, "TF_CLI_CONFIG_FILE": os.devnull, "CHECKPOINT_DISABLE": "1"}

    def run(directory, *arguments):
        return tool("terraform", f"-chdir={directory}", *arguments, env=env).stdout

    return run


def planned_outputs(terraform, directory):
    terraform(directory, "init", "-backend=false", "-input=false", "-no-color")
    terraform(directory, "validate", "-no-color")
    terraform(directory, "plan", "-input=false", "-no-color", "-out=plan")
    plan = json.loads(terraform(directory, "show", "-json", "plan"))
    outputs = plan["planned_values"]["outputs"]
    return {name: output.get("value") for name, output in outputs.items()}


def without_nulls(value):
    """Absent optional attributes are null in a plan, absent in the sizing; empty maps likewise."""
    if isinstance(value, dict):
        kept = {key: without_nulls(item) for key, item in value.items()}
        return {key: item for key, item in kept.items() if item is not None}
    return value


def check(outputs, recommendation):
    for item in recommendation.components:
        planned = without_nulls(outputs["sizing"][item.name])
        defaults = {"extra_containers": {}, "runtime_env": {}}
        assert planned == {**defaults, **sizing_data(item)}
        assert outputs["requests"][item.name] == sizing_data(item)["resources"]["requests"]
        assert outputs["limits"][item.name] == sizing_data(item)["resources"]["limits"]
        fixed = None if item.autoscaling else item.replicas
        assert outputs["replicas"].get(item.name) == fixed
    assert outputs["sizing"].keys() == {item.name for item in recommendation.components}
    scaled = {item.name for item in recommendation.components if item.autoscaling}
    assert outputs["autoscaling"].keys() == scaled


@pytest.mark.parametrize("which", ["shop", "hostile"])
def test_the_planned_output_equals_the_recommendation(request, terraform, tmp_path, which):
    recommendation = request.getfixturevalue(which)
    write_all(recommendation, tmp_path / "out")
    directory = tmp_path / "out" / "terraform"
    terraform(directory, "fmt", "-check", "-diff")
    check(planned_outputs(terraform, directory), recommendation)
    write_all(recommendation, tmp_path / "out")  # what terraform left there is in nobody's way
    assert (directory / "plan").exists()


def test_another_configuration_can_call_the_module(shop, terraform, tmp_path):
    write_all(shop, tmp_path / "out")
    (tmp_path / "main.tf").write_text(
        'module "sizing" {\n'
        '  source = "./out/terraform"\n'
        '  sizing = jsondecode(file("./out/terraform/sizing.auto.tfvars.json")).sizing\n'
        "}\n"
        + "".join(
            f'output "{name}" {{\n  value = module.sizing.{name}\n}}\n'
            for name in ("sizing", "requests", "limits", "replicas", "autoscaling")
        )
    )
    check(planned_outputs(terraform, tmp_path), shop)


def test_a_recommendation_without_components_is_a_valid_plan(build, terraform, tmp_path):
    write_all(build.recommendation(), tmp_path / "out")
    assert planned_outputs(terraform, tmp_path / "out" / "terraform")["sizing"] == {}
