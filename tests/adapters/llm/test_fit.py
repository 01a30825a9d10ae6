"""Whether a model fits, by what a fake Ollama says of it."""

import pytest

from adapters.llm.fit import fit_of
from adapters.settings import load_settings
from ci.doctor import _model
from tests.engine.answers import fails
from tests.engine.fake_ollama import FakeOllama, Model, ScriptedBrain


@pytest.fixture
def memory(tmp_path):
    """A machine with so many GiB free."""

    def free(gib):
        path = tmp_path / "meminfo"
        path.write_text(f"MemTotal: 99999999 kB\nMemAvailable: {int(gib * 1024 * 1024)} kB\n")
        return path

    return free


def fitting(fake, tokens, memory):
    return fit_of(fake.url, None, "tiny", tokens, memory)


def test_weights_and_the_cache_of_a_full_window_are_held_against_free_memory(memory):
    # 2,019,393,189 bytes, and 2 x 2 bytes x 28 layers x 8 heads x 128 x 8192 tokens: 2.76 GiB.
    with FakeOllama(ScriptedBrain("x")) as fake:
        enough = fitting(fake, 8192, memory(2.8))
        little = fitting(fake, 8192, memory(2.7))
        longer = fitting(fake, 131_072, memory(15))
    assert (enough.ok, little.ok, longer.ok) == (True, False, False)
    assert "about 2.8 GiB of memory" in enough.text
    assert "a GPU's own memory is not seen" in little.text
    assert "about 15.9 GiB" in longer.text


def test_a_window_that_the_model_was_not_trained_for_is_said(memory):
    small = Model("tiny", context_tokens=4096)
    with FakeOllama(ScriptedBrain("x"), models=[small]) as fake:
        found = fitting(fake, 8192, memory(64))
    assert not found.ok
    assert "trained for 4096 tokens" in found.text


@pytest.mark.parametrize("route", ["/api/show", "/api/tags"])
def test_what_the_server_does_not_tell_is_unknown(memory, route):
    with FakeOllama(ScriptedBrain("x"), instead={route: fails(500)}) as fake:
        found = fitting(fake, 8192, memory(64))
    assert found.ok
    assert "not known" in found.text or "nothing is known" in found.text


def test_a_machine_that_does_not_tell_its_memory_is_no_fault(tmp_path):
    with FakeOllama(ScriptedBrain("x")) as fake:
        found = fitting(fake, 8192, tmp_path / "absent")
    assert found.ok
    assert "cannot be seen" in found.text


def test_doctor_says_whether_the_named_model_is_there_and_fits():
    with FakeOllama(ScriptedBrain("x")) as fake:
        given = {"AI_PROVISION_LLM_URL": fake.url}
        there = _model(load_settings({**given, "AI_PROVISION_LLM": "ollama/tiny"}))
        absent = _model(load_settings({**given, "AI_PROVISION_LLM": "ollama/huge"}))
        auto = _model(load_settings({**given, "AI_PROVISION_LLM_AUTO_MODEL": "tiny"}))
    assert "8192 of 131072 tokens of context" in there.found
    assert "`ollama pull huge`" in absent.found
    assert absent.needed
    assert not absent.ok
    assert auto.found.startswith("ollama/tiny: ")
