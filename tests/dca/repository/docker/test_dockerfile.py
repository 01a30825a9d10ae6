"""A Dockerfile is read as the image that its last stage makes."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dca.repository.docker.dockerfile import image_facts, parse_dockerfile
from tests.bounded import bounded


def facts(text, target=None, **arguments):
    return image_facts(parse_dockerfile("api/Dockerfile", text, arguments), target)


def test_the_last_stage_runs_and_is_followed_to_its_root():
    found = facts(
        "FROM golang:1.24 AS build\nRUN go build -o /app ./cmd/api\n"
        "FROM alpine:3.20 AS base\nENV A=1\nEXPOSE 8080\n"
        'FROM base\nCOPY --from=build /app /app\nENTRYPOINT ["/app"]\n'
    )
    assert found.base_image == "alpine:3.20"
    assert found.build_images == ("golang:1.24", "alpine:3.20", "alpine:3.20")
    assert found.ports == (8080,)
    assert found.environment == {"A": "1"}
    assert found.entrypoint == ("/app",)
    assert found.lines["base_image"] == 3


@pytest.mark.parametrize(
    ("text", "image"),
    [
        ("ARG V=3.11\nFROM python:${V}-slim", "python:3.11-slim"),
        ("ARG V\nFROM python:${V:-3.12}", "python:3.12"),
        ("ARG V=\nFROM node:${V:+x}20", "node:20"),
        ("ARG REG\nFROM ${REG}/node:20", "node:20"),
        ("ARG IMAGE\nFROM $IMAGE", None),
        ("ARG V\nFROM python:$V", "python"),
        ("FROM --platform=$BUILDPLATFORM node:20 as x", "node:20"),
        ("from node:20", "node:20"),
    ],
)
def test_build_arguments_are_filled_in(text, image):
    assert facts(text).base_image == image


def test_given_build_arguments_win_over_defaults():
    assert facts("ARG V=1\nFROM a:$V", V="2").base_image == "a:2"
    assert facts("FROM a\nARG svc=x\nCOPY $svc/bin /bin", svc="web").copied == ("web/bin",)


def test_an_argument_before_from_is_known_in_a_stage_that_names_it():
    assert facts("ARG P=80\nFROM a\nARG P\nEXPOSE $P").ports == (80,)
    assert facts("ARG P=80\nFROM a\nEXPOSE $P").ports == ()


@pytest.mark.parametrize(
    ("lines", "entrypoint", "command"),
    [
        ('ENTRYPOINT ["a"]\nCMD ["b", "c"]', ("a",), ("b", "c")),
        ("CMD gunicorn -w 4 app:app", (), ("gunicorn", "-w", "4", "app:app")),
        ('CMD ["sh", "-c", "exec node server.js"]', (), ("exec", "node", "server.js")),
        ("CMD a\nENTRYPOINT b", ("b",), ()),
        ("CMD ['not json']", (), ("[not json]",)),
        ('CMD echo "unclosed', (), ("echo", '"unclosed')),
        ("CMD a \\\n  # a comment\n\n  b", (), ("a", "b")),
    ],
    ids=["exec", "shell", "sh -c", "reset", "single quotes", "unclosed", "continued"],
)
def test_start_commands(lines, entrypoint, command):
    found = facts(f"FROM x\n{lines}\n")
    assert (found.entrypoint, found.command) == (entrypoint, command)


def test_a_stage_inherits_the_start_of_the_stage_it_builds_on():
    found = facts("FROM a AS base\nCMD one\nFROM base\nRUN x\n")
    assert found.command == ("one",)


def test_heredocs_are_no_instructions():
    found = facts(
        "FROM a\nRUN <<EOF\nFROM evil\nCMD evil\nEOF\nCOPY <<'X' /a\nEXPOSE 1\nX\nCMD good\n"
    )
    assert (found.base_image, found.command, found.ports) == ("a", ("good",), ())
    assert "CMD evil" in found.run_text
    assert found.copied == ()


def test_the_escape_directive_is_honoured():
    found = facts("# escape=`\nFROM a\nCMD one `\n two\n")
    assert found.command == ("one", "two")


def test_copies_from_stages_and_urls_are_no_build_context():
    found = facts(
        "FROM a AS b\nFROM c\nCOPY --from=b /x /y\nADD https://x.invalid/a /a\n"
        'COPY --chown=1:1 src/api pom.xml ./\nCOPY ["with space", "/z"]\n'
    )
    assert found.copied == ("src/api", "pom.xml", "with space")


def test_only_what_a_target_needs_is_its_input():
    text = "FROM a AS one\nCOPY x /\nFROM b AS two\nCOPY y /\nCMD two\nFROM c AS three\nCOPY z /\n"
    found = facts(text, "two")
    assert (found.copied, found.base_image, found.command) == (("y",), "b", ("two",))


def test_the_application_metadata_header_is_read():
    found = facts(
        "# --- Application Metadata ---\n# app_name: shop\n# peak rps : 2000\n#\n"
        "# ---\n# other: no\nFROM a\n"
    )
    assert found.metadata == {"app_name": "shop", "peak rps": "2000"}
    assert found.lines["metadata"] == 1


def test_a_header_without_its_end_stops_at_the_first_instruction():
    found = facts("#--- application metadata ---\n# tier: gold\nFROM a\n# later: no\n")
    assert found.metadata == {"tier": "gold"}


def test_working_directories_tell_where_a_build_runs():
    assert (
        "cd /source/src/Api"
        in facts("FROM a\nWORKDIR /source/src/Api\nRUN dotnet publish").run_text
    )


def test_a_file_without_from_has_no_image():
    assert facts("RUN x\n").base_image is None


@pytest.mark.parametrize(
    "text",
    [
        "FROM a\nRUN " + "\\\n" * 300_000,
        "FROM a\n" + "\n".join("ENV a=$a$a$a$a$a$a$a$ax" for _ in range(5000)),
        "ARG a=xxxxxxxx\n" + "\n".join("ARG a=$a$a$a$a$a$a" for _ in range(5000)),
        "FROM a AS a\n" * 5000,
        "FROM a\nRUN <<EOF\n" * 3000,
    ],
    ids=["continued", "env bomb", "arg bomb", "stages", "open heredocs"],
)
def test_a_hostile_file_costs_little(text):
    with bounded():
        facts(text)


@given(st.text("FROM COPYRUNENV$A{}[]\"'\\\n#<:-=1 ", max_size=200))
def test_any_text_is_read(text):
    facts(text)
