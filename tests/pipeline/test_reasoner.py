import pytest

from pipeline.reasoner import choose_reasoner
from schemas.errors import SettingsError


def test_none_means_none():
    assert choose_reasoner("none").used == "none"


def test_auto_means_none_and_says_so():
    choice = choose_reasoner("auto")
    assert choice.used == "none"
    assert "no model access" in choice.why


@pytest.mark.parametrize("name", ["ollama/llama3.1", "openai/gpt-x", "ollama/hf.co/a/b:Q4_K_M"])
def test_a_model_that_cannot_be_reached_is_an_error_and_never_silently_left_out(name):
    with pytest.raises(SettingsError, match="no model access"):
        choose_reasoner(name)


@pytest.mark.parametrize("name", ["", "llama", "Ollama/x", "a b/c", "/x", "x/"])
def test_another_word_is_refused(name):
    with pytest.raises(SettingsError, match="is not none, auto or PROVIDER/MODEL"):
        choose_reasoner(name)
