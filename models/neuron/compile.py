#!/usr/bin/env python3
"""
Compiles a Hugging Face checkpoint into a neuron-bundle: static programs for NeuronCores (--backend neuron), or the same
programs as plain TorchScript for tests (--backend cpu). See README.md for what of this was run and what was not.
"""
from __future__ import annotations

import argparse
import signal
import sys
import tempfile
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))

import bundle
import families
from description import Description
from fields import BadInput

DEFAULT_PREFILL = (128, 512, 2_048)
DEFAULT_ROWS = (1, 4, 8)
DEFAULT_CONTEXTS = (1_024, 4_096)
MOST_SIZES = 64  # and slots: the server reads no more
MOST_SLOTS = 4_096


def main(argv: list[str] | None = None) -> int:
    """The process's status: 0 made or skipped, 1 failed, 2 bad input, 143 told to end. On the main thread."""
    signal.signal(signal.SIGTERM, _told_to_end)
    try:
        return run(parse(argv))
    except BadInput as e:
        print(f"compile.py: {e}", file=sys.stderr)
        return 2


def _told_to_end(number: int, frame) -> None:
    """An exception, so that half a bundle and temporary files are removed before the process ends."""
    sys.exit(128 + number)


def parse(argv: list[str] | None) -> argparse.Namespace:
    parser = _Parser(prog="compile.py", description=" ".join(__doc__.split()))
    add = parser.add_argument
    add("--model", required=True, metavar="DIR|s3://…", help="folder with config.json and *.safetensors")
    add("--output", required=True, metavar="DIR|s3://…", help="the bundle to make")
    add("--backend", choices=("neuron", "cpu"), default="neuron", help="cpu makes the stand-in for tests")
    add("--tensor-parallel", type=_count, default=1, metavar="N", help="NeuronCores that share the model")
    add("--target", choices=("inf2", "trn1", "trn2"), default="inf2", help="what the neuron backend compiles for")
    add("--slots", type=_count, default=8, metavar="N", help="sequences with KV state at a time")
    add("--prefill-tokens", type=_counts, metavar="N,…", help="lengths of prompt chunks (128,512,2048)")
    add("--decode-rows", type=_counts, metavar="N,…", help="rows of decode steps (1,4,8 up to the slots)")
    add("--contexts", type=_counts, metavar="N,…", help="contexts in tokens; the last is a slot's size (1024,4096)")
    add("--dtype", choices=("bfloat16", "float32"), default="bfloat16")
    add("--sampling", choices=("host", "device"), default="host", help="device: the most likely token comes with the logits")
    add("--model-id", metavar="ID", help="the name in the manifest; the folder's by default")
    add("--cache", type=Path, metavar="DIR", help="keeps compiled programs between runs (neuron only)")
    add("--jobs", type=_count, default=1, metavar="N", help="programs compiled at a time (neuron only)")
    add("--compiler-args", default="", metavar="ARGS", help="more arguments for neuronx-cc")
    add("--replace", action="store_true", help="makes the bundle anew where another one exists")
    return parser.parse_args(argv)


class _Parser(argparse.ArgumentParser):
    def error(self, message: str):
        raise BadInput(message)


def _count(text: str) -> int:
    try:
        value = int(text)
    except ValueError:
        value = 0
    if not 1 <= value <= 1 << 20:
        raise argparse.ArgumentTypeError(f"'{text[:40]}' is no number from 1 to {1 << 20}")
    return value


def _counts(text: str) -> tuple[int, ...]:
    counts = tuple(_count(part.strip()) for part in text.split(","))
    if list(counts) != sorted(set(counts)) or len(counts) > MOST_SIZES:
        raise argparse.ArgumentTypeError(f"'{text[:60]}' must ascend, at most {MOST_SIZES} of them")
    return counts


def run(args: argparse.Namespace) -> int:
    if args.backend == "cpu" and (args.compiler_args or args.cache or args.jobs != 1):
        raise BadInput("--compiler-args, --cache and --jobs have no effect with --backend cpu")
    with tempfile.TemporaryDirectory(prefix="outcrop-compile-") as scratch:
        source = _source(args.model, Path(scratch))
        args.model_id = args.model_id or args.model.rstrip("/").rsplit("/", 1)[-1] or "model"
        model = families.read(source)
        shapes = _shapes(args, model)
        return _make(args, source, model, shapes, _output(args.output, Path(scratch)))


def _source(model: str, scratch: Path) -> Path:
    if model.startswith("s3://"):
        import s3

        return s3.download(s3.client(), model, scratch / "model")
    folder = Path(model)
    if not folder.is_dir():
        raise BadInput(f"{folder}: no such folder")
    return folder


def _output(output: str, scratch: Path):
    if output.startswith("s3://"):
        import s3

        return s3.S3Output(s3.client(), output, scratch / "bundle")
    return bundle.LocalOutput(Path(output))


def _shapes(args: argparse.Namespace, model: Description):
    """Defaults are cut to what the model has; what the user gives must fit."""
    from decoder import Shapes

    longest = model.max_position
    contexts = args.contexts or _up_to(min(longest, DEFAULT_CONTEXTS[-1]), DEFAULT_CONTEXTS)
    prefill = args.prefill_tokens or tuple(n for n in DEFAULT_PREFILL if n <= contexts[-1]) or (contexts[-1],)
    rows = args.decode_rows or _up_to(args.slots, DEFAULT_ROWS)
    if args.slots > MOST_SLOTS:
        raise BadInput(f"--slots is {args.slots}, must be at most {MOST_SLOTS}")
    if contexts[-1] > longest:
        raise BadInput(f"--contexts end with {contexts[-1]}, the model knows {longest} positions")
    if prefill[0] < 2:
        raise BadInput("--prefill-tokens begin with 1, must begin above: a chunk of one token would be a decode")
    if prefill[-1] > contexts[-1]:
        raise BadInput(f"--prefill-tokens end with {prefill[-1]}, the longest context is {contexts[-1]}")
    if rows[-1] > args.slots:
        raise BadInput(f"--decode-rows end with {rows[-1]}, there are {args.slots} slots")
    return Shapes(args.slots, prefill, rows, contexts)


def _up_to(most: int, defaults: tuple[int, ...]) -> tuple[int, ...]:
    """Those below the most that there may be, and that."""
    return (*(n for n in defaults if n < most), most)


def _make(args: argparse.Namespace, source: Path, model: Description, shapes, output) -> int:
    import torch

    import weights

    torch.set_grad_enabled(False)
    shared = weights.sharing(model, args.tensor_parallel)
    if args.backend == "cpu":
        target, compiler_args, versions = "cpu", "", {"torch": torch.__version__.split("+")[0]}
    else:
        import neuron

        target, compiler_args = args.target, neuron.compiler_args(args.target, args.compiler_args)
        versions = neuron.versions()
    checkpoint = weights.Checkpoint(source)
    hashed = weights.model_hash(source)
    manifest = bundle.wanted(args, model.family, hashed, shapes, versions)
    if _skips(args, output, manifest, target, compiler_args):
        return 0
    started = time.monotonic()
    folder = output.begin()
    try:
        plan, dtype = weights.plan(model, shared), getattr(torch, args.dtype)
        weights.write_ranks(checkpoint, plan, shared.ranks, dtype, folder / bundle.WEIGHTS, hashed)
        _say_unused(checkpoint, model)
        sample, file = args.sampling == "device", folder / bundle.MODEL
        if args.backend == "cpu":
            import standin

            standin.save(model, shared, plan, shapes, dtype, sample, file)
        else:
            neuron.save(
                model, shared, plan, shapes, dtype, sample, file, target, compiler_args, args.cache, args.jobs
            )
        bundle.copy_files(source, folder)
        bundle.finish(folder, manifest, time.monotonic() - started, target, compiler_args)
        output.commit()
    except BaseException:
        output.abandon()
        raise
    print(f"{output}: made, {len(shapes.programs())} programs, {time.monotonic() - started:.1f} s")
    return 0


def _skips(args: argparse.Namespace, output, manifest: dict, target: str, compiler_args: str) -> bool:
    """Whether the bundle is there already; BadInput where another one is and may not be replaced."""
    there = output.existing()
    if there is None:
        return False
    if not there:
        raise BadInput(f"{output}: is not empty and holds no bundle; give another --output")
    if args.replace:
        return False
    differing = bundle.differences(there, manifest, target, compiler_args)
    if differing:
        raise BadInput(f"{output}: holds a bundle that differs in {', '.join(differing)}; give another --output or --replace")
    damaged = output.damaged(there)
    if damaged:
        raise BadInput(f"{output}: the bundle's {damaged[0]} is missing or cut short; --replace makes it anew")
    print(f"{output}: skipped, the bundle exists")
    return True


def _say_unused(checkpoint, model: Description) -> None:
    unused = [n for n in checkpoint.unused() if not (model.tied and n == "lm_head.weight")]
    if unused:
        print(f"compile.py: {len(unused)} tensors have no use in this architecture, as {unused[0]}", file=sys.stderr)


if __name__ == "__main__":
    sys.exit(main())
