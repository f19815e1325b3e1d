"""Makes the tiny checkpoints of models/src/test/resources/checkpoints and what transformers says to them.

Run: python models/src/test/python/make_fixtures.py [NAME...]  (torch 2.13, transformers 5.18; seeded)

Each folder holds a Hugging Face checkpoint with random weights, expected.json (prompt, 64 greedy tokens) and
expected/model.safetensors (float32 logits after every token of prompt and completion). Weights are drawn so that bugs
show: norms and biases are far from 1 and 0, matrices are more than three times as large as transformers starts them,
prompts reach past the sliding window and past the length the rope was trained for.

Where rope depends on the length of a sequence (dynamic, longrope), transformers changes it while a sequence grows. We
fix it by prompt and completion together, so it is fixed here in the same way.
"""

import json
import pathlib
import shutil
import sys

import torch
import transformers
from safetensors.torch import save_file
from transformers.modeling_rope_utils import ROPE_INIT_FUNCTIONS

ROOT = pathlib.Path(__file__).parents[1] / "resources" / "checkpoints"
GREEDY = 64
COMMON = dict(
    vocab_size=96, hidden_size=32, intermediate_size=56, num_hidden_layers=3, num_attention_heads=4,
    num_key_value_heads=2, max_position_embeddings=256, rms_norm_eps=1e-5, bos_token_id=1, eos_token_id=2,
    pad_token_id=0, attn_implementation="eager",
)
LLAMA3_ROPE = dict(
    rope_type="llama3", rope_theta=500.0, factor=8.0, low_freq_factor=1.0, high_freq_factor=4.0,
    original_max_position_embeddings=32,
)
YARN_ROPE = dict(rope_type="yarn", rope_theta=500.0, factor=4.0, original_max_position_embeddings=64, beta_fast=8.0)


def default_rope(theta=10000.0):
    return dict(rope_type="default", rope_theta=theta)


def draw(model, seed):
    generator = torch.Generator().manual_seed(seed)
    with torch.no_grad():
        for name, p in model.named_parameters():
            if p.dim() == 1:
                center = 0.0 if name.endswith("bias") else 1.0
                p.copy_(center + 0.5 * torch.randn(p.shape, generator=generator))
            else:
                p.copy_(1.5 * torch.randn(p.shape, generator=generator) / p.shape[1] ** 0.5)


def fix_rope(model, length):
    rotary = model.model.rotary_emb
    if rotary.rope_type in ("dynamic", "longrope"):
        frequencies, scaling = ROPE_INIT_FUNCTIONS[rotary.rope_type](model.config, seq_len=torch.tensor(length))
        rotary.inv_freq, rotary.attention_scaling, rotary.rope_type = frequencies, scaling, "default"


def make(name, family, seed, prompt_length=70, dtype=torch.float32, shard=None, **config):
    if len(sys.argv) > 1 and name not in sys.argv[1:]:
        return
    folder = ROOT / name
    shutil.rmtree(folder, ignore_errors=True)
    config = {**COMMON, "rope_parameters": default_rope(), "tie_word_embeddings": False, **config}
    config = getattr(transformers, family + "Config")(**config)
    kind = "Gemma3" if family == "Gemma3Text" else family
    model = getattr(transformers, kind + "ForCausalLM")(config)
    draw(model, seed)
    model = model.to(dtype).eval()
    model.save_pretrained(folder, **({"max_shard_size": shard} if shard else {}))
    (folder / "generation_config.json").unlink(missing_ok=True)
    # Read again: converting the model in memory would round the rope's frequencies as well.
    model = type(model).from_pretrained(folder, dtype=torch.float32, attn_implementation="eager").eval()
    generator = torch.Generator().manual_seed(seed + 1)
    prompt = torch.randint(3, model.config.vocab_size, (1, prompt_length), generator=generator)
    if isinstance(getattr(model.model.rotary_emb, "rope_type"), str):
        fix_rope(model, prompt_length + GREEDY)
    with torch.no_grad():
        tokens = prompt
        for _ in range(GREEDY):
            following = model(tokens).logits[:, -1].argmax(-1, keepdim=True)
            tokens = torch.cat([tokens, following], 1)
        logits = model(tokens).logits[0].float()
    top = logits.topk(2).values
    print(f"{name}: max |logit| {logits.abs().max():.3f}, closest greedy choice "
          f"{(top[:, 0] - top[:, 1])[prompt_length - 1:-1].min():.5f}, "
          f"{len(set(tokens[0, prompt_length:].tolist()))} different tokens, "
          f"{sum(f.stat().st_size for f in folder.rglob('*') if f.is_file()) / 1000:.0f} KB")
    (folder / "expected").mkdir()
    save_file({"logits": logits.contiguous()}, folder / "expected" / "model.safetensors")
    expected = {"prompt": prompt[0].tolist(), "greedy": tokens[0, prompt_length:].tolist()}
    (folder / "expected.json").write_text(json.dumps(expected) + "\n")


def main():
    make("llama", "Llama", 11, rope_parameters=LLAMA3_ROPE)
    make("llama-biased", "Llama", 12, attention_bias=True, mlp_bias=True,
         rope_parameters=dict(rope_type="linear", rope_theta=10000.0, factor=4.0))
    make("llama-bf16", "Llama", 13, dtype=torch.bfloat16, tie_word_embeddings=True)
    make("llama-dynamic", "Llama", 21, max_position_embeddings=96,
         rope_parameters=dict(rope_type="dynamic", rope_theta=500.0, factor=2.0))
    make("llama-yarn", "Llama", 22, rope_parameters=YARN_ROPE)
    make("mistral", "Mistral", 14, head_dim=8, sliding_window=12, shard="60KB")
    make("qwen2", "Qwen2", 15, tie_word_embeddings=True, rope_parameters=default_rope(1000000.0))
    make("qwen2-mixed", "Qwen2", 23, use_sliding_window=True, sliding_window=12, max_window_layers=1)
    make("qwen3", "Qwen3", 104, head_dim=16, tie_word_embeddings=True, rope_parameters=default_rope(1000000.0))
    make("gemma2", "Gemma2", 112, head_dim=8, sliding_window=12, query_pre_attn_scalar=24, tie_word_embeddings=True,
         attn_logit_softcapping=3.0, final_logit_softcapping=20.0, num_hidden_layers=4)
    make("gemma3_text", "Gemma3Text", 104, head_dim=8, sliding_window=12, query_pre_attn_scalar=24,
         tie_word_embeddings=True, num_hidden_layers=4, sliding_window_pattern=3, layer_types=None,
         rope_parameters={"sliding_attention": default_rope(100.0),
                          "full_attention": dict(rope_type="linear", rope_theta=2000.0, factor=4.0)})
    phi3 = dict(max_position_embeddings=256, original_max_position_embeddings=64, sliding_window=40,
                num_attention_heads=2, num_key_value_heads=1,
                rope_parameters=dict(
                    rope_type="longrope", rope_theta=500.0, partial_rotary_factor=0.75,
                    short_factor=[1.0, 1.1, 1.3, 1.6, 2.0, 2.5], long_factor=[1.0, 1.5, 2.5, 4.0, 6.0, 9.0]))
    make("phi3", "Phi3", 26, **phi3)
    make("phi3-short", "Phi3", 27, **{**phi3, "original_max_position_embeddings": 192})
    make("olmo2", "Olmo2", 28, rope_parameters=default_rope(500.0))
    make("granite", "Granite", 29, dtype=torch.float16, embedding_multiplier=3.0,
         residual_multiplier=0.4, attention_multiplier=0.2, logits_scaling=2.5)
    make("smollm3", "SmolLM3", 30, tie_word_embeddings=True, num_hidden_layers=4, no_rope_layer_interval=2,
         use_sliding_window=False)
    make("starcoder2", "Starcoder2", 102, sliding_window=12, norm_epsilon=1e-5, tie_word_embeddings=True)


if __name__ == "__main__":
    main()
