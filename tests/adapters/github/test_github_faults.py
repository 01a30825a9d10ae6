"""What happens when GitHub, or the way to it, fails."""

import gzip
import ssl
import tracemalloc

import github as pygithub
import pytest
import requests
import trustme

from adapters.github.connection import NotFollowed, TooLarge
from adapters.github.faults import fault_of_exception, fault_of_status
from schemas.errors import GitHubError, SettingsError
from tests.adapters.github.opened import Opened
from tests.github_server import FakeGitHub

READ = "GET /repos/octo-org/shop/pulls/1"


def code_of(call):
    with pytest.raises(GitHubError) as caught:
        call()
    return caught.value.code


@pytest.mark.parametrize("status", [500, 502, 503, 504])
def test_a_fault_of_the_server_passes(opened, github, status):
    github.fail(READ, status, times=2)
    assert opened.reader().pull_request(1).number == 1
    assert opened.pauses == [1.0, 2.0]


def test_a_server_that_stays_down_is_asked_four_times(opened, github):
    github.fail(READ, 502, times=None)
    assert code_of(lambda: opened.reader().pull_request(1)) == "github.unreachable"
    assert len(github.requests) == 4
    assert opened.pauses == [1.0, 2.0, 4.0]


@pytest.mark.parametrize("status", [403, 429])
def test_a_limit_is_waited_for_as_long_as_github_asks(opened, github, status):
    github.rate_limit(READ, status=status, retry_after=7)
    assert opened.reader().pull_request(1).number == 1
    assert opened.pauses == [7.0]


@pytest.mark.parametrize("status", [403, 429])
def test_a_limit_that_names_its_end_is_waited_for_by_githubs_own_clock(opened, github, status):
    github.rate_limit(READ, status=status, reset_in=30)
    assert opened.reader().pull_request(1).number == 1
    assert opened.pauses == [31.0]


def test_a_limit_that_names_no_time_is_waited_for_a_minute(opened, github):
    github.rate_limit(READ)
    assert opened.reader().pull_request(1).number == 1
    assert opened.pauses == [60.0]


def test_a_longer_wait_than_there_is_time_is_not_begun(opened, github):
    github.rate_limit(READ, reset_in=3000)
    with pytest.raises(GitHubError, match="it asks to wait 3,001 s") as caught:
        opened.reader().pull_request(1)
    assert caught.value.code == "github.rate_limited"
    assert opened.pauses == []
    assert len(github.requests) == 1


def test_the_time_that_is_allowed_is_a_setting(opened, github):
    github.rate_limit(READ, retry_after=200)
    assert opened.reader(github_timeout_seconds=900).pull_request(1).number == 1
    assert opened.pauses == [200.0]


def test_a_refusal_is_not_tried_again(opened, github):
    github.fail(READ, 403, message="Resource not accessible by integration", times=None)
    assert code_of(lambda: opened.reader().pull_request(1)) == "github.refused"
    assert len(github.requests) == 1


def test_a_write_waits_for_a_limit_too_and_is_carried_out_once(opened, github):
    github.rate_limit("POST .*/comments", retry_after=3)
    opened.writer().comment(1, "once")
    assert opened.pauses == [3.0]
    assert [comment.body for comment in github.comments(1)] == ["/ai-provision", "once"]


@pytest.mark.parametrize("after", [-1, 0, 20], ids=["before", "headers-only", "in-the-body"])
def test_a_connection_that_is_cut_is_made_again(opened, github, after):
    github.cut(READ, after=after, times=2)
    assert opened.reader().pull_request(1).number == 1
    assert len(opened.pauses) == 2


def test_a_server_that_does_not_answer_is_given_up_in_time(opened, github):
    github.hold(READ)
    with pytest.raises(GitHubError, match="no answer came in time") as caught:
        opened.reader(github_timeout_seconds=0.2).pull_request(1)
    assert caught.value.code == "github.unreachable"


def test_an_answer_that_stops_in_the_middle_is_given_up_in_time(opened, github):
    github.hold(READ, after=30)
    with pytest.raises(GitHubError, match="no answer came in time"):
        opened.reader(github_timeout_seconds=0.2).pull_request(1)


def test_an_answer_that_unpacks_to_any_size_is_not_read(opened, github, monkeypatch):
    monkeypatch.setattr("adapters.github.connection.MAX_ANSWER_BYTES", 1 << 20)
    bomb = gzip.compress(b"[" + b" " * (64 << 20) + b"]")
    github.answer(READ, bomb, headers={"Content-Encoding": "gzip"})
    tracemalloc.start()
    with pytest.raises(GitHubError, match="larger than any that is expected"):
        opened.reader().pull_request(1)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 16 << 20


@pytest.fixture(scope="module")
def authority():
    return trustme.CA()


@pytest.fixture
def encrypted(authority):
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("localhost").configure_cert(context)
    with FakeGitHub(tls=context) as github:
        github.add_pull(author="ann")
        yield Opened(github)


def test_a_server_whose_authority_is_unknown_is_not_sent_the_token(encrypted):
    with pytest.raises(GitHubError, match="no certificate that is trusted") as caught:
        encrypted.reader().pull_request(1)
    assert caught.value.code == "github.unreachable"
    assert "AI_PROVISION_GITHUB_CA_FILE" in caught.value.hint
    assert not encrypted.github.requests
    assert not encrypted.pauses


def test_an_authority_of_ones_own_is_a_setting(encrypted, authority, tmp_path):
    authority.cert_pem.write_to_path(str(tmp_path / "ca.pem"))
    reader = encrypted.reader(github_ca_file=str(tmp_path / "ca.pem"))
    assert reader.pull_request(1).number == 1
    assert encrypted.github.url.startswith("https://")


def test_an_encrypted_connection_that_is_cut_is_made_again(encrypted, authority, tmp_path):
    authority.cert_pem.write_to_path(str(tmp_path / "ca.pem"))
    encrypted.github.cut("pulls/1")
    reader = encrypted.reader(github_ca_file=str(tmp_path / "ca.pem"))
    assert reader.pull_request(1).number == 1
    assert encrypted.pauses == [1.0]


def test_a_server_that_is_not_there_is_unreachable(opened, github):
    reader = opened.reader(github_api_url="http://127.0.0.1:1")
    with pytest.raises(GitHubError, match="no connection can be made") as caught:
        reader.pull_request(1)
    assert caught.value.code == "github.unreachable"
    assert "AI_PROVISION_GITHUB_API_URL" in caught.value.hint
    assert isinstance(caught.value.__cause__, requests.ConnectionError)


def test_a_write_that_was_never_sent_is_tried_again(opened, github):
    writer = opened.writer(github_api_url="http://127.0.0.1:1")
    assert code_of(lambda: writer.comment(1, "x")) == "github.unreachable"
    assert opened.pauses == [1.0, 2.0, 4.0]


@pytest.mark.parametrize(
    "body",
    [b"", b"<html>sign in</html>", b"{", b"[" * 100_000, b"\xff\xfe", b'"text"', b"[]", b"{}"],
    ids=["empty", "page", "cut", "deep", "bytes", "text", "list", "object"],
)
def test_an_answer_that_is_something_else_is_an_error(opened, github, body):
    github.answer(READ, body)
    assert code_of(lambda: opened.reader().pull_request(1)) == "github.invalid"


def test_an_answer_of_any_size_is_not_read(opened, github, monkeypatch):
    monkeypatch.setattr("adapters.github.connection.MAX_ANSWER_BYTES", 1000)
    assert code_of(lambda: opened.reader().pull_request(1)) == "github.invalid"


def test_an_error_that_is_a_page_is_told_without_it(opened, github):
    github.answer(READ, b"<html><h1>Unicorn!</h1></html>", status=404)
    with pytest.raises(GitHubError) as caught:
        opened.reader().pull_request(1)
    assert caught.value.message == "GET /repos/octo-org/shop/pulls/1: GitHub answered 404"


def test_githubs_own_words_are_told_on_one_line_and_cut(opened, github):
    github.fail(READ, 422, message="a\n\x1b[31mb\u202e" + "c" * 500)
    with pytest.raises(GitHubError) as caught:
        opened.reader().pull_request(1)
    assert "\n" not in caught.value.message
    assert "\x1b" not in caught.value.message
    assert "\u202e" not in caught.value.message
    assert len(caught.value.message) < 300


@pytest.mark.parametrize("status", [301, 302, 307, 308])
def test_redirects_are_not_followed(opened, github, status):
    there = {"Location": "https://elsewhere.example/"}
    github.answer(READ, {}, status=status, headers=there)
    with pytest.raises(GitHubError, match="has moved") as caught:
        opened.reader().pull_request(1)
    assert caught.value.code == "github.not_found"
    assert len(github.requests) == 1


def test_a_renamed_repository_is_told_to_have_moved(opened, github):
    github.rename_repository("octo-org/store")
    assert code_of(lambda: opened.writer().comment(1, "x")) == "github.not_found"
    assert len(github.comments(1)) == 1


def test_an_answer_that_is_to_come_later_is_not_waited_for_without_end(opened, github):
    github.answer(READ, {}, status=202)
    assert code_of(lambda: opened.reader().pull_request(1)) == "github.unreachable"
    assert len(github.requests) == 4


@pytest.mark.parametrize(
    ("status", "code"),
    [
        *((400, "github.invalid"), (401, "github.refused"), (403, "github.refused")),
        *((404, "github.not_found"), (409, "github.conflict"), (410, "github.not_found")),
        *((418, "github.failed"), (422, "github.invalid"), (429, "github.rate_limited")),
        *((451, "github.refused"), (500, "github.unreachable"), (599, "github.unreachable")),
    ],
)
@pytest.mark.parametrize("data", [None, [], {}, {"message": 1, "errors": 2}, {"errors": [None]}])
def test_each_status_has_its_code_whatever_is_said(status, code, data):
    assert fault_of_status(status, {}, data).code == code


def all_kinds(kind):
    return {kind} | {each for below in kind.__subclasses__() for each in all_kinds(below)}


VENDOR = sorted(
    all_kinds(requests.RequestException) | {TimeoutError, ConnectionResetError, NotFollowed},
    key=lambda kind: kind.__name__,
)


@pytest.mark.parametrize("kind", VENDOR, ids=lambda kind: f"{kind.__module__}.{kind.__name__}")
def test_every_exception_of_the_transport_has_a_meaning(kind):
    fault = fault_of_exception(kind.__new__(kind))
    assert fault.code in {"github.unreachable", "github.invalid", "github.not_found"}
    assert fault.reason


@pytest.mark.parametrize("status", [400, 401, 403, 404, 409, 422, 429, 500])
@pytest.mark.parametrize(
    "kind",
    sorted(all_kinds(pygithub.GithubException), key=lambda kind: kind.__name__),
    ids=lambda kind: kind.__name__,
)
def test_every_exception_of_the_client_means_what_its_status_means(kind, status):
    error = kind(status, {"message": "said"}, {})
    assert fault_of_exception(error).code == fault_of_status(status, {}, None).code


def test_what_is_none_of_these_is_a_failure():
    assert fault_of_exception(TooLarge()).code == "github.invalid"
    assert fault_of_exception(pygithub.BadAttributeException(1, str, None)).code == "github.invalid"
    assert fault_of_exception(RuntimeError("x")).code == "github.failed"


@pytest.mark.parametrize(
    "url", ["http://ghe.corp.example/api/v3", "http://10.0.0.1", "https:///api"]
)
def test_a_token_is_not_sent_in_clear(opened, url):
    with pytest.raises(SettingsError, match="https://"):
        opened.reader(github_api_url=url)


def test_a_file_of_authorities_that_is_none_is_a_wrong_setting(opened, tmp_path):
    (tmp_path / "ca.pem").write_text("no certificate")
    for name in ("ca.pem", "absent.pem"):
        with pytest.raises(SettingsError, match="GITHUB_CA_FILE"):
            opened.reader(github_ca_file=str(tmp_path / name))


def test_the_variables_of_whoever_runs_it_choose_no_proxy(opened, monkeypatch):
    for name in ("http_proxy", "HTTP_PROXY", "ALL_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.1:1")
    assert opened.reader().pull_request(1).number == 1


def test_a_proxy_that_is_set_is_used(opened):
    reader = opened.reader(github_proxy="http://127.0.0.1:1")
    with pytest.raises(GitHubError, match="proxy") as caught:
        reader.pull_request(1)
    assert caught.value.code == "github.unreachable"
