"""Rotary position embeddings: how config.json describes them, and the frequencies that follow."""
from __future__ import annotations

import math
from dataclasses import dataclass

from fields import Fields

MAX_THETA = 1e15
MAX_FACTOR = 1e6
MAX_POSITION = 1 << 26
ORIGINAL = "original_max_position_embeddings"
FULL = "full_attention"
SLIDING = "sliding_attention"
KINDS = "default, linear, dynamic, llama3, yarn, longrope"


@dataclass(frozen=True)
class Rope:
    """One kind of rotary embedding; the fields that a kind has no use for keep their defaults."""

    kind: str
    theta: float
    factor: float = 1.0
    original: int = 0
    low: float = 0.0
    high: float = 0.0
    attention_factor: float = 1.0
    short_factors: tuple[float, ...] = ()
    long_factors: tuple[float, ...] = ()

    def frequencies(self, dim: int, longest: int) -> list[float]:
        """
        The angle by which each of dim / 2 pairs turns from one position to the next. A program has one form of
        rope for all sequences, the one for those that come to `longest` tokens, since a slot may.
        """
        theta = self.theta
        if self.kind == "dynamic" and longest > self.original:
            growth = self.factor * longest / self.original - (self.factor - 1)
            theta = theta * growth ** (dim / (dim - 2))
        plain = [theta ** (-2.0 * i / dim) for i in range(dim // 2)]
        if self.kind == "linear":
            return [f / self.factor for f in plain]
        if self.kind == "llama3":
            return [self._llama3(f) for f in plain]
        if self.kind == "yarn":
            return [self._yarn(i, f) for i, f in enumerate(plain)]
        if self.kind == "longrope":
            factors = self.long_factors if longest > self.original else self.short_factors
            return [f / factor for f, factor in zip(plain, factors)]
        return plain

    def _llama3(self, frequency: float) -> float:
        turns = self.original * frequency / (2 * math.pi)
        # How much of the frequency is kept: waves that turn often within the original context keep all of it.
        kept = min(max((turns - self.low) / (self.high - self.low), 0.0), 1.0)
        return kept * frequency + (1 - kept) * frequency / self.factor

    def _yarn(self, pair: int, frequency: float) -> float:
        width = self.high - self.low if self.high != self.low else 1e-3
        divided = min(max((pair - self.low) / width, 0.0), 1.0)
        return frequency * (1 - divided) + frequency / self.factor * divided


class RopeReader:
    """Reads ropes as transformers 4 (rope_scaling) or 5 (rope_parameters) wrote them."""

    def __init__(self, config: Fields, rotary_dim: int, context: int):
        self.config = config
        self.rotary_dim = rotary_dim
        self.context = context

    def of_all_layers(self, theta: float) -> Rope:
        rope = self._scaling_or_parameters()
        for where in (self.config, rope):
            if where is not None and where.number("partial_rotary_factor", 0, 1, 1) != 1:
                raise where.unsupported("partial_rotary_factor", "below 1", "1")
        return self._read(rope, self._theta(theta), self.context)

    def of_phi3(self, theta: float, original: int) -> Rope:
        return self._read(self._scaling_or_parameters(), self._theta(theta), original)

    def of_full_layers(self, theta: float) -> Rope:
        scaling = self.config.object("rope_scaling")
        return self._read(scaling or self._of_type(FULL), self._theta(theta), self.context)

    def of_sliding_layers(self, theta: float) -> Rope:
        theta = self.config.number("rope_local_base_freq", 1, MAX_THETA, theta)
        return self._read(self._of_type(SLIDING), theta, self.context)

    def _of_type(self, kind: str) -> Fields | None:
        ropes = self.config.object("rope_parameters")
        return None if ropes is None else ropes.object(kind)

    def _theta(self, absent: float) -> float:
        return self.config.number("rope_theta", 1, MAX_THETA, absent)

    def _scaling_or_parameters(self) -> Fields | None:
        # Where both stand, transformers takes the former.
        return self.config.object("rope_scaling") or self.config.object("rope_parameters")

    def _read(self, rope: Fields | None, theta: float, original: int) -> Rope:
        if rope is None:
            return Rope("default", theta)
        field = "rope_type" if rope.has("rope_type") or not rope.has("type") else "type"
        kind = rope.text(field, "default")
        base = rope.number("rope_theta", 1, MAX_THETA, theta)
        if self.config.text("model_type", "") == "phi3" and kind in ("su", "yarn"):
            kind = "longrope"
        if kind == "default":
            if rope.mentions(FULL) or rope.mentions(SLIDING):
                raise rope.unsupported("(per layer type)", "present", "one set of rope parameters for all layers")
            return Rope("default", base)
        if kind == "linear":
            return Rope("linear", base, rope.number("factor", 1e-3, MAX_FACTOR))
        if kind == "dynamic":
            if self.rotary_dim == 2:  # the base's exponent is dim / (dim - 2)
                raise self.config.invalid("head_dim", "is 2, must be larger for dynamic rope")
            return Rope("dynamic", base, rope.number("factor", 1e-3, MAX_FACTOR), self.context)
        if kind == "llama3":
            return self._llama3(rope, base, self._original(rope, original))
        if kind == "yarn":
            return self._yarn(rope, base, self._original(rope, original))
        if kind == "longrope":
            return self._longrope(rope, base, self._original(rope, original))
        raise rope.unsupported(field, f"'{kind[:60]}'", KINDS)

    def _original(self, rope: Fields, absent: int) -> int:
        inner = rope.integer(ORIGINAL, 1, MAX_POSITION, absent)
        original = self.config.integer(ORIGINAL, 1, MAX_POSITION, inner)
        if original < 2:
            raise rope.invalid(ORIGINAL, f"is {original}, must be at least 2")
        return original

    def _llama3(self, rope: Fields, theta: float, original: int) -> Rope:
        low = rope.number("low_freq_factor", 1e-3, MAX_FACTOR)
        high = rope.number("high_freq_factor", 1e-3, MAX_FACTOR)
        if high <= low:
            raise rope.invalid("high_freq_factor", f"is {high}, must exceed low_freq_factor ({low})")
        return Rope("llama3", theta, rope.number("factor", 1e-3, MAX_FACTOR), original, low, high)

    def _yarn(self, rope: Fields, theta: float, original: int) -> Rope:
        if theta <= 1:
            raise rope.invalid("rope_theta", f"is {theta}, must exceed 1")
        factor = rope.number("factor", 1e-3, MAX_FACTOR, self.context / original)
        mscale = rope.number("mscale", 0, MAX_FACTOR, 0)
        all_dim = rope.number("mscale_all_dim", 0, MAX_FACTOR, 0)
        attention = _magnitude(factor, mscale) / _magnitude(factor, all_dim) if mscale and all_dim else _magnitude(factor, 1)
        # How many times a pair turns within the original context: more than fast is kept as it is.
        low = self._pair_that_turns(rope.number("beta_fast", 0, MAX_FACTOR, 0) or 32, theta, original)
        high = self._pair_that_turns(rope.number("beta_slow", 0, MAX_FACTOR, 0) or 1, theta, original)
        if rope.flag("truncate", True):
            low, high = math.floor(low), math.ceil(high)
        return Rope(
            "yarn",
            theta,
            factor,
            original,
            max(low, 0),
            min(high, self.rotary_dim - 1),
            rope.number("attention_factor", 0, MAX_FACTOR, attention),
        )

    def _pair_that_turns(self, times: float, theta: float, original: int) -> float:
        return self.rotary_dim * math.log(original / (times * 2 * math.pi)) / (2 * math.log(theta))

    def _longrope(self, rope: Fields, theta: float, original: int) -> Rope:
        factor = rope.number("factor", 1e-3, MAX_FACTOR, self.context / original)
        attention = 1.0 if factor <= 1 else math.sqrt(1 + math.log(factor) / math.log(original))
        pairs = self.rotary_dim // 2
        return Rope(
            "longrope",
            theta,
            factor,
            original,
            attention_factor=rope.number("attention_factor", 0, MAX_FACTOR, attention),
            short_factors=tuple(rope.numbers("short_factor", 1e-3, MAX_FACTOR, pairs)),
            long_factors=tuple(rope.numbers("long_factor", 1e-3, MAX_FACTOR, pairs)),
        )


def _magnitude(factor: float, mscale: float) -> float:
    return 1.0 if factor <= 1 else 0.1 * mscale * math.log(factor) + 1
