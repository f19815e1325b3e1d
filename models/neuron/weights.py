"""
The decoder's tensors: where in a checkpoint each comes from and how the ranks of tensor parallelism share it.

Both backends write the same files with this plan. A rank's share is what NxD's layers hold of it: columns of the
output for ColumnParallelLinear (dim 0), of the input for RowParallelLinear (dim 1), of the hidden size for an embedding
sharded across it (dim 1), all of it for the rest.
"""
from __future__ import annotations

import hashlib
import json
import struct
from dataclasses import dataclass
from pathlib import Path
from typing import Callable

import torch
from safetensors import safe_open

from description import Description
from fields import BadInput, Fields

REPLICATED = -1
STORED = {"F32": torch.float32, "F16": torch.float16, "BF16": torch.bfloat16}
NAMES = {torch.float32: "F32", torch.bfloat16: "BF16"}


class Checkpoint:
    """The safetensors of a Hugging Face folder; one tensor is in memory at a time."""

    def __init__(self, folder: Path):
        self.files = _files(folder)
        self._handles = {}
        self._file_of = {}
        for file in self.files:
            try:
                handle = safe_open(str(file), framework="pt")
            except Exception as e:  # safetensors raises an exception of its own for unsound files
                raise BadInput(f"{file}: is no safetensors file: {e}") from None
            self._handles[file] = handle
            for name in handle.keys():
                if name in self._file_of:
                    raise BadInput(f"{file}: holds tensor '{name}', and so does {self._file_of[name].name}")
                self._file_of[name] = file
        self.used: set[str] = set()

    def __contains__(self, name: str) -> bool:
        return name in self._file_of

    def read(self, name: str, *shape: int) -> torch.Tensor:
        """A tensor of a shape, as it is stored; saved without its head, a model has no "model." before its names."""
        bare = name.removeprefix("model.")
        name = bare if name not in self._file_of and bare in self._file_of else name
        if name not in self._file_of:
            raise BadInput(f"{self.files[0].parent}: has no tensor '{name}'")
        file = self._file_of[name]
        piece = self._handles[file].get_slice(name)
        if tuple(piece.get_shape()) != shape:
            raise BadInput(f"{file}: tensor '{name}' is {list(piece.get_shape())}, must be {list(shape)}")
        if piece.get_dtype() not in STORED:
            raise BadInput(f"{file}: tensor '{name}' is {piece.get_dtype()}; supported: {', '.join(STORED)}")
        self.used.add(name)
        return self._handles[file].get_tensor(name)

    def unused(self) -> list[str]:
        return sorted(set(self._file_of) - self.used)


def _files(folder: Path) -> list[Path]:
    """The single file, or what the index names, or all: some folders hold the model twice, under other names."""
    single, index = folder / "model.safetensors", folder / "model.safetensors.index.json"
    if single.is_file():
        return [single]
    if index.is_file():
        shards = Fields.read(index).object("weight_map")
        names = sorted({str(name) for name in shards.node.values()}) if shards else []
        for name in names:
            if "/" in name or not (folder / name).is_file():
                raise BadInput(f"{index}: names shard '{name[:60]}', which is missing")
    else:
        names = sorted(file.name for file in folder.glob("*.safetensors"))
    if not names:
        raise BadInput(f"{folder}: holds no *.safetensors")
    return [folder / name for name in names]


def model_hash(folder: Path) -> str:
    """sha256 of config.json, then of every *.safetensors by name."""
    digest = hashlib.sha256()
    for file in [folder / "config.json", *sorted(folder.glob("*.safetensors"))]:
        with file.open("rb") as stream:
            while block := stream.read(1 << 22):
                digest.update(block)
    return digest.hexdigest()


@dataclass(frozen=True)
class Weight:
    """One tensor of the decoder: its name there, its whole shape, the dimension that ranks share, and its source."""

    name: str
    shape: tuple[int, ...]
    dim: int
    read: Callable[[Checkpoint], torch.Tensor]

    def local(self, ranks: int) -> tuple[int, ...]:
        return tuple(n // ranks if d == self.dim else n for d, n in enumerate(self.shape))

    def shard(self, whole: torch.Tensor, rank: int, ranks: int) -> torch.Tensor:
        if self.dim == REPLICATED:
            return whole
        n = self.shape[self.dim] // ranks
        return whole.narrow(self.dim, rank * n, n)


@dataclass(frozen=True)
class Sharing:
    """How the heads and the vocabulary go over the ranks."""

    ranks: int
    kv_repeat: int  # how many ranks hold the same KV head
    vocabulary: int  # padded to a multiple of the ranks


def sharing(model: Description, ranks: int) -> Sharing:
    """BadInput where the model cannot be cut into so many ranks."""
    heads, kv_heads = model.attention.heads, model.attention.kv_heads
    for what, n in (("attention heads", heads), ("hidden size", model.hidden), ("MLP width", model.mlp.width)):
        if n % ranks:
            raise BadInput(f"--tensor-parallel {ranks} does not divide the model's {what} ({n})")
    if kv_heads % ranks and ranks % kv_heads:
        raise BadInput(f"--tensor-parallel {ranks} neither divides the model's KV heads ({kv_heads}) nor is a multiple of them")
    return Sharing(ranks, max(1, ranks // kv_heads), -(-model.vocabulary // ranks) * ranks)


def plan(model: Description, shared: Sharing) -> list[Weight]:
    """All tensors of the decoder, in the order in which they are written."""
    weights: list[Weight] = []
    a, hidden = model.attention, model.hidden
    q, kv, dim = a.heads * a.head_dim, a.kv_heads * a.head_dim, a.head_dim
    layer_norm = model.norms.kind == "layer"

    def add(name, shape, shard, read):
        weights.append(Weight(name, shape, shard, read))

    def plain(name, source, shape, shard):
        add(name, shape, shard, lambda c: c.read(source, *shape))

    def norm(name, source):
        plain(f"{name}.weight", f"{source}.weight", (hidden,), REPLICATED)
        if layer_norm:
            plain(f"{name}.bias", f"{source}.bias", (hidden,), REPLICATED)

    def repeated(name, source, shape, read=None):
        # Ranks that outnumber the KV heads hold one each, several the same one.
        read = read or (lambda c: c.read(source, *shape))
        times = shared.kv_repeat
        whole = (shape[0] * times, *shape[1:])
        heads = lambda t: t.reshape(a.kv_heads, 1, dim, *shape[1:])
        spread = lambda t: heads(t).expand(-1, times, *([-1] * len(shape))).reshape(whole)
        add(name, whole, 0, lambda c: spread(read(c)))

    def rows(source, total, first, count):
        return lambda c: c.read(source, total, hidden).narrow(0, first, count)

    embedding = "model.embed_tokens.weight"
    plain("embedding.weight", embedding, (model.vocabulary, hidden), 1)
    for l, _ in enumerate(model.layers):
        to, of = f"layers.{l}", f"model.layers.{l}"
        for name, source in NORMS[model.norms.place]:
            norm(f"{to}.{name}", f"{of}.{source}")
        at, source = f"{to}.attention", f"{of}.self_attn"
        if a.fused:
            fused, total = f"{source}.qkv_proj.weight", q + 2 * kv
            add(f"{at}.q.weight", (q, hidden), 0, rows(fused, total, 0, q))
            repeated(f"{at}.k.weight", fused, (kv, hidden), rows(fused, total, q, kv))
            repeated(f"{at}.v.weight", fused, (kv, hidden), rows(fused, total, q + kv, kv))
        else:
            plain(f"{at}.q.weight", f"{source}.q_proj.weight", (q, hidden), 0)
            repeated(f"{at}.k.weight", f"{source}.k_proj.weight", (kv, hidden))
            repeated(f"{at}.v.weight", f"{source}.v_proj.weight", (kv, hidden))
        if a.bias:
            plain(f"{at}.q.bias", f"{source}.q_proj.bias", (q,), 0)
            repeated(f"{at}.k.bias", f"{source}.k_proj.bias", (kv,))
            repeated(f"{at}.v.bias", f"{source}.v_proj.bias", (kv,))
        if a.qk_norm == "head":
            plain(f"{at}.q_norm.weight", f"{source}.q_norm.weight", (dim,), REPLICATED)
            plain(f"{at}.k_norm.weight", f"{source}.k_norm.weight", (dim,), REPLICATED)
        elif a.qk_norm == "width":
            plain(f"{at}.q_norm.weight", f"{source}.q_norm.weight", (q,), 0)
            repeated(f"{at}.k_norm.weight", f"{source}.k_norm.weight", (kv,))
        plain(f"{at}.o.weight", f"{source}.o_proj.weight", (hidden, q), 1)
        if a.output_bias:
            plain(f"{at}.o.bias", f"{source}.o_proj.bias", (hidden,), REPLICATED)
        _mlp(model, f"{to}.mlp", f"{of}.mlp", plain, add, rows)
    norm("norm", "model.norm")

    def head(c: Checkpoint) -> torch.Tensor:
        source = embedding if model.tied else "lm_head.weight"
        whole = c.read(source, model.vocabulary, hidden)
        missing = shared.vocabulary - model.vocabulary
        return torch.cat([whole, whole.new_zeros(missing, hidden)]) if missing else whole

    add("head.weight", (shared.vocabulary, hidden), 0, head)
    return weights


NORMS = {
    "before": (("attention_norm", "input_layernorm"), ("mlp_norm", "post_attention_layernorm")),
    "after": (("attention_out_norm", "post_attention_layernorm"), ("mlp_out_norm", "post_feedforward_layernorm")),
    "around": (
        ("attention_norm", "input_layernorm"),
        ("attention_out_norm", "post_attention_layernorm"),
        ("mlp_norm", "pre_feedforward_layernorm"),
        ("mlp_out_norm", "post_feedforward_layernorm"),
    ),
}


def _mlp(model: Description, to: str, of: str, plain, add, rows) -> None:
    hidden, width = model.hidden, model.mlp.width
    up, down = ("up_proj", "down_proj") if model.mlp.gated else ("c_fc", "c_proj")
    if model.mlp.fused:
        both = f"{of}.gate_up_proj.weight"
        add(f"{to}.gate.weight", (width, hidden), 0, rows(both, 2 * width, 0, width))
        add(f"{to}.up.weight", (width, hidden), 0, rows(both, 2 * width, width, width))
    else:
        if model.mlp.gated:
            plain(f"{to}.gate.weight", f"{of}.gate_proj.weight", (width, hidden), 0)
        plain(f"{to}.up.weight", f"{of}.{up}.weight", (width, hidden), 0)
    plain(f"{to}.down.weight", f"{of}.{down}.weight", (hidden, width), 1)
    if model.mlp.bias:
        if model.mlp.gated:
            plain(f"{to}.gate.bias", f"{of}.gate_proj.bias", (width,), 0)
        plain(f"{to}.up.bias", f"{of}.{up}.bias", (width,), 0)
        plain(f"{to}.down.bias", f"{of}.{down}.bias", (hidden,), REPLICATED)


def write_ranks(checkpoint: Checkpoint, weights: list[Weight], ranks: int, dtype: torch.dtype, folder: Path, hashed: str) -> None:
    """Writes tp{rank}_sharded_checkpoint.safetensors for every rank, one tensor at a time."""
    folder.mkdir(parents=True)
    streams = [(folder / f"tp{rank}_sharded_checkpoint.safetensors").open("wb") for rank in range(ranks)]
    try:
        for rank, stream in enumerate(streams):
            stream.write(_header(weights, rank, ranks, dtype, hashed))
        for weight in weights:
            whole = weight.read(checkpoint).to(dtype)
            if whole.shape != weight.shape:
                raise AssertionError(f"{weight.name} is {list(whole.shape)}, not {list(weight.shape)}")
            for rank, stream in enumerate(streams):
                share = weight.shard(whole, rank, ranks).contiguous()
                stream.write(share.view(torch.uint8).numpy().data)
    finally:
        for stream in streams:
            stream.close()


def _header(weights: list[Weight], rank: int, ranks: int, dtype: torch.dtype, hashed: str) -> bytes:
    entries: dict = {"__metadata__": {"outcrop.model": hashed, "outcrop.rank": str(rank), "outcrop.ranks": str(ranks)}}
    at = 0
    for weight in weights:
        shape = weight.local(ranks)
        end = at + torch.Size(shape).numel() * dtype.itemsize
        entries[weight.name] = {"dtype": NAMES[dtype], "shape": list(shape), "data_offsets": [at, end]}
        at = end
    text = json.dumps(entries, separators=(",", ":")).encode()
    text += b" " * (-len(text) % 8)  # the numbers begin at a multiple of eight, so that they can be mapped
    return struct.pack("<Q", len(text)) + text
