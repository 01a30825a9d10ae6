"""Hostile repositories through the command line, each in a process of its own.

Whatever a repository holds: a documented exit code, no traceback, nothing left in the temporary
directory, bounded time and memory, and the answer names what was not read.
"""

from __future__ import annotations

import json
import os
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path
from subprocess import DEVNULL, Popen

import pytest

ROOT = Path(__file__).parents[2]
SCRIPT = "import sys; from ci.cli import main; sys.exit(main())"
LAUNCHER = """
import json, os, sys
target, *command = sys.argv[1:]
child = os.posix_spawn(command[0], command, os.environ)
_, status, usage = os.wait4(child, 0)
answer = [
    os.waitstatus_to_exitcode(status),
    usage.ru_maxrss * 1024,
    usage.ru_utime + usage.ru_stime,
]
open(target, "w").write(json.dumps(answer))
"""
"""A small parent: the peak of a process begins with that of the one it was forked from."""
DESCRIPTION = "Order service, 50 QPS peak, Go API"
MAX_CPU_SECONDS = 20.0
"""Of the run and the commands that it starts; a busy machine does not change it."""
MAX_MEMORY_BYTES = 1 << 30
"""Helm included, which grows for as long as an endless chart is rendered."""
OUTSIDE = "outsideCanary77"

GO = {
    "api/Dockerfile": 'FROM golang:1.22\nCOPY . .\nRUN go build\nEXPOSE 8080\nCMD ["/api"]\n',
    "api/go.mod": "module example.com/api\ngo 1.22\nrequire github.com/gin-gonic/gin v1.9.1\n",
    "api/main.go": "package main\nfunc main() {}\n",
}
"""A service that is found beside whatever is hostile."""


@dataclass(frozen=True, slots=True)
class Done:
    """How one run of the command ended."""

    code: int
    stdout: str
    stderr: str
    cpu_seconds: float
    memory_bytes: int
    left_behind: tuple[str, ...]

    @property
    def answer(self):
        return json.loads(self.stdout)

    @property
    def notes(self):
        return "\n".join(f"{note['code']} {note['message']}" for note in self.answer["notes"])

    @property
    def names(self):
        return {component["name"] for component in self.answer["components"]}


def write(root, files):
    for path, content in files.items():
        target = root / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(content if isinstance(content, bytes) else content.encode())


def size(repository, scratch, *arguments):
    """Run ``ai-provision size`` on a directory and measure it."""
    scratch.mkdir()
    command = [sys.executable, "-c", SCRIPT, "size", "--git-repo", str(repository)]
    command += ["--app-description", DESCRIPTION, *(arguments or ("--format", "json"))]
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "TMPDIR": str(scratch)}
    measured = scratch.parent / "measured.json"
    with tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as errors:
        process = Popen([sys.executable, "-c", LAUNCHER, str(measured), *command], stdin=DEVNULL,
                        stdout=out, stderr=errors, cwd=scratch.parent, env=environment)  # fmt: skip
        process.wait()
        texts = []
        for stream in (out, errors):
            stream.seek(0)
            texts.append(stream.read().decode("utf-8", "replace"))
    code, memory_bytes, cpu_seconds = json.loads(measured.read_text())
    left = tuple(sorted(item.name for item in scratch.iterdir()))
    done = Done(code, *texts, cpu_seconds, memory_bytes, left)
    assert done.code in (0, 1), done.stderr
    assert "Traceback" not in done.stderr + done.stdout
    assert done.left_behind == ()
    assert done.cpu_seconds < MAX_CPU_SECONDS
    assert done.memory_bytes < MAX_MEMORY_BYTES
    return done


@pytest.fixture
def repository(tmp_path):
    root = tmp_path / "repository"
    root.mkdir()
    return root


@pytest.fixture
def run(repository, tmp_path):
    def start(files, *arguments):
        write(repository, files)
        return size(repository, tmp_path / "scratch", *arguments)

    return start


def test_links_out_of_the_tree_are_named_and_not_followed(run, repository, tmp_path):
    outside = tmp_path / "outside"
    write(outside, {"Dockerfile": f"FROM {OUTSIDE}\nCMD x\n", "k8s/x.yaml": OUTSIDE,
                    "chart/Chart.yaml": f"name: {OUTSIDE}\nversion: 1\n"})  # fmt: skip
    (repository / "linked").symlink_to(outside)
    (repository / "Dockerfile").symlink_to(outside / "Dockerfile")
    (repository / "passwd").symlink_to("/etc/passwd")
    (repository / "charts").mkdir()
    (repository / "charts" / "x").symlink_to(outside / "chart")
    (repository / "loop").symlink_to(".")
    done = run(GO)
    assert done.names >= {"api"}
    assert OUTSIDE not in done.stdout + done.stderr
    for name in ("linked", "Dockerfile", "passwd", "charts/x", "loop"):
        assert f"{name}: symbolic link" in done.notes


def test_special_files_are_named_and_do_not_block(run, repository):
    os.mkfifo(repository / "Dockerfile")
    (repository / "k8s").mkdir()
    os.mkfifo(repository / "k8s" / "deployment.yaml")
    done = run(GO)
    assert "Dockerfile: not a regular file" in done.notes
    assert "api" in done.names


def test_a_dockerfile_of_50_mb_is_left_out_and_named(run):
    done = run({**GO, "big/Dockerfile": b"FROM alpine\n" + b"RUN a\n" * (50 * 1024 * 1024 // 6)})
    assert "big/Dockerfile" in done.notes
    assert "bytes" in done.notes
    assert "api" in done.names


def test_a_dockerfile_of_100000_instructions_and_one_of_a_single_line_are_read_in_time(run):
    done = run(
        {
            "api/Dockerfile": "FROM golang\n" + "ENV A=$A$A\n" * 100_000 + "CMD x\n",
            "api/go.mod": "module x\n",
            "line/Dockerfile": "FROM python\nRUN " + "x " * (1 << 19) + '\nCMD ["x"]\n',
        }
    )
    assert "api" in done.names


def bomb():
    lines = [f"a0: &a0 [{', '.join('x' * 9)}]"]
    lines += [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 9)}]" for n in range(1, 12)]
    return "\n".join(lines) + "\n"


def laughs():
    entities = "".join(f'<!ENTITY a{n} "{f"&a{n - 1};" * 10}">' for n in range(1, 12))
    body = "<project><artifactId>&a11;</artifactId></project>"
    return f'<!DOCTYPE x [<!ENTITY a0 "ha">{entities}]>{body}'


BOMBS = {
    "k8s/bomb.yaml": "kind: Deployment\nimage: x\n" + bomb(),
    "k8s/deep.yaml": "kind: Deployment\nimage: " + "[" * 50_000,
    "k8s/self.yaml": "kind: Deployment\nimage: &a [*a]\n",
    "docker-compose.yml": "services:\n  x: {image: y}\n" + bomb(),
    "chart/Chart.yaml": "apiVersion: v2\nname: chart\nversion: 0.1.0\n",
    "chart/values.yaml": bomb(),
    "chart/templates/x.yaml": "kind: Deployment\nimage: x\n" + bomb(),
    "py/environment.yml": bomb(),
    "java/pom.xml": laughs(),
    "net/x.csproj": laughs(),
    "node/package.json": "[" * 100_000,
    "rust/Cargo.toml": ".".join("a" * 100_000) + " = 1",
    "number/Cargo.toml": "x = " + "9" * 100_000,
}


def test_bombs_of_every_format_are_refused_and_named(run):
    done = run({**GO, **BOMBS})
    assert "api" in done.names
    for path in BOMBS:
        if not path.startswith("chart/"):
            assert path in done.notes


def test_numbers_that_no_computer_has_are_named_and_sink_nothing(run):
    manifest = (
        "apiVersion: apps/v1\nkind: Deployment\nmetadata: {{name: d}}\nspec: {{replicas: {0}, "
        "template: {{spec: {{containers: [{{name: c, image: acme/d, resources: "
        "{{requests: {{cpu: {0}, memory: {0}}}}}}}]}}}}}}\n"
    )
    done = run({**GO, "k8s/d.yaml": manifest.format("9" * 100_000)})
    assert "d" in done.names


def test_templating_that_does_not_parse_is_named(run):
    done = run(
        {
            **GO,
            "deploy/app.yaml": "kind: Deployment\nspec:\n{{- range .x }\n  image: {{ if\n }}: [\n",
            "chart/Chart.yaml": "apiVersion: v2\nname: chart\nversion: 0.1.0\n",
            "chart/templates/x.yaml": "kind: Deployment\nmetadata: {{ if }}{{ end\n",
        }
    )
    assert "api" in done.names
    assert "deploy/app.yaml" in done.notes
    assert "skipped.chart chart" in done.notes or "chart" in done.notes


def test_text_that_is_not_utf_8_is_read_as_far_as_it_goes(run):
    done = run(
        {
            "api/Dockerfile": b'FROM golang:1.22\n# \xff\xfe\nCOPY . .\nCMD ["/api", "\xc3\x28"]\n',
            "api/go.mod": b"module example.com/\xff\n",
            "api/main.go": b'package main\nfunc main() { println("\xe9") }\n',
            "k8s/x.yaml": b"kind: Deployment\nimage: \xff\xfe\xfa\n",
            "nul/Dockerfile": b"FROM x\0y\n",
        }
    )
    assert "api" in done.names
    assert "nul/Dockerfile: binary file" in done.notes


def test_names_that_are_not_utf_8_are_named_and_left_out(run, repository):
    (repository / os.fsdecode(b"bad\xff")).write_text("x")
    done = run(GO)
    assert "not printable" in done.notes
    assert "api" in done.names


def test_an_empty_repository_is_sized_from_the_description_alone(run):
    done = run({})
    assert all(component["confidence"] < 0.7 for component in done.answer["components"])
    assert "unknown.components" in done.notes or done.names


@pytest.mark.parametrize("spread", ["one directory", "many directories"])
def test_50000_files_take_bounded_time_and_memory(run, repository, spread):
    for number in range(50_000):
        below = "src" if spread == "one directory" else f"d{number % 500}/e{number % 7}"
        directory = repository / below
        if number < 3_500:
            directory.mkdir(parents=True, exist_ok=True)
        (directory / f"f{number}.{('txt', 'go', 'yaml')[number % 3]}").write_text("kind: x\n")
    done = run(GO)
    assert "api" in done.names


def test_2000_dockerfiles_take_bounded_time_and_say_what_was_left_out(run):
    files = {}
    for number in range(2_000):
        files[f"svc{number}/Dockerfile"] = 'FROM golang\nCOPY . .\nCMD ["/a"]\n'
        files[f"svc{number}/go.mod"] = f"module example.com/svc{number}\n"
    done = run(files)
    assert "skipped." in done.notes


RED, BIDI, LINK = "\x1b[31mred\x1b[0m", "gpj\u202egnp.exe", "\x1b]8;;https://evil.example\x1b\\"
MARKUP = (
    "[bold red]x[/] <img src=x onerror=alert(1)> | `code` @channel ![i](https://evil.example/i)"
)


@pytest.mark.parametrize("form", ["json", "table", "yaml"])
def test_names_with_control_codes_and_markup_do_no_harm(run, repository, form):
    for name in (RED, BIDI, "a\nb", "[bold]"):
        (repository / name).mkdir()
        (repository / name / "Dockerfile").write_text('FROM golang\nCOPY . .\nCMD ["/a"]\n')
    manifest = {
        "apiVersion": "apps/v1", "kind": "Deployment",
        "metadata": {"name": RED + LINK + MARKUP, "labels": {"a": BIDI}},
        "spec": {"template": {"spec": {"containers": [
            {"name": BIDI, "image": f"acme/{RED}:1", "args": [LINK, MARKUP]}]}}},
    }  # fmt: skip
    done = run(
        {**GO, "k8s/x.yaml": json.dumps(manifest),
         "compose.yaml": json.dumps({"services": {RED + MARKUP: {"image": LINK + "x"}}})},
        "--format", form,
    )  # fmt: skip
    shown = done.stdout + done.stderr
    assert "\x1b[31m" not in shown
    assert "\x1b]8" not in shown
    assert "\u202e" not in shown
    if form == "json":
        assert "not printable" in done.notes


ENDLESS = {
    "output": "{{ range until 1000000000 }}x: y\n{{ end }}",
    "recursion": '{{ define "a" }}{{ include "a" . }}{{ end }}{{ include "a" . }}',
    "time": '{{ range until 9000 }}{{ genPrivateKey "rsa" | sha256sum }}{{ end }}',
}


def test_charts_that_never_end_are_stopped_and_named(run):
    files = {}
    for name, template in ENDLESS.items():
        files[f"{name}/Chart.yaml"] = f"apiVersion: v2\nname: {name}\nversion: 0.1.0\n"
        files[f"{name}/templates/x.yaml"] = "kind: Deployment\nimage: x\n" + template
    done = run({**GO, **files})
    assert "api" in done.names
    for name in ENDLESS:
        assert name in done.notes


def test_paths_of_compose_kustomize_and_charts_do_not_leave_the_repository(run, tmp_path):
    write(tmp_path, {"Dockerfile": f"FROM {OUTSIDE}\nCMD x\n", "x.yaml": f"kind: {OUTSIDE}\n"})
    build = "{build: {context: ../, dockerfile: ../Dockerfile}}"
    done = run(
        {
            **GO,
            "compose.yaml": f"services:\n  out: {build}\n  etc: {{build: /etc}}\n",
            "k/kustomization.yaml": "resources: [../../x.yaml, ../..]\n"
            "patches: [{path: ../../x.yaml}]\n",
            "c/Chart.yaml": "apiVersion: v2\nname: c\nversion: 0.1.0\n"
            "dependencies: [{name: d, version: 1, repository: 'file://../..'}]\n",
            "c/templates/x.yaml": 'a: {{ .Files.Get "../../x.yaml" | quote }}\n',
        }
    )
    assert "api" in done.names
    assert OUTSIDE not in done.stdout + done.stderr
