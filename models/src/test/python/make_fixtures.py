"""Makes the tiny checkpoints of models/src/test/resources/checkpoints and what transformers says to them.

Run: python models/src/test/python/make_fixtures.py  (torch 2.13, transformers 5.18; seeded)

Each folder holds a Hugging Face checkpoint with random weights, expected.json (prompt and 32 greedy tokens) and
expected/model.safetensors (float32 logits after every token of prompt and completion). Weights are drawn so that bugs
show: norms and biases are far from 1 and 0, matrices are large, prompts reach past the sliding window and past the
length the rope was trained for.
"""

import json
import pathlib
import shutil

import torch
from safetensors.torch import save_file
from transformers import (
    LlamaConfig,
    LlamaForCausalLM,
    MistralConfig,
    MistralForCausalLM,
    Qwen2Config,
    Qwen2ForCausalLM,
    Qwen3Config,
    Qwen3ForCausalLM,
)

ROOT = pathlib.Path(__file__).parents[1] / "resources" / "checkpoints"
COMMON = dict(
    vocab_size=96, hidden_size=32, intermediate_size=56, num_hidden_layers=3, num_attention_heads=4,
    num_key_value_heads=2, max_position_embeddings=256, rms_norm_eps=1e-5, bos_token_id=1, eos_token_id=2,
    attn_implementation="eager",
)
LLAMA3_ROPE = dict(
    rope_type="llama3", rope_theta=500.0, factor=8.0, low_freq_factor=1.0, high_freq_factor=4.0,
    original_max_position_embeddings=32,
)


def draw(model, seed):
    generator = torch.Generator().manual_seed(seed)
    with torch.no_grad():
        for name, p in model.named_parameters():
            if p.dim() == 1:
                center = 0.0 if name.endswith("bias") else 1.0
                p.copy_(center + 0.5 * torch.randn(p.shape, generator=generator))
            else:
                p.copy_(1.5 * torch.randn(p.shape, generator=generator) / p.shape[1] ** 0.5)


def make(name, model, seed, prompt_length, dtype=torch.float32, shard=None):
    folder = ROOT / name
    shutil.rmtree(folder, ignore_errors=True)
    draw(model, seed)
    model = model.to(dtype).eval()
    model.save_pretrained(folder, **({"max_shard_size": shard} if shard else {}))
    (folder / "generation_config.json").unlink(missing_ok=True)
    # Read again: converting the model in memory would round the rope's frequencies as well.
    model = type(model).from_pretrained(folder, dtype=torch.float32, attn_implementation="eager").eval()
    generator = torch.Generator().manual_seed(seed + 1)
    prompt = torch.randint(3, model.config.vocab_size, (1, prompt_length), generator=generator)
    with torch.no_grad():
        tokens = prompt
        for _ in range(32):
            following = model(tokens).logits[:, -1].argmax(-1, keepdim=True)
            tokens = torch.cat([tokens, following], 1)
        logits = model(tokens).logits[0].float()
    top = logits.topk(2).values
    print(f"{name}: max |logit| {logits.abs().max():.3f}, closest greedy choice "
          f"{(top[:, 0] - top[:, 1])[prompt_length - 1:-1].min():.5f}")
    (folder / "expected").mkdir()
    save_file({"logits": logits.contiguous()}, folder / "expected" / "model.safetensors")
    expected = {"prompt": prompt[0].tolist(), "greedy": tokens[0, prompt_length:].tolist()}
    (folder / "expected.json").write_text(json.dumps(expected) + "\n")


def main():
    make("llama", LlamaForCausalLM(LlamaConfig(**COMMON, tie_word_embeddings=False, rope_parameters=LLAMA3_ROPE)),
         11, 70)
    make("llama-biased", LlamaForCausalLM(LlamaConfig(
        **COMMON, tie_word_embeddings=False, attention_bias=True, mlp_bias=True,
        rope_parameters=dict(rope_type="linear", rope_theta=10000.0, factor=4.0))), 12, 40)
    make("llama-bf16", LlamaForCausalLM(LlamaConfig(**COMMON, tie_word_embeddings=True,
         rope_parameters=dict(rope_type="default", rope_theta=10000.0))), 13, 40, dtype=torch.bfloat16)
    make("mistral", MistralForCausalLM(MistralConfig(
        **COMMON, head_dim=8, sliding_window=12, tie_word_embeddings=False,
        rope_parameters=dict(rope_type="default", rope_theta=10000.0))), 14, 50, shard="60KB")
    make("qwen2", Qwen2ForCausalLM(Qwen2Config(
        **COMMON, tie_word_embeddings=True, rope_parameters=dict(rope_type="default", rope_theta=1000000.0))), 15, 40)
    make("qwen3", Qwen3ForCausalLM(Qwen3Config(
        **COMMON, head_dim=16, tie_word_embeddings=True,
        rope_parameters=dict(rope_type="default", rope_theta=1000000.0))), 16, 40)


if __name__ == "__main__":
    main()
