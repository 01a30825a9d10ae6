# ruff: noqa: E501 - the words are as git writes them
"""Every way in which git fails has its own code, and no secret is repeated."""

import pytest

from adapters.git_failures import failure, redact

URL = "https://git.example/acme/shop"


@pytest.mark.parametrize(
    ("words", "code"),
    [
        (f"fatal: unable to access '{URL}/': The requested URL returned error: 301", "redirect"),
        (f"fatal: unable to access '{URL}/': The requested URL returned error: 302", "redirect"),
        ("fatal: unable to update url base from redirection:", "redirect"),
        (f"fatal: Authentication failed for '{URL}/'", "auth"),
        (f"fatal: could not read Username for '{URL}': terminal prompts disabled", "auth"),
        (f"fatal: unable to access '{URL}/': The requested URL returned error: 403", "auth"),
        (f"remote: Not Found\nfatal: repository '{URL}/' not found", "not_found"),
        (f"fatal: unable to access '{URL}/': The requested URL returned error: 404", "not_found"),
        ("fatal: couldn't find remote ref nowhere", "ref_not_found"),
        ("fatal: remote error: upload-pack: not our ref 0000", "ref_not_found"),
        ("error: Server does not allow request for unadvertised object 00", "ref_not_found"),
        ("fatal: Needed a single revision", "ref_not_found"),
        (f"fatal: unable to access '{URL}/': SSL certificate problem: self-signed", "tls"),
        (f"fatal: unable to access '{URL}/': server certificate verification failed.", "tls"),
        (f"fatal: unable to access '{URL}/': Could not resolve host: git.example", "unreachable"),
        (f"fatal: unable to access '{URL}/': Failed to connect to git.example port 443", "unreachable"),
        (f"fatal: unable to access '{URL}/': Couldn't connect to server", "unreachable"),
        (f"fatal: {URL}/info/refs not valid: is this a git repository?", "not_git"),
        ("fatal: protocol error: bad line length character: <htm", "not_git"),
        ("error: object 00: gitmodulesUrl: disallowed submodule url\nfatal: fsck error in packed object", "corrupt"),
        ("error: inflate: data stream error (incorrect header check)", "corrupt"),
        ("fatal: index-pack failed", "corrupt"),
        ("error: RPC failed; curl 18 transfer closed\nfatal: early EOF", "interrupted"),
        ("fatal: the remote end hung up unexpectedly", "interrupted"),
        ("fatal: write error: No space left on device", "no_space"),
        ("fatal: something new", "failed"),
        ("", "failed"),
    ],
)  # fmt: skip
def test_each_failure_has_its_code(words, code):
    error = failure(words, URL, ())
    assert error.code == f"repository.{code}"
    assert error.hint


def test_the_words_of_the_url_are_not_taken_for_gits():
    url = "https://git.example/acme/ssl-certificate-RPC-failed"
    words = f"fatal: unable to access '{url}/': The requested URL returned error: 404"
    assert failure(words, url, ()).code == "repository.not_found"


def test_an_unknown_failure_is_quoted_without_secrets_and_control_characters():
    words = "fatal: odd \x1b[31m token s3cret at https://me:pw@git.example/x"
    shown = failure(words, URL, ("s3cret",)).render()
    assert "s3cret" not in shown
    assert "pw@" not in shown
    assert "\x1b" not in shown
    assert "odd" in shown


def test_every_occurrence_of_a_secret_is_removed():
    assert redact("a token-token b", ("token",)) == "a ***-*** b"
