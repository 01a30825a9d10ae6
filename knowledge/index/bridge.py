"""Our embedders, as LlamaIndex takes them. Imports LlamaIndex: only a build comes here."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from llama_index.core import StorageContext, VectorStoreIndex
from llama_index.core.base.embeddings.base import BaseEmbedding
from llama_index.core.schema import TextNode
from llama_index.vector_stores.chroma import ChromaVectorStore
from pydantic import PrivateAttr

from schemas.ports import Embedder

if TYPE_CHECKING:
    from chromadb.api.models.Collection import Collection

BATCH = 64
"""Facts per call, and per step of the progress bar; half a second's work."""

Vector = Sequence[float]
Done = Callable[[int], None]


class BridgedEmbedding(BaseEmbedding):
    """A `schemas.ports.Embedder` as LlamaIndex's `BaseEmbedding`."""

    _embedder: Embedder = PrivateAttr()
    _done: Done = PrivateAttr()

    def __init__(self, embedder: Embedder, done: Done) -> None:
        super().__init__(model_name=embedder.name, embed_batch_size=BATCH)
        self._embedder = embedder
        self._done = done

    def _get_text_embeddings(self, texts: list[str]) -> list[list[float]]:
        vectors = [list(vector) for vector in self._embedder.embed(texts)]
        self._done(len(texts))
        return vectors

    def _get_text_embedding(self, text: str) -> list[float]:
        return self._get_text_embeddings([text])[0]

    def _get_query_embedding(self, query: str) -> list[float]:
        return list(self._embedder.embed([query])[0])

    async def _aget_query_embedding(self, query: str) -> list[float]:
        return self._get_query_embedding(query)


def fill_collection(
    collection: Collection, nodes: Sequence[TextNode], embedder: Embedder, done: Done
) -> None:
    """Embed the nodes that have no vector yet, and store all of them.

    Args:
        collection: Empty: Chroma silently ignores an id that it has already.
        nodes: One per fact.
        embedder: Of the collection's vector space.
        done: Is told how many more have been embedded.
    """
    store = ChromaVectorStore(chroma_collection=collection)
    VectorStoreIndex(
        nodes=list(nodes),
        storage_context=StorageContext.from_defaults(vector_store=store),
        embed_model=BridgedEmbedding(embedder, done),
    )


def node_of(
    id_: str, text: str, metadata: dict[str, str], vector: Vector | None = None
) -> TextNode:
    """A fact as a node; its metadata is stored, but neither embedded nor shown to a model."""
    return TextNode(
        id_=id_,
        text=text,
        metadata=metadata,
        excluded_embed_metadata_keys=list(metadata),
        excluded_llm_metadata_keys=list(metadata),
        embedding=None if vector is None else list(vector),
    )
