"""The words and numbers by which `dca.repository.roles` judges."""

from __future__ import annotations

from schemas.context import Role

FEW_ROUTES = 2
"""Beside the probes: a worker may have one route to be told something, and one to be asked."""
MODEL_ROUTES = 8
"""Predict, batch, models, health and the like; an application around a model has more."""
WEB_SERVERS = frozenset({"nginx", "apache-httpd", "caddy", "lighttpd", "static-web-server"})

LOAD = frozenset({"loadgen", "loadgenerator", "loadtest", "loadtester", "locust", "k6", "jmeter"})
WORKER = frozenset({"worker", "workers", "consumer", "consumers", "processor", "sidekiq", "celery",
                     "queue", "listener", "subscriber", "beat", "ingest", "indexer", "jobs",
                     "slackbot", "background", "dispatcher"})  # fmt: skip
BATCH = frozenset({"cron", "job", "cronjob", "migrate", "migration", "migrations",
                    "migrator", "seed", "backup", "batch", "etl", "cleanup", "backfill", "dump",
                    "import",
                    "importer"})  # fmt: skip
FRONTEND = frozenset({"frontend", "ui", "web", "webapp", "website", "client", "portal",
                       "dashboard", "console", "www", "spa", "storefront", "admin"})  # fmt: skip
GATEWAY = frozenset({"gateway", "proxy", "ingress", "revproxy", "router", "edge", "loadbalancer",
                      "redirect", "redirector", "apigateway", "egress"})  # fmt: skip
CONTROLLER = frozenset({"operator", "controller", "controllers", "reconciler", "webhook",
                         "injector", "autoscaler", "admission"})  # fmt: skip
OBSERVABILITY = frozenset({"exporter", "metrics", "monitoring", "telemetry", "otel", "collector",
                            "prometheus", "logging", "tracing", "fluentd"})  # fmt: skip
API = frozenset(
    {"api", "backend", "server", "service", "svc", "rest", "graphql", "bff", "apiserver"}
)
INFERENCE = frozenset({"inference", "model", "models", "llm", "embedding", "embeddings",
                        "predictor", "serving", "transcription"})  # fmt: skip
SITE_NAMES = frozenset({"frontend", "ui", "webapp", "website", "storefront", "spa", "www"})
PROBES = frozenset({"health", "healthz", "healthcheck", "ready", "readyz", "readiness",
                     "live", "livez", "liveness", "alive", "isalive", "isready",
                     "metrics", "ping", "version", "info", "status", "gtg",
                     "prometheus"})  # fmt: skip
"""Last words of the paths that every service answers."""
SCRIPTS = frozenset({"Python", "JavaScript", "TypeScript", "Ruby", "Perl"})
RENDERING = frozenset({"Ruby on Rails", "Hanami", "Django", "Laravel", "Symfony", "Phoenix"})
"""They render the template that is called like the action: no call in the code says so."""
OPERATOR_FRAMEWORKS = frozenset(
    {"controller-runtime", "Operator SDK", "Kopf", "Java Operator SDK", "KubeOps"}
)
BATCH_FOLDERS = frozenset({"jobs", "job", "cron", "cronjobs", "batch", "batches"})
GATEWAY_NAMES = frozenset({"gateway", "api-gateway", "apigateway"})
BOTS = frozenset({"bot", "bots", "traffic", "simulator", "simulators", "robot", "shopper"})
"""Names of programs that play the users of others."""
CHAT_LIBRARIES = ("slack", "discord", "telegram", "python-telegram", "aiogram", "@slack/",
                   "botbuilder", "github.com/slack-go/", "github.com/bwmarrin/",
                   "github.com/go-telegram", "matrix-", "mattermost")  # fmt: skip
INTERPRETERS = frozenset({"python", "python3", "node", "nodejs", "ruby", "php", "bun", "deno",
                           "tsx", "ts-node", "dotnet", "perl", "sh", "bash"})  # fmt: skip
TASK_RUNNERS = frozenset({"rake", "rails", "artisan", "manage.py", "console", "mix", "flask",
                           "alembic", "prisma", "knex", "typeorm", "flyway", "liquibase", "dbmate",
                           "goose", "sequelize", "sequelize-cli", "django-admin"})  # fmt: skip
"""They run an application's tasks, and some of them also serve it."""
SERVING_TASKS = frozenset({"server", "s", "serve", "runserver", "run", "phx.server", "start",
                            "octane:start", "octane:frankenphp", "runserver_plus"})  # fmt: skip
QUEUE_TASKS = frozenset({"work", "worker", "workers", "queue", "consume", "consumer", "horizon",
                          "rqworker", "qcluster", "celery", "jobs", "process"})  # fmt: skip
QUEUE_ENTRIES = frozenset({"worker", "workers", "consumer", "consumers", "listener", "subscriber"})
MIGRATIONS = frozenset({"migrate", "migration", "migrations", "migrator", "upgrade", "backfill",
                         "seed", "importer", "collectstatic", "loaddata"})  # fmt: skip
"""What is done once, before or beside the service."""
HTTP_SERVERS = frozenset({"gunicorn", "uvicorn", "hypercorn", "daphne", "waitress-serve", "granian",
                           "puma", "unicorn", "uwsgi"})  # fmt: skip
FILE_SERVERS = frozenset({"http-server", "serve", "static-web-server", "live-server", "sirv",
                           "http.server"})  # fmt: skip
AUTH_NAMES = frozenset({"auth", "sso", "identity", "idp", "oauth", "oauth2", "oidc", "saml"})
API_NAMES = frozenset({"api", "apiserver"})
"""An API in front of Kubernetes uses the libraries of a controller."""
KUBERNETES = ("k8s.io/", "sigs.k8s.io/", "kube", "kopf", "@kubernetes/", "io.fabric8:",
               "io.javaoperatorsdk:", "io.kubernetes:", "kubernetes")  # fmt: skip
TELLING = frozenset({Role.OBSERVABILITY, Role.CONTROLLER, Role.GATEWAY_PROXY})
MODEL_LIBRARIES = frozenset(
    {"torch", "tensorflow", "tensorflow-cpu", "transformers", "sentence-transformers", "spacy",
     "vllm", "onnxruntime", "keras", "faster-whisper", "openai-whisper", "llama-cpp-python",
     "diffusers", "ctranslate2", "flair", "stanza", "presidio-analyzer", "easyocr",
     "torchserve", "bentoml"}
)  # fmt: skip
