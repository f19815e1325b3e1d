"""
Turns config.json into a Description of the decoder, for the dense families of the Java engine. Absent fields take the
defaults of the family's configuration class in transformers, since that is what the checkpoint's author relied on.
"""
from __future__ import annotations

import math
from dataclasses import replace
from pathlib import Path

from description import Attention, Description, Layer, Mlp, Norms, Scales
from fields import Fields
from ropes import FULL, MAX_POSITION, SLIDING, Rope, RopeReader

WITH_EXPERTS = ("mixtral", "qwen2_moe", "qwen3_moe", "gpt_oss")
WITH_LATENTS = ("deepseek_v3",)
ACTIVATIONS = {
    "silu": "silu",
    "swish": "silu",
    "gelu": "gelu",
    "gelu_pytorch_tanh": "gelu_tanh",
    "gelu_new": "gelu_tanh",
}
THETA = 10_000.0
MAX_LAYERS = 1_024


def read(folder: Path) -> Description:
    """The description of a checkpoint folder; BadInput names file and field."""
    config = Fields.read(folder / "config.json")
    family = config.text("model_type", "")
    if not family:
        raise config.invalid("model_type", "is missing")
    if family in WITH_EXPERTS:
        raise config.unsupported("model_type", f"'{family}', which has experts", dense())
    if family in WITH_LATENTS:
        raise config.unsupported("model_type", f"'{family}', which has latent attention and experts", dense())
    if family not in FAMILIES:
        raise config.unsupported("model_type", f"'{family[:60]}'", dense())
    quantisation = config.object("quantization_config")
    if quantisation is not None:
        method = quantisation.text("quant_method", "present")
        raise config.unsupported("quantization_config", f"'{method[:60]}'", "checkpoints in float32, float16 or bfloat16")
    return FAMILIES[family](_Parts(config))


def dense() -> str:
    return ", ".join(FAMILIES)


class _Parts:
    """What config.json says in the same way for many families, checked."""

    def __init__(self, config: Fields):
        self.config = config
        self.hidden = config.integer("hidden_size", 1, 1 << 18)
        self.count = config.integer("num_hidden_layers", 1, MAX_LAYERS)

    def context(self, absent: int) -> int:
        return self.config.integer("max_position_embeddings", 1, MAX_POSITION, absent)

    def describe(self, context, attention, norms, mlp, layers, scales=Scales(), tied=False) -> Description:
        longest = float(context)  # dynamic rope is for sequences beyond what the config calls the longest
        for layer in layers:
            if layer.rope is not None and layer.rope.kind == "dynamic":
                longest = max(longest, context * layer.rope.factor)
        return Description(
            self.config.text("model_type", ""),
            self.config.integer("vocab_size", 1, 1 << 24),
            self.hidden,
            int(min(longest, MAX_POSITION)),
            attention,
            norms,
            mlp,
            tuple(layers),
            scales,
            self.config.flag("tie_word_embeddings", tied),
        )

    def attention(self, kv_absent: int | None = None, dim_absent: int | None = None, **more) -> Attention:
        heads = self.config.integer("num_attention_heads", 1, 4_096)
        absent = heads if kv_absent is None or self.config.mentions("num_key_value_heads") else kv_absent
        kv_heads = self.config.integer("num_key_value_heads", 1, 4_096, absent)
        if heads % kv_heads:
            raise self.config.invalid("num_key_value_heads", f"is {kv_heads}, must divide num_attention_heads ({heads})")
        dim = self._head_dim(heads, dim_absent)
        values = {"rotary_dim": dim, "scale": 1 / math.sqrt(dim), **more}
        return Attention(heads, kv_heads, dim, **values)

    def biased(self) -> dict:
        bias = self.config.flag("attention_bias", False)
        return {"bias": bias, "output_bias": bias}

    def _head_dim(self, heads: int, absent: int | None) -> int:
        if absent is not None and not self.config.mentions("head_dim"):
            return absent
        if not self.config.has("head_dim") and self.hidden % heads:
            raise self.config.invalid(
                "hidden_size",
                f"is {self.hidden}, must be a multiple of num_attention_heads ({heads}) where there is no head_dim",
            )
        dim = self.config.integer("head_dim", 1, 1_024, self.hidden // heads)
        if dim % 2 or not 2 <= dim <= 1_024:
            raise self.config.invalid("head_dim", f"is {dim}, must be even and from 2 to 1024")
        return dim

    def rotary_dim(self, head_dim: int) -> int:
        name = "partial_rotary_factor"
        fraction = self.config.number(name, 0, 1, 1)
        for ropes in ("rope_scaling", "rope_parameters"):
            rope = self.config.object(ropes)
            fraction = fraction if rope is None else rope.number(name, 0, 1, fraction)
        dim = int(head_dim * fraction)
        if dim % 2 or dim < 2:
            raise self.config.invalid(name, f"is {fraction}, must leave an even number of dimensions")
        return dim

    def rms(self, eps: float, place: str, plus_one: bool = False) -> Norms:
        return Norms("rms", self.config.number("rms_norm_eps", 1e-12, 1, eps), place, plus_one)

    def mlp(self, name: str = "hidden_act", absent: str = "silu", **more) -> Mlp:
        activation = self.config.text(name, absent)
        if activation not in ACTIVATIONS:
            raise self.config.unsupported(name, f"'{activation[:60]}'", "silu, gelu, gelu_pytorch_tanh")
        return Mlp(self.config.integer("intermediate_size", 1, 1 << 21), ACTIVATIONS[activation], **more)

    def window(self, absent: int | None) -> int | None:
        if not self.config.has("sliding_window"):
            return None if self.config.mentions("sliding_window") else absent
        return self.config.integer("sliding_window", 1, MAX_POSITION)

    def cap(self, name: str, absent: float | None) -> float | None:
        if self.config.has(name):
            return self.config.number(name, 1e-3, 1e6)
        return None if self.config.mentions(name) else absent

    def rope(self, attention: Attention, context: int, theta: float = THETA) -> Rope:
        return RopeReader(self.config, attention.rotary_dim, context).of_all_layers(theta)

    def alike(self, window: int | None, rope: Rope | None) -> list[Layer]:
        return [Layer(window, rope)] * self.count

    def mixed(self, window: int | None, slides, rope_of) -> list[Layer]:
        """Layers of which some slide: `slides` says which where there are no layer_types."""
        types = self.config.texts("layer_types", MAX_LAYERS)
        for kind in types:
            if kind not in (FULL, SLIDING):
                raise self.config.unsupported("layer_types", f"'{kind[:60]}'", f"{FULL}, {SLIDING}")
        if self.config.has("layer_types") and len(types) != self.count:
            raise self.config.invalid(
                "layer_types", f"has {len(types)} entries, num_hidden_layers is {self.count}"
            )
        sliding = [kind == SLIDING for kind in types] or [slides(l) for l in range(self.count)]
        return [Layer(window if s else None, rope_of(l, s)) for l, s in enumerate(sliding)]


def _llama(p: _Parts) -> Description:
    attention, context = p.attention(**p.biased()), p.context(2_048)
    mlp = p.mlp(bias=p.config.flag("mlp_bias", False))
    return p.describe(context, attention, p.rms(1e-6, "before"), mlp, p.alike(None, p.rope(attention, context)))


def _mistral(p: _Parts) -> Description:
    attention, context = p.attention(8), p.context(131_072)
    layers = p.alike(p.window(4_096), p.rope(attention, context))
    return p.describe(context, attention, p.rms(1e-6, "before"), p.mlp(), layers)


def _qwen(p: _Parts, attention: Attention) -> Description:
    window = p.window(4_096) if p.config.flag("use_sliding_window", False) else None
    full = p.config.integer("max_window_layers", 0, (1 << 31) - 1, 28)
    context = p.context(32_768)
    rope = p.rope(attention, context)
    layers = p.mixed(window, lambda l: l >= full, lambda l, slides: rope)
    return p.describe(context, attention, p.rms(1e-6, "before"), p.mlp(), layers)


def _qwen2(p: _Parts) -> Description:
    return _qwen(p, p.attention(32, bias=True))


def _qwen3(p: _Parts) -> Description:
    return _qwen(p, p.attention(32, 128, qk_norm="head", **p.biased()))


def _gemma(p: _Parts, context, scores_cap, logits_cap, qk_norm, layers_of) -> Description:
    if p.config.flag("use_bidirectional_attention", False):
        raise p.config.unsupported("use_bidirectional_attention", "true", "false")
    attention = p.attention(
        4,
        256,
        qk_norm=qk_norm,
        soft_cap=p.cap("attn_logit_softcapping", scores_cap),
        **p.biased(),
    )
    scalar = p.config.number("query_pre_attn_scalar", 1e-3, 1e6, 256)
    attention = replace(attention, scale=1 / math.sqrt(scalar))
    scales = Scales(embedding=math.sqrt(p.hidden), logits_cap=p.cap("final_logit_softcapping", logits_cap))
    mlp = p.mlp("hidden_activation", "gelu_pytorch_tanh")
    return p.describe(context, attention, p.rms(1e-6, "around", True), mlp, layers_of(attention), scales, tied=True)


def _gemma2(p: _Parts) -> Description:
    context = p.context(8_192)

    def layers(attention: Attention) -> list[Layer]:
        rope = p.rope(attention, context)
        return p.mixed(p.window(4_096), lambda l: l % 2 == 0, lambda l, slides: rope)

    return _gemma(p, context, 50.0, 30.0, None, layers)


def _gemma3(p: _Parts) -> Description:
    context = p.context(131_072)

    def layers(attention: Attention) -> list[Layer]:
        ropes = RopeReader(p.config, attention.rotary_dim, context)
        full, sliding = ropes.of_full_layers(1_000_000), ropes.of_sliding_layers(10_000)
        pattern = p.config.integer("sliding_window_pattern", 1, 1_024, 6)
        return p.mixed(p.window(4_096), lambda l: (l + 1) % pattern != 0, lambda l, slides: sliding if slides else full)

    return _gemma(p, context, None, None, "head", layers)


def _phi3(p: _Parts) -> Description:
    plain = p.attention(fused=True)
    attention = replace(plain, rotary_dim=p.rotary_dim(plain.head_dim))
    context = p.context(4_096)
    rope = RopeReader(p.config, attention.rotary_dim, context).of_phi3(THETA, 4_096)
    return p.describe(context, attention, p.rms(1e-5, "before"), p.mlp(fused=True), p.alike(p.window(None), rope))


def _olmo2(p: _Parts) -> Description:
    attention, context = p.attention(qk_norm="width", **p.biased()), p.context(2_048)
    return p.describe(context, attention, p.rms(1e-5, "after"), p.mlp(), p.alike(None, p.rope(attention, context)))


def _granite(p: _Parts) -> Description:
    def multiplier(of: str) -> float:
        return p.config.number(f"{of}_multiplier", 1e-6, 1e6, 1)

    attention, context = p.attention(scale=multiplier("attention"), **p.biased()), p.context(2_048)
    scales = Scales(multiplier("embedding"), multiplier("residual"), p.config.number("logits_scaling", 1e-6, 1e6, 1))
    mlp = p.mlp(bias=p.config.flag("mlp_bias", False))
    layers = p.alike(None, p.rope(attention, context))
    return p.describe(context, attention, p.rms(1e-6, "before"), mlp, layers, scales)


def _smollm3(p: _Parts) -> Description:
    attention, context = p.attention(4, **p.biased()), p.context(32_768)
    window = p.window(None) if p.config.flag("use_sliding_window", False) else None
    rope = p.rope(attention, context, 2_000_000)
    # The field is named after layers without rope, but its ones are those with it.
    if p.config.has("no_rope_layers"):
        rotates = [one == 1 for one in p.config.integers("no_rope_layers", 0, 1, MAX_LAYERS)]
        if len(rotates) != p.count:
            raise p.config.invalid("no_rope_layers", f"has {len(rotates)} entries, num_hidden_layers is {p.count}")
    else:
        interval = p.config.integer("no_rope_layer_interval", 1, 1_024, 4)
        rotates = [(l + 1) % interval != 0 for l in range(p.count)]
    layers = p.mixed(window, lambda l: not rotates[l], lambda l, slides: rope if rotates[l] else None)
    mlp = p.mlp(bias=p.config.flag("mlp_bias", False))
    return p.describe(context, attention, p.rms(1e-6, "before"), mlp, layers, tied=True)


def _starcoder2(p: _Parts) -> Description:
    bias = p.config.flag("use_bias", True)
    attention, context = p.attention(2, bias=bias, output_bias=bias), p.context(4_096)
    norms = Norms("layer", p.config.number("norm_epsilon", 1e-12, 1, 1e-5), "before")
    mlp = p.mlp(absent="gelu_pytorch_tanh", gated=False, bias=bias)
    layers = p.alike(p.window(None), p.rope(attention, context))
    return p.describe(context, attention, norms, mlp, layers, tied=True)


FAMILIES = {
    "llama": _llama,
    "mistral": _mistral,
    "qwen2": _qwen2,
    "qwen3": _qwen3,
    "gemma2": _gemma2,
    "gemma3_text": _gemma3,
    "phi3": _phi3,
    "olmo2": _olmo2,
    "granite": _granite,
    "smollm3": _smollm3,
    "starcoder2": _starcoder2,
}
