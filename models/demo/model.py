"""A Llama in plain PyTorch for training, with the parameter names of transformers, and its checkpoint files."""
import json
import shutil
from dataclasses import dataclass
from pathlib import Path

import torch
import torch.nn.functional as F
from safetensors.torch import save_file
from torch import nn


@dataclass
class Shape:
    vocab: int = 1536
    hidden: int = 256
    inner: int = 512
    layers: int = 5
    heads: int = 4
    kv_heads: int = 2
    theta: float = 10000.0
    context: int = 4096

    @property
    def head(self) -> int:
        return self.hidden // self.heads


class Norm(nn.Module):
    def __init__(self, size: int):
        super().__init__()
        self.weight = nn.Parameter(torch.ones(size))

    def forward(self, x):
        return F.rms_norm(x, x.shape[-1:], self.weight.to(x.dtype), 1e-5)


def rotate(x, cos, sin):
    a, b = x.chunk(2, -1)
    return torch.cat((a * cos - b * sin, b * cos + a * sin), -1)


def attend(q, k, v):
    """Causal attention by blocks of queries: on a CPU far faster to train than the fused kernel, whose backward is slow."""
    length, out = q.shape[2], []
    chunk = 192 if length <= 512 else 512
    q = q * q.shape[-1] ** -0.5
    for start in range(0, length, chunk):
        end = min(start + chunk, length)
        scores = q[:, :, start:end] @ k[:, :, :end].transpose(-1, -2)
        hidden = torch.ones(end - start, end, dtype=torch.bool, device=q.device).triu(start + 1)
        scores = scores.masked_fill(hidden, -30000.0)
        out.append(scores.softmax(-1, dtype=torch.float32).to(v.dtype) @ v[:, :, :end])
    return torch.cat(out, 2)


class Attention(nn.Module):
    def __init__(self, s: Shape):
        super().__init__()
        self.s = s
        self.q_proj = nn.Linear(s.hidden, s.heads * s.head, bias=False)
        self.k_proj = nn.Linear(s.hidden, s.kv_heads * s.head, bias=False)
        self.v_proj = nn.Linear(s.hidden, s.kv_heads * s.head, bias=False)
        self.o_proj = nn.Linear(s.heads * s.head, s.hidden, bias=False)

    def forward(self, x, cos, sin):
        s, (rows, length, _) = self.s, x.shape
        q = rotate(self.q_proj(x).view(rows, length, s.heads, s.head).transpose(1, 2), cos, sin)
        k = rotate(self.k_proj(x).view(rows, length, s.kv_heads, s.head).transpose(1, 2), cos, sin)
        v = self.v_proj(x).view(rows, length, s.kv_heads, s.head).transpose(1, 2)
        group = s.heads // s.kv_heads
        k, v = k.repeat_interleave(group, 1), v.repeat_interleave(group, 1)
        y = attend(q, k, v)
        return self.o_proj(y.transpose(1, 2).reshape(rows, length, -1))


class Mlp(nn.Module):
    def __init__(self, s: Shape):
        super().__init__()
        self.gate_proj = nn.Linear(s.hidden, s.inner, bias=False)
        self.up_proj = nn.Linear(s.hidden, s.inner, bias=False)
        self.down_proj = nn.Linear(s.inner, s.hidden, bias=False)

    def forward(self, x):
        return self.down_proj(F.silu(self.gate_proj(x)) * self.up_proj(x))


class Layer(nn.Module):
    def __init__(self, s: Shape):
        super().__init__()
        self.input_layernorm, self.self_attn = Norm(s.hidden), Attention(s)
        self.post_attention_layernorm, self.mlp = Norm(s.hidden), Mlp(s)

    def forward(self, x, cos, sin):
        x = x + self.self_attn(self.input_layernorm(x), cos, sin)
        return x + self.mlp(self.post_attention_layernorm(x))


class Llama(nn.Module):
    def __init__(self, s: Shape):
        super().__init__()
        self.s = s
        self.embed_tokens = nn.Embedding(s.vocab, s.hidden)
        self.layers = nn.ModuleList(Layer(s) for _ in range(s.layers))
        self.norm = Norm(s.hidden)
        frequencies = s.theta ** (-torch.arange(0, s.head, 2).float() / s.head)
        angles = torch.outer(torch.arange(s.context).float(), frequencies)
        self.register_buffer("cos", angles.cos(), persistent=False)
        self.register_buffer("sin", angles.sin(), persistent=False)
        for name, p in self.named_parameters():
            if p.dim() == 2:
                small = "o_proj" in name or "down_proj" in name
                nn.init.normal_(p, std=0.05 if "embed" in name else p.shape[1] ** -0.5 * (0.2 if small else 0.7))

    def forward(self, tokens):
        x = self.embed_tokens(tokens)
        length, kind = tokens.shape[1], torch.get_autocast_dtype("cpu") if torch.is_autocast_enabled("cpu") else x.dtype
        cos, sin = self.cos[:length].to(kind), self.sin[:length].to(kind)
        for layer in self.layers:
            x = layer(x, cos, sin)
        return self.norm(x)


def export(model: Llama, folder: Path, tokenizer: Path) -> None:
    """Writes a Hugging Face folder next to its place and then renames it."""
    s, fresh, old = model.s, folder.with_name(folder.name + ".new"), folder.with_name(folder.name + ".old")
    for path in (fresh, old):
        shutil.rmtree(path, ignore_errors=True)
    shutil.copytree(tokenizer, fresh)
    weights = {f"model.{name}": p.detach().to(torch.bfloat16).contiguous() for name, p in model.named_parameters()}
    save_file(weights, fresh / "model.safetensors", metadata={"format": "pt"})
    (fresh / "model.safetensors").chmod(0o644)
    config = {"architectures": ["LlamaForCausalLM"], "model_type": "llama", "attention_bias": False, "attention_dropout": 0.0,
              "bos_token_id": None, "eos_token_id": 2, "pad_token_id": 0, "head_dim": s.head, "hidden_act": "silu",
              "hidden_size": s.hidden, "initializer_range": 0.02, "intermediate_size": s.inner,
              "max_position_embeddings": s.context, "mlp_bias": False, "num_attention_heads": s.heads,
              "num_hidden_layers": s.layers, "num_key_value_heads": s.kv_heads, "rms_norm_eps": 1e-5, "rope_scaling": None,
              "rope_theta": s.theta, "tie_word_embeddings": True, "torch_dtype": "bfloat16", "use_cache": True, "vocab_size": s.vocab}
    generation = {"do_sample": False, "eos_token_id": [2, 0], "pad_token_id": 0}
    for name, content in (("config.json", config), ("generation_config.json", generation)):
        (fresh / name).write_text(json.dumps(content, indent=2) + "\n")
    if folder.exists():
        folder.rename(old)
    fresh.rename(folder)
    shutil.rmtree(old, ignore_errors=True)


if __name__ == "__main__":  # a small random checkpoint for tests that need no answers
    here = Path(__file__).parent
    torch.manual_seed(1)
    export(Llama(Shape(hidden=64, inner=64, layers=2, heads=2, kv_heads=1)), here / "random", here / "tokenizer")
