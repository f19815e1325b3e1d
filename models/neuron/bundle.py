"""
The bundle folder: its manifest, when one that exists is left alone, and how a new one comes to stand in its place at
once, so that half a bundle is never taken for a whole one.
"""
from __future__ import annotations

import json
import os
import shutil
import time
import uuid
from pathlib import Path

from decoder import Shapes
from fields import BadInput

FORMAT = 1
MANIFEST = "manifest.json"
MODEL = "model.pt"
WEIGHTS = "weights"
SDK = "2.28"
# What Java reads besides, copied as it is; never weights, and never anything that could be run.
COPIED = ("*.json", "*.jinja", "*.model", "merges.txt", "vocab.txt", "LICENSE*", "NOTICE*")
ABANDONED = 24 * 3_600.0  # seconds after which a folder that nobody wrote to is a killed job's
NOT_COPIED = ("model.safetensors.index.json", MANIFEST)


def wanted(args, model_type: str, hashed: str, shapes: Shapes, versions: dict) -> dict:
    """The manifest but for what is known only once the bundle is made."""
    return {
        "format": FORMAT,
        "backend": args.backend,
        "model": {"id": args.model_id, "family": model_type, "hash": hashed},
        "dtype": args.dtype,
        "tensor_parallel": args.tensor_parallel,
        "versions": versions,
        "slots": shapes.slots,
        "prefill_tokens": list(shapes.prefill_tokens),
        "decode_rows": list(shapes.decode_rows),
        "contexts": list(shapes.contexts),
        "sampling": args.sampling,
    }


def differences(there: dict, manifest: dict, target: str, compiler_args: str) -> list[str]:
    """Names of what a bundle that exists has otherwise than the one that is wanted; its model's id is only a name."""
    names = [name for name in manifest if name != "model" and there.get(name) != manifest[name]]
    model, compiled = there.get("model"), there.get("compiled")
    if not isinstance(model, dict) or model.get("hash") != manifest["model"]["hash"]:
        names.append("model.hash")
    if not isinstance(compiled, dict) or (compiled.get("target"), compiled.get("compiler_args")) != (target, compiler_args):
        names.append("compiled")
    return sorted(names)


def parse(text: bytes, where: str) -> dict:
    try:
        node = json.loads(text)
    except ValueError:
        node = None
    if not isinstance(node, dict):
        raise BadInput(f"{where}: is no manifest; give another --output")
    return node


def complete(folder: Path, manifest: dict) -> list[str]:
    """Files that the manifest names and that are missing or of another size."""
    files = manifest.get("files")
    if not isinstance(files, dict) or not files:
        return ["files"]
    return sorted(n for n, size in files.items() if not (folder / n).is_file() or (folder / n).stat().st_size != size)


def copy_files(source: Path, folder: Path) -> None:
    for pattern in COPIED:
        for file in sorted(source.glob(pattern)):
            if file.is_file() and file.name not in NOT_COPIED and not file.name.endswith(".safetensors.index.json"):
                shutil.copyfile(file, folder / file.name)


def finish(folder: Path, manifest: dict, seconds: float, target: str, compiler_args: str) -> dict:
    """Writes manifest.json, the last file of a bundle. It names every other one."""
    made = [folder / MODEL, *sorted((folder / WEIGHTS).glob("*.safetensors"), key=_rank)]
    made += sorted(file for file in folder.iterdir() if file.is_file() and file.name not in (MODEL, MANIFEST))
    whole = {
        **manifest,
        "files": {str(file.relative_to(folder)): file.stat().st_size for file in made},
        "compiled": {"seconds": round(seconds, 1), "target": target, "compiler_args": compiler_args},
    }
    (folder / MANIFEST).write_text(json.dumps(whole, indent=2) + "\n")
    return whole


def _last_written(folder: Path) -> float:
    """Seconds since 1970; now where another job removes it meanwhile."""
    try:
        return max(file.stat().st_mtime for file in (folder, *folder.rglob("*")))
    except FileNotFoundError:
        return time.time()


def _rank(file: Path) -> int:
    return int(file.name.removeprefix("tp").split("_")[0])


class LocalOutput:
    """A bundle in a folder."""

    def __init__(self, folder: Path):
        self.folder = Path(os.path.abspath(folder))
        if not self.folder.name:
            raise BadInput(f"{self.folder}: is no place for a bundle; give --output a folder below it")
        own = uuid.uuid4().hex
        self._partial = self.folder.with_name(f"{self._hidden('partial')}-{own}")
        self._old = self.folder.with_name(f"{self._hidden('old')}-{own}")

    def _hidden(self, what: str) -> str:
        return f".{self.folder.name}.{what}"

    def __str__(self) -> str:
        return str(self.folder)

    def existing(self) -> dict | None:
        """The manifest that is there; an empty one where files are but no manifest; None where nothing is."""
        if not self.folder.exists():
            return None
        if not self.folder.is_dir():
            raise BadInput(f"{self.folder}: is no folder")
        if not (self.folder / MANIFEST).is_file():
            return {} if any(self.folder.iterdir()) else None
        return parse((self.folder / MANIFEST).read_bytes(), str(self.folder / MANIFEST))

    def damaged(self, manifest: dict) -> list[str]:
        return complete(self.folder, manifest)

    def begin(self) -> Path:
        """An empty folder beside the output, of this job alone. What jobs that were killed left there is removed in time."""
        self._sweep()
        self._partial.mkdir(parents=True)
        return self._partial

    def _sweep(self) -> None:
        if not self.folder.parent.is_dir():
            return
        names = tuple(self._hidden(what) for what in ("partial", "old"))
        before = time.time() - ABANDONED
        for left in self.folder.parent.iterdir():
            ours = left.name in names or left.name.startswith(tuple(f"{name}-" for name in names))
            if ours and left.is_dir() and _last_written(left) < before:
                shutil.rmtree(left, ignore_errors=True)

    def commit(self) -> None:
        if self.folder.exists():
            self.folder.rename(self._old)
        self._partial.rename(self.folder)
        shutil.rmtree(self._old, ignore_errors=True)

    def abandon(self) -> None:
        shutil.rmtree(self._partial, ignore_errors=True)
