"""transformers beside the program: its logits of small checkpoints, and generate at the same shape."""

import pathlib
import sys
import time

from kit import reason

STEPS = 32


def transformers():
    """The package, or None where it is not to be had."""
    try:
        import transformers as package
    except ImportError:
        return None
    package.logging.set_verbosity_error()
    return package


def version() -> str:
    package = transformers()
    return "absent" if package is None else package.__version__


def logits(folder: pathlib.Path, sequences: list, device: str, dtype: str):
    """Float32 logits after every token, a tensor for each sequence; None where transformers is absent or fails."""
    package = transformers()
    if package is None:
        return None
    try:
        return said(package, folder, sequences, device, dtype)
    except Exception as error:  # whatever it raises, the rest goes on
        print(f"measure: transformers failed in {folder.name} in {dtype}: {reason(error)}", file=sys.stderr)
        return None


def said(package, folder: pathlib.Path, sequences: list, device: str, dtype: str) -> list:
    import torch

    model = package.AutoModelForCausalLM.from_pretrained(folder, dtype=getattr(torch, dtype)).to(device).eval()
    with torch.no_grad():
        return [model(torch.tensor([ids], device=device)).logits[0].float().cpu() for ids in sequences]


class Generate:
    """`generate` of a Llama of random weights."""

    def __init__(self, shape: dict, dtype: str, device: str, positions: int) -> None:
        import torch

        self.torch = torch
        self.device = device
        self.vocabulary = shape["vocabulary"]
        package = transformers()
        config = package.LlamaConfig(
            hidden_size=shape["hidden"],
            num_hidden_layers=shape["layers"],
            num_attention_heads=shape["heads"],
            num_key_value_heads=shape["kvHeads"],
            intermediate_size=shape["intermediate"],
            vocab_size=shape["vocabulary"],
            max_position_embeddings=positions + STEPS + 1,
            tie_word_embeddings=False,
            bos_token_id=None,
            eos_token_id=None,
            pad_token_id=None,
        )
        before = torch.get_default_dtype()
        torch.set_default_dtype(getattr(torch, dtype))
        try:
            with torch.device(device):
                self.model = package.LlamaForCausalLM(config).eval()
        finally:
            torch.set_default_dtype(before)

    def millis(self, rows: int, prompt: int, new: int) -> float:
        """Of one generate, until its tokens are on the host."""
        ids = self.torch.randint(0, self.vocabulary, (rows, prompt), device=self.device)
        mask = self.torch.ones_like(ids)
        begin = time.perf_counter()
        with self.torch.no_grad():
            out = self.model.generate(
                ids, attention_mask=mask, max_new_tokens=new, min_new_tokens=new, do_sample=False, use_cache=True
            )
        assert out.cpu().shape[1] == prompt + new
        return (time.perf_counter() - begin) * 1e3

    def prefill(self, prompt: int, repeats: int) -> float:
        self.millis(1, prompt, 1)
        return median([self.millis(1, prompt, 1) for _ in range(repeats)])

    def decode(self, rows: int, context: int, repeats: int) -> float:
        """A step: what more tokens take more, around the context."""
        steps = min(STEPS, context - 1)
        prompt = context - steps // 2
        self.millis(rows, prompt, 2)
        one = median([self.millis(rows, prompt, 1) for _ in range(repeats)])
        many = median([self.millis(rows, prompt, 1 + steps) for _ in range(repeats)])
        return (many - one) / steps


def median(values: list) -> float:
    ordered = sorted(values)
    middle = len(ordered) // 2
    return ordered[middle] if len(ordered) % 2 else (ordered[middle - 1] + ordered[middle]) / 2
