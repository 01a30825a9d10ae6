"""The command that measures retrieval guards the queries that nobody may tune on."""

import pytest

from bench import retrieval
from bench.retrieval_set import Half

GUARDED = [Half.FINAL, Half.EVERYDAY_HELDOUT, Half.BLIND]


def run(monkeypatch: pytest.MonkeyPatch, *words: str) -> int:
    """The command as far as its first costly step, which finds no embedder here."""
    monkeypatch.setattr("sys.argv", ["retrieval", *words])
    monkeypatch.setattr(retrieval, "_built", lambda: None)
    return retrieval.main()


@pytest.mark.parametrize("half", GUARDED)
def test_a_guarded_set_is_measured_with_a_warning(half, monkeypatch, capsys):
    assert run(monkeypatch, "--set", half.value) == 3
    assert f"the {half.value} queries are for final figures alone" in capsys.readouterr().err


@pytest.mark.parametrize("half", GUARDED)
def test_single_queries_of_a_guarded_set_are_not_shown(half, monkeypatch, capsys):
    with pytest.raises(SystemExit, match="2"):
        run(monkeypatch, "--set", half.value, "--misses")
    assert f"single queries of the {half.value} set" in capsys.readouterr().err


@pytest.mark.parametrize(
    "words",
    [(), ("--set", "development"), ("--set", "heldout", "--misses"), ("--misses",)],
    ids=str,
)
def test_the_set_to_tune_on_is_measured_without_a_warning(words, monkeypatch, capsys):
    assert run(monkeypatch, *words) == 3
    assert "final figures" not in capsys.readouterr().err


def test_a_set_that_does_not_exist_is_refused(monkeypatch):
    with pytest.raises(SystemExit, match="2"):
        run(monkeypatch, "--set", "everything")
