"""
The neuron backend: the decoder traced and compiled with NxD's ModelBuilder V2, one NEFF for each program.

Written against the documentation and sources of Neuron SDK 2.28, never run on an SDK. What of it plain PyTorch can run
(the decoder, its sharding, the update of KV state) is tested on the CPU.
"""
from __future__ import annotations

import dataclasses
import hashlib
import importlib.metadata
import json
import os
import shutil
import tempfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import List

import torch
from torch import nn

from bundle import SDK
from decoder import Decoder, Shapes, example
from description import Description
from fields import BadInput
from weights import Sharing, Weight

PACKAGES = {"torch_neuronx": "torch-neuronx", "neuronx_distributed": "neuronx-distributed", "neuronx_cc": "neuronx-cc"}
TORCH = "2.7."  # what DJL's libtorch can load
# Casting is left to the checkpoint's type, so that float32 parts of the decoder stay float32.
ARGUMENTS = "--enable-saturate-infinity --auto-cast=none --model-type=transformer -O1"
SOURCES = ("decoder.py", "description.py", "ropes.py", "neuron.py")


def compiler_args(target: str, more: str) -> str:
    """Arguments for neuronx-cc. On Trn2 two physical cores are one logical core, as its runtime has it by default."""
    return " ".join(part for part in (f"--target={target}", "--lnc=2" if target == "trn2" else "", ARGUMENTS, more) if part)


def versions() -> dict:
    """Versions for the manifest; BadInput where the SDK is absent or of another PyTorch."""
    found = {"torch": torch.__version__.split("+")[0]}
    for name, package in PACKAGES.items():
        try:
            found[name] = importlib.metadata.version(package).split("+")[0]
        except importlib.metadata.PackageNotFoundError:
            raise BadInput(
                f"--backend neuron needs {package}; install requirements-neuron.txt from the Neuron package index,"
                " or make the stand-in with --backend cpu"
            ) from None
    if not found["torch"].startswith(TORCH):
        raise BadInput(f"torch is {found['torch']}, must be {TORCH}x: the server's libtorch is 2.7.1")
    return {**found, "sdk": SDK}


class Ranks:
    """NxD's tensor-parallel layers. Only within NxDParallelState."""

    def __init__(self, ranks: int, dtype: torch.dtype):
        self.ranks = ranks
        self.dtype = dtype

    def column(self, inputs: int, outputs: int, bias: bool, gather: bool = False) -> nn.Module:
        from neuronx_distributed.parallel_layers import ColumnParallelLinear

        return ColumnParallelLinear(inputs, outputs, bias=bias, gather_output=gather, dtype=self.dtype)

    def row(self, inputs: int, outputs: int, bias: bool) -> nn.Module:
        from neuronx_distributed.parallel_layers import RowParallelLinear

        return RowParallelLinear(inputs, outputs, bias=bias, input_is_parallel=True, dtype=self.dtype)

    def embedding(self, rows: int, width: int) -> nn.Module:
        from neuronx_distributed.parallel_layers import ParallelEmbedding

        # Across the vocabulary a rank would have to know its number, which one program for all ranks does not.
        return ParallelEmbedding(rows, width, dtype=self.dtype, shard_across_embedding=True)

    def sum_over_ranks(self, x: torch.Tensor) -> torch.Tensor:
        from neuronx_distributed.parallel_layers.mappings import reduce_from_tensor_model_parallel_region

        return reduce_from_tensor_model_parallel_region(x)

    def updated(self, state: torch.Tensor, rows: torch.Tensor, values: torch.Tensor) -> torch.Tensor:
        """
        Out of place: ModelBuilder V2 sees that the buffer is assigned anew and aliases the new one to the old, so
        that it stays on the device. In-place operations on buffers are not supported there. A whole row for each
        index: XLA scatters it as one window, where torch.scatter has an index for every number.
        """
        width = state.shape[-2] * state.shape[-1]
        flat = torch.index_put(state.reshape(-1, width), (rows,), values.reshape(-1, width))
        return flat.reshape(state.shape)


def save(model: Description, shared: Sharing, weights: List[Weight], shapes: Shapes, dtype: torch.dtype, sample: bool,
         file: Path, target: str, arguments: str, cache: Path | None, jobs: int) -> None:
    """Traces and compiles every program and saves them as one TorchScript file without weights."""
    # The host that compiles need not have the chip, or any.
    os.environ.setdefault("NEURON_PLATFORM_TARGET_OVERRIDE", target)
    if target == "trn2":
        os.environ.setdefault("NEURON_LOGICAL_NC_CONFIG", "2")
    from neuronx_distributed import NxDModel, NxDParallelState
    from neuronx_distributed.trace.functions import compile as compile_hlo
    from neuronx_distributed.trace.functions import trace
    from neuronx_distributed.trace.model_builder_utils import CompilationArtifacts

    ranks = shared.ranks
    with tempfile.TemporaryDirectory(prefix="outcrop-neff-", ignore_cleanup_errors=True) as work:
        with NxDParallelState(world_size=ranks, tensor_model_parallel_size=ranks):
            decoder = Decoder(model, shared, shapes, dtype, Ranks(ranks, dtype), sample).eval()
            check_shares(decoder, weights, ranks)
            traces = {tag: trace(decoder, args=example(*shape)) for tag, *shape in shapes.programs()}

            def neff(tag: str) -> Path:
                kept = None if cache is None else cache / cache_key(model, shared, shapes, dtype, sample, tag, arguments)
                if kept is not None and kept.is_file():
                    print(f"{tag}: from the cache", flush=True)
                    return kept
                print(f"{tag}: compiling", flush=True)
                artifacts = traces[tag]
                made = compile_hlo(artifacts.hlo, artifacts.metaneff, work, arguments, tag)
                return Path(made.neff_filepath) if kept is None else _keep(Path(made.neff_filepath), kept)

            pool = ThreadPoolExecutor(jobs)
            try:
                neffs = dict(zip(traces, pool.map(neff, traces)))
            finally:
                # A job that is told to end has seconds to clear up, and a compiler runs for many minutes.
                pool.shutdown(wait=False, cancel_futures=True)
        compiled = NxDModel(world_size=ranks)
        for tag, artifacts in traces.items():
            compiled.add(
                key=tag, trace_artifacts=artifacts, compilation_artifacts=CompilationArtifacts(neff_filepath=str(neffs[tag]))
            )
        compiled.save(str(file))


def check_shares(decoder: nn.Module, weights: List[Weight], ranks: int) -> None:
    """Whether the module of a rank has just the tensors that are written for it."""
    planned = {weight.name: weight.local(ranks) for weight in weights}
    there = {name: tuple(tensor.shape) for name, tensor in decoder.state_dict().items()}
    if planned != there:
        names = sorted(set(planned.items()) ^ set(there.items()))
        raise AssertionError(f"the decoder of a rank and its weights differ in {names[0][0]} and {len(names) - 1} more")


def cache_key(model: Description, shared: Sharing, shapes: Shapes, dtype: torch.dtype, sample: bool, tag: str,
              arguments: str) -> str:
    """A name for a NEFF by all that goes into it: weights do not."""
    here = Path(__file__).resolve().parent
    sources = [hashlib.sha256((here / name).read_bytes()).hexdigest() for name in SOURCES]
    parts = [dataclasses.asdict(model), dataclasses.asdict(shared), shapes.slots, shapes.slot_tokens, str(dtype), sample]
    text = json.dumps([*parts, tag, arguments, versions(), sources], sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest() + ".neff"


def _keep(made: Path, kept: Path) -> Path:
    """Copies a file into the cache, whole or not at all."""
    kept.parent.mkdir(parents=True, exist_ok=True)
    partial = kept.with_name(f".{kept.name}.{os.getpid()}")
    shutil.copyfile(made, partial)
    partial.replace(kept)
    return kept
