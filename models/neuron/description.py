"""What the decoder definition needs to know of a model, the same for all dense families."""
from __future__ import annotations

from dataclasses import dataclass, field

from ropes import Rope


@dataclass(frozen=True)
class Attention:
    """Grouped-query attention, the same in all layers but for what Layer says."""

    heads: int
    kv_heads: int
    head_dim: int
    rotary_dim: int
    scale: float
    soft_cap: float | None = None
    bias: bool = False
    output_bias: bool = False
    qk_norm: str | None = None  # "head": over each head; "width": over all heads at once
    fused: bool = False  # q, k and v are one tensor, qkv_proj


@dataclass(frozen=True)
class Norms:
    kind: str  # "rms" or "layer"
    eps: float
    place: str  # "before", "after" or "around" attention and MLP
    plus_one: bool = False  # checkpoints store the weights less one


@dataclass(frozen=True)
class Mlp:
    width: int
    activation: str
    gated: bool = True
    bias: bool = False
    fused: bool = False  # gate and up are one tensor, gate_up_proj


@dataclass(frozen=True)
class Layer:
    window: int | None
    rope: Rope | None


@dataclass(frozen=True)
class Scales:
    embedding: float = 1.0
    residual: float = 1.0
    logits_divisor: float = 1.0
    logits_cap: float | None = None


@dataclass(frozen=True)
class Description:
    """What the decoder definition needs to know of a model; the family itself is for messages only."""

    family: str
    vocabulary: int
    hidden: int
    max_position: int
    attention: Attention
    norms: Norms
    mlp: Mlp
    layers: tuple[Layer, ...]
    scales: Scales = field(default_factory=Scales)
    tied: bool = False
