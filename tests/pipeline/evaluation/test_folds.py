"""A product rule that an owner's repository states is unknown when the owner is left out."""

import pytest

from pipa.constants import load_constants
from pipeline.evaluation.folds import cited_owners, constants_without, owner_in


@pytest.mark.parametrize(
    ("url", "owner"),
    [
        ("https://github.com/Bitnami/charts/blob/main/values.yaml", "bitnami"),
        ("https://raw.githubusercontent.com/Acme/app/main/x.yaml", "acme"),
        ("https://kubernetes.io/docs/tasks/", None),
        ("https://github.com/", None),
    ],
)
def test_the_owner_is_that_of_the_repository(url, owner):
    assert owner_in(url) == owner


def test_rules_of_left_out_owners_are_gone_and_those_of_roles_stay():
    everything = load_constants()
    owners = {
        key: owner_in(everything.sources[product.source].url)
        for key, product in everything.products.items()
    }
    left = constants_without(frozenset({"bitnami"}))
    gone = everything.products.keys() - left.products.keys()
    assert gone
    assert {owners[key] for key in gone} == {"bitnami"}
    assert not any(key.startswith("fallback-") for key in gone)
    assert not [
        key for key in left.products if owners[key] == "bitnami" and not key.startswith("fallback-")
    ]
    assert left.by_id == everything.by_id


def test_nothing_is_gone_when_nobody_is_left_out():
    assert constants_without(frozenset()).products == load_constants().products


def test_owners_that_constants_cite_are_known_by_name():
    owners = cited_owners()
    assert owners
    assert all(owner == owner.lower() and "/" not in owner for owner in owners)


def test_what_was_fitted_to_an_owners_workloads_is_not_used_for_them():
    from pipa.constants import DIRECTORY
    from pipa.constants.fitted import load_folds

    for owner, fold in load_folds(DIRECTORY).items():
        left = constants_without(frozenset({owner}))
        assert all(left[id_].value == value for id_, value in fold.items())
