"""Runs a kit of `outcrop bench gpu-kit` on the GPU of this machine: checks logits, times steps, counts kernels.

    python3 bench/gpu/measure.py KIT --output FOLDER

Needs torch 2.7 or later, and no Java. transformers is run beside it where it is installed. Writes result.json,
result.md and kernels.md. Ends with 0; with 1 where it cannot run; with 2 for wrong usage; with 3 where a case failed
or the logits of a checkpoint are not what they should be.
"""

import argparse
import datetime
import gc
import pathlib
import sys
import time
import traceback

import checks
import kernels
import peer
import results
from kit import Kit, Program, Refused, import_torch, reason

MOST_KERNELS = 40


def say(line: str) -> None:
    print("measure: " + line, file=sys.stderr, flush=True)


class Measured:
    """The cases of the kit's model, one after the other."""

    def __init__(self, kit: Kit, device: str, on_device: bool, options: argparse.Namespace) -> None:
        self.kit = kit
        self.options = options
        self.on_device = on_device
        self.program = Program(kit, kit["model"]["archive"], device, kit["dtype"])
        self.torch = self.program.torch
        self.torch.manual_seed(1)
        self.program.load(kit["model"]["load"])
        self.loaded = self.torch.cuda.memory_reserved() / 1e9 if on_device else 0
        self.kernels = []

    def case(self, case: dict) -> dict:
        for call in case["fill"]:
            self.program.run(call)
        method = case["step"][0]
        arguments = self.program.arguments(case["step"])
        tokens = len(case["step"][1]["int64"][0])

        def step() -> None:
            self.program.call(method, *arguments)

        wall, device = self.times(step)
        millis = peer.median(wall)
        result = {
            "case": case["case"],
            "rows": case["rows"],
            "tokens": tokens,
            "context": case["context"],
            "ms": millis,
            "fastestMs": min(wall),
            "slowestMs": max(wall),
            "gigabytes": case["bytes"] / 1e9,
            "teraflop": case["flops"] / 1e12,
        }
        if self.on_device:
            result["deviceMs"] = peer.median(device)
            result["gigabytesPerSecond"] = case["bytes"] / millis / 1e6
            result["bandwidthShare"] = case["bytes"] / millis / 1e9 / self.options.peak_terabytes
            result["teraflopsPerSecond"] = case["flops"] / millis / 1e9
            result["computeShare"] = case["flops"] / millis / 1e9 / self.options.peak_teraflops
        self.profile(case["case"], step, result)
        if self.on_device:
            result["reservedGigabytesLoaded"] = self.loaded
            result["reservedGigabytes"] = self.torch.cuda.memory_reserved() / 1e9
        return result

    def ceilings(self, copied: int = 2 << 30, side: int = 8192) -> dict:
        """What this device reaches at most: a copy of 2 GiB, read and written, and a product of random matrices."""
        return {
            "copyTerabytesPerSecond": 2 * copied / self.copy_millis(copied) / 1e9,
            "productTeraflopsPerSecond": 2 * side**3 / self.product_millis(side) / 1e9,
        }

    def copy_millis(self, count: int) -> float:
        source = self.torch.zeros(count, dtype=self.torch.uint8, device=self.program.device)
        target = self.torch.empty_like(source)
        return peer.median(self.times(lambda: target.copy_(source))[1])

    def product_millis(self, side: int) -> float:
        square = self.torch.randn(side, side, device=self.program.device, dtype=self.program.dtype)
        return peer.median(self.times(lambda: self.torch.mm(square, square))[1])

    def times(self, step) -> tuple:
        """Milliseconds of the repeats by the host's clock, and by events on the device."""
        wall, device = [], []
        for repeat in range(self.options.warm + self.options.repeats):
            if self.on_device:
                begin, end = (self.torch.cuda.Event(enable_timing=True) for _ in range(2))
                self.torch.cuda.synchronize()
                begin.record()
            start = time.perf_counter()
            step()
            took = (time.perf_counter() - start) * 1e3
            if self.on_device:
                end.record()
                end.synchronize()
            if repeat >= self.options.warm:
                wall.append(took)
                device += [begin.elapsed_time(end)] if self.on_device else []
        return wall, device

    def profile(self, name: str, step, result: dict) -> None:
        layers = self.kit["shape"]["layers"]
        rows = kernels.profiled(self.torch, step, self.on_device)
        if self.on_device:
            result["kernelMs"] = sum(micros for _, _, micros in rows) / 1e3
            result["launches"] = kernels.launches(rows)
            result["launchesPerLayer"] = kernels.launches_per_layer(rows, layers)
        else:
            result["operators"] = kernels.launches(rows)
        self.kernels += kernels.markdown(name, rows, layers, MOST_KERNELS)


def beside(kit: Kit, cases: list, device: str, options: argparse.Namespace, rows: list):
    """Puts generate of transformers beside what was measured, case by case; to it sharing a prefix is nothing."""
    if peer.transformers() is None:
        say("transformers is not installed: nothing is put beside")
        return
    if kit["quantization"] != "none":
        say("transformers is left out: the kit's weights are quantised")
        return
    try:
        generate = peer.Generate(kit["shape"], kit["dtype"], device, max(case["context"] for case in cases))
    except Exception as error:  # whatever it raises, what was measured stays
        say(f"transformers failed to make the model: {reason(error)}")
        return
    known = {}
    for case, row in zip(cases, rows):
        key = (case["kind"], case["rows"], case["context"])
        if key not in known:
            try:
                if case["kind"] == "prefill":
                    known[key] = generate.prefill(case["context"], options.generate_repeats)
                else:
                    known[key] = generate.decode(case["rows"], case["context"], options.generate_repeats)
            except Exception as error:  # out of memory above all
                say(f"transformers failed in {case['case']}: {reason(error)}")
                known[key] = None
        if known[key] is not None:
            row["generateMs"] = known[key]
            if "ms" in row:
                row["generateOver"] = known[key] / row["ms"]
            say(f"{case['case']}: generate {known[key]:.3f} ms")
            yield case


def tried(name: str, work) -> dict:
    """What it measured, or why it failed; the rest goes on, as the machine may be lent for a while only."""
    try:
        result = work()
    except RuntimeError as error:
        traceback.print_exc()
        result = {"case": name, "failed": reason(error)}
    say(str(result))
    return result


def chosen(kit: Kit, wanted: str) -> str:
    """The device to run on, as torch spells it."""
    torch = import_torch()
    if wanted == "stand-in":
        if not kit["standIn"]:
            raise Refused("the kit is for a GPU; --device stand-in needs one made with --stand-in")
        return kit["device"]
    if kit["standIn"]:
        raise Refused("the kit is for the processor (made with --stand-in): run it with --device stand-in")
    if not torch.cuda.is_available():
        raise Refused(f"torch {torch.__version__} finds no CUDA device")
    return kit["device"]


def described(kit: Kit, device: str, options: argparse.Namespace) -> dict:
    torch = import_torch()
    return {
        **kit["shape"],
        "dtype": kit["dtype"],
        "quantization": kit["quantization"],
        "standIn": kit["standIn"],
        "device": torch.cuda.get_device_name(device) if options.device == "cuda" else "the processor",
        "torch": torch.__version__,
        "transformers": peer.version(),
        "kitMade": kit["made"],
        "warm": options.warm,
        "peakTerabytesPerSecond": options.peak_terabytes,
        "peakTeraflops": options.peak_teraflops,
    }


def measure(options: argparse.Namespace) -> int:
    begun = datetime.datetime.now(datetime.timezone.utc)
    kit = Kit(options.kit)
    device = chosen(kit, options.device)
    cases = [case for case in kit["model"]["cases"] if not options.cases or case["case"] in options.cases]
    if options.cases and len(cases) < len(options.cases):
        names = ", ".join(case["case"] for case in kit["model"]["cases"])
        raise Refused(f"the kit has the cases {names}")
    on_device = options.device == "cuda"
    shape = described(kit, device, options)
    say(f"{shape['device']}, torch {shape['torch']}, transformers {shape['transformers']}, kit of {kit['commit']}")
    checked = []
    for check in kit["checks"]:
        checked.append(tried("check-" + check["check"], lambda: checks.run(kit, check, device)))
    rows, headline, tables = [], {}, ["# Kernels of a step" if on_device else "# Operators of a step", ""]

    def write() -> None:
        result = results.run_result(begun, kit["commit"], shape, options.repeats, checked + rows, headline)
        results.write(options.output, result, tables)

    write()
    try:
        measured = Measured(kit, device, on_device, options)
    except RuntimeError as error:
        traceback.print_exc()
        raise Refused(f"the program cannot be loaded: {reason(error)}") from error
    if on_device:
        headline.update(measured.ceilings())
    for case in cases:
        rows.append(tried(case["case"], lambda: measured.case(case)))
        tables[2:] = measured.kernels
        write()
    measured = None  # transformers needs its memory
    gc.collect()
    if on_device:
        import_torch().cuda.empty_cache()
    for _ in beside(kit, cases, device, options, rows):
        write()
    print((options.output / "result.md").read_text(encoding="utf-8"))
    failed = [row for row in checked + rows if "failed" in row]
    for row in failed:
        say(f"{row['case']} failed: {row['failed']}")
    return 3 if failed else 0


def parser() -> argparse.ArgumentParser:
    made = argparse.ArgumentParser(prog="measure.py", description=__doc__.splitlines()[0])
    made.add_argument("kit", type=pathlib.Path, help="the folder that outcrop bench gpu-kit wrote")
    made.add_argument("--output", type=pathlib.Path, required=True, help="the folder that results go to")
    made.add_argument("--device", choices=["cuda", "stand-in"], default="cuda")
    made.add_argument("--cases", type=lambda text: text.split(","), default=[], help="only these: decode-1,shared-64")
    made.add_argument("--repeats", type=int, default=30, help="timed steps of a case (30)")
    made.add_argument("--warm", type=int, default=5, help="steps before them that do not count (5)")
    made.add_argument("--generate-repeats", type=int, default=3, help="timed runs of transformers (3)")
    made.add_argument("--peak-terabytes", type=float, default=4.3, help="10^12 bytes/s that the memory reaches (4.3)")
    made.add_argument("--peak-teraflops", type=float, default=790.0, help="10^12 operations/s of bf16 products (790)")
    return made


def main() -> int:
    commands = parser()
    options = commands.parse_args()
    if options.repeats < 1 or options.warm < 0 or options.generate_repeats < 1:
        commands.error("--repeats and --generate-repeats must be at least 1, --warm 0")
    if not (options.peak_terabytes > 0 and options.peak_teraflops > 0):
        commands.error("--peak-terabytes and --peak-teraflops must be above 0")
    try:
        return measure(options)
    except Refused as refused:
        say(str(refused))
        return 1


if __name__ == "__main__":
    sys.exit(main())
