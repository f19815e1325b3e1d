"""What the tests of the compile job share: the Java engine's fixtures, and how a bundle is made, loaded and run."""
import contextlib
import io
import json
from pathlib import Path

import torch
from safetensors.torch import load_file

import compile
import families

HERE = Path(__file__).resolve().parent
CHECKPOINTS = HERE.parent / "src/test/resources/checkpoints"
TOLERANCE = 1e-4  # of the largest logit
torch.set_num_threads(1)
torch.set_grad_enabled(False)
torch._C._set_graph_executor_optimize(False)  # the programs run a few times each


def names() -> list[str]:
    """Every checkpoint of a dense family."""
    folders = sorted(f for f in CHECKPOINTS.iterdir() if f.is_dir())
    kinds = {f.name: json.loads((f / "config.json").read_text())["model_type"] for f in folders}
    return [name for name, kind in kinds.items() if kind in families.FAMILIES]


class Said:
    """A fixture: tokens, and what transformers says after each."""

    def __init__(self, name: str):
        self.folder = CHECKPOINTS / name
        expected = json.loads((self.folder / "expected.json").read_text())
        self.tokens = expected["prompt"] + expected["greedy"]
        self.logits = load_file(self.folder / "expected" / "model.safetensors")["logits"]
        self.largest = self.logits.abs().max().item()

    def error(self, logits: torch.Tensor, after: int) -> float:
        """The largest difference after so many tokens, in parts of the largest logit; infinite for a NaN."""
        worst = (logits - self.logits[after - 1]).abs().max().item() / self.largest
        return worst if worst == worst else float("inf")


def made(folder: Path, output: Path, *more: str) -> tuple[int, str, str]:
    """Status, stdout and stderr of the job."""
    out, err = io.StringIO(), io.StringIO()
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        status = compile.main(["--model", str(folder), "--output", str(output), *more])
    return status, out.getvalue(), err.getvalue()


def loaded(folder: Path) -> torch.jit.ScriptModule:
    """A bundle's program with its weights, as Java loads them."""
    program = torch.jit.load(str(folder / "model.pt"))
    manifest = json.loads((folder / "manifest.json").read_text())
    ranks = range(manifest["tensor_parallel"])
    program.set_weights([weights_of(folder, r) for r in ranks])
    program.to_neuron()
    return program


def weights_of(folder: Path, rank: int = 0) -> dict:
    return load_file(folder / f"weights/tp{rank}_sharded_checkpoint.safetensors")


def step(program, rows: list[tuple[int, int, list[int]]], n: int, context: int):
    """Rows of (slot, position, tokens), padded to n tokens."""
    tokens = torch.full((len(rows), n), 1, dtype=torch.int32)
    for r, (_, _, row) in enumerate(rows):
        tokens[r, : len(row)] = torch.tensor(row, dtype=torch.int32)
    ints = lambda values: torch.tensor(values, dtype=torch.int32)
    last = ints([len(row) - 1 for _, _, row in rows])
    inputs = [tokens, ints([p for _, p, _ in rows]), ints([s for s, _, _ in rows]), last, torch.arange(context, dtype=torch.int32)]
    return program.forward(inputs, {})
