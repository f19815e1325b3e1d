"""What no stand-in runs: the figures of a device and the count of its kernels, with both made up.

    python3 bench/gpu/test_measure.py
"""

import argparse
import contextlib
import io
import json
import pathlib
import sys
import tempfile
import unittest
from unittest import mock

import checks
import kernels
import measure
import results
from kit import Kit, Refused


class Event:
    """Events that are 2 ms apart."""

    def __init__(self, enable_timing: bool) -> None:
        assert enable_timing

    def record(self) -> None: ...

    def synchronize(self) -> None: ...

    def elapsed_time(self, end: "Event") -> float:
        return 2.0


def trace(category: str, name: str, micros: float, count: int) -> list:
    return [{"ph": "X", "cat": category, "name": name, "dur": micros} for _ in range(count)]


class MeasureTest(unittest.TestCase):
    def test_counts_what_runs_on_the_device(self) -> None:
        events = [
            *trace("kernel", "product", 10, 8),
            *trace("kernel", "norm", 1, 5),
            *trace("gpu_memcpy", "copy", 2, 1),
            *trace("cpu_op", "aten::mm", 100, 8),
            *trace("cuda_runtime", "cudaLaunchKernel", 3, 13),
            {"ph": "i", "cat": "kernel", "name": "no span"},
        ]
        rows = kernels.table(events, True)
        self.assertEqual(rows, [("product", 8, 80.0), ("norm", 5, 5.0), ("copy", 1, 2.0)])
        self.assertEqual(kernels.launches(rows), 14)
        self.assertEqual(kernels.launches_per_layer(rows, 2), 4 + 2)
        self.assertEqual(kernels.table(events, False), [("aten::mm", 8, 800.0)])

    def measured(self, torch) -> measure.Measured:
        """On a device that is the processor."""
        made = measure.Measured.__new__(measure.Measured)
        made.kit = {"shape": {"layers": 2}}
        made.options = argparse.Namespace(warm=1, repeats=3, peak_terabytes=4.0, peak_teraflops=800.0)
        made.on_device = True
        made.torch = torch
        made.kernels = []
        made.loaded = 18.0
        made.program = mock.Mock(device="cpu", dtype=torch.float32)
        made.program.arguments.return_value = []
        return made

    def test_measures_what_the_device_reaches(self) -> None:
        import torch

        with mock.patch.object(torch.cuda, "Event", Event), mock.patch.object(torch.cuda, "synchronize"):
            reached = self.measured(torch).ceilings(copied=1000, side=10)
        self.assertEqual(reached, {"copyTerabytesPerSecond": 1e-6, "productTeraflopsPerSecond": 1e-6})
        self.assertLessEqual(set(reached), set(results.UNITS))

    def test_compares_with_the_peaks(self) -> None:
        import torch

        measured = self.measured(torch)
        case = {
            "case": "decode-1",
            "rows": 1,
            "context": 8,
            "bytes": 16e9,
            "flops": 4e12,
            "fill": [["fill"]],
            "step": ["step_greedy", {"int64": [[1, 2]]}, [], []],
        }
        rows = [("product", 8, 4000.0)]
        with (
            mock.patch.object(torch.cuda, "Event", Event),
            mock.patch.object(torch.cuda, "synchronize"),
            mock.patch.object(torch.cuda, "memory_reserved", return_value=18_500_000_000),
            mock.patch.object(kernels, "profiled", return_value=rows),
            mock.patch.object(measure.time, "perf_counter", side_effect=[i * 0.004 for i in range(16)]),
        ):
            result = measured.case(case)
        measured.program.run.assert_called_once_with(["fill"])
        self.assertAlmostEqual(result["ms"], 4)
        self.assertEqual(result["deviceMs"], 2)
        self.assertAlmostEqual(result["gigabytesPerSecond"], 4000)
        self.assertAlmostEqual(result["bandwidthShare"], 1)
        self.assertAlmostEqual(result["teraflopsPerSecond"], 1000)
        self.assertAlmostEqual(result["computeShare"], 1.25)
        self.assertEqual((result["kernelMs"], result["launches"], result["launchesPerLayer"]), (4.0, 8, 4))
        self.assertEqual((result["reservedGigabytesLoaded"], result["reservedGigabytes"]), (18.0, 18.5))
        self.assertEqual(result["tokens"], 2)
        self.assertLessEqual(set(result), set(results.UNITS))

    def test_goes_on_after_a_case_that_failed(self) -> None:
        import torch

        @torch.jit.script
        def broken(x: torch.Tensor) -> torch.Tensor:
            return torch.matmul(x, x)

        with contextlib.redirect_stderr(io.StringIO()):
            result = measure.tried("decode-1", lambda: broken(torch.ones(2, 3)))
        self.assertEqual(result["case"], "decode-1")
        self.assertIn("shapes cannot be multiplied (2x3 and 2x3)", result["failed"])
        begun = measure.datetime.datetime.now(measure.datetime.timezone.utc)
        shape = {"device": "d", "torch": "2", "standIn": False}
        told = results.markdown(results.run_result(begun, "c", shape, 1, [result], {}))
        self.assertIn("| decode-1 | ", told)
        self.assertIn("cannot be multiplied", told)

    def test_notices_logits_that_are_off_or_none(self) -> None:
        import torch

        expected = [torch.tensor([[1.0, -4.0], [0.5, 2.0]])]
        said = [(0, 0, torch.tensor([1.0, -4.0])), (0, 1, torch.tensor([2.5, 2.0]))]
        self.assertAlmostEqual(checks.worst(said, expected), 0.5)
        self.assertAlmostEqual(checks.typical(said, expected), (4 / 21.25) ** 0.5)
        self.assertEqual(checks.agreement(said, expected), 0.5)
        said[1] = (0, 1, torch.tensor([float("nan"), 2.0]))
        self.assertFalse(checks.worst(said, expected) <= 1)

    def test_asks_for_another_kit_where_it_is_for_the_other_device(self) -> None:
        import torch

        with mock.patch.object(torch.cuda, "is_available", return_value=False):
            for wanted, stand_in, said in [
                ("cuda", False, "finds no CUDA device"),
                ("cuda", True, "run it with --device stand-in"),
                ("stand-in", False, "needs one made with --stand-in"),
            ]:
                with self.assertRaisesRegex(Refused, said):
                    measure.chosen({"standIn": stand_in, "device": "x"}, wanted)

    def test_refuses_an_old_torch_and_a_kit_of_another_version(self) -> None:
        import torch

        with tempfile.TemporaryDirectory() as folder:
            text = pathlib.Path(folder) / "kit.json"
            text.write_text(json.dumps({"kit": 99, "files": {}}))
            with self.assertRaisesRegex(Refused, "has version 99, this script takes 1"):
                Kit(pathlib.Path(folder))
            text.write_text(json.dumps({"kit": 1, "files": {}}))
            with self.assertRaisesRegex(Refused, "says nothing of 'model'"):
                Kit(pathlib.Path(folder))["model"]
        with mock.patch.object(torch, "__version__", "2.6.0+cpu"), self.assertRaisesRegex(Refused, "too old"):
            measure.import_torch()

    def test_refuses_wrong_usage(self) -> None:
        with (
            mock.patch.object(sys, "argv", ["measure.py", "kit", "--output", "o", "--repeats", "0"]),
            contextlib.redirect_stderr(io.StringIO()) as said,
            self.assertRaises(SystemExit) as end,
        ):
            measure.main()
        self.assertEqual(end.exception.code, 2)
        self.assertIn("must be at least 1", said.getvalue())


if __name__ == "__main__":
    unittest.main()
