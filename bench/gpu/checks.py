"""Logits of small checkpoints on the device, beside transformers and the engine of the processor."""

import array
import pathlib
import sys

import peer
from kit import Kit, Program

# Of the largest logit. As CudaProgramTest has it for the stand-in and for bfloat16.
LIMITS = {"float32": 1e-4, "bfloat16": 0.1}


def engine_logits(torch, kit: Kit, check: dict) -> list:
    """What the kit's maker computed in float32 on the processor, a tensor for each sequence."""
    numbers = array.array("f")
    numbers.frombytes((kit.folder / check["expected"]).read_bytes())
    if sys.byteorder == "big":
        numbers.byteswap()
    lengths = [len(sequence) for sequence in check["sequences"]]
    rows = torch.tensor(numbers).view(sum(lengths), -1)
    return list(rows.split(lengths))


def worst(said: list, expected: list) -> float:
    """The largest difference in parts of the largest logit; not a number where one is none."""
    largest = max(float(rows.abs().max()) for rows in expected)
    differences = [float((row - expected[sequence][position]).abs().max()) for sequence, position, row in said]
    return float("nan") if any(d != d for d in differences) else max(differences) / largest


def agreement(said: list, expected: list) -> float:
    same = [int(row.argmax()) == int(expected[sequence][position].argmax()) for sequence, position, row in said]
    return sum(same) / len(same)


def every(rows: list) -> list:
    return [(s, p, row) for s, sequence in enumerate(rows) for p, row in enumerate(sequence)]


def run(kit: Kit, check: dict, device: str) -> dict:
    """One checkpoint: a result, with `failed` saying why where its logits are not what they should be."""
    program = Program(kit, check["archive"], device, kit["dtype"])
    torch = program.torch
    program.load(check["load"])
    said = []
    for step in check["steps"]:
        logits = program.run(step["call"])
        said += [(s, p, logits[i].float().cpu()) for i, (s, p) in enumerate(step["after"])]
    engine = engine_logits(torch, kit, check)
    result = {
        "case": "check-" + check["check"],
        "tokens": len(said),
        "errorToEngine": worst(said, engine),
        "agreement": agreement(said, engine),
    }
    folder = pathlib.Path(kit.folder / check["folder"])
    whole = peer.logits(folder, check["sequences"], device, "float32")
    if whole is not None:
        result["errorToTransformers"] = worst(said, whole)
        if kit["dtype"] != "float32":
            own = peer.logits(folder, check["sequences"], device, kit["dtype"])
            if own is not None:
                result["errorOfTransformers"] = worst(every(own), whole)
    limit = LIMITS[kit["dtype"]]
    errors = {name: value for name, value in result.items() if name in ("errorToEngine", "errorToTransformers")}
    for name, value in errors.items():
        if not value <= limit:
            result["failed"] = f"{name} is {value:.3g}, at most {limit:g} of the largest logit is allowed"
    return result
