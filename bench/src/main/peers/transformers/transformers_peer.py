"""Measures transformers, a request a line on stdin, a JSON answer a line on stdout.

    python transformers_peer.py FOLDER THREADS

Answers "decode STREAMS CONTEXT STEPS" and "prefill TOKENS RUNS". Counts what the model takes to give logits; the
choice of a token is left out.
"""

import json
import re
import sys
import time

import torch
import transformers

CHUNK = 512
WARM = 4
TRIAL = 12


def token_of(stream: int, position: int, vocabulary: int) -> int:
    """The same tokens in every contestant."""
    return (stream * 7919 + position * 104729 + 13) % vocabulary


def found(pattern: str, text: str) -> str:
    match = re.search(pattern, text)
    return match.group(1).strip() if match else "unknown"


def build(config: str) -> tuple:
    """Of what torch.__config__.show() says, what bears on speed: the libraries of matrix products, and compiler flags."""
    backend = (
        f"CPU capability {found('CPU capability usage: (.+)', config)}, BLAS {found('BLAS_INFO=([a-z]+)', config)}, "
        f"MKL {found('Math Kernel Library Version ([0-9.]+)', config)}, oneDNN {found('(?:MKL-DNN|oneDNN) (v[0-9.]+)', config)}"
    )
    flags = found("CXX_FLAGS=(.*?), [A-Z_]+=", config).split()
    kept = [flag for flag in flags if flag[:2] not in ("-W", "-D") or flag.startswith("-DUSE_") or flag == "-DNDEBUG"]
    return backend, " ".join(kept)


class Peer:
    def __init__(self, folder: str, threads: int) -> None:
        torch.set_num_threads(threads)
        transformers.logging.set_verbosity_error()
        self.threads = threads
        self.model = transformers.AutoModelForCausalLM.from_pretrained(
            folder, dtype=torch.bfloat16, attn_implementation="sdpa"
        ).eval()
        self.vocabulary = self.model.config.vocab_size
        self.kept = {}
        self.forms = {}

    def settings(self) -> dict:
        backend, flags = build(torch.__config__.show())
        return {
            "version": f"transformers {transformers.__version__}, torch {torch.__version__}",
            "backend": backend,
            "buildFlags": flags,
            "threads": str(torch.get_num_threads()),
            "batchThreads": str(torch.get_num_threads()),  # one pool for prompts and steps
            "interopThreads": str(torch.get_num_interop_threads()),
            "dtype": "bfloat16",
            "attention": "sdpa",
            "oneDNN": "on" if torch.backends.mkldnn.is_available() else "off",
            "threading": "OpenMP" if torch.backends.openmp.is_available() else "other",
        }

    def run(self, cache, tokens: list, start: int):
        """Milliseconds of one call, and its last logits."""
        ids = torch.tensor(tokens)
        length = ids.shape[1]
        positions = torch.arange(start, start + length)
        begin = time.perf_counter()
        out = self.model(
            input_ids=ids,
            position_ids=positions.unsqueeze(0),
            past_key_values=cache,
            use_cache=True,
            logits_to_keep=1,
        )
        return (time.perf_counter() - begin) * 1e3, out.logits[:, -1]

    def prompt(self, cache, count: int):
        """Runs a prompt of the first stream in chunks."""
        total = 0.0
        logits = None
        for start in range(0, count, CHUNK):
            end = min(start + CHUNK, count)
            took, logits = self.run(cache, [[token_of(0, i, self.vocabulary) for i in range(start, end)]], start)
            total += took
        return total, logits

    def context(self, count: int):
        """Keys and values of the prompt per layer, computed once."""
        if count not in self.kept:
            cache = transformers.DynamicCache(config=self.model.config)
            self.prompt(cache, count)
            self.kept = {count: [(layer.keys, layer.values) for layer in cache.layers]}
        return self.kept[count]

    def filled(self, form: str, streams: int, count: int, room: int):
        config = self.model.config
        cache = (
            transformers.DynamicCache(config=config)
            if form == "dynamic"
            else transformers.StaticCache(config=config, max_cache_len=room)
        )
        for index, (keys, values) in enumerate(self.context(count)):
            shape = (streams, -1, -1, -1)
            cache.update(keys.expand(shape).contiguous(), values.expand(shape).contiguous(), index)
        return cache

    def decode(self, form: str, streams: int, count: int, steps: int) -> list:
        cache = self.filled(form, streams, count, count + steps + WARM)
        millis = []
        for i in range(steps + WARM):
            position = count + i
            tokens = [[token_of(s, position, self.vocabulary)] for s in range(streams)]
            took, _ = self.run(cache, tokens, position)
            millis.append(took)
        return millis[WARM:]

    def prefill(self, count: int, runs: int):
        millis = []
        logits = None
        for _ in range(runs + 1):
            took, logits = self.prompt(transformers.DynamicCache(config=self.model.config), count)
            millis.append(took)
        return millis[1:], int(logits.argmax())

    def form_of(self, streams: int, count: int) -> str:
        """The faster cache of a case, tried out when it first comes."""
        if (streams, count) not in self.forms:
            took = {}
            for form in ("dynamic", "static"):
                took[form] = min(self.decode(form, streams, count, TRIAL))
            self.forms[streams, count] = min(took, key=took.get)
        return self.forms[streams, count]

    def answer(self, request: list) -> dict:
        numbers = [int(word) for word in request[1:]]
        if request[0] == "decode":
            streams, count, steps = numbers
            form = self.form_of(streams, count)
            return {"millis": self.decode(form, streams, count, steps), "settings": {"cache": form}}
        if request[0] == "prefill":
            millis, token = self.prefill(*numbers)
            return {"millis": millis, "token": token, "settings": {"cache": "dynamic"}}
        raise ValueError("not a request")


def main() -> None:
    with torch.inference_mode():
        try:
            peer = Peer(sys.argv[1], int(sys.argv[2]))
            print(json.dumps({"settings": peer.settings()}), flush=True)
            for line in sys.stdin:
                print(json.dumps(peer.answer(line.split())), flush=True)
        except Exception as error:  # the one who asked learns why, whatever it is
            print(json.dumps({"error": f"{type(error).__name__}: {error}".splitlines()[0]}), flush=True)
            raise


if __name__ == "__main__":
    main()
