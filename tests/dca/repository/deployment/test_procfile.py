"""Procfiles: the processes that keep running, as a platform would start them."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dca.repository.deployment.procfile import is_procfile, processes
from schemas.context import FoundIn


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("Procfile", True),
        ("api/Procfile", True),
        ("Procfile.dev", False),
        ("procfile", False),
        ("MyProcfile", False),
    ],
)
def test_only_the_deployed_procfile_counts(path, expected):
    assert is_procfile(path) is expected


def test_a_process_has_its_words_its_line_and_its_directory():
    (run,) = processes("api/Procfile", "\n# comment\nweb: gunicorn -w 3 'a b'\n")
    assert (run.name, run.line, run.command) == ("web", 3, ("gunicorn", "-w", "3", "a b"))
    assert (run.build.context, run.found_in) == ("api", FoundIn.PROCFILE)


@pytest.mark.parametrize("name", ["release", "console", "Release", "postdeploy", "test"])
def test_processes_that_run_once_or_by_hand_are_left_out(name):
    assert processes("Procfile", f"{name}: run\nweb: run\n")[0].name == "web"


@pytest.mark.parametrize(
    "line", ["web:run", "web", ": run", "we b: run", "web:   ", "w" * 61 + ": x"]
)
def test_lines_of_another_form_are_left_out(line):
    assert processes("Procfile", line) == []


def test_quotes_that_do_not_match_are_split_at_white_space():
    assert processes("Procfile", 'web: run "a b')[0].command == ("run", '"a', "b")


def test_at_most_fifty_processes_are_kept():
    assert len(processes("Procfile", "".join(f"p{n}: x\n" for n in range(200)))) == 50


def test_lines_end_as_they_do_on_windows():
    assert [run.name for run in processes("Procfile", "web: a\r\nworker: b\r\n")] == [
        "web",
        "worker",
    ]


@given(st.text(max_size=300))
def test_any_text_is_read(text):
    assert all(run.name and run.command is not None for run in processes("Procfile", text))
