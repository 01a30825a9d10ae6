"""The git adapter against a real git server over TLS."""

import base64
import logging
import os
import shutil
import stat
import tempfile
import threading
import time
from contextlib import contextmanager
from pathlib import Path

import pytest
import trustme
from pydantic import SecretStr

from adapters.git import GitRepositories, LocalDirectories
from adapters.settings import Settings
from schemas.errors import InputFileError, RepositoryError
from tests.adapters.git_server import GitServer, git

pytestmark = [
    pytest.mark.tool,
    pytest.mark.skipif(shutil.which("git") is None, reason="git is not installed"),
]

CANARY = "canary-7f3a9c51-token"


@pytest.fixture(scope="module")
def authority():
    return trustme.CA()


@pytest.fixture(scope="module")
def ca_file(authority, tmp_path_factory):
    path = tmp_path_factory.mktemp("ca") / "ca.pem"
    authority.cert_pem.write_to_path(str(path))
    return str(path)


@pytest.fixture(scope="module")
def repositories(tmp_path_factory):
    """Bare repositories: shop (with everything hostile in it), empty, big."""
    root = tmp_path_factory.mktemp("served")
    _publish(root, "shop.git", _fill_shop(tmp_path_factory.mktemp("shop")))
    _publish(root, "big.git", _fill_big(tmp_path_factory.mktemp("big")))
    git("init", "--quiet", "--bare", "empty.git", cwd=root)
    return root


@pytest.fixture
def server(repositories, authority):
    running = GitServer(repositories, authority)
    yield running
    running.close()


@pytest.fixture(autouse=True)
def temporary(tmp_path, monkeypatch):
    """A temporary directory of its own, which must be empty again after each case."""
    directory = tmp_path / "temporary"
    directory.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(directory))
    yield directory
    assert list(directory.iterdir()) == []


@pytest.fixture
def settings(ca_file):
    return Settings(git_allow_hosts=("localhost", "127.0.0.0/8"), git_ca_file=ca_file)


def _fill_shop(work: Path) -> Path:
    git("init", "--quiet", "-b", "main", cwd=work)
    (work / "Dockerfile").write_text("FROM golang:1.22\n")
    (work / "api").mkdir()
    (work / "api" / "main.go").write_text("package main\n")
    (work / "run.sh").write_text("#!/bin/sh\n")
    (work / "run.sh").chmod(0o755)
    git("add", ".", cwd=work)
    git("commit", "--quiet", "-m", "One", cwd=work)
    git("tag", "v1.0.0", cwd=work)
    git("checkout", "--quiet", "-b", "feature/x", cwd=work)
    (work / "feature.txt").write_text("feature\n")
    git("add", ".", cwd=work)
    git("commit", "--quiet", "-m", "Two", cwd=work)
    git("checkout", "--quiet", "main", cwd=work)
    (work / "link").symlink_to("/etc/passwd")
    (work / "marked.txt").write_text("text\n")
    (work / ".gitattributes").write_text("marked.txt filter=evil\n*.bin filter=lfs\n")
    pointer = "version https://git-lfs.github.com/spec/v1\noid sha256:" + "0" * 64 + "\nsize 9\n"
    (work / "model.bin").write_text(pointer)
    (work / ".gitmodules").write_text(
        '[submodule "s"]\n\tpath = s\n\turl = https://example.com/s\n'
    )
    git("add", ".", cwd=work)
    blob = git("hash-object", "-w", "marked.txt", cwd=work)
    git("update-index", "--add", "--cacheinfo", f"100644,{blob},{'n' * 300}", cwd=work)
    git("update-index", "--add", "--cacheinfo", "160000," + "1" * 40 + ",s", cwd=work)
    git("commit", "--quiet", "-m", "Three", cwd=work)
    return work


def _fill_big(work: Path) -> Path:
    git("init", "--quiet", "-b", "main", cwd=work)
    (work / "huge.bin").write_bytes(os.urandom(6_000_000))
    (work / "small.txt").write_text("small\n")
    git("add", ".", cwd=work)
    git("commit", "--quiet", "-m", "Big", cwd=work)
    return work


def _publish(root: Path, name: str, work: Path) -> None:
    git("clone", "--quiet", "--bare", "--no-hardlinks", str(work), name, cwd=root)
    git("config", "uploadpack.allowFilter", "true", cwd=root / name)


def commit_of(repositories: Path, ref: str) -> str:
    return git("rev-parse", f"{ref}^{{commit}}", cwd=repositories / "shop.git")


@contextmanager
def refused(code: str):
    with pytest.raises(RepositoryError) as caught:
        yield caught
    assert caught.value.code == code
    assert caught.value.hint


def fetch(settings, url, ref=None):
    with GitRepositories(settings).open(url, ref) as checkout:
        return checkout.commit, tuple(checkout.files.paths)


def test_a_repository_is_read_and_gone_afterwards(server, settings, repositories, temporary):
    with GitRepositories(settings).open(server.url("shop.git")) as checkout:
        assert checkout.commit == commit_of(repositories, "main")
        assert checkout.url == server.url("shop.git")
        assert checkout.files.read_text("Dockerfile") == "FROM golang:1.22\n"
        assert "api/main.go" in checkout.files.paths
        assert list(temporary.iterdir())
    assert not list(temporary.iterdir())


@pytest.mark.parametrize("ref", ["feature/x", "refs/heads/feature/x"])
def test_a_branch_is_read(server, settings, repositories, ref):
    commit, paths = fetch(settings, server.url("shop.git"), ref)
    assert commit == commit_of(repositories, "feature/x")
    assert "feature.txt" in paths


def test_a_tag_is_read(server, settings, repositories):
    commit, paths = fetch(settings, server.url("shop.git"), "v1.0.0")
    assert commit == commit_of(repositories, "v1.0.0")
    assert "marked.txt" not in paths


@pytest.mark.parametrize("length", [40, 9], ids=["full", "short"])
@pytest.mark.parametrize("serves_any_commit", [True, False])
def test_a_commit_is_read(server, settings, repositories, length, serves_any_commit):
    store = repositories / "shop.git"
    git("config", "uploadpack.allowAnySHA1InWant", str(serves_any_commit).lower(), cwd=store)
    sha = commit_of(repositories, "v1.0.0")
    commit, paths = fetch(settings, server.url("shop.git"), sha[:length])
    assert commit == sha
    assert "marked.txt" not in paths


@pytest.mark.parametrize("ref", ["nowhere", "0" * 40, "deadbeef0"])
def test_a_ref_that_does_not_exist_is_an_error(server, settings, ref):
    with refused("repository.ref_not_found"):
        fetch(settings, server.url("shop.git"), ref)


@pytest.mark.parametrize(
    "ref",
    ["", "-x", "--upload-pack=touch /tmp/x", "a b", "a..b", "a@{1}", "a\nb", "x" * 300, "/a", "a~1",
     "a:b", "@", "a.lock", "a//b"],
)  # fmt: skip
def test_a_ref_that_no_name_can_be_is_refused(settings, ref):
    with refused("repository.ref"):
        fetch(settings, "https://localhost:1/shop.git", ref)


def test_links_submodules_filters_and_large_files_are_not_materialised(
    server, settings, monkeypatch, tmp_path
):
    home = tmp_path / "home"
    home.mkdir()
    trace = tmp_path / "ran"
    hooks = home / "hooks"
    hooks.mkdir()
    for name in ("post-checkout", "reference-transaction", "post-index-change"):
        (hooks / name).write_text(f"#!/bin/sh\ntouch {trace}\n")
        (hooks / name).chmod(0o755)
    (home / ".gitconfig").write_text(
        f'[core]\n\thooksPath = {hooks}\n[filter "evil"]\n\tsmudge = touch {trace}\n'
        f'\trequired = true\n[filter "lfs"]\n\tsmudge = touch {trace}\n\trequired = true\n'
    )
    monkeypatch.setenv("HOME", str(home))
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", str(home / ".gitconfig"))
    with GitRepositories(settings).open(server.url("shop.git")) as checkout:
        paths = checkout.files.paths
        assert "link" not in paths
        assert not any(path.startswith("s/") for path in paths)
        assert checkout.files.read_text("marked.txt") == "text\n"
        assert "git-lfs" in (checkout.files.read_text("model.bin") or "")
    assert not trace.exists()
    assert not any("example.com" in path or path == "/s" for path in server.behaviour.paths)


def test_no_link_is_written_to_disk(server, settings, temporary):
    with GitRepositories(settings).open(server.url("shop.git")):
        found = [path for path in temporary.rglob("*") if path.is_symlink()]
        assert found == []
        modes = [path.stat().st_mode for path in temporary.rglob("*") if path.is_file()]
        assert all(stat.S_ISREG(mode) for mode in modes)


def test_variables_of_the_environment_do_not_reach_git(server, settings, monkeypatch, tmp_path):
    trace = tmp_path / "trace"
    monkeypatch.setenv("GIT_TRACE", str(trace))
    monkeypatch.setenv("GIT_TRACE_CURL", str(trace))
    monkeypatch.setenv("GIT_DIR", "/nonexistent")
    monkeypatch.setenv("https_proxy", "http://127.0.0.1:1")
    monkeypatch.setenv("ALL_PROXY", "http://127.0.0.1:1")
    monkeypatch.setenv("GIT_SSL_NO_VERIFY", "1")
    commit, _ = fetch(settings, server.url("shop.git"))
    assert commit
    assert not trace.exists()


def test_a_certificate_of_an_unknown_authority_is_refused(server, settings, monkeypatch):
    monkeypatch.setenv("GIT_SSL_NO_VERIFY", "1")
    with refused("repository.tls"):
        fetch(settings.model_copy(update={"git_ca_file": None}), server.url("shop.git"))


def test_a_missing_repository_is_an_error(server, settings):
    with refused("repository.not_found"):
        fetch(settings, server.url("nothing.git"))


def test_an_empty_repository_is_an_error(server, settings):
    with refused("repository.empty"):
        fetch(settings, server.url("empty.git"))


def test_a_redirect_is_refused(server, settings, repositories, authority):
    other = GitServer(repositories, authority)
    try:
        server.behaviour.redirect_to = f"https://localhost:{other.port}"
        with refused("repository.redirect"):
            fetch(settings, server.url("shop.git"))
        assert other.behaviour.paths == []
    finally:
        other.close()


@pytest.mark.parametrize(
    ("status", "code"),
    [(401, "auth"), (403, "auth"), (404, "not_found"), (500, "interrupted"), (503, "interrupted")],
)
def test_each_status_has_its_error(server, settings, status, code):
    server.behaviour.status = status
    with refused(f"repository.{code}"):
        fetch(settings, server.url("shop.git"))


def test_a_host_that_does_not_answer_is_an_error(settings):
    with refused("repository.unreachable"):
        fetch(settings, "https://localhost:1/shop.git")


def test_a_slow_server_is_given_up(server, settings):
    server.behaviour.delay_seconds = 3
    slow = settings.model_copy(update={"git_timeout_seconds": 0.5})
    started = time.monotonic()
    with refused("repository.timeout"):
        fetch(slow, server.url("shop.git"))
    assert time.monotonic() - started < 3, "it did not wait for the server"
    server.behaviour.delay_seconds = 0


def test_a_large_repository_is_given_up(server, settings):
    small = settings.model_copy(update={"git_max_bytes": 2_000_000})
    with refused("repository.too_large"):
        fetch(small, server.url("big.git"))


@pytest.mark.parametrize("filters", ["true", "false"])
def test_a_large_file_is_listed_but_not_read(server, settings, repositories, filters):
    git("config", "uploadpack.allowFilter", filters, cwd=repositories / "big.git")
    small = settings.model_copy(update={"git_max_file_bytes": 4_000_000})
    with GitRepositories(small).open(server.url("big.git")) as checkout:
        assert checkout.files.read_text("small.txt") == "small\n"
        assert checkout.files.size("huge.bin") > 4_000_000
        assert checkout.files.read_text("huge.bin") is None
        assert any(item.path == "huge.bin" for item in checkout.files.skipped)


def authorization() -> str:
    return "Basic " + base64.b64encode(f"x-access-token:{CANARY}".encode()).decode()


@pytest.fixture
def with_token(settings):
    return settings.model_copy(
        update={"git_token": SecretStr(CANARY), "git_token_hosts": ("localhost",)}
    )


def test_a_private_repository_needs_the_token(server, settings, with_token):
    server.behaviour.authorization = authorization()
    with refused("repository.auth"):
        fetch(settings, server.url("shop.git"))
    assert fetch(with_token, server.url("shop.git"))[0]


def test_the_token_is_sent_to_its_hosts_only(server, with_token):
    fetch(
        with_token.model_copy(update={"git_token_hosts": ("github.com",)}), server.url("shop.git")
    )
    assert set(server.behaviour.seen_authorization) == {None}


def test_the_token_shows_nowhere(server, with_token, caplog, capfd, temporary):
    caplog.set_level(logging.DEBUG)
    encoded = authorization().rpartition(" ")[2]
    server.behaviour.authorization = authorization()
    server.behaviour.delay_seconds = 0.3
    watcher = _CommandLineWatcher()
    with watcher, GitRepositories(with_token).open(server.url("shop.git")):
        written = b"".join(p.read_bytes() for p in temporary.rglob("*") if p.is_file())
    server.behaviour.delay_seconds = 0
    server.behaviour.authorization = "Basic something-else"
    with refused("repository.auth") as caught:
        fetch(with_token, server.url("shop.git"))
    assert any("fetch" in line for line in watcher.lines)
    shown = [*watcher.lines, written.decode("utf-8", "replace"), caplog.text, repr(with_token)]
    shown += [*capfd.readouterr(), caught.value.render(), repr(caught.value), str(caught.value)]
    for text in shown:
        assert CANARY not in text
        assert encoded not in text


class _CommandLineWatcher:
    """Collects the command lines of all git processes of this machine while it is open."""

    def __init__(self) -> None:
        self.lines: set[str] = set()
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._watch)

    def __enter__(self):
        self._thread.start()
        return self

    def __exit__(self, *_):
        self._stop.set()
        self._thread.join()

    def _watch(self) -> None:
        while not self._stop.wait(0.01):
            for path in Path("/proc").glob("[0-9]*/cmdline"):
                try:
                    line = path.read_bytes().replace(b"\0", b" ").decode("utf-8", "replace")
                except OSError:
                    continue
                if "git" in line:
                    self.lines.add(line)


@pytest.mark.parametrize("host", ["localhost", "127.0.0.1", "git.test"])
def test_loopback_is_refused_unless_it_is_listed(server, settings, host):
    closed = settings.model_copy(update={"git_allow_hosts": ()})
    source = GitRepositories(closed, resolver=lambda host, port: ("127.0.0.1",))
    with refused("repository.private_address"), source.open(server.url("shop.git", host)):
        pass
    assert server.behaviour.paths == []


def test_git_connects_to_the_address_that_was_checked(server, settings):
    """``git.test`` exists in no resolver: only the pinned address can have been used."""
    source = GitRepositories(settings, resolver=lambda host, port: ("127.0.0.1",))
    with source.open(server.url("shop.git", "git.test")) as checkout:
        assert checkout.commit


def test_a_name_is_not_resolved_a_second_time(server, settings):
    """``localhost`` leads to the server, but the address that was checked is another."""
    source = GitRepositories(settings, resolver=lambda host, port: ("127.0.0.2",))
    with refused("repository.unreachable"), source.open(server.url("shop.git")):
        pass
    assert server.behaviour.paths == []


@pytest.mark.parametrize(
    ("url", "code"),
    [
        ("http://github.com/a/b", "scheme"),
        ("file:///etc", "scheme"),
        ("ssh://git@github.com/a/b", "scheme"),
        ("git://github.com/a/b", "scheme"),
        ("git@github.com:a/b.git", "scheme"),
        ("ext::sh -c touch% /tmp/x", "url"),
        ("ext::sh", "scheme"),
        ("fd::17", "scheme"),
        ("--upload-pack=touch", "scheme"),
        ("-u", "scheme"),
        ("/etc", "scheme"),
        (".", "scheme"),
        ("", "scheme"),
        ("https://", "url"),
        ("https://github.com", "url"),
        ("https://github.com/", "url"),
        ("https://user:pass@github.com/a/b", "credentials"),
        ("https://token@github.com/a/b", "credentials"),
        ("https://github.com@127.0.0.1/a/b", "credentials"),
        ("https://github.com/a/b?x=1", "url"),
        ("https://github.com/a/b#main", "url"),
        ("https://github.com/a b", "url"),
        ("https://github.com/a%0ab", "url"),
        ("https://github.com/a/../b", "url"),
        ("https://github.com/a/%2e%2e/b", "url"),
        ("https://github.com\\@evil.example/a", "url"),
        ("https://github.com:0/a/b", "url"),
        ("https://github.com:99999/a/b", "url"),
        ("https://gith\u0443b.com/a/b", "url"),
        ("https://-evil.com/a/b", "url"),
        ("https://[::1/a/b", "url"),
        ("https://github.com/" + "a" * 3000, "url"),
        ("https://127.1/a/b", "private_address"),
        ("https://2130706433/a/b", "private_address"),
        ("https://0177.0.0.1/a/b", "private_address"),
        ("https://0x7f000001/a/b", "private_address"),
        ("https://10.1.2.3/a/b", "private_address"),
        ("https://169.254.169.254/latest", "private_address"),
        ("https://[::1]/a/b", "private_address"),
        ("https://[::ffff:127.0.0.1]/a/b", "private_address"),
        ("https://localhost./a/b", "private_address"),
    ],
)
def test_a_dangerous_url_is_refused(url, code):
    with refused(f"repository.{code}"), GitRepositories(Settings()).open(url):
        pass


def test_credentials_in_a_url_are_not_repeated():
    with refused("repository.credentials") as caught:
        fetch(Settings(), f"https://me:{CANARY}@github.com/a/b")
    assert CANARY not in caught.value.render()


def test_a_failing_block_leaves_nothing_behind(server, settings):
    with (
        pytest.raises(ZeroDivisionError),
        GitRepositories(settings).open(server.url("shop.git")),
    ):
        1 / 0  # noqa: B018


def test_git_that_is_missing_or_too_old_is_an_error(server, settings, monkeypatch, tmp_path):
    monkeypatch.setenv("PATH", str(tmp_path))
    with refused("repository.git_missing"):
        fetch(settings, server.url("shop.git"))
    old = tmp_path / "git"
    old.write_text("#!/bin/sh\necho git version 2.30.2\n")
    old.chmod(0o755)
    with refused("repository.git_missing"):
        fetch(settings, server.url("shop.git"))


def test_a_local_directory_is_read_with_its_commit(tmp_path):
    work = _fill_shop(tmp_path)
    with LocalDirectories().open(str(work)) as checkout:
        assert checkout.commit == git("rev-parse", "HEAD", cwd=work)
        assert "Dockerfile" in checkout.files.paths
    git("pack-refs", "--all", cwd=work)
    with LocalDirectories().open(str(work)) as checkout:
        assert checkout.commit == git("rev-parse", "HEAD", cwd=work)


def test_a_local_repository_runs_nothing(tmp_path):
    work = _fill_shop(tmp_path / "work" if (tmp_path / "work").mkdir() is None else tmp_path)
    trace = tmp_path / "ran"
    with (work / ".git" / "config").open("a") as config:
        config.write(f"[core]\n\tfsmonitor = touch {trace}\n\tsshCommand = touch {trace}\n")
    with LocalDirectories().open(str(work)) as checkout:
        assert checkout.commit
    assert not trace.exists()


def test_a_plain_directory_has_no_commit(tmp_path):
    (tmp_path / "app.py").write_text("print()\n")
    with LocalDirectories().open(str(tmp_path)) as checkout:
        assert checkout.commit is None
        assert list(checkout.files.paths) == ["app.py"]


@pytest.mark.parametrize("content", ["", "ref: refs/heads/none\n", "garbage", "gitdir: /nowhere\n"])
def test_a_broken_repository_has_no_commit(tmp_path, content):
    (tmp_path / "app.py").write_text("print()\n")
    if content.startswith("gitdir"):
        (tmp_path / ".git").write_text(content)
    else:
        git("init", "--quiet", cwd=tmp_path)
        (tmp_path / ".git" / "HEAD").write_text(content)
    with LocalDirectories().open(str(tmp_path)) as checkout:
        assert checkout.commit is None


@pytest.mark.parametrize("name", ["missing", "file.txt"])
def test_what_is_no_directory_is_refused(tmp_path, name):
    (tmp_path / "file.txt").write_text("text")
    with pytest.raises(InputFileError) as caught, LocalDirectories().open(str(tmp_path / name)):
        pass
    assert caught.value.code == "input.not_a_directory"


def test_a_ref_of_a_local_directory_is_refused(tmp_path):
    with pytest.raises(InputFileError, match="--ref"), LocalDirectories().open(str(tmp_path), "x"):
        pass
