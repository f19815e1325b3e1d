"""Trains the byte-level BPE tokenizer and writes its files; also renders conversations as the chat template does."""
import argparse
import json
from pathlib import Path

from tokenizers import AddedToken, Regex, Tokenizer, decoders, models, pre_tokenizers, trainers

HERE = Path(__file__).parent
END_OF_TEXT, START, END = "<|endoftext|>", "<|im_start|>", "<|im_end|>"
MARKS = ["<tool_call>", "</tool_call>", "<tool_response>", "</tool_response>", "<tools>", "</tools>"]
CONTEXT = 4096
# Every digit alone, words without the blank before them (so a word has the same tokens wherever it stands, which makes
# copying easy), punctuation with one blank after it.
PIECES = r"\d|\p{L}+|[^\p{L}\d\s]+ ?|\n+|[^\S\n]+"


def train(texts, size: int) -> Tokenizer:
    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence([
        pre_tokenizers.Split(Regex(PIECES), behavior="isolated"),
        pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False)])
    tokenizer.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(vocab_size=size - len(MARKS), show_progress=False, initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
                                  special_tokens=[AddedToken(t, special=True) for t in (END_OF_TEXT, START, END)])
    tokenizer.train_from_iterator(texts, trainer)
    tokenizer.add_tokens([AddedToken(mark, special=False, normalized=False) for mark in MARKS])
    return tokenizer


def save(tokenizer: Tokenizer, folder: Path) -> None:
    """Writes tokenizer.json, tokenizer_config.json and chat_template.jinja."""
    folder.mkdir(parents=True, exist_ok=True)
    tokenizer.save(str(folder / "tokenizer.json"))
    template = (HERE / "chat_template.jinja").read_text()
    (folder / "chat_template.jinja").write_text(template)
    config = {"tokenizer_class": "PreTrainedTokenizerFast", "bos_token": None, "eos_token": END, "pad_token": END_OF_TEXT, "unk_token": None,
              "add_prefix_space": False, "add_bos_token": False, "clean_up_tokenization_spaces": False, "model_max_length": CONTEXT,
              "added_tokens_decoder": {str(tokenizer.token_to_id(t)): {
                  "content": t, "lstrip": False, "normalized": False, "rstrip": False, "single_word": False, "special": t not in MARKS}
                  for t in [END_OF_TEXT, START, END] + MARKS},
              "chat_template": template}
    (folder / "tokenizer_config.json").write_text(json.dumps(config, indent=2, ensure_ascii=False) + "\n")


def to_json(value) -> str:
    return json.dumps(value, ensure_ascii=False)


def render(messages: list, tools=None) -> list:
    """The chat template as (text, is the model's own) pieces; a test in evaluate.py compares it with the template."""
    pieces, text, rest = [], "", messages
    if tools or messages[0]["role"] == "system":
        text = f"{START}system\n"
        if messages[0]["role"] == "system":
            text += messages[0]["content"] + ("\n\n" if tools else "")
            rest = messages[1:]
        if tools:
            text += "You may call these tools:\n<tools>" + "".join("\n" + to_json(tool) for tool in tools) + "\n</tools>"
        text += f"{END}\n"
    for i, message in enumerate(rest):
        role, content = message["role"], message["content"]
        if role == "assistant":
            calls = [f'<tool_call>\n{{"name": "{c["function"]["name"]}", "arguments": {to_json(c["function"]["arguments"])}}}\n</tool_call>'
                     for c in message.get("tool_calls") or []]
            pieces += [(text + f"{START}assistant\n", False), ("\n".join(([content] if content else []) + calls) + END, True)]
            text = "\n"
        elif role == "tool":
            text += f"{START}user" if i == 0 or rest[i - 1]["role"] != "tool" else ""
            text += f"\n<tool_response>\n{content}\n</tool_response>"
            text += f"{END}\n" if i + 1 == len(rest) or rest[i + 1]["role"] != "tool" else ""
        else:
            text += f"{START}{role}\n{content}{END}\n"
    return pieces + [(text, False)]


if __name__ == "__main__":
    from conversations import sample_texts
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", type=Path, default=HERE / "tokenizer")
    parser.add_argument("--size", type=int, default=1536)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    save(train(sample_texts(options.seed, 6000), options.size), options.out)
