"""
Tests of the compile job around the programs: what it writes, what it refuses, when it leaves a bundle alone, and S3.
python -m unittest discover models/neuron
"""
import io
import json
import os
import shutil
import struct
import subprocess
import sys
import tempfile
import time
import unittest
from pathlib import Path
from unittest import mock

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE))
try:
    import safetensors.torch
    import torch
except ImportError as e:
    raise unittest.SkipTest(f"test_job is skipped: {e}; pip install -r models/neuron/requirements.txt")

import bundle
import s3
import weights
from fixtures import CHECKPOINTS, made, weights_of

LLAMA = CHECKPOINTS / "llama"
SMALL = ("--backend", "cpu", "--dtype", "float32", "--slots", "2", "--prefill-tokens", "8", "--decode-rows", "1", "--contexts", "16")


class JobTest(unittest.TestCase):
    def setUp(self):
        scratch = tempfile.TemporaryDirectory()
        self.addCleanup(scratch.cleanup)
        self.scratch = Path(scratch.name)
        self.output = self.scratch / "bundle"

    def refused(self, message: str, *args: str, model: Path = LLAMA):
        status, out, err = made(model, self.output, *args)
        self.assertEqual((status, out), (2, ""))
        self.assertRegex(err, message)
        self.assertEqual(err.count("\n"), 1)

    def copy_of(self, name: str, **changes) -> Path:
        folder = self.scratch / "model"
        shutil.copytree(CHECKPOINTS / name, folder)
        config = json.loads((folder / "config.json").read_text())
        (folder / "config.json").write_text(json.dumps({**config, **changes}))
        return folder

    def test_manifest_and_files(self):
        model = self.copy_of("llama")
        for name in ("tokenizer.json", "chat_template.jinja", "LICENSE", "model.safetensors.index.json", "train.py", "manifest.json"):
            (model / name).write_text("{}")
        status, out, _ = made(model, self.output, *SMALL, "--tensor-parallel", "2", "--model-id", "tiny")
        self.assertEqual(status, 0)
        self.assertRegex(out, "made, 2 programs")
        manifest = json.loads((self.output / "manifest.json").read_text())
        shards = [f"weights/tp{r}_sharded_checkpoint.safetensors" for r in (0, 1)]
        copied = ["LICENSE", "chat_template.jinja", "config.json", "expected.json", "tokenizer.json"]
        sizes = {name: (self.output / name).stat().st_size for name in ["model.pt", *shards, *copied]}
        self.assertGreaterEqual(manifest["compiled"].pop("seconds"), 0)
        self.assertEqual(
            manifest,
            {
                "format": 1,
                "backend": "cpu",
                "model": {"id": "tiny", "family": "llama", "hash": weights.model_hash(model)},
                "dtype": "float32",
                "tensor_parallel": 2,
                "versions": {"torch": torch.__version__.split("+")[0]},
                "slots": 2,
                "prefill_tokens": [8],
                "decode_rows": [1],
                "contexts": [16],
                "sampling": "host",
                "files": sizes,
                "compiled": {"target": "cpu", "compiler_args": ""},
            },
        )
        files = {str(f.relative_to(self.output)) for f in self.output.rglob("*") if f.is_file()}
        self.assertEqual(files, {"manifest.json", *sizes})
        self.assertEqual(list(manifest["files"]), list(sizes))
        self.assertEqual([f.name for f in self.scratch.iterdir() if f.name.startswith(".")], [])
        for rank, name in enumerate(shards):
            with safetensors.safe_open(str(self.output / name), "pt") as file:
                expected = {"outcrop.model": manifest["model"]["hash"], "outcrop.rank": str(rank), "outcrop.ranks": "2"}
                self.assertEqual(file.metadata(), expected)
            header = struct.unpack("<Q", (self.output / name).read_bytes()[:8])[0]
            self.assertEqual(header % 8, 0)

    def test_hash_is_of_config_and_weights_in_the_order_of_their_names(self):
        import hashlib

        model = self.copy_of("llama")
        (model / "a.safetensors").write_bytes(b"first")
        parts = [(model / n).read_bytes() for n in ("config.json", "a.safetensors", "model.safetensors")]
        self.assertEqual(weights.model_hash(model), hashlib.sha256(b"".join(parts)).hexdigest())

    def test_bundle_is_skipped_refused_and_replaced(self):
        self.assertEqual(made(LLAMA, self.output, *SMALL)[0], 0)
        before = (self.output / "manifest.json").stat().st_mtime_ns
        status, out, _ = made(LLAMA, self.output, *SMALL, "--model-id", "another name")
        self.assertEqual((status, out), (0, f"{self.output}: skipped, the bundle exists\n"))
        self.refused("holds a bundle that differs in contexts, slots; ", *SMALL, "--contexts", "16,32", "--slots", "3")
        self.refused("differs in model.hash", *SMALL, model=self.copy_of("llama", attention_dropout=0.1))
        self.refused("differs in sampling", *SMALL, "--sampling", "device")
        self.assertEqual((self.output / "manifest.json").stat().st_mtime_ns, before)
        self.assertEqual(made(LLAMA, self.output, *SMALL, "--sampling", "device", "--replace")[0], 0)
        self.assertEqual(json.loads((self.output / "manifest.json").read_text())["sampling"], "device")
        self.assertEqual(sorted(f.name for f in self.scratch.iterdir()), ["bundle", "model"])

    def test_damaged_bundle_is_not_skipped(self):
        made(LLAMA, self.output, *SMALL)
        with (self.output / "model.pt").open("r+b") as file:
            file.truncate(100)
        self.refused("model.pt is missing or cut short", *SMALL)
        self.assertEqual(made(LLAMA, self.output, *SMALL, "--replace")[0], 0)
        self.assertGreater((self.output / "model.pt").stat().st_size, 100)

    def test_bundle_without_its_tokenizer_is_not_skipped(self):
        model = self.copy_of("llama")
        (model / "tokenizer.json").write_text("{}")
        made(model, self.output, *SMALL)
        (self.output / "tokenizer.json").unlink()
        self.refused("tokenizer.json is missing or cut short", *SMALL, model=model)
        self.assertEqual(made(model, self.output, *SMALL, "--replace")[0], 0)
        self.assertTrue((self.output / "tokenizer.json").exists())

    def test_folder_of_others_is_never_replaced(self):
        self.output.mkdir()
        (self.output / "letter.txt").write_text("dear")
        self.refused("is not empty and holds no bundle", *SMALL, "--replace")
        self.assertTrue((self.output / "letter.txt").exists())

    def test_what_fails_leaves_nothing(self):
        made(LLAMA, self.output, *SMALL)
        broken = self.copy_of("llama", intermediate_size=58)
        self.refused(r"tensor 'model.layers.0.mlp.gate_proj.weight' is \[56, 32\], must be \[58, 32\]", *SMALL, "--replace", model=broken)
        self.assertEqual(sorted(f.name for f in self.scratch.iterdir()), ["bundle", "model"])
        self.assertEqual(made(LLAMA, self.output, *SMALL)[1], f"{self.output}: skipped, the bundle exists\n")

    def test_leftovers_of_killed_jobs_are_removed_after_a_day(self):
        for name, hours in ((".bundle.partial", 25), (".bundle.partial-a", 25), (".bundle.old-a", 25), (".bundle.partial-b", 23),
                            (".bundle.partialities", 25), (".bundle2.partial-a", 25)):
            left = self.scratch / name / "weights"
            left.mkdir(parents=True)
            (left / "tp0").write_text("half")
            for file in (left / "tp0", left, left.parent):
                os.utime(file, (time.time() - hours * 3600,) * 2)
        (self.scratch / ".bundle.partial-c").write_text("no folder")
        self.assertEqual(made(LLAMA, self.output, *SMALL)[0], 0)
        left = [".bundle.partial-b", ".bundle.partial-c", ".bundle.partialities", ".bundle2.partial-a", "bundle"]
        self.assertEqual(sorted(f.name for f in self.scratch.iterdir()), left)

    def test_two_jobs_do_not_write_into_one_another(self):
        first, second = bundle.LocalOutput(self.output), bundle.LocalOutput(self.output)
        folders = [first.begin(), second.begin()]
        for number, folder in enumerate(folders):
            (folder / "model.pt").write_text(str(number))
        self.assertEqual([(f / "model.pt").read_text() for f in folders], ["0", "1"])
        first.commit()
        second.commit()
        self.assertEqual((self.output / "model.pt").read_text(), "1")
        self.assertEqual([f.name for f in self.scratch.iterdir()], ["bundle"])

    def test_job_that_is_told_to_end_leaves_nothing(self):
        waits = "import compile, standin, sys, time; standin.save = lambda *a: (print('saving', flush=True), time.sleep(60)); compile.main(sys.argv[1:])"
        command = [sys.executable, "-c", waits, "--model", str(LLAMA), "--output", str(self.output), *SMALL]
        (self.scratch / "tmp").mkdir()
        environment = {**os.environ, "TMPDIR": str(self.scratch / "tmp")}
        with subprocess.Popen(command, cwd=HERE, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as job:
            self.addCleanup(job.kill)
            self.assertEqual(job.stdout.readline(), "saving\n")
            self.assertEqual(len([f for f in self.scratch.iterdir() if f.name.startswith(".bundle.partial-")]), 1)
            job.terminate()
            self.assertEqual((job.wait(30), job.stderr.read()), (143, ""))
        self.assertEqual([str(f.relative_to(self.scratch)) for f in self.scratch.rglob("*")], ["tmp"])

    def test_bad_input_is_one_line(self):
        self.refused("no such folder", *SMALL, model=self.scratch / "none")
        self.refused("config.json: no such file", *SMALL, model=self.scratch)
        self.refused("model_type is 'mixtral', which has experts; supported: llama, ", *SMALL, model=CHECKPOINTS / "mixtral")
        self.refused("'deepseek_v3', which has latent attention", *SMALL, model=CHECKPOINTS / "deepseek_v3")
        self.refused("'gpt_oss', which has experts", *SMALL, model=CHECKPOINTS / "gpt_oss")
        self.refused("--slots: '0' is no number", *SMALL, "--slots", "0")
        self.refused("--slots is 5000, must be at most 4096", *SMALL, "--slots", "5000")
        self.refused("--contexts: '32,16' must ascend", *SMALL, "--contexts", "32,16")
        self.refused("--contexts end with 512, the model knows 256 positions", *SMALL, "--contexts", "512")
        self.refused("--prefill-tokens begin with 1", *SMALL, "--prefill-tokens", "1,8")
        self.refused("--prefill-tokens end with 32, the longest context is 16", *SMALL, "--prefill-tokens", "32")
        self.refused("--decode-rows end with 4, there are 2 slots", *SMALL, "--decode-rows", "4")
        self.refused(r"--tensor-parallel 8 does not divide the model's attention heads \(4\)", *SMALL, "--tensor-parallel", "8")
        self.refused("have no effect with --backend cpu", *SMALL, "--cache", "x")
        self.refused("/: is no place for a bundle; give --output a folder below it", *SMALL, "--output", "/")
        self.refused("/: is no place for a bundle", *SMALL, "--output", "/tmp/..")
        self.refused("invalid choice: 'gpu'", *SMALL, "--backend", "gpu")

    def test_configs_that_the_engine_refuses(self):
        for message, change in (
            ("model_type is 'bert'", {"model_type": "bert"}),
            ("model_type is missing", {"model_type": None}),
            ("quantization_config is 'gptq'", {"quantization_config": {"quant_method": "gptq"}}),
            ("num_key_value_heads is 3, must divide", {"num_key_value_heads": 3}),
            ("hidden_size is '32', must be an integer", {"hidden_size": "32"}),
            ("rms_norm_eps is nan, must be a number", {"rms_norm_eps": float("nan")}),
            ("hidden_act is 'relu'; supported: silu", {"hidden_act": "relu"}),
            ("rope_parameters.rope_type is 'mrope'", {"rope_parameters": {"rope_type": "mrope"}}),
            ("rope_parameters.low_freq_factor is missing", {"rope_parameters": {"rope_type": "llama3"}}),
            ("head_dim is 7, must be even", {"head_dim": 7}),
            ("has no tensor 'model.layers.", {"num_hidden_layers": 9}),
        ):
            with self.subTest(message):
                self.refused(message, *SMALL, model=self.copy_of("llama", **change))
                shutil.rmtree(self.scratch / "model")

    def test_shards_are_those_that_the_index_names(self):
        model = self.copy_of("llama")
        tensors = safetensors.torch.load_file(model / "model.safetensors")
        (model / "model.safetensors").unlink()
        shards = {name: f"model-{i % 2}.safetensors" for i, name in enumerate(sorted(tensors))}
        for shard in set(shards.values()):
            safetensors.torch.save_file({n: tensors[n] for n in shards if shards[n] == shard}, model / shard)
        # The same model once more, as some publish it.
        safetensors.torch.save_file(tensors, model / "consolidated.safetensors")
        (model / "model.safetensors.index.json").write_text(json.dumps({"weight_map": shards}))
        self.assertEqual(made(model, self.output, *SMALL)[0], 0)
        made(LLAMA, self.scratch / "single", *SMALL)
        ours, single = weights_of(self.output), weights_of(self.scratch / "single")
        self.assertEqual(ours.keys(), single.keys())
        self.assertTrue(all(torch.equal(ours[name], single[name]) for name in ours))
        (model / "model-1.safetensors").unlink()
        self.refused("names shard 'model-1.safetensors', which is missing", *SMALL, "--replace", model=model)
        (model / "model.safetensors.index.json").unlink()
        self.refused("holds tensor '.*', and so does consolidated.safetensors", *SMALL, "--replace", model=model)

    def test_bare_names_are_found(self):
        model = self.copy_of("gemma2")
        tensors = safetensors.torch.load_file(model / "model.safetensors")
        bare = {name.removeprefix("model."): tensor for name, tensor in tensors.items()}
        safetensors.torch.save_file(bare, model / "model.safetensors")
        self.assertEqual(made(model, self.output, *SMALL)[::2], (0, ""))

    def test_defaults_fit_the_model(self):
        status, _, _ = made(LLAMA, self.output, "--backend", "cpu", "--slots", "6")
        self.assertEqual(status, 0)
        manifest = json.loads((self.output / "manifest.json").read_text())
        shapes = [manifest[name] for name in ("prefill_tokens", "decode_rows", "contexts", "dtype")]
        self.assertEqual(shapes, [[128], [1, 4, 6], [256], "bfloat16"])


class RequirementsTest(unittest.TestCase):
    def test_every_package_is_pinned_and_what_both_backends_need_is_the_same(self):
        pins = []
        for name in ("requirements.txt", "requirements-neuron.txt"):
            lines = [line for line in (HERE / name).read_text().splitlines() if line and not line.startswith("#")]
            self.assertEqual([line for line in lines if "==" not in line], [])
            pins.append(set(lines))
        # numpy is the one that the compiler asks for; it came with the tests' torch.
        self.assertLessEqual({pin for pin in pins[0] if not pin.startswith("numpy")}, pins[1])


class InMemoryS3:
    """The five calls that the job makes, over a dictionary."""

    def __init__(self, objects: dict):
        self.objects = objects
        self.order: list[str] = []
        self.writes = -1  # that go well before one breaks off; below 0 all do

    def get_paginator(self, operation: str):
        assert operation == "list_objects_v2"
        return self

    def paginate(self, Bucket: str, Prefix: str):
        keys = [k for k in sorted(self.objects) if k.startswith(f"{Bucket}/{Prefix}")]
        found = [{"Key": k[len(Bucket) + 1 :], "Size": len(self.objects[k])} for k in keys]
        return [{}, {"Contents": found[:2]}, {"Contents": found[2:]}]

    def download_file(self, bucket: str, key: str, file: str):
        Path(file).write_bytes(self.objects[f"{bucket}/{key}"])

    def _write(self):
        self.writes -= 1
        if self.writes == -1:
            raise ConnectionError("broke off")

    def upload_file(self, file: str, bucket: str, key: str):
        self._write()
        self.order.append(key)
        self.objects[f"{bucket}/{key}"] = Path(file).read_bytes()

    def get_object(self, Bucket: str, Key: str):
        return {"Body": io.BytesIO(self.objects[f"{Bucket}/{Key}"])}

    def delete_object(self, Bucket: str, Key: str):
        self._write()
        self.order.append(f"-{Key}")
        del self.objects[f"{Bucket}/{Key}"]


class S3Test(unittest.TestCase):
    def setUp(self):
        files = {f"m/llama/{f.name}": f.read_bytes() for f in LLAMA.iterdir() if f.is_file()}
        self.s3 = InMemoryS3({**files, "m/llama/expected/model.safetensors": b"deeper", "m/llama/pytorch_model.bin": b"pickle"})
        patch = mock.patch.object(s3, "client", lambda: self.s3)
        patch.start()
        self.addCleanup(patch.stop)

    def test_bundle_goes_there_with_its_manifest_last_and_is_skipped(self):
        status, out, err = made("s3://m/llama/", "s3://b/x/bundle", *SMALL)
        self.assertEqual((status, err), (0, ""))
        self.assertEqual(self.s3.order[-1], "x/bundle/manifest.json")
        self.assertIn("b/x/bundle/weights/tp0_sharded_checkpoint.safetensors", self.s3.objects)
        manifest = json.loads(self.s3.objects["b/x/bundle/manifest.json"])
        self.assertEqual((manifest["model"]["id"], manifest["model"]["hash"]), ("llama", weights.model_hash(LLAMA)))
        self.s3.order.clear()
        self.assertEqual(made("s3://m/llama", "s3://b/x/bundle/", *SMALL)[1], "s3://b/x/bundle/: skipped, the bundle exists\n")
        self.assertEqual(self.s3.order, [])

    def test_another_is_refused_or_replaced(self):
        made("s3://m/llama", "s3://b/x", *SMALL, "--tensor-parallel", "2")
        self.s3.objects["b/x/notes.txt"] = b"of somebody"
        status, _, err = made("s3://m/llama", "s3://b/x", *SMALL)
        self.assertEqual(status, 2)
        self.assertRegex(err, "s3://b/x: holds a bundle that differs in tensor_parallel")
        self.s3.order.clear()
        self.assertEqual(made("s3://m/llama", "s3://b/x", *SMALL, "--replace")[0], 0)
        self.assertEqual(self.s3.order[0], "-x/manifest.json")
        self.assertNotIn("b/x/weights/tp1_sharded_checkpoint.safetensors", self.s3.objects)
        self.assertIn("b/x/notes.txt", self.s3.objects)

    def test_job_is_tried_again_wherever_its_upload_broke_off(self):
        made("s3://m/llama", "s3://b/old", *SMALL, "--tensor-parallel", "2")
        made("s3://m/llama", "s3://b/whole", *SMALL)
        for there in (False, True):
            prefix = {k.replace("b/old/", "b/x/"): v for k, v in self.s3.objects.items() if k.startswith("b/old/")} if there else {}
            more = ("--replace",) if there else ()
            self.s3.order.clear()
            self.s3.objects.update(prefix)
            made("s3://m/llama", "s3://b/x", *SMALL, *more)
            for n in range(len(self.s3.order)):
                with self.subTest(there=there, n=n):
                    self.s3.objects = {k: v for k, v in self.s3.objects.items() if not k.startswith("b/x/")} | prefix
                    self.s3.writes = n
                    with self.assertRaisesRegex(ConnectionError, "broke off"):
                        made("s3://m/llama", "s3://b/x", *SMALL, *more)
                    self.assertEqual("b/x/manifest.json" in self.s3.objects, there and n == 0)
                    status, out, err = made("s3://m/llama", "s3://b/x", *SMALL, *(more if n == 0 else ()))
                    self.assertEqual((status, err), (0, ""))
                    self.assertRegex(out, "made, 2 programs")
                    names = lambda name: {k.split("/", 2)[2] for k in self.s3.objects if k.startswith(f"b/{name}/")}
                    self.assertEqual(names("x"), names("whole"))

    def test_broken_upload_is_no_bundle_and_others_files_stay(self):
        self.s3.objects["b/x/model.pt"] = b"half"
        self.assertEqual(made("s3://m/llama", "s3://b/x", *SMALL)[0], 0)
        self.s3.objects["b/y/letter.txt"] = b"dear"
        self.assertRegex(made("s3://m/llama", "s3://b/y", *SMALL)[2], "holds no bundle")
        self.assertRegex(made("s3://m/none", "s3://b/z", *SMALL)[2], "s3://m/none: holds no config.json")
        self.assertRegex(made("s3://", "s3://b/z", *SMALL)[2], "names no bucket")
        self.s3.objects["b/x/weights/tp0_sharded_checkpoint.safetensors"] += b"x"
        self.assertRegex(made("s3://m/llama", "s3://b/x", *SMALL)[2], "tp0_sharded_checkpoint.safetensors is missing or cut short")


if __name__ == "__main__":
    unittest.main()
