"""Settings come from the environment, and only valid ones."""

import pytest

from adapters.settings import Settings, load_settings, settings_table
from schemas.errors import SettingsError


def test_an_empty_environment_gives_the_defaults():
    assert load_settings({}) == Settings()


def test_values_are_read_and_converted():
    settings = load_settings(
        {
            "AI_PROVISION_GIT_ALLOW_HOSTS": " Git.Corp.Example, 10.0.0.0/8 ,",
            "AI_PROVISION_GIT_MAX_BYTES": "2Gi",
            "AI_PROVISION_GIT_TIMEOUT_SECONDS": "7.5",
            "AI_PROVISION_LLM": "ollama/qwen3",
            "PATH": "/bin",
        }
    )
    assert settings.git_allow_hosts == ("git.corp.example", "10.0.0.0/8")
    assert settings.git_max_bytes == 2 << 30
    assert settings.git_timeout_seconds == 7.5
    assert settings.llm == "ollama/qwen3"


def test_an_empty_variable_is_not_set():
    assert load_settings({"AI_PROVISION_GIT_TOKEN": " "}).git_token is None


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("GIT_MAX_BYTES", "2Gx"),
        ("GIT_MAX_BYTES", "-1"),
        ("GIT_MAX_BYTES", "0"),
        ("GIT_TIMEOUT_SECONDS", "0"),
        ("GIT_TIMEOUT_SECONDS", "soon"),
        ("GIT_TIMEOUT_SECONDS", "nan"),
    ],
)
def test_a_wrong_value_names_its_variable(name, value):
    with pytest.raises(SettingsError, match=f"AI_PROVISION_{name}") as caught:
        load_settings({f"AI_PROVISION_{name}": value})
    assert caught.value.hint


def test_what_the_runner_of_actions_sets_counts_where_nothing_else_is_set():
    runner = {"GITHUB_API_URL": "https://ghe.corp.example/api/v3", "GITHUB_TOKEN": "theirs"}
    settings = load_settings(runner)
    assert settings.github_api_url == "https://ghe.corp.example/api/v3"
    assert settings.github_token.get_secret_value() == "theirs"
    own = load_settings(runner | {"AI_PROVISION_GITHUB_TOKEN": "ours"})
    assert own.github_token.get_secret_value() == "ours"
    assert load_settings({"GITHUB_TOKEN": "  "}).github_token is None
    assert load_settings({"GITHUB_CA_FILE": "/x"}) == Settings()


def test_a_wrong_value_of_the_runner_names_the_variable_that_holds_it():
    with pytest.raises(SettingsError, match="^GITHUB_API_URL: "):
        load_settings({"GITHUB_API_URL": "https://me:canary@ghe.corp.example"})
    with pytest.raises(SettingsError, match="^AI_PROVISION_GITHUB_API_URL: ") as caught:
        load_settings({"AI_PROVISION_GITHUB_API_URL": "ftp://canary"})
    assert "canary" not in caught.value.render()


def test_a_misspelt_variable_is_reported():
    assert load_settings({"AI_PROVISION_GIT_TOKN": "x"}).unknown == ("AI_PROVISION_GIT_TOKN",)


def test_secrets_are_never_shown():
    settings = load_settings(
        {
            "AI_PROVISION_GIT_TOKEN": "canary-token",
            "AI_PROVISION_GIT_USERNAME": "canary-user",
            "AI_PROVISION_GIT_PROXY": "http://me:canary-proxy@proxy:3128",
        }
    )
    assert "canary" not in repr(settings) + str(settings) + settings.model_dump_json()


def test_the_table_has_every_setting_with_its_default():
    table = settings_table()
    names = [name for name in Settings.model_fields if name != "unknown"]
    assert all(f"| `AI_PROVISION_{name.upper()}` |" in table for name in names)
    assert len(table.splitlines()) == len(names) + 2
    assert "`1024Mi`" in table
    assert "`github.com`" in table


def test_the_directories_follow_the_setting_then_xdg_then_home(monkeypatch, tmp_path):
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.delenv("XDG_DATA_HOME", raising=False)
    monkeypatch.setenv("XDG_CACHE_HOME", "relative/is/ignored")
    assert load_settings({}).data_directory == tmp_path / ".local/share/ai-provision"
    assert load_settings({}).cache_directory == tmp_path / ".cache/ai-provision"
    monkeypatch.setenv("XDG_DATA_HOME", "/xdg")
    assert str(load_settings({}).data_directory) == "/xdg/ai-provision"
    given = load_settings({"AI_PROVISION_CACHE_DIR": "~/there"})
    assert given.cache_directory == tmp_path / "there"


def test_more_days_cannot_be_asked_for_than_are_read():
    with pytest.raises(SettingsError, match="METRICS_MIN_DAYS asks for 20 days") as caught:
        load_settings({"AI_PROVISION_METRICS_MIN_DAYS": "20"})
    assert "METRICS_DAYS reads 14" in caught.value.message
    both = {"AI_PROVISION_METRICS_MIN_DAYS": "20", "AI_PROVISION_METRICS_DAYS": "20"}
    assert load_settings(both).metrics_min_days == 20
