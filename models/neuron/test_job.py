"""
Tests of the compile job around the programs: what it refuses, when it leaves a bundle alone, S3, and those parts of
the neuron backend that plain PyTorch can run. python -m unittest discover models/neuron
"""
import io
import json
import shutil
import struct
import sys
import tempfile
import threading
import unittest
from pathlib import Path
from unittest import mock

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE))
try:
    import safetensors
    import torch
    from torch import nn
except ImportError as e:
    raise unittest.SkipTest(f"test_job is skipped: {e}; pip install -r models/neuron/requirements.txt")

import bundle
import families
import neuron
import s3
import weights
from decoder import Decoder, Shapes, example
from fields import BadInput
from fixtures import CHECKPOINTS, TOLERANCE, Said, made, weights_of
from standin import Whole

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
        sizes = {name: (self.output / name).stat().st_size for name in ["model.pt", *shards]}
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
        copied = {"config.json", "expected.json", "tokenizer.json", "chat_template.jinja", "LICENSE"}
        self.assertEqual(files, {"manifest.json", *sizes, *copied})
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

    def test_leftovers_of_a_killed_job_are_removed(self):
        left = self.scratch / ".bundle.partial"
        left.mkdir()
        (left / "weights").write_text("half")
        self.assertEqual(made(LLAMA, self.output, *SMALL)[0], 0)
        self.assertFalse(left.exists())

    def test_bad_input_is_one_line(self):
        self.refused("no such folder", *SMALL, model=self.scratch / "none")
        self.refused("config.json: no such file", *SMALL, model=self.scratch)
        self.refused("model_type is 'mixtral', which has experts; supported: llama, ", *SMALL, model=CHECKPOINTS / "mixtral")
        self.refused("'deepseek_v3', which has latent attention", *SMALL, model=CHECKPOINTS / "deepseek_v3")
        self.refused("'gpt_oss', which has experts", *SMALL, model=CHECKPOINTS / "gpt_oss")
        self.refused("--slots: '0' is no number", *SMALL, "--slots", "0")
        self.refused("--contexts: '32,16' must ascend", *SMALL, "--contexts", "32,16")
        self.refused("--contexts end with 512, the model knows 256 positions", *SMALL, "--contexts", "512")
        self.refused("--prefill-tokens begin with 1", *SMALL, "--prefill-tokens", "1,8")
        self.refused("--prefill-tokens end with 32, the longest context is 16", *SMALL, "--prefill-tokens", "32")
        self.refused("--decode-rows end with 4, there are 2 slots", *SMALL, "--decode-rows", "4")
        self.refused(r"--tensor-parallel 8 does not divide the model's attention heads \(4\)", *SMALL, "--tensor-parallel", "8")
        self.refused("have no effect with --backend cpu", *SMALL, "--cache", "x")
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

    def test_defaults_fit_the_model(self):
        status, _, _ = made(LLAMA, self.output, "--backend", "cpu", "--slots", "4")
        self.assertEqual(status, 0)
        manifest = json.loads((self.output / "manifest.json").read_text())
        shapes = [manifest[name] for name in ("prefill_tokens", "decode_rows", "contexts", "dtype")]
        self.assertEqual(shapes, [[128], [1, 4], [256], "bfloat16"])


class RopeTest(unittest.TestCase):
    """The forms that no fixture's length reaches."""

    def test_forms_go_by_the_longest_context(self):
        phi3 = families.read(CHECKPOINTS / "phi3").layers[0].rope
        short, long = phi3.frequencies(12, 64), phi3.frequencies(12, 65)
        self.assertAlmostEqual(short[1] / long[1], 1.5 / 1.1)
        dynamic = families.read(CHECKPOINTS / "llama-dynamic").layers[0].rope
        self.assertEqual(dynamic.frequencies(8, 96), [500 ** (-2 * i / 8) for i in range(4)])
        # Twice the context with factor 2: the base times 3^(8/6).
        self.assertAlmostEqual(dynamic.frequencies(8, 192)[1], (500 * 3 ** (8 / 6)) ** (-2 / 8))


class InMemoryS3:
    """The five calls that the job makes, over a dictionary."""

    def __init__(self, objects: dict):
        self.objects = objects
        self.order: list[str] = []

    def get_paginator(self, operation: str):
        assert operation == "list_objects_v2"
        return self

    def paginate(self, Bucket: str, Prefix: str):
        keys = [k for k in sorted(self.objects) if k.startswith(f"{Bucket}/{Prefix}")]
        found = [{"Key": k[len(Bucket) + 1 :], "Size": len(self.objects[k])} for k in keys]
        return [{}, {"Contents": found[:2]}, {"Contents": found[2:]}]

    def download_file(self, bucket: str, key: str, file: str):
        Path(file).write_bytes(self.objects[f"{bucket}/{key}"])

    def upload_file(self, file: str, bucket: str, key: str):
        self.order.append(key)
        self.objects[f"{bucket}/{key}"] = Path(file).read_bytes()

    def get_object(self, Bucket: str, Key: str):
        return {"Body": io.BytesIO(self.objects[f"{Bucket}/{Key}"])}

    def delete_object(self, Bucket: str, Key: str):
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

    def test_broken_upload_is_no_bundle_and_others_files_stay(self):
        self.s3.objects["b/x/model.pt"] = b"half"
        self.assertEqual(made("s3://m/llama", "s3://b/x", *SMALL)[0], 0)
        self.s3.objects["b/y/letter.txt"] = b"dear"
        self.assertRegex(made("s3://m/llama", "s3://b/y", *SMALL)[2], "holds no bundle")
        self.assertRegex(made("s3://m/none", "s3://b/z", *SMALL)[2], "s3://m/none: holds no config.json")
        self.assertRegex(made("s3://", "s3://b/z", *SMALL)[2], "names no bucket")
        self.s3.objects["b/x/weights/tp0_sharded_checkpoint.safetensors"] += b"x"
        self.assertRegex(made("s3://m/llama", "s3://b/x", *SMALL)[2], "tp0_sharded_checkpoint.safetensors is missing or cut short")


class OutOfPlace(Whole):
    """Plain layers with the neuron backend's update of KV state."""

    updated = neuron.Ranks.updated


class ThreadRank:
    """One rank of several, each a thread: collectives by a barrier. What NxD's layers do, in plain PyTorch."""

    def __init__(self, ranks: int, meeting: threading.Barrier, desk: list, rank: int):
        self.ranks, self.meeting, self.desk, self.rank = ranks, meeting, desk, rank

    def exchanged(self, x: torch.Tensor) -> list[torch.Tensor]:
        self.desk[self.rank] = x
        self.meeting.wait()
        everyone = list(self.desk)
        self.meeting.wait()
        return everyone

    def column(self, inputs, outputs, bias, gather=False):
        linear = nn.Linear(inputs, outputs // self.ranks, bias)
        return After(linear, lambda y: torch.cat(self.exchanged(y), -1)) if gather else linear

    def row(self, inputs, outputs, bias):
        return RowSum(inputs // self.ranks, outputs, bias, self.sum_over_ranks)

    def embedding(self, rows, width):
        return After(nn.Embedding(rows, width // self.ranks), lambda y: torch.cat(self.exchanged(y), -1))

    def sum_over_ranks(self, x):
        return sum(self.exchanged(x))

    updated = neuron.Ranks.updated


class After(nn.Module):
    def __init__(self, layer: nn.Module, then):
        super().__init__()
        self.weight, self.forward = layer.weight, lambda x: then(layer(x))


class RowSum(nn.Module):
    def __init__(self, inputs, outputs, bias, reduced):
        super().__init__()
        self.weight = nn.Parameter(torch.zeros(outputs, inputs))
        self.bias = nn.Parameter(torch.zeros(outputs)) if bias else None
        self.reduced = reduced

    def forward(self, x):
        y = self.reduced(nn.functional.linear(x, self.weight))
        return y if self.bias is None else y + self.bias


class NeuronPartsTest(unittest.TestCase):
    """The decoder as a rank of the neuron backend runs it; what needs the SDK itself is not tested anywhere."""

    SHAPES = Shapes(2, (32,), (1, 2), (64,))

    def decoders(self, name: str, ranks: int, parallels: list) -> list:
        model = families.read(CHECKPOINTS / name)
        shared = weights.sharing(model, ranks)
        plan = weights.plan(model, shared)
        checkpoint = weights.Checkpoint(CHECKPOINTS / name)
        with tempfile.TemporaryDirectory() as scratch:
            weights.write_ranks(checkpoint, plan, ranks, torch.float32, Path(scratch) / "weights", "hash")
            shares = [weights_of(Path(scratch), rank) for rank in range(ranks)]
        decoders = [Decoder(model, shared, self.SHAPES, torch.float32, p, False).eval() for p in parallels]
        for decoder, share in zip(decoders, shares):
            neuron.check_shares(decoder, plan, ranks)
            for parameter in decoder.parameters():
                parameter.requires_grad_(False)
            decoder.load_state_dict(share)
        return decoders

    def steps(self, tokens: list[int]):
        ints = lambda *v: torch.tensor(v, dtype=torch.int32)
        columns = torch.arange(64, dtype=torch.int32)
        yield 30, (ints(*tokens[:30], 0, 0).view(1, 32), ints(0), ints(1), ints(29), columns)
        yield 50, (ints(*tokens[30:50], *[0] * 12).view(1, 32), ints(30), ints(1), ints(19), columns)
        for at in range(50, 60):
            yield at + 1, (ints(tokens[at], 5).view(2, 1), ints(at, 0), ints(1, 2), ints(0, 0), columns)

    def test_state_out_of_place_says_the_same(self):
        for name in ("llama", "gemma2"):
            with self.subTest(name):
                said = Said(name)
                [decoder] = self.decoders(name, 1, [OutOfPlace(torch.float32)])
                state = decoder.layers[0].attention.keys
                for after, inputs in self.steps(said.tokens):
                    self.assertLess(said.error(decoder(*inputs)[0], after), TOLERANCE)
                self.assertFalse(state.any(), "the first state was written in place")
                self.assertTrue(decoder.layers[0].attention.keys[1, :60].any())
                self.assertIn("keys", decoder.layers[0].attention._buffers)

    def test_every_rank_says_the_same_as_one(self):
        # olmo2: a norm over all ranks; four ranks: KV heads held twice; qwen2 and starcoder2: biases on each side.
        for name, ranks in (("llama", 2), ("olmo2", 2), ("olmo2", 4), ("qwen2", 4), ("starcoder2", 2), ("gemma3_text", 2), ("phi3-short", 2)):
            with self.subTest(name, ranks=ranks):
                said, meeting, desk = Said(name), threading.Barrier(ranks, timeout=60), [None] * ranks
                decoders = self.decoders(name, ranks, [ThreadRank(ranks, meeting, desk, r) for r in range(ranks)])
                for after, inputs in self.steps(said.tokens):
                    logits = [None] * ranks

                    def run(rank: int):
                        with torch.no_grad():
                            logits[rank] = decoders[rank](*inputs)[0]

                    threads = [threading.Thread(target=run, args=(rank,)) for rank in range(ranks)]
                    [thread.start() for thread in threads]
                    [thread.join() for thread in threads]
                    for rank in range(ranks):
                        self.assertLess(said.error(logits[rank], after), TOLERANCE)

    def test_missing_share_is_found_before_compiling(self):
        model = families.read(LLAMA)
        shared = weights.sharing(model, 1)
        decoder = Decoder(model, shared, self.SHAPES, torch.float32, Whole(torch.float32), False)
        with self.assertRaisesRegex(AssertionError, "differ in head.weight"):
            neuron.check_shares(decoder, [w for w in weights.plan(model, shared) if w.name != "head.weight"], 1)

    def test_cache_knows_programs_apart_and_again(self):
        model = families.read(LLAMA)
        shared = weights.sharing(model, 2)
        found = {"torch": "2.7.1", "neuronx_cc": "2.23.6484.0"}
        with mock.patch.object(neuron, "versions", lambda: found):
            key = lambda *changed, m=model: neuron.cache_key(m, shared, self.SHAPES, torch.float32, False, *(changed or ("decode_1_64", "-O1")))
            keys = [key(), key("decode_2_64", "-O1"), key("decode_1_64", "-O2"), key(m=families.read(CHECKPOINTS / "mistral"))]
            self.assertEqual(len(set(keys)), 4)
            self.assertEqual(key(), keys[0])
            found["neuronx_cc"] = "2.24.0.0"
            self.assertNotIn(key(), keys)

    def test_absent_sdk_is_one_line(self):
        with self.assertRaisesRegex(BadInput, "--backend neuron needs torch-neuronx; install requirements-neuron.txt"):
            neuron.versions()
        with mock.patch.object(neuron.importlib.metadata, "version", lambda package: "2.7.0.2.12.1+abc"):
            self.assertEqual(neuron.versions()["torch_neuronx"], "2.7.0.2.12.1")
            with mock.patch.object(torch, "__version__", "2.9.0"), self.assertRaisesRegex(BadInput, "torch is 2.9.0, must be 2.7.x"):
                neuron.versions()

    def test_arguments_by_target(self):
        self.assertRegex(neuron.compiler_args("inf2", ""), "^--target=inf2 --enable-saturate-infinity .* -O1$")
        self.assertRegex(neuron.compiler_args("trn2", "-O2"), "^--target=trn2 --lnc=2 .* -O2$")

    def test_examples_have_the_shapes_of_their_programs(self):
        programs = self.SHAPES.programs()
        self.assertEqual([p[0] for p in programs], ["prefill_32_64", "decode_1_64", "decode_2_64"])
        shapes = [list(t.shape) for t in example(*programs[2][1:])]
        self.assertEqual(shapes, [[2, 1], [2], [2], [2], [64]])
        self.assertEqual({t.dtype for t in example(1, 32, 64)}, {torch.int32})


if __name__ == "__main__":
    unittest.main()
