"""
The stand-in for a compiled model: the same static programs, traced by plain PyTorch, behind the methods that NxD's
ModelBuilder V2 gives a saved model (class TorchScriptNxDModel). It runs wherever libtorch does, and is for tests.
"""
from __future__ import annotations

import warnings
from pathlib import Path
from typing import Any, Dict, List, Optional, Tuple

import torch
from torch import nn

from decoder import Decoder, Shapes, example
from description import Description
from weights import Sharing, Weight

INPUTS = ("tokens", "positions", "slots", "last", "columns")


class Whole:
    """One rank that holds everything, in plain PyTorch."""

    ranks = 1

    def __init__(self, dtype: torch.dtype):
        self.dtype = dtype

    def column(self, inputs: int, outputs: int, bias: bool, gather: bool = False) -> nn.Module:
        return nn.Linear(inputs, outputs, bias, dtype=self.dtype)

    def row(self, inputs: int, outputs: int, bias: bool) -> nn.Module:
        return nn.Linear(inputs, outputs, bias, dtype=self.dtype)

    def embedding(self, rows: int, width: int) -> nn.Module:
        return nn.Embedding(rows, width, dtype=self.dtype)

    def sum_over_ranks(self, x: torch.Tensor) -> torch.Tensor:
        return x

    def updated(self, state: torch.Tensor, rows: torch.Tensor, values: torch.Tensor) -> torch.Tensor:
        """In place: the state is an input of the program, and what it holds is what the next step finds."""
        state.view(-1, *state.shape[2:]).index_copy_(0, rows, values)
        return state


class Program(nn.Module):
    """One shape of a step, with weights and KV state as an input. Only for tracing."""

    def __init__(self, decoder: Decoder):
        super().__init__()
        self.decoder = [decoder]  # in a list, so that its weights are none of this module

    def forward(self, tokens, positions, slots, last, columns, tensors: Dict[str, torch.Tensor]):
        # functional_call refuses to be traced.
        for path, module in self.decoder[0].named_modules():
            for held in (module._parameters, module._buffers):
                for name in (n for n, tensor in held.items() if tensor is not None):
                    held[name] = tensors[f"{path}.{name}"]
        return self.decoder[0](tokens, positions, slots, last, columns)


class StandIn(nn.Module):
    """What is saved. Methods, argument names and types are those of TorchScriptNxDModel; names of programs by shapes."""

    def __init__(self, programs: Dict[str, nn.Module], routes: Dict[str, str], joins: Dict[str, int],
                 states: Dict[str, List[int]], state_type: int, ranks: int, slots: int, inputs: List[str]):
        super().__init__()
        self.programs = nn.ModuleDict(programs)
        self.routes: Dict[str, str] = routes
        self.joins: Dict[str, int] = joins
        self.state_shapes: Dict[str, List[int]] = states
        self.state_type: int = state_type
        self.ranks: int = ranks
        self.slots: int = slots
        self.inputs: List[str] = inputs
        self.loaded_on_neuron: bool = False
        # No container may be empty when it is saved, or its type is lost.
        self.weights: List[Dict[str, torch.Tensor]] = [{"none": torch.zeros(0)}]
        self.tensors: Dict[str, torch.Tensor] = {"none": torch.zeros(0)}

    @torch.jit.export
    def set_weights(self, sharded_checkpoint: List[Dict[str, torch.Tensor]]):
        if self.loaded_on_neuron:
            raise ValueError("set_weights() after to_neuron(); replace_weights() is for that")
        if len(sharded_checkpoint) != self.ranks:
            raise ValueError("weights of " + str(len(sharded_checkpoint)) + " ranks, compiled for " + str(self.ranks))
        joined: Dict[str, torch.Tensor] = {}
        for name, dim in self.joins.items():
            shares: List[torch.Tensor] = []
            for rank in range(self.ranks):
                if name not in sharded_checkpoint[rank]:
                    raise KeyError("rank " + str(rank) + " has no weight " + name)
                shares.append(sharded_checkpoint[rank][name])
            joined[name] = shares[0] if dim < 0 or self.ranks == 1 else torch.cat(shares, dim)
        self.weights = sharded_checkpoint
        self.tensors = joined

    @torch.jit.export
    def to_neuron(self):
        if self.loaded_on_neuron:
            return
        for name, shape in self.state_shapes.items():
            self.tensors[name] = torch.zeros(shape, dtype=self.state_type)
        self.loaded_on_neuron = True

    @torch.jit.export
    def replace_weights(self, sharded_checkpoint: List[Dict[str, torch.Tensor]]):
        self.loaded_on_neuron = False
        self.set_weights(sharded_checkpoint)
        self.to_neuron()

    @torch.jit.export
    def read_from_neuron_buffer(self, buffer_key: str, rank: int) -> torch.Tensor:
        return self._buffer(buffer_key, rank).clone()

    @torch.jit.export
    def write_to_neuron_buffer(self, tensor: torch.Tensor, buffer_key: str, rank: int):
        buffer = self._buffer(buffer_key, rank)
        if tensor.shape != buffer.shape:
            raise KeyError("cannot write " + str(tensor.shape) + " to " + buffer_key + " of " + str(buffer.shape))
        buffer.copy_(tensor)
        if buffer_key in self.joins and self.ranks > 1:
            self.weights[rank][buffer_key].copy_(tensor)

    def _buffer(self, buffer_key: str, rank: int) -> torch.Tensor:
        """A view of the rank's share."""
        assert self.loaded_on_neuron, "Model must be loaded on neuron before calling these methods"
        dim = -2
        if buffer_key in self.state_shapes:
            dim = 2
        elif buffer_key in self.joins:
            dim = self.joins[buffer_key]
        if dim == -2 or rank < 0 or rank >= self.ranks:
            raise KeyError("no buffer " + buffer_key + " in rank " + str(rank))
        whole = self.tensors[buffer_key]
        if dim < 0:
            return whole
        share = whole.size(dim) // self.ranks
        return whole.narrow(dim, rank * share, share)

    def _run(self, inputs: List[torch.Tensor]) -> Any:
        signature: List[str] = []
        for name, tensor in zip(self.inputs, inputs):
            if tensor.dtype != torch.int32:
                raise RuntimeError(name + " must be int32")
            signature.append(name + ": " + str(list(tensor.shape)))
        key = "(" + ", ".join(signature) + ")"
        if len(inputs) != len(self.inputs) or key not in self.routes:
            raise RuntimeError("no program was compiled for the shapes " + key)
        self._check(inputs[0], inputs[1], inputs[2], inputs[3], inputs[4].size(0))
        route = self.routes[key]
        result: Optional[Any] = None
        for name, program in self.programs.items():
            if name == route:
                result = program(inputs[0], inputs[1], inputs[2], inputs[3], inputs[4], self.tensors)
        assert result is not None
        return result

    def _check(self, tokens: torch.Tensor, positions: torch.Tensor, slots: torch.Tensor, last: torch.Tensor, context: int):
        """What a NeuronCore would compute wrongly in silence is an error here, so that tests of callers find it."""
        if int(last.min()) < 0 or int(last.max()) >= tokens.size(1):
            raise RuntimeError("last is outside of a row of " + str(tokens.size(1)) + " tokens")
        if int(slots.min()) < 0 or int(slots.max()) > self.slots:
            raise RuntimeError("slots are outside of 0 to " + str(self.slots))
        if int(positions.min()) < 0 or int((positions + last).max()) >= context:
            raise RuntimeError("positions are outside of a context of " + str(context) + " tokens")

    def _ordered(self, args: Optional[List[torch.Tensor]], kwargs: Optional[Dict[str, torch.Tensor]]) -> List[torch.Tensor]:
        if not self.loaded_on_neuron:
            raise RuntimeError("Model not initialized. Call set_weights() followed by to_neuron()")
        inputs: List[torch.Tensor] = []
        if args is not None:
            inputs = inputs + args
        if kwargs is not None:
            for name in self.inputs[len(inputs):]:
                if name in kwargs:
                    inputs.append(kwargs[name])
        return inputs

    def forward(self, args: Optional[List[torch.Tensor]], kwargs: Optional[Dict[str, torch.Tensor]]) -> Any:
        return self._run(self._ordered(args, kwargs))

    @torch.jit.export
    def forward_ranked(
        self, args: Optional[List[List[torch.Tensor]]], kwargs: Optional[Dict[str, List[torch.Tensor]]], async_mode: bool
    ) -> Any:
        """By output, then by rank. All ranks give the same; the first one's inputs are taken."""
        firsts: List[torch.Tensor] = []
        if args is not None:
            for of_ranks in args:
                firsts.append(of_ranks[0])
        named: Dict[str, torch.Tensor] = {}
        if kwargs is not None:
            for name, of_ranks in kwargs.items():
                named[name] = of_ranks[0]
        result = self._run(self._ordered(firsts, named))
        outputs: List[torch.Tensor] = []
        if torch.jit.isinstance(result, torch.Tensor):
            outputs.append(result)
        elif torch.jit.isinstance(result, Tuple[torch.Tensor, torch.Tensor]):
            outputs.append(result[0])
            outputs.append(result[1])
        ranked: List[List[torch.Tensor]] = [[output for _ in range(self.ranks)] for output in outputs]
        return ranked


def save(model: Description, shared: Sharing, weights: List[Weight], shapes: Shapes, dtype: torch.dtype,
         sample: bool, file: Path) -> None:
    """Traces every program and saves them as one TorchScript file without weights."""
    with torch.no_grad(), warnings.catch_warnings():
        # The frequencies of rope are constants of the program, and meant to be.
        warnings.filterwarnings("ignore", "torch.tensor results are registered", torch.jit.TracerWarning)
        decoder = Decoder(model, shared, shapes, dtype, Whole(dtype), sample).eval()
        states = {name: list(buffer.shape) for name, buffer in decoder.named_buffers()}
        tensors = {**decoder.state_dict(), **{name: b.clone() for name, b in decoder.named_buffers()}}
        programs, routes = {}, {}
        for tag, rows, tokens, context in shapes.programs():
            inputs = example(rows, tokens, context)
            traced = torch.jit.trace(Program(decoder), (*inputs, tensors), check_trace=False)
            programs[tag] = traced
            routes["(" + ", ".join(f"{n}: {list(t.shape)}" for n, t in zip(INPUTS, inputs)) + ")"] = tag
        joins = {weight.name: weight.dim for weight in weights}
        standin = StandIn(programs, routes, joins, states, _enum(dtype), shared.ranks, shapes.slots, list(INPUTS))
        torch.jit.save(torch.jit.script(standin), str(file))


@torch.jit.script
def _enum(dtype: torch.dtype) -> int:
    """TorchScript holds a type as a number."""
    return dtype
