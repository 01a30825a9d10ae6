"""Inputs of the Action: read as strings, checked, and laid over the settings."""

from pathlib import Path

import pytest

from adapters.action_inputs import SETTING_OF, ActionInputs, FailOn, load_inputs
from adapters.settings import Settings
from schemas.errors import SettingsError
from schemas.trigger import Environment

CANARY = "canary-91d0"


def test_inputs_that_are_left_out_arrive_empty_and_have_their_defaults():
    empty = {f"INPUT_{name.upper()}": "" for name in (*ActionInputs.model_fields, *SETTING_OF)}
    assert load_inputs(empty) == load_inputs({})
    inputs, settings = load_inputs(empty)
    assert (inputs.fail_on, inputs.environment) == (FailOn.BLOCKING, Environment.PROD)
    assert (inputs.comment, inputs.git_repo) == (False, None)
    assert settings == Settings()


def test_every_input_reaches_its_place():
    inputs, settings = load_inputs(
        {
            "INPUT_APP_DESCRIPTION": " Go API ",
            "INPUT_ENVIRONMENT": "dev",
            "INPUT_WORKING_DIRECTORY": "services/shop",
            "INPUT_FAIL_ON": "difference",
            "INPUT_COMMENT": "true",
            "INPUT_PROMETHEUS_URL": "https://metrics.example",
            "INPUT_POLICY": "ops/policy.yaml",
            "INPUT_LLM": "ollama/qwen3",
            "INPUT_KNOWLEDGE": "off",
        }
    )
    assert (inputs.app_description, inputs.working_directory) == ("Go API", Path("services/shop"))
    assert (inputs.environment, inputs.fail_on) == (Environment.DEV, FailOn.DIFFERENCE)
    assert inputs.comment is True
    assert (settings.prometheus_url, settings.llm) == ("https://metrics.example", "ollama/qwen3")
    assert (settings.policy_file, settings.knowledge) == ("ops/policy.yaml", "off")


def test_an_input_counts_before_the_variable_of_its_setting():
    both = {"AI_PROVISION_LLM": "auto", "INPUT_LLM": "none", "AI_PROVISION_HELM": "/opt/helm"}
    _, settings = load_inputs(both)
    assert (settings.llm, settings.helm) == ("none", "/opt/helm")
    _, settings = load_inputs({"GITHUB_TOKEN": "a", "INPUT_GITHUB_TOKEN": "b"})
    assert settings.github_token.get_secret_value() == "b"


@pytest.mark.parametrize(
    ("name", "says"),
    [
        ("INPUT_FAIL_ON", "fail-on"),
        ("INPUT_ENVIRONMENT", "environment"),
        ("INPUT_COMMENT", "comment"),
        ("INPUT_KNOWLEDGE", "AI_PROVISION_KNOWLEDGE"),
    ],
)
def test_a_wrong_input_is_named_and_its_value_is_not_repeated(name, says):
    with pytest.raises(SettingsError) as caught:
        load_inputs({name: CANARY})
    assert says in caught.value.message
    assert CANARY not in caught.value.render()
    assert caught.value.exit_code == 2


def test_secrets_do_not_show_in_what_is_printed_of_the_inputs():
    secret = {f"INPUT_{name}": CANARY for name in ("GITHUB_TOKEN", "LLM_API_KEY")}
    inputs, settings = load_inputs(secret | {"INPUT_PROMETHEUS_TOKEN": CANARY})
    assert CANARY not in f"{inputs!r}{settings!r}{inputs.model_dump()}"


def test_every_input_for_a_setting_names_a_setting():
    assert set(SETTING_OF.values()) <= set(Settings.model_fields)
