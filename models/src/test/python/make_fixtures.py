"""Makes the tiny checkpoints of models/src/test/resources/checkpoints and what transformers says to them.

Run: python models/src/test/python/make_fixtures.py [NAME...]  (torch 2.13, transformers 5.18; seeded)

Each folder holds a Hugging Face checkpoint with random weights, expected.json (prompt, 64 greedy tokens) and
expected/model.safetensors (float32 logits after every token of prompt and completion). Weights are drawn so that bugs
show: norms and biases are far from 1 and 0, matrices are more than three times as large as transformers starts them,
prompts reach past the sliding window and past the length the rope was trained for.

Where rope depends on the length of a sequence (dynamic, longrope), transformers changes it while a sequence grows. We
fix it by prompt and completion together, so it is fixed here in the same way.

Where experts are chosen, every expert is chosen at times, and no choice is a near tie: both are printed.
"""

import json
import pathlib
import shutil
import sys

import torch
import transformers
from safetensors.torch import load_file, save_file
from transformers.integrations.mxfp4 import convert_moe_packed_tensors
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
            if p.dim() == 1 or name.endswith("bias"):
                center = 0.0 if name.endswith("bias") else 1.0
                p.copy_(center + 0.5 * torch.randn(p.shape, generator=generator))
            else:
                # Experts are [expert, out, in]; those of gpt_oss [expert, in, out], and large enough to be clamped.
                transposed = p.dim() == 3 and model.config.model_type == "gpt_oss"
                scale = 5.0 if transposed and "gate_up" in name else 1.5
                p.copy_(scale * torch.randn(p.shape, generator=generator) / p.shape[1 if transposed else -1] ** 0.5)
        for name, b in model.named_buffers():
            if name.endswith("e_score_correction_bias"):
                b.copy_(0.2 * torch.randn(b.shape, generator=generator))


class Choices:
    """What the routers of a model choose, and how far the last expert chosen is ahead of the first one left out."""

    def __init__(self, model):
        self.margin, self.used = float("inf"), {}
        for name, module in model.named_modules():
            if type(module).__name__.endswith("TopKRouter") or type(module).__name__.endswith("TopkRouter"):
                module.register_forward_hook(lambda m, _, output, name=name: self.see(name, m, output))

    def see(self, name, module, output):
        scores = output[0].float()
        if hasattr(module, "e_score_correction_bias"):
            scores = scores.sigmoid() + module.e_score_correction_bias
            if module.topk_group < module.num_group:
                groups = scores.unflatten(-1, (module.num_group, -1))
                best = groups.topk(2).values.sum(-1)
                kept = self.choose(best, module.topk_group)
                scores = groups.masked_fill((best < kept).unsqueeze(-1), -1e9).flatten(1)
        self.choose(scores, module.top_k)
        self.used.setdefault(name, set()).update(output[2].flatten().tolist())

    def choose(self, scores, count):
        top = scores.topk(count + 1).values
        self.margin = min(self.margin, (top[:, -2] - top[:, -1]).min().item())
        return top[:, -2:-1]

    def __str__(self):
        uses = ", ".join(str(len(used)) for used in self.used.values())
        return f", closest choice of experts {self.margin:.5f}, experts used {uses}" if self.used else ""


def pack_mxfp4(model, seed):
    """Gives the experts weights that four bits hold, and returns these bits as gpt_oss checkpoints store them."""
    generator = torch.Generator().manual_seed(seed)
    packed = {}
    for l, layer in enumerate(model.model.layers):
        for part in ("gate_up_proj", "down_proj"):
            weight = getattr(layer.mlp.experts, part)
            experts, inputs, outputs = weight.shape
            shape = (experts, outputs, inputs // 32)
            blocks = torch.randint(0, 256, (*shape, 16), generator=generator, dtype=torch.uint8)
            low = 124 if part == "gate_up_proj" else 122
            scales = torch.randint(low, low + 3, shape, generator=generator, dtype=torch.uint8)
            with torch.no_grad():
                weight.copy_(convert_moe_packed_tensors(blocks, scales, dtype=torch.float32))
            name = f"model.layers.{l}.mlp.experts.{part}"
            packed.update({name: None, name + "_blocks": blocks, name + "_scales": scales})
    return packed


def store_packed(folder, packed):
    tensors = load_file(folder / "model.safetensors")
    tensors.update(packed)
    tensors = {name: tensor for name, tensor in tensors.items() if tensor is not None}
    save_file(tensors, folder / "model.safetensors", {"format": "pt"})
    config = json.loads((folder / "config.json").read_text())
    config["quantization_config"] = {"quant_method": "mxfp4", "modules_to_not_convert": [
        "model.layers.*.self_attn", "model.layers.*.mlp.router", "model.embed_tokens", "lm_head"]}
    (folder / "config.json").write_text(json.dumps(config, indent=2) + "\n")


def fix_rope(model, length):
    rotary = model.model.rotary_emb
    if rotary.rope_type in ("dynamic", "longrope"):
        frequencies, scaling = ROPE_INIT_FUNCTIONS[rotary.rope_type](model.config, seq_len=torch.tensor(length))
        rotary.inv_freq, rotary.attention_scaling, rotary.rope_type = frequencies, scaling, "default"


def make(name, family, seed, prompt_length=70, dtype=torch.float32, shard=None, mxfp4=False, **config):
    if len(sys.argv) > 1 and name not in sys.argv[1:]:
        return
    folder = ROOT / name
    shutil.rmtree(folder, ignore_errors=True)
    config = {**COMMON, "rope_parameters": default_rope(), "tie_word_embeddings": False, **config}
    config = getattr(transformers, family + "Config")(**config)
    kind = "Gemma3" if family == "Gemma3Text" else family
    model = getattr(transformers, kind + "ForCausalLM")(config)
    draw(model, seed)
    packed = pack_mxfp4(model, seed) if mxfp4 else {}
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
        choices = Choices(model)
        logits = model(tokens).logits[0].float()
    if packed:
        store_packed(folder, packed)
    top = logits.topk(2).values
    print(f"{name}: max |logit| {logits.abs().max():.3f}, closest greedy choice "
          f"{(top[:, 0] - top[:, 1])[prompt_length - 1:-1].min():.5f}, "
          f"{len(set(tokens[0, prompt_length:].tolist()))} different tokens, "
          f"{sum(f.stat().st_size for f in folder.rglob('*') if f.is_file()) / 1000:.0f} KB{choices}")
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
    experts = dict(num_experts_per_tok=2, num_local_experts=6)
    make("mixtral", "Mixtral", 431, intermediate_size=20, sliding_window=40, **experts)
    qwen_experts = dict(num_experts_per_tok=2, num_experts=6, moe_intermediate_size=16)
    make("qwen2_moe", "Qwen2Moe", 232, shared_expert_intermediate_size=24, mlp_only_layers=[1], **qwen_experts)
    make("qwen3_moe", "Qwen3Moe", 33, head_dim=16, num_hidden_layers=4, decoder_sparse_step=2, norm_topk_prob=True,
         num_experts_per_tok=3, num_experts=8, moe_intermediate_size=16, rope_parameters=default_rope(1000000.0))
    gpt_oss = dict(head_dim=8, sliding_window=12, num_experts_per_tok=2, num_local_experts=5,
                   rope_parameters={**YARN_ROPE, "truncate": False})
    make("gpt_oss", "GptOss", 34, intermediate_size=24, **gpt_oss)
    make("gpt_oss-mxfp4", "GptOss", 135, intermediate_size=32, mxfp4=True, num_hidden_layers=2, **gpt_oss)
    deepseek = dict(kv_lora_rank=10, q_lora_rank=12, qk_nope_head_dim=12, qk_rope_head_dim=8, v_head_dim=6,
                    num_key_value_heads=4, n_routed_experts=8, n_group=4, topk_group=2, num_experts_per_tok=3,
                    moe_intermediate_size=12, n_shared_experts=2, first_k_dense_replace=1, num_mtp_layers=0)
    make("deepseek_v3", "DeepseekV3", 236, **deepseek,
         rope_parameters={**YARN_ROPE, "mscale": 0.7, "mscale_all_dim": 1.3})
    make("deepseek_v3-plain", "DeepseekV3", 337, **{**deepseek, "q_lora_rank": None, "n_group": 1, "topk_group": 1,
                                                   "num_hidden_layers": 2, "rope_interleave": False})


if __name__ == "__main__":
    main()
