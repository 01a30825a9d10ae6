"""Variables that keep a runtime inside its limits."""

from __future__ import annotations

import pytest

from schemas.context import Role, RuntimeSettings
from schemas.quantities import GIB, MIB


def _limit_mib(plan) -> float:
    return plan.resources.limits.memory / MIB


def test_go_collects_before_its_limit(size):
    plan = size(language="Go", language_version="1.25.1")
    assert plan.runtime_env == {"GOMEMLIMIT": f"{int(_limit_mib(plan) * 0.9)}MiB"}


@pytest.mark.parametrize("version", ["1.22", "1.24.3", "go1.21", None, "latest"])
def test_a_go_that_may_not_read_its_cpu_limit_is_told(size, version):
    plan = size(language="Go", language_version=version, demand={"sample": False})
    assert plan.runtime_env["GOMAXPROCS"] == "1"


@pytest.mark.parametrize("version", ["1.25", "1.26.0", "go1.30"])
def test_a_newer_go_reads_it_by_itself(size, version):
    assert "GOMAXPROCS" not in size(language="Go", language_version=version).runtime_env


def test_nodes_old_space_stays_at_three_quarters(size):
    plan = size(language="TypeScript", framework="Express")
    amount = int(plan.runtime_env["NODE_OPTIONS"].removeprefix("--max-old-space-size="))
    assert amount <= _limit_mib(plan) * 0.75


@pytest.mark.parametrize("demand", [{"sample": True}, {}, {"sample": False}])
@pytest.mark.parametrize("framework", ["Ktor", "Spring Boot"])
def test_the_heap_of_a_jvm_leaves_room_for_metaspace_and_code(size, demand, framework):
    plan = size(language="Kotlin", framework=framework, demand=demand)
    option = plan.runtime_env["JAVA_TOOL_OPTIONS"]
    fraction = float(option.removeprefix("-XX:MaxRAMPercentage=")) / 100
    assert _limit_mib(plan) * (1 - fraction) >= 100 + 10 + 64


def test_stated_threads_take_their_stacks_from_the_heap(size):
    fields = {"language": "Java", "framework": "Spring Boot", "demand": {"sample": False}}
    few = size(**fields).runtime_env["JAVA_TOOL_OPTIONS"]
    many = size(runtime=RuntimeSettings(threads=200), **fields).runtime_env["JAVA_TOOL_OPTIONS"]
    assert float(many.split("=")[1]) < float(few.split("=")[1])


def test_dotnet_reads_its_percentage_as_hexadecimal(size):
    env = size(language="C#", framework="ASP.NET Core").runtime_env
    assert int(env["DOTNET_GCHeapHardLimitPercent"], 16) == 75


def test_native_thread_pools_are_capped_at_the_cpu_limit(size):
    plan = size(language="Python", libraries=("torch",), role=Role.ML_INFERENCE)
    cores = plan.resources.limits.cpu / 1000
    assert cores <= int(plan.runtime_env["OMP_NUM_THREADS"]) < cores + 1


@pytest.mark.parametrize(
    ("fields", "variable"),
    [
        ({"language": "Go"}, "GOMEMLIMIT"),
        ({"language": "Go"}, "GOMAXPROCS"),
        ({"language": "JavaScript", "framework": "Express"}, "NODE_OPTIONS"),
        ({"language": "Java"}, "JAVA_TOOL_OPTIONS"),
        ({"language": "C#"}, "DOTNET_GCHeapHardLimitPercent"),
        ({"language": "Python", "libraries": ("numpy",)}, "OMP_NUM_THREADS"),
    ],
)
def test_what_the_repository_sets_is_left_alone(size, fields, variable):
    assert variable in size(**fields).runtime_env
    kept = RuntimeSettings(environment={variable: "as it is"})
    assert variable not in size(runtime=kept, **fields).runtime_env


@pytest.mark.parametrize(
    ("language", "settings"),
    [
        ("Java", {"heap_max_bytes": GIB}),
        ("Java", {"heap_max_fraction": 0.6}),
        ("Java", {"environment": {"JAVA_OPTS": "-Xmx1g"}}),
        ("TypeScript", {"heap_max_bytes": GIB}),
    ],
)
def test_a_heap_that_is_fixed_already_is_not_fixed_again(size, language, settings):
    plan = size(language=language, framework="Express", runtime=RuntimeSettings(**settings))
    assert plan.runtime_env == {}


@pytest.mark.parametrize("language", ["Rust", "Ruby", "PHP", "Elixir", None])
def test_other_runtimes_need_none(size, language):
    assert size(language=language).runtime_env == {}


def test_each_variable_is_explained(size):
    plan = size(language="Go", language_version="1.22")
    steps = [step for step in plan.reasoning if step.about == "runtime"]
    assert len(steps) == len(plan.runtime_env) == 2
    assert all(step.evidence for step in steps)
