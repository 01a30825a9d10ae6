"""Libraries that decide a size, by the group whose figure they share."""

from __future__ import annotations

import re
from collections.abc import Iterable

_GROUPS: dict[str, frozenset[str]] = {
    "torch": frozenset({"torch", "pytorch", "torchvision", "torchaudio", "lightning"}),
    "tensorflow": frozenset({"tensorflow", "keras", "jax", "tensorflow-cpu", "paddlepaddle"}),
    "onnxruntime": frozenset({"onnxruntime", "onnxruntime-node", "onnxruntime-gpu", "openvino"}),
    "model": frozenset(
        {"transformers", "sentence-transformers", "flair", "fastai", "whisper", "openai-whisper"}
        | {
            "faster-whisper",
            "diffusers",
            "ultralytics",
            "ctranslate2",
            "llama-cpp-python",
            "gliner",
        }
        | {"fastembed", "easyocr", "detectron2", "stanza", "setfit"}
    ),
    "spacy": frozenset({"spacy", "en-core-web-lg", "presidio-analyzer"}),
    "dataframe": frozenset(
        {"pandas", "polars", "pyarrow", "dask", "datasets", "geopandas", "vaex", "modin", "arrow"}
    ),
    "numeric": frozenset(
        {"numpy", "scipy", "scikit-learn", "sklearn", "xgboost", "lightgbm", "statsmodels", "numba"}
    ),
    "duckdb": frozenset({"duckdb", "chdb", "@duckdb/node-api"}),
    "vision": frozenset(
        {"opencv-python", "opencv-python-headless", "pillow", "sharp", "libvips", "pyvips"}
        | {"imagemagick", "mini_magick", "ruby-vips", "imagesharp", "sixlabors.imagesharp"}
    ),
    "ocr": frozenset({"pytesseract", "tesseract", "tesseract.js", "paddleocr", "tess4j"}),
    "browser": frozenset(
        {"puppeteer", "playwright", "chromium", "selenium", "grover", "ferrum", "chromedp"}
        | {"puppeteersharp", "pyppeteer", "microsoft.playwright", "k6-browser"}
    ),
    "agents": frozenset(
        {"langchain", "langgraph", "llama-index", "litellm", "autogen", "crewai", "google-adk"}
        | {"haystack-ai", "semantic-kernel", "dspy", "langchain-core", "langchain-community"}
    ),
    "spark": frozenset({"pyspark", "spark-core", "spark-sql"}),
    "streams": frozenset({"kafka-streams", "flink", "beam", "apache-beam", "faust", "rocksdb"}),
    "kafka": frozenset(
        {"kafka-clients", "confluent-kafka", "kafka-python", "aiokafka", "spring-kafka", "kafkajs"}
        | {"sarama", "franz-go", "kafka-go", "ruby-kafka", "rdkafka", "confluent.kafka"}
        | {"confluent-kafka-go", "karafka", "node-rdkafka", "brod", "kaffe", "broadway_kafka"}
    ),
    "office": frozenset(
        {"libreoffice", "wkhtmltopdf", "wicked_pdf", "pdfkit", "weasyprint", "unoserver"}
        | {"ghostscript", "openhtmltopdf", "jodconverter", "tika", "unstructured", "docling"}
    ),
}
MODEL_GROUPS = frozenset({"model", "spacy"})
"""Groups whose figure already holds the weights of a model."""
COMPUTE_GROUPS = frozenset({"model", "spacy", "torch", "tensorflow", "onnxruntime"})
"""Groups that compute on all cores."""

_GROUP_OF = {name: group for group, names in _GROUPS.items() for name in names}


def groups(libraries: Iterable[str]) -> tuple[str, ...]:
    """Groups of the given dependencies, each once, sorted.

    A dependency is taken by its name, or by the last part of a path or coordinate:
    ``org.apache.kafka:kafka-clients``, ``github.com/IBM/sarama``.
    """
    found = {
        _GROUP_OF[name] for library in libraries for name in _names(library) if name in _GROUP_OF
    }
    return tuple(sorted(found))


def _names(library: str) -> set[str]:
    lowered = library.strip().lower()
    last = re.split(r"[/:]", re.sub(r"/v\d+$", "", lowered))[-1]
    return {lowered, last, last.replace("_", "-")}
