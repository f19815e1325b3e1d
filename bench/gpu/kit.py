"""A kit that `outcrop bench gpu-kit` wrote: its program in this PyTorch, and the calls of it."""

import hashlib
import json
import pathlib

VERSION = 1
LEAST_TORCH = (2, 7)


class Refused(Exception):
    """What is wrong, in one line, for who typed the command."""


def import_torch():
    try:
        import torch
    except ImportError as error:
        raise Refused(f"this Python has no torch ({error})") from error
    number = tuple(int(part) for part in torch.__version__.split("+")[0].split(".")[:2] if part.isdigit())
    if number < LEAST_TORCH:
        raise Refused(f"torch {torch.__version__} is too old, the program is written for 2.7 and later")
    return torch


class Kit:
    """kit.json, and the files that it names."""

    def __init__(self, folder: pathlib.Path) -> None:
        self.folder = folder
        text = folder / "kit.json"
        if not text.is_file():
            raise Refused(f"there is no kit in {folder} (no kit.json): outcrop bench gpu-kit --output makes one")
        try:
            self.json = json.loads(text.read_text(encoding="utf-8"))
            version = self.json["kit"]
        except (ValueError, KeyError, TypeError) as error:
            raise Refused(f"{text} is no kit, or was cut off") from error
        if version != VERSION:
            raise Refused(f"the kit in {folder} has version {version}, this script takes {VERSION}: make it anew")
        for name, wanted in self["files"].items():
            file = folder / name
            if not file.is_file():
                raise Refused(f"the kit in {folder} lacks {name}")
            if hashlib.sha256(file.read_bytes()).hexdigest() != wanted:
                raise Refused(f"{file} is not as the kit was made")

    def __getitem__(self, name: str):
        try:
            return self.json[name]
        except KeyError as error:
            raise Refused(f"{self.folder / 'kit.json'} says nothing of '{name}'") from error


class Program:
    """A program of the kit, loaded. Its methods run as Java calls them."""

    def __init__(self, kit: Kit, archive: str, device: str, dtype: str) -> None:
        self.torch = import_torch()
        self.folder = kit.folder
        self.device = device
        self.dtype = getattr(self.torch, dtype)
        try:
            self.module = self.torch.jit.load(str(kit.folder / archive))
        except RuntimeError as error:
            raise Refused(f"torch {self.torch.__version__} refused {archive}: {reason(error)}") from error

    def call(self, method: str, *arguments):
        """Without gradients and without the profiling executor, as the server has it."""
        with self.torch.no_grad(), self.torch.jit.optimized_execution(False):
            return getattr(self.module, method)(*arguments)

    def arguments(self, call: list) -> list:
        """What a call of the kit hands over, tensors made."""
        return [
            self.torch.tensor(value["int64"], dtype=self.torch.int64) if isinstance(value, dict) else value
            for value in call[1:]
        ]

    def run(self, call: list):
        """Runs a call of the kit."""
        if call[0] == "map_file":
            return self.call("map_file", str(self.folder / call[1]), call[2])
        if call[0] == "draw_linear":
            # Java draws on the processor and copies, which takes minutes at 8 B; the same method takes it from here.
            kind, rows, columns = call[1:]
            drawn = self.torch.randn(rows, columns, device=self.device, dtype=self.dtype).mul_(0.02)
            return self.call("add_linear", kind, [drawn])
        return self.call(call[0], *self.arguments(call))

    def load(self, calls: list) -> None:
        self.call("probe_device")
        for call in calls:
            self.run(call)


def reason(error: Exception) -> str:
    """The line that says what happened: TorchScript puts it last, behind where it happened."""
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    named = [line for line in lines if line.startswith(("RuntimeError: ", "torch.", "CUDA error"))]
    return (named[-1] if named else lines[0]) if lines else type(error).__name__
