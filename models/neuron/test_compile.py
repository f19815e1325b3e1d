"""
Tests of what the stand-in computes: python -m unittest discover models/neuron. They need torch, numpy and safetensors,
and say so and skip where these are absent. The expected logits of the fixtures are those of transformers.
"""
import json
import re
import sys
import tempfile
import unittest
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE))
try:
    import safetensors  # noqa: F401
    import torch
except ImportError as e:
    raise unittest.SkipTest(f"test_compile is skipped: {e}; pip install -r models/neuron/requirements.txt")

import families
from fixtures import TOLERANCE, Said, loaded, made, names, step, weights_of

# Of TorchScriptNxDModel, src/neuronx_distributed/trace/nxd_model/nxd_model.py of aws-neuron/neuronx-distributed at commit
# 73ab227d1a76936f763a6631b324e2fc6650e0ba: methods that a saved model has, as TorchScript writes their types.
METHODS = {
    "set_weights": "(Dict(str, Tensor)[] sharded_checkpoint) -> NoneType",
    "to_neuron": "() -> NoneType",
    "replace_weights": "(Dict(str, Tensor)[] sharded_checkpoint) -> NoneType",
    "read_from_neuron_buffer": "(str buffer_key, int rank) -> Tensor",
    "write_to_neuron_buffer": "(Tensor tensor, str buffer_key, int rank) -> NoneType",
    "forward": "(Tensor[]? args, Dict(str, Tensor)? kwargs) -> Any",
    "forward_ranked": "(Tensor[][]? args, Dict(str, Tensor[])? kwargs, bool async_mode) -> Any",
}
SLOTS = 3
PADDING = (SLOTS, 0, [1])


def play(program, said: Said, slot: int, other: int, decodes: int) -> float:
    """The worst error over a prompt in two padded chunks and decodes among padded rows and another sequence's."""
    tokens, worst, whole = said.tokens, 0.0, len(said.tokens)
    for start, end, n, context in ((0, 29, 32, 64), (29, 58, 32, 64)):
        worst = max(worst, said.error(step(program, [(slot, start, tokens[start:end])], n, context)[0], end))
    step(program, [(other, 0, tokens[3:20])], 32, 64)
    for at in range(58, 58 + decodes):
        context = 64 if at < 60 else whole
        rows = [PADDING, (slot, at, tokens[at : at + 1]), (other, 17 + at - 58, [7])]
        rows = rows if at % 2 else [rows[1], rows[2], PADDING]
        logits = step(program, rows, 1, context)
        worst = max(worst, said.error(logits[rows.index((slot, at, tokens[at : at + 1]))], at + 1))
    return worst


class StandInTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        scratch = tempfile.TemporaryDirectory()
        cls.addClassCleanup(scratch.cleanup)
        cls.scratch = Path(scratch.name)

    def bundle_of(self, name: str, *more: str, dtype: str = "float32") -> Path:
        """
        The bundle of a fixture, made once for all tests. Its slots hold just the fixture's tokens, so that rope takes
        the form that transformers took.
        """
        output = self.scratch / "-".join([name, dtype, *more])
        if output.exists():
            return output
        length = len(Said(name).tokens)
        shapes = ["--slots", str(SLOTS), "--prefill-tokens", "32", "--decode-rows", "1,3", "--contexts", f"64,{length}"]
        status, _, err = made(Said(name).folder, output, "--backend", "cpu", "--dtype", dtype, *shapes, *more)
        self.assertEqual((status, err), (0, ""))
        return output

    def test_every_dense_family_says_what_transformers_says(self):
        kinds = {json.loads((Said(name).folder / "config.json").read_text())["model_type"] for name in names()}
        self.assertEqual(kinds, set(families.FAMILIES))
        for name in names():
            with self.subTest(name):
                said = Said(name)
                program = loaded(self.bundle_of(name))
                self.assertLess(play(program, said, 1, 0, len(said.tokens) - 58), TOLERANCE)
                # The slot that another sequence had, with what that left in it.
                self.assertLess(play(program, said, 0, 1, 8), TOLERANCE)

    def test_ranks_joined_say_the_same(self):
        for name, ranks in (("llama", 2), ("phi3", 2), ("olmo2", 4), ("starcoder2", 2), ("gemma2", 2), ("qwen2", 4)):
            with self.subTest(name):
                said = Said(name)
                whole = self.bundle_of(name)
                parts = self.bundle_of(name, "--tensor-parallel", str(ranks))
                self.assertEqual(len(list((parts / "weights").iterdir())), ranks)
                one, more = loaded(whole), loaded(parts)
                rows = [(2, 0, said.tokens[:31])]
                # KV heads that are held twice change the order of a sum in olmo2's norm over all heads.
                torch.testing.assert_close(step(one, rows, 32, 64), step(more, rows, 32, 64), rtol=0, atol=2e-6 if ranks == 4 else 0)
                self.assertLess(play(more, said, 1, 0, 20), TOLERANCE)

    def test_demo_model_answers_as_transformers_in_mixed_batches(self):
        demo = Path(__file__).resolve().parent.parent / "demo"
        cases = [c for c in json.loads((demo / "cases.json").read_text()) if len(c["prompt_ids"]) + len(c["answer_ids"]) <= 64][:6]
        output = self.scratch / "demo"
        shapes = ["--slots", "4", "--prefill-tokens", "16", "--decode-rows", "4", "--contexts", "64"]
        self.assertEqual(made(demo / "model", output, "--backend", "cpu", "--dtype", "float32", *shapes)[0], 0)
        program, waiting, running, answers = loaded(output), list(range(len(cases))), {}, {}
        while waiting or running:
            for slot in range(4):
                if slot not in running and waiting:
                    case = waiting.pop(0)
                    ids = cases[case]["prompt_ids"]
                    for at in range(0, len(ids), 16):
                        logits = step(program, [(slot, at, ids[at : at + 16])], 16, 64)
                    running[slot], answers[case] = case, [logits[0].argmax().item()]
            rows = [(slot, len(cases[c]["prompt_ids"]) + len(answers[c]) - 1, answers[c][-1:]) for slot, c in running.items()]
            rows += [(4, 0, [1])] * (4 - len(rows))
            logits = step(program, rows, 1, 64)
            for row, (slot, case) in enumerate(list(running.items())):
                answers[case].append(logits[row].argmax().item())
                if len(answers[case]) >= len(cases[case]["answer_ids"]):
                    del running[slot]
        self.assertEqual(len(answers), 6)
        for case, ids in answers.items():
            self.assertEqual(ids, cases[case]["answer_ids"])

    def test_device_gives_the_first_of_the_most_likely(self):
        said = Said("llama")
        program = loaded(self.bundle_of("llama", "--sampling", "device"))
        token, logits = step(program, [(0, 0, said.tokens[:30])], 32, 64)
        self.assertEqual((token.dtype, logits.dtype), (torch.int32, torch.float32))
        self.assertEqual(token.tolist(), logits.argmax(-1).tolist())
        self.assertLess(said.error(logits[0], 30), TOLERANCE)

    def test_bfloat16_is_near(self):
        for name in ("llama", "gemma2", "starcoder2"):
            with self.subTest(name):
                said = Said(name)
                output = self.bundle_of(name, dtype="bfloat16")
                keys = weights_of(output)["layers.0.attention.k.weight"]
                self.assertEqual(keys.dtype, torch.bfloat16)
                program = loaded(output)
                self.assertEqual(program.read_from_neuron_buffer("layers.0.attention.keys", 0).dtype, torch.bfloat16)
                error = play(program, said, 1, 0, 20)
                self.assertLess(error, 0.2)  # as the Java engine's own test has it
                self.assertGreater(error, TOLERANCE)

    def test_state_and_weights_are_read_and_written_by_rank(self):
        said = Said("llama")
        program = loaded(self.bundle_of("llama", "--tensor-parallel", "2"))
        step(program, [(1, 0, said.tokens[:30])], 32, 64)
        keys = [program.read_from_neuron_buffer("layers.1.attention.keys", rank) for rank in (0, 1)]
        self.assertEqual(list(keys[0].shape), [SLOTS + 1, len(said.tokens), 1, 8])
        self.assertTrue(keys[0][1, :30].any() and keys[1][1, :30].any())
        # Padding is in the scratch slot, nowhere in the others.
        self.assertFalse(keys[0][1, 30:].any() or keys[0][0].any() or keys[0][2].any())
        self.assertTrue(keys[0][SLOTS, 30:32].any())
        before = step(program, [(1, 30, said.tokens[30:31])], 1, 64)
        program.write_to_neuron_buffer(torch.zeros_like(keys[1]), "layers.1.attention.keys", 1)
        self.assertFalse(program.read_from_neuron_buffer("layers.1.attention.keys", 1).any())
        self.assertFalse(torch.equal(before, step(program, [(1, 30, said.tokens[30:31])], 1, 64)))
        gate = program.read_from_neuron_buffer("layers.0.mlp.gate.weight", 1)
        self.assertEqual(list(gate.shape), [28, 32])
        program.write_to_neuron_buffer(gate * 2, "layers.0.mlp.gate.weight", 1)
        self.assertTrue(torch.equal(program.read_from_neuron_buffer("layers.0.mlp.gate.weight", 1), gate * 2))
        with self.assertRaisesRegex(torch.jit.Error, "no buffer layers.9.x in rank 0"):
            program.read_from_neuron_buffer("layers.9.x", 0)
        with self.assertRaisesRegex(torch.jit.Error, r"cannot write \[2\] to layers.1.attention.keys"):
            program.write_to_neuron_buffer(torch.zeros(2), "layers.1.attention.keys", 0)

    def test_sequence_that_overflowed_harms_no_later_one_in_its_slot(self):
        said = Said("llama")
        for dtype in ("float32", "bfloat16"):
            for tensor, factor in (("attention.v", 3e38), ("attention.v", float("nan")), ("attention.q", float("nan"))):
                with self.subTest(dtype=dtype, tensor=tensor, factor=factor):
                    fresh, program = (loaded(self.bundle_of("llama", dtype=dtype)) for _ in range(2))
                    name = f"layers.0.{tensor}.weight"
                    weight = program.read_from_neuron_buffer(name, 0).clone()
                    program.write_to_neuron_buffer(weight * factor, name, 0)
                    self.assertFalse(step(program, [(1, 0, said.tokens[:32])], 32, 64).isfinite().all())
                    program.write_to_neuron_buffer(weight, name, 0)
                    if tensor == "attention.v":
                        # Its own next token is no answer either.
                        self.assertFalse(step(program, [(1, 32, said.tokens[32:33])], 1, 64).isfinite().all())
                    for rows, n in (([(1, 0, said.tokens[:9])], 32), ([(1, 9, said.tokens[9:10])], 1)):
                        self.assertTrue(torch.equal(step(program, rows, n, 64), step(fresh, rows, n, 64)))

    def test_wrong_shapes_are_named(self):
        program = loaded(self.bundle_of("llama"))
        with self.assertRaisesRegex(torch.jit.Error, r"no program was compiled for the shapes \(tokens: \[2, 1\], "):
            step(program, [PADDING, PADDING], 1, 64)
        with self.assertRaisesRegex(torch.jit.Error, r"columns: \[65\]\)"):
            step(program, [PADDING], 1, 65)
        with self.assertRaisesRegex(torch.jit.Error, "tokens must be int32"):
            program.forward([torch.zeros(1, 1, dtype=torch.int64)], {})
        with self.assertRaisesRegex(torch.jit.Error, r"shapes \(tokens: \[1, 1\]\)"):
            program.forward([torch.zeros(1, 1, dtype=torch.int32)], {})

    def test_what_a_device_would_get_wrong_in_silence_is_an_error(self):
        program = loaded(self.bundle_of("llama"))
        for row, message in (
            ((0, 64, [1]), "positions are outside of a context of 64 tokens"),
            ((0, -1, [1]), "positions are outside"),
            ((SLOTS + 1, 0, [1]), "slots are outside of 0 to 3"),
            ((0, 0, []), "last is outside of a row of 1 tokens"),
        ):
            with self.subTest(message), self.assertRaisesRegex(torch.jit.Error, message):
                step(program, [row], 1, 64)

    def test_methods_and_types_are_those_of_modelbuilder_v2(self):
        program = loaded(self.bundle_of("llama"))
        for name, expected in METHODS.items():
            schema = str(getattr(program, name).schema)
            self.assertEqual(re.sub(r"^\w+\(\S+ self(, )?", "(", schema), expected)

    def test_order_of_calls_is_checked(self):
        output = self.bundle_of("llama")
        program = torch.jit.load(str(output / "model.pt"))
        with self.assertRaisesRegex(torch.jit.Error, r"Model not initialized. Call set_weights\(\) followed by to_neuron\(\)"):
            step(program, [PADDING], 1, 64)
        rank = weights_of(output)
        with self.assertRaisesRegex(torch.jit.Error, "weights of 2 ranks, compiled for 1"):
            program.set_weights([rank, rank])
        with self.assertRaisesRegex(torch.jit.Error, "rank 0 has no weight layers.1.mlp.down.weight"):
            program.set_weights([{n: t for n, t in rank.items() if n != "layers.1.mlp.down.weight"}])
        program.set_weights([rank])
        program.to_neuron()
        said = Said("llama")
        first = step(program, [(0, 0, said.tokens[:9])], 32, 64)
        with self.assertRaisesRegex(torch.jit.Error, "replace_weights"):
            program.set_weights([rank])
        program.replace_weights([{n: t * 0 for n, t in rank.items()}])
        self.assertFalse(step(program, [(0, 0, said.tokens[:9])], 32, 64).any())
        program.replace_weights([rank])
        self.assertTrue(torch.equal(step(program, [(0, 0, said.tokens[:9])], 32, 64), first))

    def test_arguments_may_be_named_and_ranked(self):
        said = Said("llama")
        program = loaded(self.bundle_of("llama", "--tensor-parallel", "2", "--sampling", "device"))
        tokens = torch.tensor([said.tokens[:32]], dtype=torch.int32)
        ints = lambda *values: torch.tensor(values, dtype=torch.int32)
        named = {"tokens": tokens, "positions": ints(0), "slots": ints(0), "last": ints(31), "columns": torch.arange(64, dtype=torch.int32)}
        token, logits = program.forward(list(named.values()), {})
        for args, kwargs in ((None, named), ([tokens], {k: v for k, v in named.items() if k != "tokens"}), (list(named.values()), None)):
            self.assertTrue(torch.equal(program.forward(args, kwargs)[1], logits))
        ranked = program.forward_ranked([[v, v] for v in named.values()], None, False)
        self.assertEqual([len(output) for output in ranked], [2, 2])
        self.assertTrue(torch.equal(ranked[0][1], token) and torch.equal(ranked[1][0], logits))


if __name__ == "__main__":
    unittest.main()
