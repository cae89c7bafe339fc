"""Makes tests/data/tiny_decoders: a decoder of each family with random weights, and the logits it must give.

    pip install torch transformers && python tools/make_decoder_golden.py

Weights are bfloat16; logits are those of the published program (transformers) in float32, for a prompt that is longer
than every window. Norms are random too, so that one that is left out or shifted shows.
"""

import json
import pathlib
import shutil

import torch
import transformers as t

SIZES = dict(vocab_size=64, hidden_size=32, intermediate_size=48, num_hidden_layers=4, num_attention_heads=2,
             num_key_value_heads=1, max_position_embeddings=128, pad_token_id=0, bos_token_id=1, eos_token_id=2)
LLAMA3 = dict(rope_type="llama3", rope_theta=10000.0, factor=4.0, low_freq_factor=1.0, high_freq_factor=4.0,
              original_max_position_embeddings=16)
LONG = dict(rope_type="longrope", rope_theta=10000.0, short_factor=[1.0, 1.1, 1.2, 1.3, 1.4, 1.5, 1.6, 1.7],
            long_factor=[1.0, 1.5, 2.0, 2.5, 3.0, 3.5, 4.0, 4.5])
WINDOW = ["sliding_attention", "full_attention"] * 2
FAMILIES = {
    "llama": t.LlamaConfig(**SIZES, rope_parameters=LLAMA3, tie_word_embeddings=True),
    "mistral": t.MistralConfig(**SIZES, sliding_window=8, head_dim=16),
    "qwen2": t.Qwen2Config(**SIZES, use_sliding_window=True, sliding_window=8, max_window_layers=2),
    "qwen3": t.Qwen3Config(**SIZES, head_dim=24),
    "qwen3_moe": t.Qwen3MoeConfig(**SIZES, head_dim=16, moe_intermediate_size=24, num_experts=4, num_experts_per_tok=2,
                                  norm_topk_prob=True, decoder_sparse_step=1),
    "gemma2": t.Gemma2Config(**SIZES, head_dim=16, query_pre_attn_scalar=24, sliding_window=8),
    "gemma3": t.Gemma3TextConfig(**SIZES, head_dim=16, query_pre_attn_scalar=16, sliding_window=8, layer_types=WINDOW),
    "phi3": t.Phi3Config(**SIZES, original_max_position_embeddings=12, rope_parameters=LONG),
    "exaone4": t.Exaone4Config(**SIZES, head_dim=16, sliding_window=8, layer_types=WINDOW),
    "smollm3": t.SmolLM3Config(**SIZES),
}


def randomise(model):
    for name, weight in model.named_parameters():
        if weight.dim() > 1:
            torch.nn.init.normal_(weight, 0, .15)
        elif "bias" in name:
            torch.nn.init.normal_(weight, 0, .1)
        else:
            torch.nn.init.normal_(weight, float(weight.detach().mean()), .2)
        weight.data = weight.data.bfloat16().to(weight.dtype)


def main():
    out = pathlib.Path(__file__).parent.parent / "tests" / "data" / "tiny_decoders"
    shutil.rmtree(out, ignore_errors=True)
    for seed, (name, config) in enumerate(FAMILIES.items()):
        torch.manual_seed(seed)
        config._attn_implementation = "eager"
        model = t.AutoModelForCausalLM.from_config(config, dtype=torch.float32).eval()
        randomise(model)
        ids = torch.randint(3, SIZES["vocab_size"], (1, 24))
        with torch.no_grad():
            logits = model(ids).logits[0]
        folder = out / name
        model.bfloat16().save_pretrained(folder)
        (folder / "generation_config.json").unlink(missing_ok=True)
        (folder / "expected.json").write_text(json.dumps(
            {"ids": ids[0].tolist(), "logits": [[round(float(x), 6) for x in row] for row in logits[-8:]]}) + "\n")
        print(name, sum(p.numel() for p in model.parameters()), float(logits.std()))


main()
