"""What was measured, in the form of the other bench commands (RunResult), and as a table."""

import datetime
import json
import math
import os
import pathlib
import platform

UNITS = {
    "case": "what is measured; the number is that of sequences, after prefill that of tokens",
    "rows": "sequences",
    "tokens": "tokens that ran",
    "context": "tokens that the last token of each sequence sees",
    "ms": "ms of a step, by the clock of the host, until its tokens are there; median of the repeats",
    "fastestMs": "ms, the fastest repeat",
    "slowestMs": "ms, the slowest repeat",
    "deviceMs": "ms between CUDA events around the same steps, median",
    "kernelMs": "ms that kernels and copies ran in a step, by torch.profiler",
    "gigabytes": "10^9 bytes of weights and KV that a step has to read, counted from the shape; shared KV once",
    "teraflop": "10^12 operations that a step has to do, counted from the shape",
    "gigabytesPerSecond": "gigabytes over ms",
    "bandwidthShare": "gigabytesPerSecond over that of the shape's peakTerabytesPerSecond",
    "teraflopsPerSecond": "teraflop over ms",
    "computeShare": "teraflopsPerSecond over the shape's peakTeraflops",
    "launches": "kernels, copies and fills of a step, by torch.profiler",
    "launchesPerLayer": "those of a layer",
    "reservedGigabytesLoaded": "10^9 bytes of the device that PyTorch keeps, with weights and KV cache loaded",
    "reservedGigabytes": "the same after the case",
    "operators": "operators of a step, by torch.profiler; a stand-in launches nothing",
    "generateMs": "ms of the same by generate of transformers, median",
    "generateOver": "generateMs over ms",
    "errorToEngine": "largest difference to the engine of the processor in float32, in parts of the largest logit",
    "errorToTransformers": "the same to transformers in float32 on this device",
    "errorOfTransformers": "the same of transformers in the kit's type to transformers in float32",
    "typicalError": "root mean square of the difference to that engine over that of its logits, in the worst step",
    "agreement": "share of tokens with the likeliest next token of the engine of the processor",
    "failed": "why a check or a case failed",
    "copyTerabytesPerSecond": "10^12 bytes/s, read and written, of a copy of 2 GiB on the device",
    "productTeraflopsPerSecond": "10^12 operations/s of a product of two random 8192 x 8192 matrices of the kit's type",
}


def machine() -> dict:
    """As bench/report/Machine.java has it; there is no Java here."""
    cpu = "unknown"
    info = pathlib.Path("/proc/cpuinfo")
    if info.is_file():
        lines = [line for line in info.read_text().splitlines() if line.startswith("model name")]
        cpu = lines[0].split(":", 1)[1].strip() if lines else cpu
    try:
        memory = round(os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 1e9, 1)
        load = os.getloadavg()[0]
    except (ValueError, OSError):
        memory, load = 0, -1
    return {
        "os": f"{platform.system()} {platform.release()}",
        "arch": platform.machine(),
        "cpu": cpu,
        "cores": os.cpu_count() or 1,
        "memoryGigabytes": memory,
        "java": "none",
        "loadAverage": load,
    }


def run_result(
    begun: datetime.datetime, commit: str, shape: dict, repeats: int, rows: list, headline: dict
) -> dict:
    """Figures that are not finite are no figures, and left out."""
    kept = [{k: v for k, v in row.items() if not isinstance(v, float) or math.isfinite(v)} for row in rows]
    return {
        "benchmark": "gpu",
        "time": begun.strftime("%Y-%m-%dT%H:%M:%SZ"),
        "commit": commit,
        "machine": machine(),
        "shape": shape,
        "repeats": repeats,
        "units": {name: unit for name, unit in UNITS.items() if any(name in row for row in [*kept, headline])},
        "results": kept,
        **headline,
    }


COLUMNS = [
    ("ms", "{:.3f}"),
    ("deviceMs", "{:.3f}"),
    ("kernelMs", "{:.3f}"),
    ("gigabytesPerSecond", "{:.0f}"),
    ("bandwidthShare", "{:.1%}"),
    ("teraflopsPerSecond", "{:.1f}"),
    ("computeShare", "{:.1%}"),
    ("launchesPerLayer", "{}"),
    ("generateMs", "{:.3f}"),
    ("generateOver", "{:.2f}"),
]


def markdown(result: dict) -> str:
    shape = result["shape"]
    lines = [f"# {shape['device']}, torch {shape['torch']}", ""]
    if shape["standIn"]:
        lines += ["A stand-in on the processor: no figure says anything about a GPU.", ""]
    for name in ("copyTerabytesPerSecond", "productTeraflopsPerSecond"):
        if name in result:
            lines += [f"{name}: {result[name]:.2f}", ""]
    timed = [row for row in result["results"] if "ms" in row]
    shown = [(name, form) for name, form in COLUMNS if any(name in row for row in timed)]
    if timed:
        lines.append("| case | " + " | ".join(name for name, _ in shown) + " |")
        lines.append("|---" * (len(shown) + 1) + "|")
        for row in timed:
            cells = [form.format(row[name]) if name in row else "" for name, form in shown]
            lines.append(f"| {row['case']} | " + " | ".join(cells) + " |")
        lines.append("")
    checks = [row for row in result["results"] if "ms" not in row]
    names = ["errorToEngine", "errorToTransformers", "errorOfTransformers", "typicalError", "agreement"]
    if checks:
        lines += ["| check | " + " | ".join(names) + " | |", "|---" * (len(names) + 2) + "|"]
        for row in checks:
            cells = [f"{row[name]:.2g}" if name in row else "" for name in names]
            lines.append(f"| {row['case']} | " + " | ".join(cells) + f" | {row.get('failed', 'as it should be')} |")
        lines.append("")
    lines += [f"- {name}: {result['units'][name]}" for name in result["units"]]
    return "\n".join(lines) + "\n"


def write(folder: pathlib.Path, result: dict, kernels: list) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "result.json").write_text(json.dumps(result, indent=2) + "\n", encoding="utf-8")
    (folder / "result.md").write_text(markdown(result), encoding="utf-8")
    (folder / "kernels.md").write_text("\n".join(kernels) + "\n", encoding="utf-8")
