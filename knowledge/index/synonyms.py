"""Everyday words and short forms, and the words in which facts say the same.

Facts are written in the words of the field; who asks may say "processor" or "copies". The tables
are one way: the words of facts are on the left, what may be asked for them on the right. They hold
general language, not names of products: what a product is stands in ``glossary.yaml``.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import cache

from knowledge.index.numbers import in_digits

_SAID_FOR = """
autoscaler: scaler scalers
certificate: cert certs
cluster: farm fleet
concurrent: simultaneous simultaneously concurrently
connection: conn link
connections: conns links sockets
context: ctx
cpu: processor processors processing
database: db databank
default: unconfigured untouched
disk: drive drives ssd hdd
gb: gigabyte gigabytes gig gigs
gpu: accelerator accelerators
headroom: surplus slack leeway cushion
high availability: ha redundant redundancy resilient
ingest: intake incoming
latency: delay delays
limit: ceiling ceilings cap caps allowance
login: signin logon logins signins logons
mb: megabyte megabytes meg megs
memory: ram mem
message broker: mq
message: msg
messages: msgs
minimum: min least smallest tiniest
maximum: max highest biggest
nodes: machines computers boxes
oom: killed
page cache: pagecache
parameter: param
performance: perf
price: fee
prices: fees
production: prod
queries: lookups
replica: standby
replicas: copies standbys
replication: mirroring
request: reservation
requested: reserved promised earmarked
requests: reservations hits calls reqs req
series: timeseries
service: svc
spot: interruptible preemptible
startup: bootup warmup
tb: terabyte terabytes
throttled: slowed
throughput: thruput
tls: ssl encrypted encryption
unused: wasted
users: visitors customers people persons employees subscribers guests shoppers
utilisation: util
virtual user: vu
virtual users: vus
volume: pv pvc
workers: interpreters
"""
"""Put in the place of what is said, also in the text whose meaning is looked for."""

_HINTS_AT = """
autoscaling hpa vpa: autoscaler scaling scale scales scaled upscale downscale
availability disruption: drained drain drains draining maintenance upgrade upgraded upgrades
backup: restore snapshot
balancer proxy: lb balancing
batch job: nightly cron
broker queue: mq queueing messaging
concurrency concurrent: parallel parallelism
connection: session sessions
cost price usd: cost costs charge charged pay money dollar dollars cheap expensive bill
cpu core: vcpu vcpus cores cpus
decrease reduce: shrink shrinks drop drops lower lowered
evicted oom crash: kill kills killed dies died dying crash crashes crashed
event message log: event events record records journal
failover: fail fails failure outage
footprint rss resident usage: footprint consumption consumes consume occupies occupy takes
frontend web: tier website site page pages
garbage gc heap: gc collector
gateway ingress: edge entry entrance
headroom buffer overhead: spare margin padding headroom reserve extra excess free
heap: objects allocated
idle unused: idle sits
increase grow: grows growth rise rises raise raised
index shard: index indices indexes pieces
ingest write: write writes writing store stores
latency second: slow slower fast faster quick quickly speed tail
limit maximum: most upper bound bounded restrict restricts restricted throttle throttles
login authentication: auth authenticate identity
memory ram: exhausted leak
message topic: publish publishes publisher publishers subscribe
minimum small: tiny little smallest least floor
large maximum: big bigger largest huge biggest
node host server: host hosts server servers vm vms
oom memory limit: exceeds exceed exceeded
percentile p95: percentile quantile
persistence snapshot: persist persisted
process worker: process processes interpreter interpreters
query request: question questions query queries
replica replication: secondary follower slave primary mirror mirrored redundant
request reserve: reserve reserves asks guarantee guarantees guaranteed claim claims
request traffic: traffic load call calls hit
resources memory cpu: resource resources sizing size sized footprint
sample series: metric metrics sample samples
scrape: scraping polls
similarity vector embedding: vectors embeddings similarity nearest
sidecar proxy: helper
spans traces: trace traces tracing span
sql database: relational
startup start: start starts starting started launch launches
task job worker: task tasks job jobs
terminate shutdown: stop stops stopped
thread worker: thread threads
throughput second: throughput rate
token context: token tokens context window
user client: clients client user members
language model: llm llms
node host server: machine computer box
startup: boot
benchmark performance: perf benchmark
"""
"""Only looked for beside what is said: these words hint at each other, and mean more than one."""

_SHORT_FOR = """
activemq: amq
amazon eks: aws
azure aks: microsoft
clickhouse: ch
cockroachdb: crdb
elasticsearch: es
gke: google gcp
eks: amazon
kafka: kfk
keycloak: kc
kube-state-metrics: ksm
mssql: sqlserver
opentelemetry: otel
postgresql: pg psql pgsql
prometheus: prom
rabbitmq: rmq
text-embeddings-inference: tei
text-generation-inference: tgi
wordpress: wp
zookeeper: zk
"""
"""What products are called in a hurry."""

_PHRASES = tuple(
    (re.compile(rf"\b(?:{said})\b", re.IGNORECASE), meant)
    for said, meant in (
        (r"out of the box|left alone|when nothing (?:is|was) (?:set|configured)", "by default"),
        (r"unless (?:told|set|configured) otherwise|without (?:a|any) flags?", "by default"),
        (r"at once|at the same time|side by side|in parallel|all together|at a time", "concurrent"),
        (r"(?:every|each|a) second", "per second"),
        (r"hourly|(?:every|each|an) hour", "per hour"),
        (r"(?:every|each|a) day|daily", "per day"),
        (r"graphics cards?", "gpu"),
        (r"sql server", "mssql"),
        (r"half precision", "fp16 16 bit"),
        (r"name servers?", "dns"),
        (r"front end", "frontend"),
        (r"back end", "backend"),
        (r"set aside|put aside|asks? for|holds? back|keeps? back", "requests"),
        (r"run(?:s|ning)? out of (?:memory|ram)", "oom killed memory"),
        (r"how busy", "utilisation"),
        (r"(?:breathing|spare|extra|some) room|room to breathe", "headroom"),
        (r"warm(?:s|ing)? up|coming up|start(?:s|ing)? up", "startup"),
        (r"scal(?:e|es|ed|ing) (?:in|down)|removes? (?:replicas|pods|copies)", "downscale"),
        (r"scal(?:e|es|ed|ing) (?:out|up)|adds? (?:replicas|pods|copies)", "upscale"),
    )
)
_WORD = re.compile(r"[a-z0-9]+", re.IGNORECASE)
_ENDINGS = ("s", "es", "ed", "d", "ing")


def related(word: str) -> tuple[str, ...]:
    """Words of facts that may say what one word of a query says; empty for most words.

    >>> related("processor")[0]
    'cpu'
    """
    return _known(word, _related())


def in_field_words(text: str) -> str:
    """A query in the words that facts use, for the comparison of meanings.

    >>> in_field_words("processors for fifteen thousand visitors")
    'cpu for 15,000 users'
    """

    def field(found: re.Match[str]) -> str:
        return _said_for().get(found[0].lower(), found[0])

    return _WORD.sub(field, in_digits(in_phrases(text), ","))


def in_phrases(text: str) -> str:
    """The text with turns of several words replaced by what they mean."""
    for pattern, meant in _PHRASES:
        text = pattern.sub(meant, text)
    return text


def _known(word: str, table: Mapping[str, tuple[str, ...]]) -> tuple[str, ...]:
    """The entry of a word or, failing that, of the word without its ending."""
    if word in table:
        return table[word]
    stems = (word.removesuffix(ending) for ending in _ENDINGS if word.endswith(ending))
    return next((table[stem] for stem in stems if len(stem) > 2 and stem in table), ())


@cache
def _said_for() -> Mapping[str, str]:
    return {said: field for field, words in _rows(_SAID_FOR + _SHORT_FOR) for said in words}


@cache
def _related() -> Mapping[str, tuple[str, ...]]:
    table: dict[str, dict[str, None]] = {}
    for field, words in _rows(_SAID_FOR + _SHORT_FOR + _HINTS_AT):
        for said in words:
            row = table.setdefault(said, {})
            row.update(dict.fromkeys(part for part in re.split("[ -]", field) if part != said))
    return {said: tuple(row) for said, row in table.items() if row}


def _rows(table: str) -> list[tuple[str, list[str]]]:
    rows = (line.partition(":") for line in table.strip().splitlines())
    return [(field, said.split()) for field, _, said in rows]
