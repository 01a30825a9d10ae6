from __future__ import annotations

import pytest

from rva.checks.runtime import go_memory_limit, go_size_bytes
from rva.heaps import jvm_overhead, postgres_need
from rva.runtimes import Runtime, runtime_of, settings, size_bytes
from schemas.context import Role, RuntimeSettings
from schemas.quantities import GIB, MIB
from schemas.recommendation import Severity


def of(build, component, *, env=None, **sizes):
    return build.subject(
        component, build.plan(component.name, sizes=build.resources(**sizes), runtime_env=env or {})
    )


RUNTIMES = {
    "kotlin": ({"language": "Kotlin"}, Runtime.JVM),
    "typescript_api": ({"language": "TypeScript"}, Runtime.NODE),
    "typescript_served_by_nginx": (
        {"language": "TypeScript", "base_image": "docker.io/library/nginx:1.27"},
        Runtime.STATIC,
    ),
    "go_behind_its_own_nginx_stays_go": (
        {"language": "Go", "base_image": "nginx:1"},
        Runtime.GO,
    ),
    "server_word": (
        {"language": "JavaScript", "runtime": RuntimeSettings(server="nginx")},
        Runtime.STATIC,
    ),
    "product_on_the_jvm": ({"third_party": "kafka"}, Runtime.JVM),
    "other_product": ({"third_party": "postgresql", "language": "Go"}, Runtime.UNKNOWN),
    "nothing_known": ({}, Runtime.UNKNOWN),
}


@pytest.mark.parametrize(("fields", "runtime"), RUNTIMES.values(), ids=RUNTIMES)
def test_the_runtime_is_the_process_that_runs(build, fields, runtime):
    assert runtime_of(build.component(**fields)) is runtime


@pytest.mark.parametrize(
    ("text", "size"),
    [("512m", 512 * MIB), ("128MB", 128 * MIB), ("2gb", 2 * GIB), ("1024", 1024), ("x", None)],
)
def test_sizes_of_jvm_postgresql_and_redis_are_binary(text, size):
    assert size_bytes(text) == size


def test_settings_are_read_in_their_three_forms():
    words = ["postgres", "-c", "work_mem=8MB", "--max-connections=50", "--maxmemory", "1gb"]

    assert dict(settings(words)) == {"work_mem": "8MB", "max_connections": "50", "maxmemory": "1gb"}


def test_r01_heap_and_what_is_beside_it_must_fit(build, ask):
    """512 MiB of heap and 224 MiB beside it (100 metaspace, 50 stacks, 10 direct, 64 reserve)."""
    component = build.component(language="Java", start_command=("java", "-Xmx512m", "-jar", "a"))

    assert jvm_overhead(of(build, component)) == 224 * MIB
    assert ask.fails("R01", of(build, component, memory_limit=735)).limit == "736Mi"
    ask.passes("R01", of(build, component, memory_limit=736))


def test_r01_threads_take_a_stack_each(build):
    component = build.component(language="Java", runtime=RuntimeSettings(threads=200))

    assert jvm_overhead(of(build, component)) == (224 + 150) * MIB


def test_r01_an_unset_heap_is_told_because_it_is_a_quarter(build, ask):
    finding = ask.fails("R01", of(build, build.component(language="Java"), memory_limit=1024))

    assert finding.severity is Severity.WARN
    assert "256Mi of 1024Mi" in finding.message


def test_r01_a_share_of_the_limit_is_computed(build, ask):
    java, share = build.component(language="Java"), {"JAVA_TOOL_OPTIONS": "-XX:MaxRAMPercentage=75"}

    ask.fails("R01", of(build, java, env=share, memory_limit=880))
    ask.passes("R01", of(build, java, env=share, memory_limit=900))


def test_r01_the_command_line_wins_over_the_variable(build, ask):
    component = build.component(language="Java", start_command=("java", "-Xmx1g"))
    env = {"JAVA_TOOL_OPTIONS": "-Xmx64m"}

    ask.fails("R01", of(build, component, env=env, memory_limit=1024))


@pytest.mark.parametrize(
    ("cpu", "memory", "verdict"),
    [(1000, 4096, "fails"), (2000, 1791, "fails"), (2000, 1792, "passes"), (None, 4096, "passes")],
)
def test_r02_a_small_jvm_takes_the_serial_collector(build, ask, cpu, memory, verdict):
    getattr(ask, verdict)(
        "R02", of(build, build.component(language="Java"), cpu_limit=cpu, memory_limit=memory)
    )


@pytest.mark.parametrize(
    ("env", "verdict"),
    [
        ({}, "fails"),
        ({"GOMEMLIMIT": "off"}, "fails"),
        ({"GOMEMLIMIT": "512MiB"}, "fails"),
        ({"GOMEMLIMIT": "100MiB"}, "fails"),
        ({"GOMEMLIMIT": "460MiB"}, "passes"),
        ({"GOMEMLIMIT": "410MiB"}, "passes"),
    ],
    ids=["unset", "off", "equal", "far_below", "nine_tenths", "eight_tenths"],
)
def test_r03_go_knows_nine_tenths_of_its_limit(build, ask, env, verdict):
    go = build.component(language="Go", language_version="1.25")

    getattr(ask, verdict)("R03", of(build, go, env=env, memory_limit=512))


@pytest.mark.parametrize(
    ("version", "libraries", "cpu", "verdict"),
    [
        ("1.24", (), 1500, "fails"),
        ("1.25", (), 1500, "passes"),
        (None, (), 1500, "passes"),
        ("1.24", ("go.uber.org/automaxprocs",), 1500, "passes"),
        ("1.24", (), None, "passes"),
    ],
    ids=["old", "new", "unknown", "automaxprocs", "no_limit"],
)
def test_r03_old_go_does_not_see_its_cpu_limit(build, ask, version, libraries, cpu, verdict):
    go = build.component(language="Go", language_version=version, libraries=libraries)

    getattr(ask, verdict)("R03", of(build, go, env={"GOMEMLIMIT": "460MiB"}, cpu_limit=cpu))


def test_r03_a_limit_from_the_downward_api_is_right_by_itself(build, ask):
    entry = {"name": "GOMEMLIMIT", "valueFrom": {"resourceFieldRef": {"resource": "limits.memory"}}}
    doc = build.document(containers=[{"name": "api", "image": "a:1", "env": [entry]}])
    go = build.component(language="Go", language_version="1.25", workload=build.workload(doc))

    ask.passes("R03", of(build, go))


@pytest.mark.parametrize(
    ("limit", "text"), [(512 * MIB, "460MiB"), (GIB, "921MiB"), (8 * MIB, "7549747B")]
)
def test_gomemlimit_is_written_as_go_reads_it(limit, text):
    assert go_memory_limit(limit) == text
    assert 0.89 * limit <= go_size_bytes(text) <= 0.9 * limit


@pytest.mark.parametrize(
    ("options", "verdict"),
    [("--max-old-space-size=400", "fails"), ("--max_old_space_size=384", "passes")],
)
def test_r04_old_space_is_at_most_three_quarters(build, ask, options, verdict):
    node = build.component(language="JavaScript")

    getattr(ask, verdict)("R04", of(build, node, env={"NODE_OPTIONS": options}, memory_limit=512))
    assert ask("R04", of(build, node)) is None


def test_r05_every_worker_needs_its_memory(build, ask):
    """Nine workers of at least 24 MiB need 216 MiB."""
    python = build.component(language="Python", runtime=RuntimeSettings(workers=9))

    assert ask.fails("R05", of(build, python, memory=64, memory_limit=215)).limit == "216Mi"
    ask.passes("R05", of(build, python, memory_limit=216))


def test_r05_more_workers_than_gunicorn_advises_are_told(build, ask):
    python = build.component(language="Python", runtime=RuntimeSettings(workers=4))

    finding = ask.fails("R05", of(build, python, cpu_limit=1000))

    assert (finding.severity, finding.value, finding.limit) == (Severity.WARN, "4", "3")


@pytest.mark.parametrize(
    ("value", "verdict"), [("4B", "passes"), ("0x50", "fails"), ("", "passes")]
)
def test_r06_the_dotnet_heap_leaves_a_quarter(build, ask, value, verdict):
    env = {"DOTNET_GCHeapHardLimitPercent": value} if value else {}

    getattr(ask, verdict)("R06", of(build, build.component(language="C#"), env=env))


@pytest.mark.parametrize("language", ["PHP", "Ruby"])
def test_r07_pools_of_processes_fit(build, ask, language):
    pool = build.component(language=language, runtime=RuntimeSettings(workers=50))

    ask.fails("R07", of(build, pool, memory_limit=256))
    ask.passes("R07", of(build, pool, memory_limit=4096))


def test_r08_stated_settings_of_postgresql_count_in_full(build, ask):
    """(1024 + 200 x 16 + 64) / 0.8 MiB."""
    words = (
        "postgres",
        "-c",
        "shared_buffers=1GB",
        "-c",
        "max_connections=200",
        "-c",
        "work_mem=16MB",
    )
    database = build.component(third_party="postgresql", start_command=words)

    need, stated = postgres_need(of(build, database))

    assert stated
    assert need == (1024 + 200 * 16 + 64) * MIB / 0.8
    ask.fails("R08", of(build, database, memory_limit=5000))
    ask.passes("R08", of(build, database, memory_limit=5360))


def test_r08_the_defaults_count_their_buffers_only(build, ask):
    database = build.component(third_party="postgresql")

    ask.fails("R08", of(build, database, memory=64, memory_limit=239))
    ask.passes("R08", of(build, database, memory_limit=240))


def test_r09_maxmemory_leaves_room_for_a_fork(build, ask):
    redis = build.component(
        third_party="redis", start_command=("redis-server", "--maxmemory", "384mb")
    )

    ask.fails("R09", of(build, redis, memory_limit=511))
    ask.passes("R09", of(build, redis, memory_limit=512))
    unset = ask.fails("R09", of(build, build.component(third_party="redis")))
    assert unset.severity is Severity.WARN


@pytest.mark.parametrize(
    ("heap", "limit", "verdict"),
    [("1g", 2048, "passes"), ("1g", 2047, "fails"), ("40g", 128 * 1024, "fails")],
    ids=["half", "more_than_half", "above_31_gib"],
)
def test_r10_half_of_the_memory_is_for_the_page_cache(build, ask, heap, limit, verdict):
    engine = build.component(third_party="elasticsearch")

    getattr(ask, verdict)(
        "R10", of(build, engine, env={"ES_JAVA_OPTS": f"-Xms{heap} -Xmx{heap}"}, memory_limit=limit)
    )


@pytest.mark.parametrize(
    ("fields", "word", "least"),
    [
        ({"language": "Java", "framework": "Spring Boot"}, "spring_boot", 384),
        ({"language": "Java"}, "jvm", 256),
        ({"language": "Rust"}, "native", 32),
        ({"language": "TypeScript", "base_image": "nginx:1"}, "nginx", 32),
        ({"language": "JavaScript", "base_image": "a/nginx-unprivileged:1"}, "static", 32),
        ({"third_party": "postgresql", "language": "C"}, "native", 32),
        ({"third_party": "rabbitmq", "language": "Erlang"}, "beam", 128),
        ({"third_party": "elasticsearch"}, "jvm_database", 1024),
        ({"language": "Python", "role": Role.ML_INFERENCE}, "machine_learning", 1024),
    ],
)
def test_r11_the_most_particular_minimum_holds(build, ask, fields, word, least):
    component = build.component(**fields)

    finding = ask.fails("R11", of(build, component, memory=8, memory_limit=least - 1))
    assert f"{least}Mi that {word}" in finding.message
    ask.passes("R11", of(build, component, memory=8, memory_limit=least))


def test_r11_is_skipped_where_the_policy_knows_no_minimum(build, ask):
    assert "no minimum" in ask("R11", of(build, build.component()))


def test_r12_thread_pools_follow_the_cpu_limit(build, ask):
    model = build.component(language="Python", libraries=("torch",))

    assert ask.fails("R12", of(build, model, cpu_limit=1500)).limit == "2"
    ask.passes("R12", of(build, model, cpu_limit=1500, env={"OMP_NUM_THREADS": "2"}))
    assert ask("R12", of(build, model)) is None, "without a limit nothing is throttled"
