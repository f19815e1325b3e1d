"""Logits of small checkpoints on the device, beside transformers and the engine of the processor."""

import array
import pathlib
import sys

import peer
from kit import Kit, Program

# As CudaProgramTest has it for the stand-in and for bfloat16.
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


def typical(said: list, expected: list) -> float:
    """The root of the mean square of the difference, in parts of that of the logits."""
    off = sum(float((row - expected[sequence][position]).square().sum()) for sequence, position, row in said)
    return (off / sum(float(expected[sequence][position].square().sum()) for sequence, position, _ in said)) ** 0.5


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
    steps = []
    for step in check["steps"]:
        logits = program.run(step["call"])
        steps.append([(s, p, logits[i].float().cpu()) for i, (s, p) in enumerate(step["after"])])
    said = [row for rows in steps for row in rows]
    engine = engine_logits(torch, kit, check)
    result = {
        "case": "check-" + check["check"],
        "tokens": len(said),
        "errorToEngine": worst(said, engine),
        "typicalError": max(typical(rows, engine) for rows in steps),
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
    for name in ("typicalError", "errorToTransformers", "errorToEngine"):
        if name in result and not result[name] <= limit:
            result["failed"] = f"{name} is {result[name]:.3g}, at most {limit:g} is allowed"
    return result
