"""What a step launches, by torch.profiler."""

import collections
import json
import pathlib
import tempfile

DEVICE = {"kernel", "gpu_memcpy", "gpu_memset"}


def profiled(torch, work, on_device: bool) -> list:
    """Name, count and microseconds of everything that ran on the device, or of operators where there is none."""
    activities = [torch.profiler.ProfilerActivity.CPU]
    if on_device:
        activities.append(torch.profiler.ProfilerActivity.CUDA)
    work()
    with torch.profiler.profile(activities=activities) as profile:
        work()
        if on_device:
            torch.cuda.synchronize()
    with tempfile.TemporaryDirectory() as folder:
        trace = pathlib.Path(folder) / "trace.json"
        profile.export_chrome_trace(str(trace))
        return table(json.loads(trace.read_text(encoding="utf-8"))["traceEvents"], on_device)


def table(events: list, on_device: bool) -> list:
    """Events of a trace by name, the longest first."""
    wanted = DEVICE if on_device else {"cpu_op"}
    counts = collections.Counter()
    micros = collections.Counter()
    for event in events:
        if event.get("ph") == "X" and event.get("cat") in wanted:
            counts[event["name"]] += 1
            micros[event["name"]] += float(event.get("dur", 0))
    return [(name, counts[name], micros[name]) for name, _ in micros.most_common()]


def launches(rows: list) -> int:
    return sum(count for _, count, _ in rows)


def launches_per_layer(rows: list, layers: int) -> int:
    """Layers are alike: what a kernel runs less often than there are layers, or beyond a multiple, is not theirs."""
    return sum(count // layers for _, count, _ in rows)


def markdown(name: str, rows: list, layers: int, most: int) -> list:
    total = sum(micros for _, _, micros in rows)
    lines = [f"## {name}", "", "| name | count | for a layer | µs | share |", "|---|---|---|---|---|"]
    for kernel, count, micros in rows[:most]:
        share = micros / max(total, 1e-9)
        shown = kernel.replace("|", "\\|")
        lines.append(f"| `{shown[:140]}` | {count} | {count // layers} | {micros:.1f} | {share:.1%} |")
    rest = rows[most:]
    if rest:
        micros = sum(each for _, _, each in rest)
        lines.append(f"| {len(rest)} others | {launches(rest)} | | {micros:.1f} | {micros / max(total, 1e-9):.1%} |")
    return [*lines, f"| all | {launches(rows)} | {launches_per_layer(rows, layers)} | {total:.1f} | |", ""]
