"""Memory of one pod of the app's own code."""

from __future__ import annotations

import pytest

from schemas.context import Criticality, CurrentSizing, Role, RuntimeSettings
from schemas.quantities import GIB, MIB
from schemas.trigger import Environment

SAMPLE = {"sample": True}
REAL = {"sample": False}


def _request(plan) -> float:
    return plan.resources.requests.memory / MIB


def _steps(plan) -> str:
    return " ".join(step.text for step in plan.reasoning if step.about == "memory")


def test_a_sample_go_service_is_its_process_with_headroom(size, constants):
    """48 MiB x 1.25 = 60 MiB, rounded to 64; the limit is twice that before rounding."""
    plan = size(language="Go", framework="Gin", demand=SAMPLE)
    assert plan.resources.requests.memory == 64 * MIB
    assert plan.resources.limits.memory == 128 * MIB
    assert "One Go/Gin process holds 48 MiB" in _steps(plan)
    assert "48 MiB x 1.25 headroom = 60 MiB" in _steps(plan)


@pytest.mark.parametrize(
    ("language", "framework"),
    [
        ("Go", None),
        ("Rust", None),
        ("TypeScript", "Express"),
        ("Python", "Django"),
        ("Java", "Spring Boot"),
        ("C#", None),
        ("Ruby", "Rails"),
        ("PHP", None),
        ("Elixir", None),
        (None, None),
    ],
)
def test_real_use_needs_more_than_a_sample(size, language, framework):
    plans = [
        size(language=language, framework=framework, demand=demand) for demand in (SAMPLE, {}, REAL)
    ]
    requests = [_request(plan) for plan in plans]
    limits = [plan.resources.limits.memory for plan in plans]
    assert requests[0] <= requests[1] <= requests[2]
    assert limits[0] < limits[1] <= limits[2]


def test_development_is_sized_like_a_sample(size):
    development = size(Environment.DEV, language="Kotlin")
    assert _request(development) == _request(size(language="Kotlin", demand=SAMPLE))


@pytest.mark.parametrize(
    ("fields", "least_mib"),
    [
        ({"language": "Go"}, 32),
        ({"language": "Rust"}, 32),
        ({"language": "Python"}, 96),
        ({"language": "JavaScript", "framework": "Express"}, 128),
        ({"language": "C#"}, 128),
        ({"language": "Kotlin", "framework": "Ktor"}, 256),
        ({"language": "Java", "framework": "Spring Boot"}, 384),
        ({"language": "Python", "role": Role.ML_INFERENCE}, 1024),
    ],
)
def test_no_request_is_under_the_least_that_the_runtime_starts_in(size, fields, least_mib):
    plan = size(demand=SAMPLE, **fields)
    assert _request(plan) >= least_mib
    assert plan.intervals.memory_request.low >= least_mib * MIB


def test_workers_share_pages_with_the_first_one(size):
    one = _request(size(language="Python", framework="Flask"))
    runtime = RuntimeSettings(server="gunicorn", workers=4)
    four = size(language="Python", framework="Flask", runtime=runtime)
    assert 2 * one < _request(four) <= 4 * one
    assert "3 further workers" in _steps(four)


def test_celery_processes_are_workers(size):
    runtime = RuntimeSettings(server="celery", concurrency=8)
    fields = {"language": "Python", "framework": "Celery", "role": Role.WORKER}
    assert _request(size(runtime=runtime, **fields)) > 3 * _request(size(**fields))


def test_threads_cost_their_stacks(size):
    without = size(language="Java", demand=REAL)
    runtime = RuntimeSettings(threads=400)
    plan = size(language="Java", demand=REAL, runtime=runtime)
    assert _request(plan) - _request(without) >= 400
    assert "400 threads x 1 MiB = 400 MiB" in _steps(plan)


def test_sidekiq_counts_its_jobs_as_threads(size):
    runtime = RuntimeSettings(server="sidekiq", concurrency=25)
    plan = size(language="Ruby", framework="Sidekiq", role=Role.WORKER, runtime=runtime)
    assert "25 threads" in _steps(plan)


def test_a_fixed_heap_decides_the_memory_of_a_jvm(size):
    runtime = RuntimeSettings(heap_max_bytes=2 * GIB, threads=100)
    plan = size(language="Java", framework="Spring Boot", runtime=runtime)
    assert "fixes the heap at 2048 MiB" in _steps(plan)
    # -Xmx, metaspace and code cache, and the stacks fit below the limit.
    assert plan.resources.limits.memory >= 2 * GIB + (100 + 100 + 64) * MIB
    assert _request(plan) > 1536


def test_a_heap_that_outgrows_the_usual_limit_raises_it(size):
    runtime = RuntimeSettings(heap_max_bytes=4 * GIB)
    plan = size(language="TypeScript", framework="Express", runtime=runtime)
    assert plan.resources.limits.memory * 0.75 >= 4 * GIB


@pytest.mark.parametrize("limit_mib", [256, 512, 1000, 1536])
def test_a_heap_that_follows_the_limit_of_today_is_no_word_on_the_need(size, limit_mib):
    """What an earlier sizing wrote does not make the next one grow."""
    new = size(language="TypeScript", framework="Express")
    heap_mib = int(0.75 * limit_mib)
    runtime = RuntimeSettings(
        heap_max_bytes=heap_mib * MIB,
        environment={"NODE_OPTIONS": f"--max-old-space-size={heap_mib}"},
    )
    current = CurrentSizing(memory_limit=limit_mib * MIB)
    again = size(language="TypeScript", framework="Express", runtime=runtime, current=current)
    assert again.resources == new.resources
    assert "it follows that limit" in _steps(again)
    assert again.confidence == new.confidence


def test_a_heap_of_its_own_is_believed_beside_a_limit(size):
    options = {"NODE_OPTIONS": "--max-old-space-size=1024"}
    runtime = RuntimeSettings(heap_max_bytes=1024 * MIB, environment=options)
    current = CurrentSizing(memory_limit=4 * GIB)
    plan = size(language="TypeScript", framework="Express", runtime=runtime, current=current)
    assert "fixes the heap at 1024 MiB" in _steps(plan)


@pytest.mark.parametrize(
    ("library", "group", "added_mib"),
    [("torch", "torch", 400), ("pandas", "dataframe", 128), ("puppeteer", "browser", 512)],
)
def test_libraries_that_decide_a_size_are_added(size, constants, library, group, added_mib):
    assert constants[f"memory.library.{group}"].value == added_mib
    plain = _request(size(language="Python"))
    heavy = size(language="Python", libraries=(library,))
    assert _request(heavy) - plain >= added_mib
    assert f"{group} {added_mib} MiB" in _steps(heavy)


def test_a_scheduler_does_not_load_what_its_workers_load(size):
    fields = {"language": "Python", "libraries": ("torch", "transformers"), "role": Role.WORKER}
    beat = size(start_command=("celery", "-A", "app", "beat"), **fields)
    assert _request(beat) < _request(size(**fields)) - 1024


def test_a_model_is_counted_once(size):
    fields = {"language": "Python", "role": Role.ML_INFERENCE}
    with_model = size(libraries=("transformers",), **fields)
    assert "As ml inference" in _steps(size(**fields))
    assert "As ml inference" not in _steps(with_model)


def test_requests_in_flight_are_counted_from_rate_and_latency(size):
    plan = size(language="Go", demand={"peak_rps": 2000, "latency_ms": 50})
    assert "500 per second x 50 ms are 25 in flight in a pod" in _steps(plan)


def test_open_connections_are_spread_over_the_pods(size):
    demand = {"connections": 100_000, "sample": False}
    plan = size(language="Go", demand=demand)
    assert plan.replicas == 2
    assert "100000 connections over 2 pods x 0.03 MiB = 1500 MiB" in _steps(plan)


@pytest.mark.parametrize("criticality", [Criticality.HIGH, Criticality.CRITICAL])
def test_where_an_outage_is_expensive_the_limit_equals_the_request(size, criticality):
    plan = size(language="Kotlin", demand={"criticality": criticality})
    assert plan.resources.limits.memory == plan.resources.requests.memory
    assert _request(plan) > _request(size(language="Kotlin", demand=REAL))


@pytest.mark.parametrize("language", ["Go", "Python", "Java", "TypeScript", None])
@pytest.mark.parametrize("demand", [SAMPLE, {}, REAL], ids=["sample", "general", "production"])
def test_a_limit_is_near_its_request_or_the_room_for_bursts(size, language, demand):
    plan = size(language=language, demand=demand)
    limit = plan.resources.limits.memory / MIB
    assert _request(plan) <= limit <= max(2.7 * _request(plan), 512)


def test_a_burst_does_not_shrink_with_the_request(size, constants):
    burst = constants["memory.limit_floor.general"].value
    assert size(language="Go").resources.limits.memory / MIB == burst
    assert size(language="Go", demand=SAMPLE).resources.limits.memory / MIB < burst


def test_a_vague_amount_is_a_power_of_two_and_covers_the_working_set(size):
    for language in ("Go", "Python", "Java", "TypeScript", "C#", None):
        plan = size(language=language, demand=REAL)
        (step,) = (s.text for s in plan.reasoning if s.text.startswith("Expected working set"))
        working = float(step.split()[3])
        assert _request(plan) >= working
        assert (_request(plan)).is_integer()
        assert int(_request(plan)).bit_count() == 1


def test_what_is_called_small_is_its_process_alone(size):
    small = size(language="Python", demand={"special": ("small",)})
    usual = size(language="Python")
    assert _request(small) < _request(usual)
    assert small.resources.limits.memory < usual.resources.limits.memory
    assert "which is all for a small one" in _steps(small)


@pytest.mark.parametrize(
    "role", [Role.WORKER, Role.BATCH, Role.CONTROLLER, Role.GATEWAY_PROXY, Role.LOAD_GENERATOR]
)
def test_roles_hold_more_than_a_plain_service(size, role):
    plain, special = (size(language="Go", role=r) for r in (Role.OTHER, role))
    assert _request(special) >= _request(plain)
    assert special.intervals.memory_request.high > plain.intervals.memory_request.high
