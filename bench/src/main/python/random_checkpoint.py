"""Writes a Llama checkpoint with random weights and a byte-level BPE tokenizer, for measuring only.

    python random_checkpoint.py --shape 1024,12,16,4,3584,32000 --dtype bfloat16 OUT

The shape is hidden,layers,heads,kv-heads,intermediate,vocabulary; embeddings are untied. Needs torch,
transformers and tokenizers.
"""

import argparse
import itertools
import json
import pathlib

import torch
from tokenizers import Tokenizer, decoders, models, pre_tokenizers
from transformers import LlamaConfig, LlamaForCausalLM

SPECIAL = ["<|endoftext|>", "<|im_start|>", "<|im_end|>"]
TEMPLATE = (
    "{% for message in messages %}<|im_start|>{{ message.role }}\n{{ message.content }}<|im_end|>\n{% endfor %}"
    "{% if add_generation_prompt %}<|im_start|>assistant\n{% endif %}"
)


def tokenizer(vocabulary: int) -> Tokenizer:
    """All bytes, then pairs and triples of printable ASCII until the vocabulary is full."""
    words = sorted(pre_tokenizers.ByteLevel.alphabet())
    merges = []
    printable = [chr(code) for code in range(33, 127)]
    pairs = ["".join(pair) for pair in itertools.product(printable, repeat=2)]
    triples = (pair + letter for letter in printable for pair in pairs)
    for piece in itertools.chain(pairs, triples):
        if len(words) == vocabulary - len(SPECIAL):
            break
        words.append(piece)
        merges.append((piece[:-1], piece[-1]))
    made = Tokenizer(models.BPE(vocab={word: index for index, word in enumerate(words)}, merges=merges))
    made.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    made.decoder = decoders.ByteLevel()
    made.add_special_tokens(SPECIAL)
    return made


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("out", type=pathlib.Path)
    parser.add_argument("--shape", default="1024,12,16,4,3584,32000")
    parser.add_argument("--dtype", default="bfloat16", choices=["bfloat16", "float32", "float16"])
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--positions", type=int, default=8192, help="the longest sequence")
    options = parser.parse_args()
    hidden, layers, heads, kv_heads, intermediate, vocabulary = map(int, options.shape.split(","))

    torch.manual_seed(options.seed)
    made = tokenizer(vocabulary)
    end = made.token_to_id("<|im_end|>")
    config = LlamaConfig(
        hidden_size=hidden,
        num_hidden_layers=layers,
        num_attention_heads=heads,
        num_key_value_heads=kv_heads,
        intermediate_size=intermediate,
        vocab_size=vocabulary,
        max_position_embeddings=options.positions,
        tie_word_embeddings=False,
        bos_token_id=None,
        eos_token_id=end,
    )
    model = LlamaForCausalLM(config).to(getattr(torch, options.dtype))
    model.save_pretrained(options.out)
    made.save(str(options.out / "tokenizer.json"))
    settings = {"eos_token": "<|im_end|>", "chat_template": TEMPLATE, "tokenizer_class": "PreTrainedTokenizerFast"}
    (options.out / "tokenizer_config.json").write_text(json.dumps(settings, indent=1))


if __name__ == "__main__":
    main()
