"""Libraries that decide a size, by the group whose figure they share."""

from __future__ import annotations

import re
from collections.abc import Iterable

_GROUPS: dict[str, frozenset[str]] = {
    "torch": frozenset(
        {
            "tch",
            "candle-core",
            "ai.djl",
            "nx",
            "torchserve",
            "torch",
            "pytorch",
            "torchvision",
            "torchaudio",
            "lightning",
        }
    ),
    "tensorflow": frozenset(
        {
            "org.tensorflow",
            "tfjs-node",
            "tensorflow",
            "keras",
            "jax",
            "tensorflow-cpu",
            "paddlepaddle",
        }
    ),
    "onnxruntime": frozenset(
        {
            "com.microsoft.onnxruntime",
            "ort",
            "onnxruntime",
            "onnxruntime-node",
            "onnxruntime-gpu",
            "openvino",
        }
    ),
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
        | {
            "bumblebee",
            "microsoft.ml",
            "accelerate",
            "vllm",
            "fastembed",
            "easyocr",
            "detectron2",
            "stanza",
            "setfit",
        }
    ),
    "spacy": frozenset({"spacy", "en-core-web-lg", "presidio-analyzer", "presidio-image-redactor"}),
    "dataframe": frozenset(
        {
            "pandas",
            "polars",
            "explorer",
            "datafusion",
            "distributed",
            "pyarrow",
            "dask",
            "datasets",
            "geopandas",
            "vaex",
            "modin",
            "arrow",
        }
    ),
    "numeric": frozenset(
        {"numpy", "scipy", "scikit-learn", "sklearn", "xgboost", "lightgbm", "statsmodels", "numba"}
        | {"catboost", "prophet", "networkx"}
    ),
    "duckdb": frozenset({"go-duckdb", "duckdb", "chdb", "@duckdb/node-api"}),
    "vision": frozenset(
        {"opencv-python", "opencv-python-headless", "pillow", "sharp", "libvips", "pyvips"}
        | {"canvas", "jimp", "skiasharp", "magick.net-q16-anycpu", "rmagick", "image_processing"}
        | {"ext-imagick", "intervention/image", "opencv", "opencv4", "bimg", "govips"}
        | {
            "org.bytedeco",
            "imagemagick",
            "mini_magick",
            "ruby-vips",
            "imagesharp",
            "sixlabors.imagesharp",
        }
    ),
    "ocr": frozenset({"pytesseract", "tesseract", "tesseract.js", "paddleocr", "tess4j"}),
    "browser": frozenset(
        {
            "puppeteer-core",
            "playwright-core",
            "chrome-aws-lambda",
            "headless_chrome",
            "puppeteer",
            "playwright",
            "chromium",
            "selenium",
            "grover",
            "ferrum",
            "chromedp",
        }
        | {"puppeteersharp", "pyppeteer", "microsoft.playwright", "k6-browser"}
    ),
    "agents": frozenset(
        {"langchain", "langgraph", "llama-index", "litellm", "autogen", "crewai", "google-adk"}
        | {"haystack-ai", "semantic-kernel", "dspy", "langchain-core", "langchain-community"}
    ),
    "spark": frozenset({"org.apache.spark", "pyspark", "spark-core", "spark-sql"}),
    "streams": frozenset(
        {
            "kafka-streams",
            "org.apache.flink",
            "flink",
            "beam",
            "org.rocksdb",
            "apache-beam",
            "faust",
            "rocksdb",
        }
    ),
    "media": frozenset(
        {"moviepy", "ffmpeg-python", "fluent-ffmpeg", "av", "librosa", "pydub", "membrane_core"}
    ),
    "documents": frozenset(
        {
            "pymupdf",
            "pdf-lib",
            "exceljs",
            "xlsx",
            "org.apache.poi",
            "org.apache.pdfbox",
            "closedxml",
        }
        | {"epplus", "questpdf", "caxlsx", "roo", "prawn", "phpspreadsheet", "dompdf", "openpyxl"}
        | {"net.sf.jasperreports", "com.openhtmltopdf", "typst"}
    ),
    "cache": frozenset(
        {"com.github.ben-manes.caffeine", "org.ehcache", "spring-boot-starter-cache", "ristretto"}
        | {"bigcache", "freecache", "cachex", "con_cache", "com.hazelcast", "org.infinispan"}
        | {"org.apache.ignite"}
    ),
    "index": frozenset(
        {"org.apache.lucene", "bleve", "tantivy", "faiss-cpu", "faiss", "hnswlib", "chromadb"}
        | {"gensim", "fasttext", "nltk"}
    ),
    "geo": frozenset({"rasterio", "gdal", "geotools", "org.geotools"}),
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
    owner = lowered.split(":")[0]
    without_scala = re.sub(r"_2\.1\d$", "", last)
    return {lowered, last, last.replace("_", "-"), owner, without_scala}
