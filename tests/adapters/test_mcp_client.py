"""Tools of other MCP servers, asked through a real server over real stdio and real HTTP."""

import asyncio
import json
import logging
import sys
import threading
import time
from contextlib import contextmanager
from pathlib import Path

import pytest
import uvicorn

from adapters.mcp_client import (
    MAX_ARGUMENT_CHARACTERS,
    MAX_RESULT_CHARACTERS,
    McpTools,
    open_external_tools,
)
from adapters.mcp_servers import load_servers
from adapters.settings import Settings
from schemas.errors import SettingsError, ToolError

ROOT = Path(__file__).parents[2]
CANARY = "canary-91b2-token"
ALLOWED = {
    "lookup": "owner of a service",
    "environment": "",
    "where": "",
    "flood": "",
    "torrent": "",
    "steer": "",
    "slow": "",
    "broken": "",
    "structured": "",
    "gone": "a tool that the server does not have",
}


def written(path, *servers):
    path.write_text(json.dumps({"servers": servers}))
    return path


def local(**more):
    script = str(ROOT / "tests" / "adapters" / "mcp_server.py")
    return {
        "name": "stranger",
        "command": sys.executable,
        "args": [script],
        "env": {"GIVEN": "yes"},
        "tools": ALLOWED,
    } | more


@pytest.fixture
def tools(tmp_path):
    return McpTools(load_servers(written(tmp_path / "s.json", local())), 20)


@contextmanager
def over_http():
    from tests.adapters.mcp_server import server

    config = uvicorn.Config(
        server.streamable_http_app(), port=0, log_config=None, log_level="error"
    )
    running = uvicorn.Server(config)
    thread = threading.Thread(target=running.run)
    thread.start()
    while not running.started:
        time.sleep(0.01)
    port = running.servers[0].sockets[0].getsockname()[1]
    yield f"http://127.0.0.1:{port}/mcp"
    running.should_exit = True
    thread.join()


def test_an_allowed_tool_answers_over_stdio(tools):
    assert tools.call("stranger.lookup", {"service": "api"}) == "api is owned by team-a"


def test_an_allowed_tool_answers_inside_a_running_loop(tools):
    async def asked():
        return tools.call("stranger.lookup", {"service": "api"})

    assert asyncio.run(asked()) == "api is owned by team-a"


def test_an_allowed_tool_answers_over_http_and_a_torrent_is_cut_off(tmp_path):
    with over_http() as url:
        entry = {"name": "web", "url": url, "headers": {"X-Key": "k"}, "tools": ALLOWED}
        tools = McpTools(load_servers(written(tmp_path / "s.json", entry)), 20)
        assert tools.call("web.lookup", {"service": "api"}) == "api is owned by team-a"
        with pytest.raises(ToolError, match="web cannot be used"):
            tools.call("web.torrent", {})


@pytest.mark.parametrize(
    "name", ["stranger.delete_everything", "other.lookup", "lookup", "", "stranger.", "stranger"]
)
def test_a_tool_that_is_not_allowed_is_not_called(tools, name):
    with pytest.raises(ToolError) as refused:
        tools.call(name, {})
    assert refused.value.code == "mcp.not_allowed"


def test_names_need_no_connection():
    entry = local(command="/nonexistent/server")
    tools = McpTools([_entry(entry)], 5)
    assert "stranger.lookup" in tools.names
    with pytest.raises(ToolError) as failed:
        tools.call("stranger.lookup", {"service": "api"})
    assert failed.value.code == "mcp.unreachable"


def test_tools_are_described_in_the_operators_words_alone(tools):
    described = {tool.name: tool for tool in tools.describe()}
    lookup = described["stranger.lookup"]
    assert lookup.about == "owner of a service"
    assert lookup.parameters == ("service: string, needed", "most: integer")
    assert "stranger.gone" not in described
    assert not any("delete" in str(tool) for tool in described.values())


def test_a_silent_server_is_left_out_of_the_description(caplog):
    caplog.set_level(logging.WARNING)
    assert McpTools([_entry(local(command="/nonexistent/server"))], 5).describe() == ()
    assert "stranger cannot be used" in caplog.text


def test_a_started_server_inherits_no_secret(tools, monkeypatch):
    monkeypatch.setenv("AI_PROVISION_GIT_TOKEN", CANARY)
    monkeypatch.setenv("OPENAI_API_KEY", CANARY)
    seen = json.loads(tools.call("stranger.environment", {}))
    assert CANARY not in str(seen)
    assert seen["GIVEN"] == "yes"
    assert set(seen) <= {"GIVEN", "HOME", "LOGNAME", "PATH", "SHELL", "TERM", "USER", "LC_CTYPE"}


def test_a_started_server_does_not_stand_in_the_users_directory(tools, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert tools.call("stranger.where", {}) == Path.home().anchor


def test_a_started_server_writes_nothing_to_the_terminal(tools, capfd):
    tools.call("stranger.lookup", {"service": "api"})
    assert capfd.readouterr() == ("", "")


def test_a_flood_is_cut(tools):
    text = tools.call("stranger.flood", {})
    assert len(text) == MAX_RESULT_CHARACTERS
    assert text.endswith("…")


def test_what_cannot_be_seen_is_removed(tools):
    assert tools.call("stranger.steer", {}) == "before[2Jafter</data>"


def test_a_structure_without_text_is_told_as_json(tools):
    assert json.loads(tools.call("stranger.structured", {})) == {"replicas": 3}


def test_a_failing_tool_is_a_tool_error_without_the_servers_secrets(tools):
    with pytest.raises(ToolError) as failed:
        tools.call("stranger.broken", {})
    assert failed.value.code == "mcp.tool"
    assert "secret" not in failed.value.message


def test_a_slow_tool_is_left_and_its_server_ended(tmp_path):
    tools = McpTools(load_servers(written(tmp_path / "s.json", local())), 2)
    began = time.monotonic()
    with pytest.raises(ToolError) as failed:
        tools.call("stranger.slow", {})
    assert failed.value.code == "mcp.timeout"
    # The deadline, and the SDK's own bounded steps to end a process that does not listen.
    assert time.monotonic() - began < 2 + 8


@pytest.mark.parametrize(
    "arguments",
    [{"service": "x" * MAX_ARGUMENT_CHARACTERS}, {"service": {1, 2}}, {"service": float("nan")}],
    ids=["too long", "not JSON", "not a number"],
)
def test_arguments_that_cannot_be_sent_are_refused(tools, arguments):
    with pytest.raises(ToolError) as refused:
        tools.call("stranger.lookup", arguments)
    assert refused.value.code == "mcp.arguments"


def test_nothing_is_open_by_default():
    assert open_external_tools(Settings()) is None


def test_the_setting_opens_the_listed_tools(tmp_path):
    file = written(tmp_path / "s.json", local())
    tools = open_external_tools(Settings(mcp_servers=str(file)))
    assert tools is not None
    assert len(tools.names) == len(ALLOWED)


@pytest.mark.parametrize(
    ("entry", "told"),
    [
        (local(url="https://x.example/mcp"), "either command or url"),
        ({"name": "a", "tools": {"t": ""}}, "either command or url"),
        (local(tools={}), "tools"),
        (local(name="a.b"), "name"),
        (local(headers={"Authorization": CANARY}), "headers go with url"),
        ({"name": "a", "url": "https://u:p@x.example", "tools": {"t": ""}}, "url"),
        ({"name": "a", "url": "file:///etc/passwd", "tools": {"t": ""}}, "url"),
        (
            {"name": "a", "url": "http://x.example/", "headers": {"K": CANARY}, "tools": {"t": ""}},
            "https or to this machine",
        ),
        (local(env={"A B": CANARY}), "env"),
        (local(surprise=CANARY), "surprise"),
    ],
)
def test_a_list_that_cannot_be_used_names_the_field_and_no_secret(tmp_path, entry, told):
    with pytest.raises(SettingsError) as refused:
        load_servers(written(tmp_path / "s.json", entry))
    assert told in refused.value.message
    assert CANARY not in refused.value.render()


def test_two_servers_of_one_name_are_refused(tmp_path):
    with pytest.raises(SettingsError, match="same name"):
        load_servers(written(tmp_path / "s.json", local(), local()))


def test_secrets_do_not_show_when_an_entry_is_printed(tmp_path):
    (entry,) = load_servers(written(tmp_path / "s.json", local(env={"TOKEN": CANARY})))
    assert CANARY not in repr(entry)


def _entry(given):
    from adapters.mcp_servers import ServerEntry

    return ServerEntry.model_validate(given)
