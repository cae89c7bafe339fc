"""Makes tests/data/tiny_gguf: a GGUF file whose matrices are in every block format, and the logits it must give.

    pip install gguf numpy && python tools/make_gguf_golden.py

The model is a Llama of two layers with random weights. Formats that the package `gguf` can write are quantised by it;
blocks of the others are random bytes with scales of a sensible size, which is as good: what counts is what they say
when they are read, and that is the package's reading. Logits are computed from those values in float64.
"""

import json
import pathlib

import gguf
import numpy as np
from gguf import GGMLQuantizationType as T

WIDTH, INNER, HEADS, KV_HEADS, HEAD, VOCABULARY, LAYERS = 256, 256, 4, 2, 32, 96, 2
EPSILON, BASE = 1e-5, 10000.0
FORMATS = [
    {"attn_q": T.Q4_K, "attn_k": T.Q6_K, "attn_v": T.Q5_K, "attn_output": T.Q5_1, "ffn_gate": T.Q2_K, "ffn_up": T.Q3_K,
     "ffn_down": T.IQ4_XS},
    {"attn_q": T.Q4_0, "attn_k": T.Q4_1, "attn_v": T.Q5_0, "attn_output": T.Q8_0, "ffn_gate": T.IQ4_NL,
     "ffn_up": T.MXFP4, "ffn_down": T.Q5_0},
]
rng = np.random.default_rng(20)


def half(x):
    return np.float16(x).tobytes()


def random_blocks(kind, rows, columns):
    """Blocks of random bytes; their scales are such that weights are about .06 in size."""
    values, size = gguf.GGML_QUANT_SIZES[kind]
    # Where the float16 scales of a block lie, and a size that suits what they are multiplied with.
    scales = {T.Q4_K: {0: 2e-4, 2: 1.5e-3}, T.Q5_K: {0: 1e-4, 2: 1.5e-3}, T.Q2_K: {80: 4e-3, 82: 5e-3},
              T.Q3_K: {108: 1e-3}, T.Q6_K: {208: 3e-5}, T.IQ4_XS: {0: 4e-5}, T.IQ4_NL: {0: 1e-3}, T.MXFP4: {}}[kind]
    blocks = rng.integers(0, 256, (rows * columns // values, size), dtype=np.uint8)
    for block in blocks:
        for at, scale in scales.items():
            block[at:at + 2] = np.frombuffer(half(scale * rng.uniform(.5, 1)), np.uint8)
        if kind == T.MXFP4:
            block[0] = rng.integers(118, 122)  # a power of two: 2^-9 to 2^-6
    return blocks.reshape(rows, -1)


def matrix(kind, rows, columns):
    """The bytes of a matrix, and its values in float64."""
    if kind in (T.Q4_0, T.Q4_1, T.Q5_0, T.Q5_1, T.Q8_0, T.BF16, T.F16, T.F32):
        values = rng.normal(0, .06, (rows, columns)).astype(np.float32)
        data = gguf.quants.quantize(values, kind)
    else:
        data = random_blocks(kind, rows, columns)
    return data, gguf.quants.dequantize(data, kind).astype(np.float64).reshape(rows, columns)


def norm(x, weight):
    return x / np.sqrt((x * x).mean(-1, keepdims=True) + EPSILON) * weight


def turn(x):
    """Rotates neighbouring pairs, as files of architecture `llama` have them: [tokens, heads, HEAD]."""
    angles = np.arange(len(x))[:, None] * BASE ** (-np.arange(0, HEAD, 2) / HEAD)
    cos, sin = np.cos(angles)[:, None], np.sin(angles)[:, None]
    out = np.empty_like(x)
    out[..., ::2] = x[..., ::2] * cos - x[..., 1::2] * sin
    out[..., 1::2] = x[..., ::2] * sin + x[..., 1::2] * cos
    return out


def logits(ids, w):
    x, tokens = w["token_embd"][ids], len(ids)
    mask = np.triu(np.full((tokens, tokens), -np.inf), 1)
    for i in range(LAYERS):
        of = lambda name: w[f"blk.{i}.{name}"]
        h = norm(x, of("attn_norm"))
        q = turn((h @ of("attn_q").T).reshape(tokens, HEADS, HEAD))
        k = turn((h @ of("attn_k").T).reshape(tokens, KV_HEADS, HEAD)).repeat(HEADS // KV_HEADS, 1)
        v = (h @ of("attn_v").T).reshape(tokens, KV_HEADS, HEAD).repeat(HEADS // KV_HEADS, 1)
        scores = np.einsum("qhd,khd->hqk", q, k) / np.sqrt(HEAD) + mask
        share = np.exp(scores - scores.max(-1, keepdims=True))
        share /= share.sum(-1, keepdims=True)
        x = x + np.einsum("hqk,khd->qhd", share, v).reshape(tokens, -1) @ of("attn_output").T
        h = norm(x, of("ffn_norm"))
        gate = h @ of("ffn_gate").T
        x = x + (gate / (1 + np.exp(-gate)) * (h @ of("ffn_up").T)) @ of("ffn_down").T
    return norm(x, w["output_norm"]) @ w["output"].T


def main():
    folder = pathlib.Path(__file__).parent.parent / "tests" / "data" / "tiny_gguf"
    folder.mkdir(exist_ok=True)
    writer = gguf.GGUFWriter(folder / "model.gguf", "llama")
    writer.add_name("every format")
    writer.add_context_length(128)
    writer.add_embedding_length(WIDTH)
    writer.add_block_count(LAYERS)
    writer.add_feed_forward_length(INNER)
    writer.add_head_count(HEADS)
    writer.add_head_count_kv(KV_HEADS)
    writer.add_key_length(HEAD)
    writer.add_value_length(HEAD)
    writer.add_rope_dimension_count(HEAD)
    writer.add_rope_freq_base(BASE)
    writer.add_layer_norm_rms_eps(EPSILON)
    writer.add_vocab_size(VOCABULARY)
    w = {}

    def add(name, kind, rows, columns):
        data, w[name] = matrix(kind, rows, columns)
        writer.add_tensor(f"{name}.weight", data, raw_dtype=kind)

    def add_norm(name):
        values = rng.uniform(.5, 1.5, WIDTH).astype(np.float32)
        w[name] = values.astype(np.float64)
        writer.add_tensor(f"{name}.weight", values)

    add("token_embd", T.F16, VOCABULARY, WIDTH)
    for i, kinds in enumerate(FORMATS):
        shapes = {"attn_q": (HEADS * HEAD, WIDTH), "attn_k": (KV_HEADS * HEAD, WIDTH), "attn_v": (KV_HEADS * HEAD, WIDTH),
                  "attn_output": (WIDTH, HEADS * HEAD), "ffn_gate": (INNER, WIDTH), "ffn_up": (INNER, WIDTH),
                  "ffn_down": (WIDTH, INNER)}
        for name, kind in kinds.items():
            add(f"blk.{i}.{name}", kind, *shapes[name])
        add_norm(f"blk.{i}.attn_norm")
        add_norm(f"blk.{i}.ffn_norm")
    add_norm("output_norm")
    add("output", T.BF16, VOCABULARY, WIDTH)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()

    ids = rng.integers(0, VOCABULARY, 24)
    want = logits(ids, w)
    np.save(folder / "logits.npy", want.astype(np.float32))
    ordered = np.sort(want, -1)
    (folder / "expected.json").write_text(json.dumps(
        {"ids": ids.tolist(), "deviation": round(float(want.std()), 6),
         "smallest_lead": round(float((ordered[:, -1] - ordered[:, -2]).min()), 6)}) + "\n")
    print({name: round(float(x.std()), 4) for name, x in w.items()}, want.std())


main()
