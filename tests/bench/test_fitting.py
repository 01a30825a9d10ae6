"""Figures move only for what several owners do, and never for those that were left out."""

from __future__ import annotations

import pytest

from bench.fitting import Figure, Fitter, fittable, leave_one_out, loss, may_move, random_halves
from bench.workloads import Sizer, Workload, errors, prediction, weights
from pipa.constants import load_constants
from pipeline.evaluation.truth import FIELDS
from schemas.context import AppContext, Component, Demand, FoundIn, RepositoryFacts, Role
from schemas.context import DescriptionReading as Reading
from schemas.quantities import MIB
from schemas.trigger import Trigger


def workload(owner, *, cpu=None, memory_mib=None, language="Go", number=0):
    """A usual service of an owner that states a CPU or a memory request."""
    demand = Demand(special=("default_install",))
    component = Component(
        name=f"api-{number}",
        found_in=(FoundIn.DOCKERFILE,),
        role=Role.BACKEND_API,
        language=language,
        base_image="some/base",
        demand=demand,
    )
    context = AppContext(
        trigger=Trigger(git_repo=".", app_description="an app"),
        repository=RepositoryFacts(url=".", files=1),
        reading=Reading(demand=demand),
        components=(component,),
    )
    memory = None if memory_mib is None else memory_mib * MIB
    truth = (cpu, memory, None, None)
    row = {
        "app": f"{owner}/app",
        "service": "api",
        "requests": {"cpu": f"{cpu}m" if cpu else None, "memory": memory and str(memory)},
        "limits": {},
        "replicas": 1,
        "tier": "chart_default",
    }
    return Workload(row, context, component, owner, truth)


def fitter_of(workloads):
    constants = load_constants(fitted=False)
    return Fitter(Sizer(workloads, constants, may_move(constants)))


def test_a_figure_moves_to_where_several_owners_are():
    rows = [workload(owner, cpu=250) for owner in "abcdef"]
    values = fitter_of(rows).fit(range(len(rows)))
    assert set(values) == {"cpu.habit"}
    assert 125 <= values["cpu.habit"] <= 500


def test_the_house_style_of_one_owner_moves_nothing():
    rows = [workload("one", cpu=1000, number=n) for n in range(30)]
    rows += [workload(owner, cpu=100) for owner in "abcdef"]
    assert fitter_of(rows).fit(range(len(rows))) == {}


def test_what_few_owners_use_may_not_move():
    rows = [workload(owner, cpu=250) for owner in "abcd"]
    assert fitter_of(rows).figures == []


def test_a_figure_stays_inside_the_range_of_its_source():
    rows = [workload(owner, memory_mib=64 * 1024) for owner in "abcdefgh"]
    fitter = fitter_of(rows)
    for id_, value in fitter.fit(range(len(rows))).items():
        interval = fitter.sizer.constants[id_].estimate
        assert interval.low <= value <= interval.high


def test_a_fold_has_not_seen_its_owner():
    # Three more owners must gain than lose: without one of six it is still so, without four not.
    rows = [workload(owner, cpu=250) for owner in "abcdef"]
    fitter = fitter_of(rows)
    folds = leave_one_out(fitter)
    assert sorted(folds) == list("abcdef")
    assert all("cpu.habit" in fold for fold in folds.values())
    assert fitter.fit([0, 1]) == {}


def test_a_fit_is_the_same_every_time():
    rows = [workload(owner, cpu=250, memory_mib=32) for owner in "abcdef"]
    assert fitter_of(rows).fit(range(6)) == fitter_of(rows).fit(range(6))


def test_halves_do_not_share_owners():
    rows = [workload(owner, cpu=250, number=n) for owner in "abcdef" for n in range(2)]
    found = random_halves(fitter_of(rows), times=2)
    assert len(found) == 4
    for first, second in ((found[0], found[1]), (found[2], found[3])):
        assert sorted(first[1] + second[1]) == list(range(len(rows)))
        assert not {rows[i].owner for i in first[1]} & {rows[i].owner for i in second[1]}


def test_owners_that_gain_and_lose_are_counted():
    rows = [workload(owner, cpu=250) for owner in "abcde"] + [workload("f", cpu=100)]
    fitter = fitter_of(rows)
    figure = next(figure for figure in fittable(fitter.sizer) if figure.id == "cpu.habit")
    assert fitter.by_owner(figure, {"cpu.habit": 250.0}) == (5, 1)


@pytest.mark.parametrize(("smaller", "larger"), [(0, 0.5), (1.0, 1.3), (1.4, 2.5), (3, 3.9)])
def test_a_larger_error_is_a_larger_loss_either_way(smaller, larger):
    assert loss(smaller) < loss(larger)
    assert loss(-larger) == loss(larger)


def test_just_within_a_factor_of_two_is_nearly_as_good_as_right():
    assert loss(1.0) - loss(0.0) < loss(1.3) - loss(1.0)


def test_leaving_the_prior_costs_more_the_further_it_goes():
    figure = Figure("memory.base.go", 48, (24, 48, 96), (0,))
    assert figure.penalty(48) == 0
    assert figure.penalty(24) == pytest.approx(figure.penalty(96))
    assert Figure("cpu.habit", 48, (96,), (0,)).penalty(96) < figure.penalty(96)


def test_a_workload_is_sized_again_only_for_figures_that_it_uses():
    rows = [workload("a", cpu=100), workload("b", cpu=100, language="Python")]
    constants = load_constants(fitted=False)
    sizer = Sizer(rows, constants, may_move(constants))
    assert "memory.live.go.general" in sizer.used[0] - sizer.used[1]
    plain = sizer.size({}, 1)
    assert sizer.size({"memory.live.go.general": 96.0}, 1) is plain
    assert sizer.size({"cpu.habit": 200.0}, 0)[0] == 200


def test_ten_workloads_of_one_owner_count_as_three():
    rows = [workload("many", cpu=100, number=n) for n in range(10)] + [workload("one", cpu=100)]
    assert sum(weights(rows)[:10]) == pytest.approx(10**0.5)
    assert weights(rows)[10] == 1


def test_only_what_is_stated_is_an_error():
    row = workload("a", cpu=100)
    assert errors(row, (200.0, 64.0 * MIB, 500.0, 128.0 * MIB, 1)) == [1.0]
    made = prediction((200.0, 64.0 * MIB, 500.0, 128.0 * MIB, 1))
    assert made.replicas == 1
    assert made.amounts[FIELDS[0]] == 200
