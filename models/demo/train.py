"""Trains the demo model: python train.py. Run it again with the same --work folder to go on after a stop.

The data of a step depend on the seed and the step only, so a resumed run sees what an unbroken one would have seen.
"""
import argparse
import json
import re
import time
from pathlib import Path
from random import Random

import numpy as np
import torch
import torch.nn.functional as F
from tokenizers import Tokenizer

from conversations import Conversations
from model import Llama, Shape, export
from tokenizer import render

HERE = Path(__file__).parent
LINKS = set("and or is was the a an as to for of in with from set its it by on at use call please".split())  # they part values from each other
SUM = re.compile(r"\d (plus|minus) \d+ is ")


class Batches:
    """Rows of a fixed length, each filled with whole conversations; the prompt's tokens count little in the loss.

    They count at all because names come twice in the tools and requests: that teaches copying, which all else needs.
    """

    def __init__(self, tokenizer: Tokenizer, seed: int, prompt_weight: float, prompt_until: int, copying_until: int, finish_from: int):
        self.finish_from = finish_from
        self.tokenizer, self.seed, self.prompt_weight = tokenizer, seed, prompt_weight
        self.prompt_until, self.copying_until = prompt_until, copying_until
        self.pieces = sorted(token for token in tokenizer.get_vocab() if token.isascii() and token.isalpha() and token.lower() not in LINKS)

    def conversation(self, talk: Conversations, length: int, first: bool, small: bool, prompt: float):
        rng = talk.rng
        if small:
            messages, tools = talk.chat(1)
        elif length <= 512:
            share = 0.15 if talk.copying else 0.85 if first else 0.4
            messages, tools = talk.with_tools(rng.randint(1, 3)) if rng.random() < share else talk.chat(rng.choice([1, 1, 2, 3, 4]))
        else:
            p = rng.random()
            messages, tools = (talk.pasted(rng.randint(40, length // 3)) if p < 0.5 else talk.with_tools(rng.randint(2, length // 120)) if p < 0.75
                               else talk.chat(rng.randint(3, length // 70)) if p < 0.85 else talk.long_count())
        pieces = render(messages, tools)
        tokens, weights = [], []
        for (text, own), encoding in zip(pieces, self.tokenizer.encode_batch([text for text, _ in pieces])):
            weight = min(1.0, (24 / len(encoding.ids)) ** 0.5) if own else prompt  # long answers are mostly easy
            weight *= 3 if own and SUM.search(text) else 1  # sums are the hardest
            tokens += encoding.ids
            weights += [weight] * len(encoding.ids)
            if own:  # where to stop is one token among many
                weights[-2:] = [2.0, 2.0]
        return tokens, weights

    def row(self, talk: Conversations, length: int, prompt: float):
        tokens, weights, misses = [], [], 0
        while misses < 5 and len(tokens) < length - 16:
            more, their = self.conversation(talk, length, not tokens, misses > 2 if not tokens else misses > 0 and (length <= 512 or len(tokens) > length - 300), prompt)
            if len(tokens) + len(more) > length + 1:
                misses += 1
                continue
            tokens, weights = tokens + more, weights + their
        rest = length + 1 - len(tokens)
        return tokens + [0] * rest, weights + [0.0] * rest

    def __call__(self, step: int, worker: int, rows: int, length: int, progress: float):
        rng = Random(f"{self.seed}-{step}-{worker}")
        talk = Conversations(rng, longest_count=min(length // 5, 40 + int(60 * progress)) if length <= 512 else min(220, length // 6),
                             longest_repeat=12 + int(20 * progress), copying=step < self.copying_until, finishing=step >= self.finish_from, pieces=self.pieces)
        made = [self.row(talk, length, self.prompt_weight if step < self.prompt_until else 0.0) for _ in range(rows)]
        return torch.tensor([t for t, _ in made]), torch.tensor(np.array([w for _, w in made], dtype=np.float32))


def orthogonalise(g):
    """Newton-Schulz iteration of Muon for a stack of matrices."""
    g = g.bfloat16()
    tall = g.shape[-2] > g.shape[-1]
    x = g.mT if tall else g
    x = x / (x.norm(dim=(-2, -1), keepdim=True) + 1e-7)
    for a, b, c in [(3.4445, -4.7750, 2.0315)] * 5:
        square = x @ x.mT
        x = a * x + (b * square + c * square @ square) @ x
    return (x.mT if tall else x).float()


class Optimizer:
    """Muon for the matrices of the layers, AdamW for the embedding and the norms."""

    def __init__(self, model: Llama):
        self.matrices = {}
        for name, p in model.named_parameters():
            if p.dim() == 2 and "embed" not in name:
                self.matrices.setdefault(tuple(p.shape), []).append(p)
        self.momentum = {shape: torch.zeros(len(ps), *shape) for shape, ps in self.matrices.items()}
        others = [p for name, p in model.named_parameters() if p.dim() == 1 or "embed" in name]
        self.adam = torch.optim.AdamW(others, betas=(0.9, 0.98), eps=1e-9, weight_decay=0.0)

    @torch.no_grad()
    def step(self, worker: int, workers: int, muon_rate: float, adam_rate: float, inertia: float = 0.95):
        updates = []
        for shape, ps in self.matrices.items():
            grad, momentum = torch.stack([p.grad for p in ps]), self.momentum[shape]
            momentum.lerp_(grad, 1 - inertia)
            update = torch.zeros_like(grad)  # every worker does its share of the matrices; the sum has them all
            update[worker::workers] = orthogonalise(grad[worker::workers].lerp(momentum[worker::workers], inertia))
            updates.append(update.mul_(max(1, shape[0] / shape[1]) ** 0.5))
        flat = torch.cat([update.flatten() for update in updates])
        torch.distributed.all_reduce(flat)
        for ps, update in zip(self.matrices.values(), flat.split([update.numel() for update in updates])):
            for p, u in zip(ps, update.view(len(ps), *ps[0].shape)):
                p.mul_(1 - muon_rate * 0.05).add_(u, alpha=-muon_rate)
        for group in self.adam.param_groups:
            group["lr"] = adam_rate
        self.adam.step()

    def state(self):
        return {"momentum": self.momentum, "adam": self.adam.state_dict()}

    def load(self, state):
        self.momentum = state["momentum"]
        self.adam.load_state_dict(state["adam"])


def rate(step: int, steps: int, decay: int) -> float:
    """Warm up, stay, then fall to nearly nothing over the last `decay` steps."""
    return min(1.0, (step + 1) / 50) * min(1.0, max(0.02, (steps - step) / decay))


def options_from_command_line():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--steps", type=int, default=7400)
    parser.add_argument("--decay", type=int, default=5200, help="the last steps, over which the learning rate falls")
    parser.add_argument("--long-from", type=int, default=3000, help="the step after which long rows are mixed in")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--tokens", type=int, default=2304, help="tokens per step and worker")
    parser.add_argument("--workers", type=int, default=2, help="processes, each with one thread and its own rows")
    parser.add_argument("--prompt-weight", type=float, default=0.15, help="weight of the prompt's tokens in the loss")
    parser.add_argument("--prompt-until", type=int, default=1000, help="the step from which the prompt's tokens no longer count")
    parser.add_argument("--copying-until", type=int, default=800, help="the step up to which most questions are repetitions")
    parser.add_argument("--finish-from", type=int, default=11000, help="the step after which long rows are twice as many and mostly ask for tools and JSON")
    parser.add_argument("--short", type=int, default=384)
    parser.add_argument("--muon-rate", type=float, default=0.02)
    parser.add_argument("--adam-rate", type=float, default=0.004)
    parser.add_argument("--no-compile", action="store_true")
    parser.add_argument("--work", type=Path, default=HERE / "work", help="checkpoints and the log")
    parser.add_argument("--tokenizer", type=Path, default=HERE / "tokenizer")
    parser.add_argument("--out", type=Path, default=HERE / "work" / "last")
    return parser.parse_args()


def average_gradients(model: Llama, workers: int) -> None:
    flat = torch.cat([p.grad.flatten() for p in model.parameters()])
    torch.distributed.all_reduce(flat)
    for p, g in zip(model.parameters(), flat.div_(workers).split([p.numel() for p in model.parameters()])):
        p.grad.copy_(g.view_as(p))


def work(worker: int, options) -> None:
    """One worker: all compute the same update from the averaged gradients, so their weights stay equal."""
    torch.set_num_threads(1)
    torch.distributed.init_process_group("gloo", init_method=f"file://{(options.work / 'meet').resolve()}", rank=worker, world_size=options.workers)
    torch.manual_seed(options.seed)
    model = Llama(Shape())
    optimizer, step, seen, seconds = Optimizer(model), 0, 0, 0.0
    checkpoint = options.work / "checkpoint.pt"
    if checkpoint.exists():
        state = torch.load(checkpoint, weights_only=True)
        model.load_state_dict(state["model"])
        optimizer.load(state["optimizer"])
        step, seen, seconds = state["step"], state["seen"], state["seconds"]
    forward = model if options.no_compile else torch.compile(model, dynamic=False)
    batches = Batches(Tokenizer.from_file(str(options.tokenizer / "tokenizer.json")), options.seed, options.prompt_weight, options.prompt_until, options.copying_until, options.finish_from)
    log, mean, began = open(options.work / "log.jsonl", "a", buffering=1), None, time.time()
    while step < options.steps:
        length = options.short
        if step >= options.long_from:
            length = {2: 1024, 5: 2304, 9: 2304, **({3: 2304, 7: 2304} if step >= options.finish_from else {})}.get(step % 10, options.short)
        tokens, weights = batches(step, worker, max(1, options.tokens // length), length, step / options.steps)
        kept = weights[:, 1:].reshape(-1).nonzero().squeeze(1)
        with torch.autocast("cpu", torch.bfloat16):
            hidden = forward(tokens[:, :-1]).flatten(0, 1)[kept]
            logits = F.linear(hidden, model.embed_tokens.weight)
        weight = weights[:, 1:].reshape(-1)[kept]
        losses = F.cross_entropy(logits.float(), tokens[:, 1:].reshape(-1)[kept], reduction="none")
        loss = (losses * weight).sum() / weight.sum()
        loss.backward()
        average_gradients(model, options.workers)
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        factor = rate(step, options.steps, options.decay)
        optimizer.step(worker, options.workers, options.muon_rate * factor, options.adam_rate * factor)
        model.zero_grad()
        step, seen = step + 1, seen + tokens.numel() * options.workers
        mean = loss.item() if mean is None else 0.95 * mean + 0.05 * loss.item()
        if step % 20 == 0 and worker == 0:
            spent = seconds + time.time() - began
            log.write(json.dumps({"step": step, "loss": round(mean, 4), "tokens": seen, "seconds": round(spent), "rate": round(factor, 3),
                                  "tokens_per_second": round(seen / spent)}) + "\n")
        if worker == 0 and (step % 100 == 0 or step == options.steps):
            fresh = checkpoint.with_suffix(".new")
            torch.save({"model": model.state_dict(), "optimizer": optimizer.state(), "step": step, "seen": seen,
                        "seconds": seconds + time.time() - began}, fresh)
            fresh.rename(checkpoint)
            export(model, options.out, options.tokenizer)


if __name__ == "__main__":
    chosen = options_from_command_line()
    chosen.work.mkdir(parents=True, exist_ok=True)
    (chosen.work / "meet").unlink(missing_ok=True)
    torch.multiprocessing.spawn(work, (chosen,), chosen.workers)
