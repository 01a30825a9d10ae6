"""What was fitted lies over the documented figures, and never below what a runtime needs."""

from __future__ import annotations

import json
import shutil

import pytest
import yaml

from pipa.constants import DIRECTORY, load_constants
from pipa.constants.fitted import FITTED, FOLDS, fitted_values, load_fitted, load_folds
from schemas.errors import SettingsError
from schemas.evidence import EvidenceGrade

SHIPPED = load_fitted(DIRECTORY)
IDS = [figure.id for figure in SHIPPED.figures]


@pytest.fixture(scope="module")
def documented():
    return load_constants(fitted=False)


@pytest.fixture
def directory(tmp_path):
    """A copy of the shipped files, to be spoilt."""
    for path in (*DIRECTORY.glob("*.yaml"), DIRECTORY / FOLDS):
        shutil.copy(path, tmp_path / path.name)
    return tmp_path


def changed(directory, change):
    path = directory / FITTED
    content = yaml.safe_load(path.read_text("utf-8"))
    change(content)
    path.write_text(yaml.safe_dump(content), "utf-8")


@pytest.mark.parametrize("figure", SHIPPED.figures, ids=IDS)
def test_a_fitted_figure_moved_inside_the_range_of_its_source(documented, figure):
    prior = documented[figure.id]
    assert figure.prior == prior.value
    assert prior.estimate.low <= figure.value <= prior.estimate.high
    assert figure.value != figure.prior
    assert figure.id in SHIPPED.considered


@pytest.mark.parametrize("figure", SHIPPED.figures, ids=IDS)
def test_more_owners_gain_by_it_than_lose(figure):
    assert figure.owners >= 5
    assert figure.better - figure.worse >= 3


def test_floors_and_limits_are_not_fitted():
    moved = {*SHIPPED.considered, *(id_ for fold in load_folds(DIRECTORY).values() for id_ in fold)}
    assert moved
    assert not [id_ for id_ in moved if "floor" in id_ or "limit" in id_]


def test_the_folds_cover_the_owners_and_stay_inside_the_ranges(documented):
    folds = load_folds(DIRECTORY)
    assert len(folds) == SHIPPED.data.owners
    assert all(owner == owner.lower() for owner in folds)
    for fold in folds.values():
        for id_, value in fold.items():
            assert id_ in SHIPPED.considered
            assert documented[id_].estimate.low <= value <= documented[id_].estimate.high


@pytest.mark.parametrize("figure", SHIPPED.figures, ids=IDS)
def test_the_model_uses_it_and_says_where_it_comes_from(documented, figure):
    constant = load_constants()[figure.id]
    assert constant.value == figure.value
    assert constant.grade is EvidenceGrade.HEURISTIC
    statement = constant.evidence().statement
    assert f"{figure.workloads} workloads of {figure.owners} owners" in statement
    assert f"prior {figure.prior:g} from {documented[figure.id].source_title}" in statement


def test_an_owner_that_is_left_out_has_taught_nothing():
    folds = load_folds(DIRECTORY)
    for owner, fold in folds.items():
        constants = load_constants(exclude_owners=frozenset({owner}))
        documented = load_constants(fitted=False)
        for id_ in SHIPPED.considered:
            assert constants[id_].value == fold.get(id_, documented[id_].value)


def test_an_unknown_owner_has_taught_nothing_either():
    everything = load_constants()
    without = load_constants(exclude_owners=frozenset({"nobody-has-heard-of-them"}))
    assert all(without[id_].value == everything[id_].value for id_ in IDS)


def test_where_two_folds_differ_the_figure_keeps_its_prior(directory):
    (directory / FOLDS).write_text(json.dumps({"a": {"x": 1, "y": 2}, "b": {"x": 1, "y": 3}}))
    both = frozenset({"a", "b", "c"})
    assert fitted_values(SHIPPED, directory, both) == {"x": 1}


def test_constants_without_a_fit_are_as_documented(directory, documented):
    (directory / FITTED).unlink()
    found = load_constants(directory)
    assert all(found[id_].value == documented[id_].value for id_ in IDS)


def test_a_fit_of_another_prior_is_refused(directory):
    changed(directory, lambda content: content["figures"][0].update(prior=1.5))
    with pytest.raises(SettingsError, match="another value of") as caught:
        load_constants(directory)
    assert "bench.calibrate" in caught.value.hint


@pytest.mark.parametrize(
    "spoil",
    [
        lambda directory: (directory / FITTED).write_text("- {", "utf-8"),
        lambda directory: (directory / FITTED).write_bytes(b"\xff\xfe\x00"),
        lambda directory: (directory / FITTED).write_text("made_by: x", "utf-8"),
        lambda directory: changed(directory, lambda content: content.update(more=1)),
        lambda directory: (directory / FOLDS).write_text('{"a": 3}', "utf-8"),
        lambda directory: (directory / FOLDS).unlink(),
    ],
    ids=["not YAML", "not text", "incomplete", "unknown key", "no fold", "no folds"],
)
def test_a_damaged_file_is_a_settings_error(directory, spoil):
    spoil(directory)
    with pytest.raises(SettingsError):
        load_constants(directory, exclude_owners=frozenset({"apache"}))
