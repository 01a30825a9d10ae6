"""Start commands are unwrapped, and what they fix about the process is read."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dca.repository.docker.command import script_start, start_words, words_from
from dca.repository.docker.runtime import runtime_environment, runtime_settings
from schemas.quantities import GIB, MIB


def words(text, environment=None):
    return start_words(words_from(text), environment or {})


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("tini -- env A=1 B=2 bundle exec puma -w 3", "puma -w 3"),
        ("dumb-init node server.js", "node server.js"),
        ("cd /app && exec python -m app", "python -m app"),
        ("poetry run gunicorn app:app", "gunicorn app:app"),
        ("su-exec app java -jar x.jar", "java -jar x.jar"),
        ("opentelemetry-instrument python main.py", "python main.py"),
        ("A=1 ./server", "./server"),
        ("poetry install", "poetry install"),
        ("$CMD", "node a.js"),
    ],
)
def test_wrappers_are_taken_off(text, expected):
    assert " ".join(words(text, {"CMD": "node a.js"})) == expected


def test_a_shell_in_exec_form_is_taken_off():
    assert words(["/bin/sh", "-c", "exec uvicorn app:app --workers 2"])[0] == "uvicorn"


def test_the_last_exec_of_a_script_starts_the_program():
    script = (
        '#!/bin/sh\nset -e\nexec 3>&1\nif [ x ]; then\n run\nfi\nexec java $OPTS \\\n -jar "$@"\n'
    )
    assert script_start(script, ("app.jar",)) == ("java", "$OPTS", "-jar", "app.jar")


def test_a_function_of_a_script_is_no_program():
    assert script_start("main() {\n echo x\n}\nmain\n", ()) == ()


def settings(text, environment=None):
    return runtime_settings(words(text), environment or {})


@pytest.mark.parametrize(
    ("text", "server", "fields"),
    [
        ("gunicorn -w 4 --threads=8 -k gthread a:a", "gunicorn", {"workers": 4, "threads": 8}),
        ("python -m gunicorn --workers 3 a:a", "gunicorn", {"workers": 3}),
        ("uvicorn a:a --workers 2", "uvicorn", {"workers": 2}),
        ("uwsgi --processes 6 --threads 2", "uwsgi", {"workers": 6, "threads": 2}),
        ("bundle exec puma -w 3 -t 1:5", "puma", {"workers": 3, "threads": 5}),
        ("sidekiq -c 25", "sidekiq", {"concurrency": 25}),
        ("celery -A app worker --concurrency=8", "celery", {"concurrency": 8}),
        ("celery -A app worker -c8", "celery", {"concurrency": 8}),
        (
            "java -Xmx2g -Xms512m -jar a.jar",
            "java",
            {"heap_max_bytes": 2 * GIB, "heap_initial_bytes": 512 * MIB},
        ),
        ("java -XX:MaxRAMPercentage=75.0 -jar a", "java", {"heap_max_fraction": 0.75}),
        ("node --max-old-space-size=4096 a.js", "node", {"heap_max_bytes": 4096 * MIB}),
        ("pm2-runtime -i 4 a.js", "pm2", {"workers": 4}),
        ("php-fpm8.2 -F", "php-fpm", {}),
        ("gunicorn -w many a:a", "gunicorn", {"workers": None}),
        ("gunicorn -w 999999 a:a", "gunicorn", {"workers": None}),
        ("nginx -g 'daemon off;'", "nginx", {}),
        ("./server", None, {}),
    ],
)
def test_settings_of_servers(text, server, fields):
    found = settings(text)
    assert found.server == server
    assert {name: getattr(found, name) for name in fields} == fields


@pytest.mark.parametrize(
    ("name", "value", "field", "expected"),
    [
        ("JAVA_TOOL_OPTIONS", "-Xmx300m -javaagent:/a.jar", "heap_max_bytes", 300 * MIB),
        ("_JAVA_OPTIONS", "-XX:MaxRAMPercentage=50", "heap_max_fraction", 0.5),
        ("NODE_OPTIONS", "--max_old_space_size=512", "heap_max_bytes", 512 * MIB),
        ("WEB_CONCURRENCY", "5", "workers", 5),
        ("RAILS_MAX_THREADS", "7", "threads", 7),
        ("DOTNET_GCHeapHardLimit", "0x10000000", "heap_max_bytes", 256 * MIB),
        ("DOTNET_GCHeapHardLimitPercent", "4B", "heap_max_fraction", 0.75),
        ("PM_MAX_CHILDREN", "20", "workers", 20),
        ("WEB_CONCURRENCY", "$(nproc)", "workers", None),
    ],
)
def test_settings_of_the_environment(name, value, field, expected):
    assert getattr(settings("", {name: value}), field) == expected


def test_only_variables_of_runtimes_are_kept():
    kept = runtime_environment(
        {
            "GOMEMLIMIT": "400MiB",
            "DB_PASSWORD": "hunter2",
            "JAVA_OPTS": "-Xmx1g -Ddb.password=hunter2 -javaagent:x",
            "NODE_OPTIONS": "--require ./secret.js",
            "WORKERS": "postgres://u:p@h/d",
        }
    )
    assert kept == {"GOMEMLIMIT": "400MiB", "JAVA_OPTS": "-Xmx1g"}


@given(st.lists(st.text("-wXmx=0123456789gGk$(){};&| ", max_size=12), max_size=12))
def test_any_words_are_read(texts):
    runtime_settings(start_words(tuple(texts), {"A": "b"}), {"JAVA_OPTS": " ".join(texts)})


DISPATCHER = """\
case "$1" in
  worker|mailer)
    exec celery -A shop worker
    ;;
  api) exec gunicorn shop:app ;;
  *)
    exec "$@"
    ;;
esac
"""


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("worker",), ("celery", "-A", "shop", "worker")),
        (("mailer",), ("celery", "-A", "shop", "worker")),
        (("api",), ("gunicorn", "shop:app")),
        (("python", "x.py"), ("python", "x.py")),
        ((), ("gunicorn", "shop:app")),
    ],
)
def test_the_argument_of_a_dispatching_script_chooses_the_program(arguments, words):
    assert script_start(DISPATCHER, arguments) == words


def test_a_dispatching_script_without_a_fitting_branch_goes_on_below():
    script = 'case "$1" in\n  seed) exec seed ;;\nesac\nexec gunicorn shop:app\n'
    assert script_start(script, ()) == ("gunicorn", "shop:app")
    assert script_start(script, ("other",)) == ("gunicorn", "shop:app")
