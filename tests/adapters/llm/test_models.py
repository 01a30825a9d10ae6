from __future__ import annotations

import subprocess
import sys
from dataclasses import replace

import pytest

from adapters.clock import SystemClock
from adapters.llm.models import open_models
from adapters.llm.names import ModelName, Provider, parse_agents, parse_model
from adapters.llm.ollama import OllamaProvider
from adapters.llm.probe import Server
from adapters.settings import load_settings
from schemas.errors import SettingsError
from schemas.model import Asker

NOBODY = "http://127.0.0.1:9"


def settings(**values):
    prefixed = {f"AI_PROVISION_{name.upper()}": value for name, value in values.items()}
    return load_settings(prefixed)


def test_a_model_may_have_a_tag_and_a_path():
    assert parse_model("ollama/hf.co/org/model:Q4_K_M") == ModelName(
        Provider.OLLAMA, "hf.co/org/model:Q4_K_M"
    )


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("llama3", "is not none, auto"),
        ("ollama/", "is not none, auto"),
        ("ollama/a b", "is not none, auto"),
        ("Ollama/x", "is not none, auto"),
        ("oracle/x", "no provider oracle"),
        ("", "is not none, auto"),
    ],
)
def test_other_names_are_refused(text, told):
    with pytest.raises(SettingsError, match=told):
        parse_model(text)


def test_agents_may_have_models_of_their_own():
    models = open_models(
        settings(llm="none", llm_agents="pipa=ollama/qwen3:14b,rva=none", llm_url=NOBODY),
        SystemClock(),
    )
    assert parse_agents("pipa=a/b,rva=none") == {Asker.PIPA: "a/b", Asker.RVA: "none"}
    assert {asker: model.name for asker, model in models.by_asker.items()} == {
        Asker.PIPA: "ollama/qwen3:14b"
    }
    assert models.of(Asker.RVA) is None


def test_none_means_none():
    models = open_models(settings(llm="none"), SystemClock())
    assert models.by_asker == {}
    assert models.choice.used == "none"
    assert models.uses() == ()


def test_auto_without_a_server_goes_on_and_says_so():
    models = open_models(settings(llm="auto", llm_url=NOBODY), SystemClock())
    assert models.by_asker == {}
    assert "no Ollama answers" in models.choice.why
    assert "deterministic" in models.choice.why


@pytest.mark.parametrize(
    ("model", "needed"),
    [
        ("openai/gpt-x", "AI_PROVISION_LLM_API_KEY"),
        ("anthropic/claude-x", "AI_PROVISION_LLM_API_KEY"),
        ("openai-like/x", "AI_PROVISION_LLM_URL"),
    ],
)
def test_what_a_provider_needs_is_asked_for_by_its_setting(model, needed):
    with pytest.raises(SettingsError) as caught:
        open_models(settings(llm=model), SystemClock())
    assert needed in caught.value.hint


def test_a_key_is_never_shown():
    key = "sk-canary"
    assert key not in repr(OllamaProvider("m", api_key=key))
    models = open_models(settings(llm="openai/gpt-x", llm_api_key=key), SystemClock())
    assert key not in repr(models.by_asker[Asker.PIPA]._provider)


@pytest.mark.parametrize(
    ("model", "there"), [("llama3.1", True), ("llama3.1:8b", False), ("llama3.1:latest", True)]
)
def test_a_name_without_a_tag_means_the_latest(model, there):
    assert Server(("llama3.1:latest", "qwen3:14b")).has(model) is there


def test_opening_models_imports_no_model_library():
    code = (
        "import sys\n"
        "from adapters.llm.models import open_models\n"
        "from adapters.settings import load_settings\n"
        "from adapters.clock import SystemClock\n"
        "open_models(load_settings({'AI_PROVISION_LLM': 'ollama/x'}), SystemClock())\n"
        "heavy = {'llama_index', 'ollama', 'openai', 'anthropic', 'httpx', 'torch'}\n"
        "print(sorted(heavy & set(sys.modules)))\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_the_bounds_are_those_of_the_settings():
    models = open_models(
        settings(llm="ollama/x", llm_call_seconds="7", llm_context_tokens="4096"), SystemClock()
    )
    rules = models.by_asker[Asker.DCA]._rules
    assert (rules.call_seconds, rules.context_tokens, rules.required) == (7, 4096, True)
    assert replace(rules, required=False) != rules
