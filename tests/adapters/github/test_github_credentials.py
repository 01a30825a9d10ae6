"""Tokens, and apps that are given one."""

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec

from adapters.github import open_reader
from adapters.settings import Settings
from schemas.errors import GitHubError, SettingsError
from schemas.github import Conclusion


@pytest.fixture
def app(github):
    return github.add_app("sizer")


def as_app(app, **more):
    return {"github_app_id": str(app.id), "github_app_private_key": app.private_key, **more}


def test_an_app_reads_and_writes_under_its_own_name(opened, github, app):
    reader, writer = opened.reader(**as_app(app)), opened.writer(**as_app(app))
    assert reader.login() == "sizer[bot]"
    assert not github.sent("GET /user")
    assert writer.comment(1, "x").author == "sizer[bot]"
    writer.check_run(github.pull(1).head_sha, Conclusion.SUCCESS, "T", "S")
    assert github.check_runs[0].app_login == "sizer[bot]"
    assert reader.may_write("ann")


def test_an_apps_reader_is_given_a_token_that_cannot_write(opened, github, app):
    reader = opened.reader(**as_app(app))
    reader.comments(1)
    reader.file("deploy/api.yaml", "main")
    reader.pull_request(1)
    asked = github.sent("POST /app/installations")[0].body
    assert set(asked["permissions"].values()) == {"read"}
    assert asked["repositories"] == ["shop"]
    token = github.tokens[github.requests[-1].token]
    assert set(token.permissions.values()) == {"read"}


def test_an_app_asks_for_no_permission_that_it_does_not_have(opened, github):
    app = github.add_app("small", {"pull_requests": "write"})
    writer = opened.writer(**as_app(app))
    assert writer.comment(1, "x").author == "small[bot]"
    with pytest.raises(GitHubError, match="not accessible by integration"):
        writer.create_branch("new", github.branches["main"])


@pytest.mark.parametrize("form", ["file", "one-line"])
def test_a_key_may_be_a_file_or_stand_on_one_line(opened, github, app, tmp_path, form):
    given = as_app(app, github_app_private_key=app.private_key.replace("\n", "\\n"))
    if form == "file":
        (tmp_path / "key.pem").write_text(app.private_key)
        given = {
            "github_app_id": str(app.id),
            "github_app_private_key_file": str(tmp_path / "key.pem"),
        }
    assert opened.reader(**given).login() == "sizer[bot]"


def test_an_app_that_is_not_installed_is_not_found(opened, github, app):
    github.fail("/installation", 404, message="Not Found")
    with pytest.raises(GitHubError) as caught:
        opened.reader(**as_app(app))
    assert caught.value.code == "github.not_found"


def test_an_unknown_app_is_refused(opened, app):
    with pytest.raises(GitHubError) as caught:
        opened.reader(**as_app(app, github_app_id="99999"))
    assert caught.value.code == "github.refused"


def elliptic_key():
    return (
        ec.generate_private_key(ec.SECP256R1())
        .private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
        .decode()
    )


@pytest.mark.parametrize(
    "key", ["canary", "-----BEGIN RSA PRIVATE KEY-----\ncanary\n", elliptic_key()],
    ids=["text", "broken", "another-kind"],
)  # fmt: skip
def test_a_key_that_is_none_is_a_wrong_setting_and_not_repeated(opened, app, key):
    with pytest.raises(SettingsError, match="private key") as caught:
        opened.reader(**as_app(app, github_app_private_key=key))
    assert "canary" not in caught.value.render()
    assert caught.value.__context__ is None


def test_an_app_needs_a_key(opened):
    with pytest.raises(SettingsError, match="no private key"):
        opened.reader(github_app_id="1")


@pytest.mark.parametrize("content", [None, b"\xff\xfe"], ids=["absent", "binary"])
def test_a_key_file_that_cannot_be_read_is_named(opened, tmp_path, content):
    path = tmp_path / "key.pem"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(SettingsError, match=r"key\.pem cannot be read"):
        opened.reader(github_app_id="1", github_app_private_key_file=str(path))


def test_without_credentials_the_setting_is_named(github):
    with pytest.raises(SettingsError) as caught:
        open_reader(Settings(github_api_url=github.url), github.repository)
    assert "GITHUB_TOKEN" in caught.value.hint


@pytest.mark.parametrize("token", ["canary token", "canary\nx: y", "canary\x00", "canäry"])
def test_a_token_that_is_no_header_is_not_sent_and_not_repeated(opened, github, token):
    with pytest.raises(SettingsError) as caught:
        opened.reader(token)
    assert "can" not in caught.value.render().replace("cannot", "")
    assert not github.requests
