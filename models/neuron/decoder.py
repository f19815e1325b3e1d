"""
The decoder of all dense families with static shapes, once for both backends. What differs between these is in the
`Parallel` that it is given: which linear layers it has, how ranks add up, and how KV state is updated.

A step: tokens int32 [rows, n], positions int32 [rows] of each row's first token, slots int32 [rows] (`slots` itself is
the scratch slot), last int32 [rows] the index of the row's last real token, columns int32 [context] (0, 1, 2, ...).
It gives float32 logits [rows, vocabulary] of the last tokens; with sampling on the device the most likely tokens first.
"""
from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

import torch
from torch import nn
from torch.nn import functional as F

from description import Attention, Description, Mlp, Norms
from weights import Sharing

HIDDEN = -1.0e30  # a score that no other comes near, and no infinity: rows that only pad must stay finite


class Parallel(Protocol):
    """What a backend brings along. `ranks` is how many of them share a tensor within one module."""

    ranks: int

    def column(self, inputs: int, outputs: int, bias: bool, gather: bool = False) -> nn.Module: ...

    def row(self, inputs: int, outputs: int, bias: bool) -> nn.Module: ...

    def embedding(self, rows: int, width: int) -> nn.Module: ...

    def sum_over_ranks(self, x: torch.Tensor) -> torch.Tensor: ...

    def updated(self, state: torch.Tensor, rows: torch.Tensor, values: torch.Tensor) -> torch.Tensor: ...


@dataclass(frozen=True)
class Shapes:
    """What is compiled: KV slots, prompt chunks, decode rows and contexts, ascending."""

    slots: int
    prefill_tokens: tuple[int, ...]
    decode_rows: tuple[int, ...]
    contexts: tuple[int, ...]

    @property
    def slot_tokens(self) -> int:
        return self.contexts[-1]

    def programs(self) -> list[tuple[str, int, int, int]]:
        """Tag, rows, tokens and context of every program."""
        prefills = [(f"prefill_{n}_{c}", 1, n, c) for n in self.prefill_tokens for c in self.contexts if c >= n]
        return prefills + [(f"decode_{r}_{c}", r, 1, c) for r in self.decode_rows for c in self.contexts]


def example(rows: int, tokens: int, context: int) -> tuple[torch.Tensor, ...]:
    """Inputs of a program's shape: rows of token 0 in slot 0, so that tracing writes nowhere outside."""
    return (
        torch.zeros(rows, tokens, dtype=torch.int32),
        torch.zeros(rows, dtype=torch.int32),
        torch.zeros(rows, dtype=torch.int32),
        torch.full((rows,), tokens - 1, dtype=torch.int32),
        torch.arange(context, dtype=torch.int32),
    )


class Norm(nn.Module):
    def __init__(self, size: int, norms: Norms, dtype: torch.dtype):
        super().__init__()
        self.layer = norms.kind == "layer"
        self.eps = norms.eps
        self.plus_one = norms.plus_one
        self.weight = nn.Parameter(torch.ones(size, dtype=dtype), requires_grad=False)
        if self.layer:
            self.bias = nn.Parameter(torch.zeros(size, dtype=dtype), requires_grad=False)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        wide = x.float()
        if self.layer:
            wide = wide - wide.mean(-1, keepdim=True)
        return self.scaled(wide, wide.square().mean(-1, keepdim=True)).to(x.dtype)

    def scaled(self, wide: torch.Tensor, mean_square: torch.Tensor) -> torch.Tensor:
        """float32 in and out; the mean comes from the caller where ranks share the width."""
        weight = self.weight.float() + 1.0 if self.plus_one else self.weight.float()
        normed = wide * torch.rsqrt(mean_square + self.eps) * weight
        return normed + self.bias.float() if self.layer else normed


class SelfAttention(nn.Module):
    """Attention over the KV state of all slots, which it owns."""

    def __init__(self, model: Description, shared: Sharing, shapes: Shapes, dtype: torch.dtype, parallel: Parallel):
        super().__init__()
        a: Attention = model.attention
        self.config, self.parallel = a, parallel
        kv_heads = a.kv_heads * shared.kv_repeat
        self.heads, self.kv_heads = a.heads // parallel.ranks, kv_heads // parallel.ranks
        self.q = parallel.column(model.hidden, a.heads * a.head_dim, a.bias)
        self.k = parallel.column(model.hidden, kv_heads * a.head_dim, a.bias)
        self.v = parallel.column(model.hidden, kv_heads * a.head_dim, a.bias)
        self.o = parallel.row(a.heads * a.head_dim, model.hidden, a.output_bias)
        if a.qk_norm is not None:
            whole = a.qk_norm == "width"
            self.q_norm = Norm(self.heads * a.head_dim if whole else a.head_dim, model.norms, dtype)
            self.k_norm = Norm(self.kv_heads * a.head_dim if whole else a.head_dim, model.norms, dtype)
        state = torch.zeros(shapes.slots + 1, shapes.slot_tokens, self.kv_heads, a.head_dim, dtype=dtype)
        self.register_buffer("keys", state, persistent=False)
        self.register_buffer("values", state.clone(), persistent=False)

    def forward(self, x, slots, where, seen, turn) -> torch.Tensor:
        rows, n = x.shape[0], x.shape[1]
        dim, kv, group = self.config.head_dim, self.kv_heads, self.heads // self.kv_heads
        q, k = self._normed("q_norm", self.q(x)), self._normed("k_norm", self.k(x))
        q, k = q.view(rows, n, self.heads, dim), k.view(rows, n, kv, dim)
        if turn is not None:
            rotary = self.config.rotary_dim
            q, k = _rotated(q, *turn, rotary, rotary == dim), _rotated(k, *turn, rotary, rotary == dim)
        self.keys = self.parallel.updated(self.keys, where, _finite(k).reshape(rows * n, kv, dim))
        self.values = self.parallel.updated(self.values, where, _finite(self.v(x)).reshape(rows * n, kv, dim))
        context = seen.shape[-1]
        # By heads already where they are read, so that no product has to put them in order once more.
        keys = self.keys[:, :context].permute(0, 2, 1, 3).index_select(0, slots)
        values = self.values[:, :context].permute(0, 2, 1, 3).index_select(0, slots)
        q = q.view(rows, n, kv, group, dim).permute(0, 2, 3, 1, 4).reshape(rows, kv, group * n, dim)
        scores = torch.matmul(q, keys.transpose(2, 3)).float() * self.config.scale
        if self.config.soft_cap is not None:
            scores = torch.tanh(scores / self.config.soft_cap) * self.config.soft_cap
        scores = scores.view(rows, kv, group, n, context)
        shares = torch.softmax(torch.where(seen[:, None, None], scores, HIDDEN), -1)
        shares = shares.to(x.dtype).view(rows, kv, group * n, context)
        mixed = torch.matmul(shares, values)
        mixed = mixed.view(rows, kv, group, n, dim).permute(0, 3, 1, 2, 4).reshape(rows, n, self.heads * dim)
        return self.o(mixed)

    def _normed(self, name: str, x: torch.Tensor) -> torch.Tensor:
        if self.config.qk_norm is None:
            return x
        norm = getattr(self, name)
        if self.config.qk_norm == "head":
            return norm(x.view(*x.shape[:2], -1, self.config.head_dim)).view(x.shape)
        wide = x.float()
        squares = self.parallel.sum_over_ranks(wide.square().sum(-1, keepdim=True))
        return norm.scaled(wide, squares / (x.shape[-1] * self.parallel.ranks)).to(x.dtype)


def _finite(values: torch.Tensor) -> torch.Tensor:
    """
    What is no number or infinite becomes the largest number there is. A slot keeps it, and the slot's next sequence has
    it among the columns that it does not see: nothing times a large number is nothing, nothing times infinity is not.
    Of keys this is so where a product pads what it adds up, as those of bfloat16 on processors do.
    """
    most = torch.finfo(values.dtype).max
    return torch.nan_to_num(values, nan=most, posinf=most, neginf=-most)


def _rotated(x: torch.Tensor, cosine: torch.Tensor, sine: torch.Tensor, rotary_dim: int, whole: bool) -> torch.Tensor:
    half = rotary_dim // 2
    first, second = x[..., :half].float(), x[..., half : 2 * half].float()
    turned = torch.cat([first * cosine - second * sine, second * cosine + first * sine], -1).to(x.dtype)
    return turned if whole else torch.cat([turned, x[..., 2 * half :]], -1)


class FeedForward(nn.Module):
    def __init__(self, hidden: int, mlp: Mlp, parallel: Parallel):
        super().__init__()
        self.activation = {"silu": F.silu, "gelu": F.gelu, "gelu_tanh": _gelu_tanh}[mlp.activation]
        self.gated = mlp.gated
        if mlp.gated:
            self.gate = parallel.column(hidden, mlp.width, mlp.bias)
        self.up = parallel.column(hidden, mlp.width, mlp.bias)
        self.down = parallel.row(mlp.width, hidden, mlp.bias)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        if self.gated:
            return self.down(self.activation(self.gate(x)) * self.up(x))
        return self.down(self.activation(self.up(x)))


def _gelu_tanh(x: torch.Tensor) -> torch.Tensor:
    return F.gelu(x, approximate="tanh")


class Block(nn.Module):
    """One layer: attention and MLP with the norms where the family has them."""

    def __init__(self, model: Description, shared: Sharing, shapes: Shapes, dtype: torch.dtype, parallel: Parallel):
        super().__init__()
        place = model.norms.place
        norm = lambda wanted: Norm(model.hidden, model.norms, dtype) if wanted else nn.Identity()
        self.attention_norm, self.mlp_norm = norm(place != "after"), norm(place != "after")
        self.attention_out_norm, self.mlp_out_norm = norm(place != "before"), norm(place != "before")
        self.attention = SelfAttention(model, shared, shapes, dtype, parallel)
        self.mlp = FeedForward(model.hidden, model.mlp, parallel)
        self.residual = model.scales.residual

    def forward(self, x, slots, where, seen, turn) -> torch.Tensor:
        attended = self.attention_out_norm(self.attention(self.attention_norm(x), slots, where, seen, turn))
        x = x + (attended if self.residual == 1.0 else attended * self.residual)
        said = self.mlp_out_norm(self.mlp(self.mlp_norm(x)))
        return x + (said if self.residual == 1.0 else said * self.residual)


class Decoder(nn.Module):
    """The whole model. Its state_dict has the names of weights.plan."""

    def __init__(
        self, model: Description, shared: Sharing, shapes: Shapes, dtype: torch.dtype, parallel: Parallel, sample: bool
    ):
        super().__init__()
        self.model, self.shapes, self.sample = model, shapes, sample
        self.embedding = parallel.embedding(model.vocabulary, model.hidden)
        self.layers = nn.ModuleList(Block(model, shared, shapes, dtype, parallel) for _ in model.layers)
        self.norm = Norm(model.hidden, model.norms, dtype)
        self.head = parallel.column(model.hidden, shared.vocabulary, False, gather=True)

    def forward(self, tokens, positions, slots, last, columns):
        n = tokens.shape[1]
        offsets = torch.arange(n, dtype=torch.int32, device=tokens.device)
        at = positions.unsqueeze(1) + offsets
        real = offsets.unsqueeze(0) <= last.unsqueeze(1)
        # Padding goes to the scratch slot, so that nothing real is overwritten.
        slot = torch.where(real, slots.unsqueeze(1), self.shapes.slots)
        place = torch.where(real, at, offsets.unsqueeze(0))
        where = (slot * self.shapes.slot_tokens + place).reshape(-1).to(torch.int64)
        # In the order of the layers, not of a set: equal models make equal programs, which caches find again.
        layers = self.model.layers
        # Nor does padding see what the slot's last sequence left behind the row's last token.
        sees = torch.minimum(at, (positions + last).unsqueeze(1))
        seen = {window: _seen(sees, columns, window) for window in dict.fromkeys(l.window for l in layers)}
        turns = {rope: self._turns(rope, at) for rope in dict.fromkeys(l.rope for l in layers) if rope}
        x = self.embedding(tokens)
        if self.model.scales.embedding != 1.0:
            x = x * self.model.scales.embedding
        for block, layer in zip(self.layers, layers):
            x = block(x, slots, where, seen[layer.window], turns.get(layer.rope))
        end = last.to(torch.int64).view(-1, 1, 1).expand(-1, 1, x.shape[-1])
        logits = self.head(self.norm(torch.gather(x, 1, end).squeeze(1))).float()
        logits = self._scaled(logits[:, : self.model.vocabulary])
        return (_most_likely(logits), logits) if self.sample else logits

    def _turns(self, rope, at: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        frequencies = rope.frequencies(self.model.attention.rotary_dim, self.shapes.slot_tokens)
        # A constant of the program, not a buffer: a checkpoint would have to hold that.
        constant = torch.tensor(frequencies, dtype=torch.float32, device=at.device)
        angles = at.float().view(*at.shape, 1, 1) * constant
        return torch.cos(angles) * rope.attention_factor, torch.sin(angles) * rope.attention_factor

    def _scaled(self, logits: torch.Tensor) -> torch.Tensor:
        scales = self.model.scales
        if scales.logits_divisor != 1.0:
            logits = logits / scales.logits_divisor
        if scales.logits_cap is not None:
            logits = torch.tanh(logits / scales.logits_cap) * scales.logits_cap
        return logits


def _seen(at: torch.Tensor, columns: torch.Tensor, window: int | None) -> torch.Tensor:
    """Which columns of its slot a token sees: [rows, n, context]."""
    seen = columns <= at.unsqueeze(-1)
    return seen if window is None else seen & (columns > at.unsqueeze(-1) - window)


def _most_likely(logits: torch.Tensor) -> torch.Tensor:
    """The first of the largest, by a maximum and a minimum: an argmax of ties is left open by compilers."""
    ids = torch.arange(logits.shape[-1], dtype=torch.int32, device=logits.device)
    largest = logits == logits.amax(-1, keepdim=True)
    return torch.where(largest, ids, logits.shape[-1]).amin(-1).to(torch.int32)
