from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rva.documents import at, containers, count_of, environment, name_of, pod_spec, view
from schemas.quantities import MIB

ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(
                ["spec", "template", "containers", "name", "resources", "limits", "env"]
            ),
            inner,
            max_size=4,
        )
    ),
    max_leaves=20,
)


@given(ANYTHING, st.sampled_from(["Deployment", "CronJob", "Rollout", None, 7]))
def test_no_document_is_so_wrong_that_reading_it_fails(spec, kind):
    document = {"kind": kind, "metadata": spec, "spec": spec}

    for item in containers(document):
        environment(item.document)
    assert isinstance(pod_spec(document), dict)
    assert isinstance(name_of(document), str)


def test_a_request_that_is_not_set_is_the_limit():
    """As the API server's defaulting does."""
    item = view({"name": "a", "resources": {"limits": {"cpu": "1", "memory": "64Mi"}}})

    assert item.cpu_request_millicores is None
    assert item.effective_cpu_request == 1000
    assert item.effective_memory_request == 64 * MIB


def test_amounts_that_are_no_quantities_are_kept_as_written():
    item = view({"name": "a", "resources": {"requests": {"cpu": "-1", "memory": "512MB"}}})

    assert item.invalid == ("requests.cpu: -1", "requests.memory: 512MB")
    assert item.cpu_request_millicores is None


def test_bare_numbers_of_yaml_are_quantities():
    item = view({"name": "a", "resources": {"requests": {"cpu": 0.5, "memory": 1048576}}})

    assert (item.cpu_request_millicores, item.memory_request_bytes) == (500, MIB)


def test_a_sidecar_runs_along_and_an_init_container_does_not():
    pod = {
        "initContainers": [{"name": "i"}, {"name": "s", "restartPolicy": "Always"}],
        "containers": [{"name": "main"}],
    }
    found = containers({"kind": "Deployment", "spec": {"template": {"spec": pod}}})

    assert [(item.name, item.runs_along) for item in found] == [
        ("i", False),
        ("s", True),
        ("main", True),
    ]


@pytest.mark.parametrize(
    ("value", "up", "down"),
    [
        (2, 2, 2),
        ("2", 2, 2),
        ("25%", 1, 0),
        ("100%", 3, 3),
        (-1, 0, 0),
        (None, 0, 0),
        (True, 0, 0),
        ("x%", 0, 0),
        ("99999999%", 0, 0),
        ([1], 0, 0),
    ],
    ids=str,
)
def test_counts_are_numbers_or_shares_of_three(value, up, down):
    assert count_of(value, 3, round_up=True) == up
    assert count_of(value, 3, round_up=False) == down


def test_a_path_through_something_else_leads_nowhere():
    assert at({"a": {"b": 1}}, "a", "b") == 1
    assert at({"a": [1]}, "a", "b") is None
