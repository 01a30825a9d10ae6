"""Where well-known products listen and keep their data: facts of their images, not figures."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Listening:
    """Port and data directory of a product's usual image."""

    port: int
    data: str = "/data"


PRODUCTS: dict[str, Listening] = {
    "postgresql": Listening(5432, "/var/lib/postgresql/data"),
    "timescaledb": Listening(5432, "/var/lib/postgresql/data"),
    "pgvector": Listening(5432, "/var/lib/postgresql/data"),
    "mysql": Listening(3306, "/var/lib/mysql"),
    "mariadb": Listening(3306, "/var/lib/mysql"),
    "mssql": Listening(1433, "/var/opt/mssql"),
    "cockroachdb": Listening(26257, "/cockroach/cockroach-data"),
    "clickhouse": Listening(8123, "/var/lib/clickhouse"),
    "mongodb": Listening(27017, "/data/db"),
    "cassandra": Listening(9042, "/var/lib/cassandra"),
    "scylladb": Listening(9042, "/var/lib/scylla"),
    "neo4j": Listening(7687, "/data"),
    "influxdb": Listening(8086, "/var/lib/influxdb2"),
    "redis": Listening(6379, "/data"),
    "valkey": Listening(6379, "/data"),
    "memcached": Listening(11211),
    "kafka": Listening(9092, "/var/lib/kafka/data"),
    "zookeeper": Listening(2181, "/data"),
    "rabbitmq": Listening(5672, "/var/lib/rabbitmq"),
    "nats": Listening(4222, "/data"),
    "elasticsearch": Listening(9200, "/usr/share/elasticsearch/data"),
    "opensearch": Listening(9200, "/usr/share/opensearch/data"),
    "meilisearch": Listening(7700, "/meili_data"),
    "qdrant": Listening(6333, "/qdrant/storage"),
    "weaviate": Listening(8080, "/var/lib/weaviate"),
    "milvus": Listening(19530, "/var/lib/milvus"),
    "chroma": Listening(8000, "/data"),
    "minio": Listening(9000, "/data"),
    "etcd": Listening(2379, "/etcd-data"),
    "consul": Listening(8500, "/consul/data"),
    "vault": Listening(8200, "/vault/data"),
    "prometheus": Listening(9090, "/prometheus"),
    "grafana": Listening(3000, "/var/lib/grafana"),
    "keycloak": Listening(8080),
    "ollama": Listening(11434, "/root/.ollama"),
}
