"""
Tests of those parts of the neuron backend that plain PyTorch can run. What needs the SDK itself is tested nowhere.
python -m unittest discover models/neuron
"""
import sys
import tempfile
import threading
import unittest
from pathlib import Path
from unittest import mock

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE))
try:
    import safetensors  # noqa: F401
    import torch
    from torch import nn
except ImportError as e:
    raise unittest.SkipTest(f"test_neuron is skipped: {e}; pip install -r models/neuron/requirements.txt")

import families
import neuron
import weights
from decoder import Decoder, Shapes, example
from fields import BadInput
from fixtures import CHECKPOINTS, TOLERANCE, Said, weights_of
from standin import Whole

LLAMA = CHECKPOINTS / "llama"


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
    """The decoder as a rank of the neuron backend runs it, its weights, and what surrounds the compiler."""

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


if __name__ == "__main__":
    unittest.main()
