"""Who may reach the server, and what it costs those who do not use it."""

import subprocess
import sys

import httpx2
import pytest

from ci.cli import main
from ci.mcp.http import Listen, check_listen, is_loopback, security
from schemas.errors import UsageError
from tests.ci.mcp.mcp_sessions import DESCRIPTION, ROOT, SHOP, environment, serving

KEY = "a-token-that-nobody-guesses-31337"
HELLO = {
    "jsonrpc": "2.0",
    "id": 1,
    "method": "initialize",
    "params": {
        "protocolVersion": "2025-06-18",
        "capabilities": {},
        "clientInfo": {"name": "test", "version": "1"},
    },
}
ACCEPT = {"Accept": "application/json, text/event-stream"}


@pytest.fixture(scope="module")
def token_file(tmp_path_factory):
    path = tmp_path_factory.mktemp("secret") / "token"
    path.write_text(KEY + "\n")
    return str(path)


@pytest.fixture(scope="module")
def open_url():
    with serving() as url:
        yield url


@pytest.fixture(scope="module")
def guarded_url(token_file):
    with serving("--token-file", token_file) as url:
        yield url


def post(url, headers=None, **body):
    with httpx2.Client(trust_env=False) as client:
        return client.post(url, headers={**ACCEPT, **(headers or {})}, **(body or {"json": HELLO}))


def test_loopback_needs_no_token(open_url):
    assert open_url.startswith("http://127.0.0.1:")
    assert post(open_url).status_code == 200


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"Host": "evil.example"}, 421),
        ({"Host": "127.0.0.1.evil.example:80"}, 421),
        ({"Origin": "https://evil.example"}, 403),
        ({"Origin": "null"}, 403),
        ({"Origin": "http://localhost:3000"}, 200),
    ],
)
def test_a_page_of_another_site_gets_no_answer(open_url, headers, status):
    assert post(open_url, headers).status_code == status


def test_a_body_over_the_limit_is_refused(open_url):
    body = b'{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"x":"' + b"x" * (5 << 20)
    answer = post(open_url, {"Content-Type": "application/json"}, content=body)
    assert answer.status_code == 413


@pytest.mark.parametrize(
    "given",
    [None, "Bearer", "bearer x", f"Bearer {KEY}x", f"Bearer {KEY[:-1]}", f"Basic {KEY}", KEY],
)
def test_without_the_token_there_is_no_answer(guarded_url, given):
    answer = post(guarded_url, {"Authorization": given} if given else None)
    assert answer.status_code == 401
    assert answer.headers["WWW-Authenticate"] == "Bearer"
    assert KEY not in answer.text


def test_with_the_token_there_is_one(guarded_url):
    assert post(guarded_url, {"Authorization": f"Bearer {KEY}"}).status_code == 200


@pytest.mark.parametrize(
    ("host", "local"),
    [
        ("127.0.0.1", True),
        ("127.8.8.8", True),
        ("::1", True),
        ("localhost", True),
        ("0.0.0.0", False),  # noqa: S104 - what is refused
        ("::", False),
        ("10.0.0.1", False),
        ("localhost.evil.example", False),
        ("", False),
    ],
)
def test_loopback_is_told_from_other_addresses(host, local):
    assert is_loopback(host) is local


@pytest.mark.parametrize(
    ("listen", "told"),
    [
        (Listen("0.0.0.0"), "--token-file"),  # noqa: S104 - what is refused
        (Listen("192.0.2.1"), "--token-file"),
        (Listen("0.0.0.0", token=KEY), "unknown names"),  # noqa: S104 - what is refused
    ],
)
def test_an_address_that_others_reach_needs_token_and_names(listen, told):
    with pytest.raises(UsageError, match=told):
        check_listen(listen)


def test_named_hosts_are_accepted_and_no_others():
    allowed = security(Listen("0.0.0.0", token=KEY, names=("sizer.corp.example",)))  # noqa: S104
    assert allowed.enable_dns_rebinding_protection
    assert "sizer.corp.example" in allowed.allowed_hosts
    assert "https://sizer.corp.example:*" in allowed.allowed_origins
    assert not any("0.0.0.0" in name for name in allowed.allowed_hosts)  # noqa: S104


@pytest.mark.parametrize(
    ("options", "told"),
    [
        (["--host", "0.0.0.0"], "--token-file"),  # noqa: S104 - what is refused
        (["--port", "70000"], "--port"),
        (["--allow-directory", "/nonexistent/x"], "--allow-directory"),
        (["--allow-directory", str(SHOP)], "--token-file"),
        (["--token-file", "/nonexistent/x"], "token file"),
        (["--allow-host", "https://a/b"], "--allow-host"),
    ],
)
def test_options_that_would_let_strangers_in_are_refused(capsys, options, told):
    assert main(["mcp", "--transport", "http", *options]) == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert told in err


@pytest.mark.parametrize("text", ["", "short", "x" * 5000, "two words are no token at all"])
def test_a_token_that_is_easy_to_guess_is_refused(capsys, tmp_path, text):
    (tmp_path / "token").write_text(text)
    assert main(["mcp", "--transport", "http", "--token-file", str(tmp_path / "token")]) == 2
    assert "token" in capsys.readouterr().err


def test_a_port_in_use_is_told_in_one_line(open_url):
    port = open_url.rsplit(":", 1)[1].partition("/")[0]
    done = cli("mcp", "--transport", "http", "--port", port)
    assert done.returncode == 3
    assert "cannot be bound" in done.stderr
    assert "Traceback" not in done.stderr


def test_without_the_sdk_the_command_names_the_extra(capsys, monkeypatch):
    monkeypatch.setattr("ci.mcp.command.find_spec", lambda _name: None)
    assert main(["mcp"]) == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert "ai-provision[mcp]" in err
    assert len(err.splitlines()) == 1


@pytest.mark.parametrize(
    "arguments",
    [
        ["--help"],
        ["mcp", "--help"],
        ["size", "--git-repo", str(SHOP), "--app-description", DESCRIPTION],
    ],
    ids=["help", "mcp help", "size"],
)
def test_who_does_not_serve_does_not_load_the_sdk(arguments):
    check = (
        "import sys; from ci.cli import main\n"
        "try: main()\n"
        "except SystemExit: pass\n"
        "loaded = {'mcp', 'mcp_types', 'starlette', 'uvicorn', 'httpx2'} & set(sys.modules)\n"
        "sys.exit(f'loaded: {loaded}' if loaded else 0)"
    )
    done = cli(*arguments, start=check)
    assert done.returncode == 0, done.stderr


def test_the_worker_does_not_load_the_sdk():
    done = cli(start="import sys, ci.mcp.worker, ci.mcp.summary; sys.exit('mcp' in sys.modules)")
    assert done.returncode == 0


def cli(*arguments, start="import sys; from ci.cli import main; sys.exit(main())"):
    return subprocess.run(
        [sys.executable, "-c", start, *arguments],
        env=environment({}),
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
