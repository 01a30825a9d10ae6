from __future__ import annotations

import inspect

import pytest

from rva.agent import RvaAgent
from rva.checks import BY_ID, CHECKS
from rva.checks.catalogue import CATALOGUE
from rva.repairs import REMEDIES
from rva.repairs.base import Repair
from schemas.recommendation import Finding, Severity

OF_THE_WHOLE_APP = {"$01", "$02", "$03"}
NEEDS_THE_VALIDATOR = {"T06"}

GROUPS = {
    "T": 14,
    "P": 14,
    "C": 13,
    "A": 16,
    "R": 12,
    "M": 8,
    "$": 4,
    "L": 4,
    "V": 7,
}
"""Checks of each group of the catalogue."""


def test_every_check_of_the_catalogue_is_implemented_or_says_why_not():
    implemented = set(BY_ID) | OF_THE_WHOLE_APP | NEEDS_THE_VALIDATOR
    pending = {id_ for id_, entry in CATALOGUE.items() if entry.pending}

    assert implemented | pending == set(CATALOGUE)
    assert implemented & pending == set()


@pytest.mark.parametrize(("letter", "count"), GROUPS.items(), ids=GROUPS)
def test_the_ids_of_a_group_are_numbered_without_a_gap(letter, count):
    ids = [id_ for id_ in CATALOGUE if id_[0] == letter]

    assert ids == [f"{letter}{number:02d}" for number in range(1, count + 1)]


def test_no_check_is_registered_twice():
    assert len(CHECKS) == len(BY_ID)


@pytest.mark.parametrize("id_", CATALOGUE)
def test_every_id_is_one_that_a_finding_can_carry(id_):
    entry = CATALOGUE[id_]

    finding = Finding(id=id_, severity=entry.severity, passed=True, message=entry.title)

    assert finding.message
    assert entry.source


def test_every_repair_answers_a_check_that_the_loop_runs():
    assert set(REMEDIES) <= {check.id for check in CHECKS if not check.final}
    assert {remedy.repair for remedy in REMEDIES.values()} <= set(Repair)


def test_every_check_documents_itself_with_its_id():
    for check in CHECKS:
        function = inspect.unwrap(check.run)
        closure = inspect.getclosurevars(function).nonlocals
        documented = closure.get("run", function)
        assert documented.__doc__.startswith(f"{check.id}:")


def test_the_schema_check_belongs_to_the_agent():
    assert RvaAgent._schema.__doc__.startswith("T06:")


def test_severities_are_the_three():
    assert {entry.severity for entry in CATALOGUE.values()} == set(Severity)
