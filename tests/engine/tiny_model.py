"""A language model of 0.4 MB with random weights: as bad as a model can be, and yet a real one.

    path = tiny_model()

It has what the inference engine asks of a file: an architecture, a byte-level vocabulary and
weights. The vocabulary is trained on English (the topics of Python's own help), so that what the
model says is made of pieces of words. The weights come from a fixed seed: the file is the same
wherever it is made with the same versions of Python, numpy, gguf and tokenizers.
"""

import hashlib
import os
import sys
from importlib.metadata import version
from pathlib import Path

import numpy as np

SEED = 20240229
VOCABULARY_TOKENS = 1024
CONTEXT_TOKENS = 32_768
END_OF_TEXT = "<|end|>"
_TRAINING_CHARACTERS = 300_000
_NO_TOKEN = b"\xc0\xc1\xe0\xed" + bytes(range(0xF0, 0x100))
"""Bytes that begin no character or also begin what is none (overlong forms, surrogates): the engine
counts such a form as one character, its readers as several. Of an emoji three bytes are read."""
_WIDTH, _HEADS, _LAYERS, _FORWARD = 32, 2, 2, 64
_LAST_LAYER_SPREAD = 0.35
"""Standard deviation of the output weights. The scores before the softmax then differ by about two:
some tokens are likelier than others, none is out of reach."""


def tiny_model(directory: Path | None = None) -> Path:
    """The model's file, made when it is not there yet.

    Args:
        directory: Where it is kept; ``.bench`` in the checkout when absent.
    """
    directory = directory or Path(__file__).resolve().parents[2] / ".bench"
    directory.mkdir(exist_ok=True)
    path = directory / f"tiny-{_recipe()}.gguf"
    if not path.exists():
        # Several test processes may find it missing at once; each renames a whole file into place.
        unfinished = path.with_suffix(f".{os.getpid()}")
        _write(unfinished)
        unfinished.replace(path)
    return path


def _recipe() -> str:
    """Changes when the file would."""
    parts = [Path(__file__).read_text(), sys.version, np.__version__]
    parts += [version("tokenizers"), version("gguf")]
    return hashlib.sha256("\0".join(parts).encode()).hexdigest()[:12]


def _write(path: Path) -> None:
    from gguf import GGUFWriter

    tokens, merges = _vocabulary()
    writer = GGUFWriter(path, "llama")
    writer.add_name("tiny")
    writer.add_context_length(CONTEXT_TOKENS)
    writer.add_embedding_length(_WIDTH)
    writer.add_block_count(_LAYERS)
    writer.add_feed_forward_length(_FORWARD)
    writer.add_head_count(_HEADS)
    writer.add_head_count_kv(_HEADS)
    writer.add_layer_norm_rms_eps(1e-5)
    writer.add_rope_dimension_count(_WIDTH // _HEADS)
    writer.add_vocab_size(len(tokens))
    _add_vocabulary(writer, tokens, merges)
    for name, values in _weights(len(tokens)):
        writer.add_tensor(name, values)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()


def _vocabulary() -> tuple[list[str], list[str]]:
    """Tokens in the order of their numbers, and the merges that make them."""
    import json
    from pydoc_data.topics import topics

    from tokenizers import Tokenizer
    from tokenizers.models import BPE
    from tokenizers.pre_tokenizers import ByteLevel
    from tokenizers.trainers import BpeTrainer

    tokenizer = Tokenizer(BPE())
    tokenizer.pre_tokenizer = ByteLevel(add_prefix_space=False)
    trainer = BpeTrainer(
        vocab_size=VOCABULARY_TOKENS,
        special_tokens=[END_OF_TEXT],
        initial_alphabet=_alphabet(),
        show_progress=False,
    )
    text = "\n".join(topics[name] for name in sorted(topics))[:_TRAINING_CHARACTERS]
    tokenizer.train_from_iterator(text.splitlines(keepends=True), trainer)
    numbers = tokenizer.get_vocab()
    merges = json.loads(tokenizer.to_str())["model"]["merges"]
    return sorted(numbers, key=numbers.__getitem__), [" ".join(pair) for pair in merges]


def _alphabet() -> list[str]:
    """The bytes that are tokens, as the characters that stand for them."""
    from tokenizers.pre_tokenizers import ByteLevel

    # Those from 0x80 on stand for themselves but for 34 of them, none of which is left out here.
    left_out = {chr(byte) for byte in _NO_TOKEN}
    return sorted(set(ByteLevel.alphabet()) - left_out)


def _add_vocabulary(writer, tokens, merges):
    from gguf import TokenType

    end = tokens.index(END_OF_TEXT)
    kinds = [TokenType.CONTROL if token == END_OF_TEXT else TokenType.NORMAL for token in tokens]
    writer.add_tokenizer_model("gpt2")
    writer.add_tokenizer_pre("gpt-2")
    writer.add_token_list(tokens)
    writer.add_token_types(kinds)
    writer.add_token_merges(merges)
    writer.add_bos_token_id(end)
    writer.add_eos_token_id(end)
    writer.add_add_bos_token(True)


def _weights(tokens):
    """Name and values of every tensor; shapes (outputs, inputs)."""
    draw = np.random.default_rng(SEED)

    def random(*shape, spread=1.0):
        return draw.normal(0.0, spread, shape).astype(np.float32)

    ones = np.ones(_WIDTH, np.float32)
    yield "token_embd.weight", random(tokens, _WIDTH)
    for layer in range(_LAYERS):
        block = f"blk.{layer}"
        yield f"{block}.attn_norm.weight", ones
        yield f"{block}.ffn_norm.weight", ones
        for name in ("attn_q", "attn_k", "attn_v", "attn_output"):
            yield f"{block}.{name}.weight", random(_WIDTH, _WIDTH, spread=_WIDTH**-0.5)
        for name in ("ffn_gate", "ffn_up"):
            yield f"{block}.{name}.weight", random(_FORWARD, _WIDTH, spread=_WIDTH**-0.5)
        yield f"{block}.ffn_down.weight", random(_WIDTH, _FORWARD, spread=_FORWARD**-0.5)
    yield "output_norm.weight", ones
    yield "output.weight", random(tokens, _WIDTH, spread=_LAST_LAYER_SPREAD)
