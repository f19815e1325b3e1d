"""Trains the small tokenizers under src/test/resources/tokenizers and writes their golden ids.

Run from anywhere with Python 3.11, transformers 5.18 and tokenizers 0.23:

    python models/src/test/python/make_tokenizer_goldens.py

Each folder gets tokenizer.json, tokenizer_config.json and goldens.json. A golden of kind "chat" is
what transformers' apply_chat_template gives for its messages; its pieces are the rendered text cut where user text
begins and ends. A golden of kind "raw" is what the tokenizer gives for a text without adding
special tokens. Everything is seeded; a second run changes no byte.
"""

import json
import pathlib
import random

from tokenizers import AddedToken, Regex, Tokenizer, decoders, models, normalizers
from tokenizers import pre_tokenizers, processors, trainers
from transformers import PreTrainedTokenizerFast

OUT = pathlib.Path(__file__).resolve().parents[1] / "resources" / "tokenizers"
MARK = "\u2581"

LLAMA3_SPLIT = (
    r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}|"
    r" ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+"
)
QWEN_SPLIT = LLAMA3_SPLIT.replace(r"\p{N}{1,3}", r"\p{N}")

CHATML = (
    "{%- for m in messages -%}{{- '<|im_start|>' + m.role + '\n' + m.content + '<|im_end|>\n' -}}"
    "{%- endfor -%}{%- if add_generation_prompt -%}{{- '<|im_start|>assistant\n' -}}{%- endif -%}"
)
LLAMA3 = (
    "{{- bos_token -}}{%- for m in messages -%}{{- '<|start_header_id|>' + m.role +"
    " '<|end_header_id|>\n\n' + m.content + '<|eot_id|>' -}}{%- endfor -%}"
    "{%- if add_generation_prompt -%}"
    "{{- '<|start_header_id|>assistant<|end_header_id|>\n\n' -}}{%- endif -%}"
)
INST = (
    "{{- bos_token -}}{%- for m in messages -%}{%- if m.role == 'assistant' -%}"
    "{{- ' ' + m.content + eos_token -}}{%- else -%}"
    "{{- '[INST] ' + m.content + ' [/INST]' -}}{%- endif -%}{%- endfor -%}"
)
MASKED = (
    "{{- bos_token -}}{%- for m in messages -%}{{- '<|role|> ' + m.role + ' <|begin|>  ' +"
    " m.content + '  <|end|>\n\n' -}}{%- endfor -%}"
)


def corpus():
    draw = random.Random(7)
    nouns = "river stone garden engine letter window harbour station winter model token".split()
    verbs = "carries opens follows measures repeats answers counts remembers builds".split()
    places = "Lisbon Oslo Nairobi Kyoto Zürich Łódź Québec Αθήνα Москва 東京 서울 القاهرة".split()
    lines = []
    for number in range(1500):
        a, b = draw.choice(nouns), draw.choice(nouns)
        lines.append(f"The {a} {draw.choice(verbs)} the {b} in {draw.choice(places)}, {number}.")
        lines.append(f"What is {draw.randrange(100)} plus {draw.randrange(100)}? It's easy: don't ask.")
        lines.append(f"def {a}_{b}(x):\n    return x[{number % 17}] + '{b}'  # {a}\n")
        lines.append(f'{{"name": "{a}", "values": [{number}, null, true]}}\n\n')
        lines.append("naïve café — élève … ¿qué? 你好世界 こんにちは привет 🙂🎉 <a href=x>")
        lines.append("user assistant system tool [ INST ] < | > / im start end")
    return lines


def byte_level(vocabulary, split, normalizer, ignore_merges):
    tokenizer = Tokenizer(models.BPE(ignore_merges=ignore_merges))
    tokenizer.normalizer = normalizer
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence(
        [
            pre_tokenizers.Split(Regex(split), behavior="isolated"),
            pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False),
        ]
    )
    tokenizer.decoder = decoders.ByteLevel()
    tokenizer.post_processor = processors.ByteLevel(trim_offsets=False)
    trainer = trainers.BpeTrainer(
        vocab_size=vocabulary,
        initial_alphabet=sorted(pre_tokenizers.ByteLevel.alphabet()),
        show_progress=False,
    )
    tokenizer.train_from_iterator(corpus(), trainer)
    return tokenizer


def sentence_piece(vocabulary, controls):
    """Merges of SentencePiece form over a vocabulary of controls, bytes and pieces."""
    trained = Tokenizer(models.BPE())
    trained.pre_tokenizer = pre_tokenizers.Metaspace(prepend_scheme="always", split=True)
    trainer = trainers.BpeTrainer(vocab_size=vocabulary, show_progress=False)
    # Other scripts stay out, so that they take the byte tokens.
    latin = [line for line in corpus() if all(ord(c) < 0x250 for c in line)]
    trained.train_from_iterator(latin + ["naïve café élève Zürich Łódź"] * 9, trainer)
    state = json.loads(trained.to_str())["model"]
    pieces = sorted(state["vocab"], key=state["vocab"].get)
    order = controls + [f"<0x{b:02X}>" for b in range(256)] + pieces
    ids = {piece: i for i, piece in enumerate(dict.fromkeys(order))}
    return ids, [tuple(merge) for merge in state["merges"]]


def sentence_piece_tokenizer(ids, merges):
    tokenizer = Tokenizer(
        models.BPE(ids, merges, unk_token="<unk>", fuse_unk=True, byte_fallback=True)
    )
    tokenizer.decoder = decoders.Sequence(
        [
            decoders.Replace(MARK, " "),
            decoders.ByteFallback(),
            decoders.Fuse(),
            decoders.Strip(" ", 1, 0),
        ]
    )
    return tokenizer


def legacy():
    return normalizers.Sequence([normalizers.Prepend(MARK), normalizers.Replace(" ", MARK)])


def special(*names):
    return [AddedToken(name, special=True, normalized=False) for name in names]


def plain(*names):
    return [AddedToken(name, special=False, normalized=False) for name in names]


def llama3():
    tokenizer = byte_level(900, LLAMA3_SPLIT, None, True)
    tokenizer.add_tokens(
        special(
            "<|begin_of_text|>",
            "<|end_of_text|>",
            "<|start_header_id|>",
            "<|end_header_id|>",
            "<|eot_id|>",
            "<|python_tag|>",
        )
    )
    tokenizer.post_processor = processors.TemplateProcessing(
        single="<|begin_of_text|> $A",
        special_tokens=[("<|begin_of_text|>", tokenizer.token_to_id("<|begin_of_text|>"))],
    )
    return tokenizer, LLAMA3, dict(bos_token="<|begin_of_text|>", eos_token="<|eot_id|>")


def qwen():
    tokenizer = byte_level(800, QWEN_SPLIT, normalizers.NFC(), False)
    tokenizer.add_tokens(special("<|endoftext|>", "<|im_start|>", "<|im_end|>"))
    tokenizer.add_tokens(plain("<tool_call>", "</tool_call>", "<think>", "</think>"))
    return tokenizer, CHATML, dict(eos_token="<|im_end|>", pad_token="<|endoftext|>")


def llama2():
    ids, merges = sentence_piece(700, ["<unk>", "<s>", "</s>"])
    # Converted vocabularies do hold pieces that lead to a control token by merges.
    for piece in ("<s", "s>"):
        ids.setdefault(piece, len(ids))
    leading = [("<", "s"), ("<s", ">"), ("s", ">"), ("<", "s>")]
    merges = list(dict.fromkeys(leading + merges))
    tokenizer = sentence_piece_tokenizer(ids, merges)
    tokenizer.normalizer = legacy()
    tokenizer.add_special_tokens(special("<unk>", "<s>", "</s>"))
    tokenizer.post_processor = processors.TemplateProcessing(
        single="<s> $A", special_tokens=[("<s>", 1)]
    )
    return tokenizer, INST, dict(bos_token="<s>", eos_token="</s>", unk_token="<unk>")


def mistral():
    controls = ["<unk>", "<s>", "</s>", "[INST]", "[/INST]", "[TOOL_CALLS]", "[AVAILABLE_TOOLS]"]
    ids, merges = sentence_piece(700, controls)
    tokenizer = sentence_piece_tokenizer(ids, merges)
    tokenizer.pre_tokenizer = pre_tokenizers.Metaspace(prepend_scheme="first", split=False)
    tokenizer.add_special_tokens(special(*controls))
    return tokenizer, INST, dict(bos_token="<s>", eos_token="</s>", unk_token="<unk>")


def flags():
    """Every flag of added tokens, behind a normalizer that changes what they look like."""
    ids, merges = sentence_piece(700, ["<unk>", "<s>", "</s>"])
    tokenizer = sentence_piece_tokenizer(ids, merges)
    tokenizer.normalizer = legacy()
    tokenizer.add_special_tokens(special("<unk>", "<s>", "</s>"))
    tokenizer.add_tokens(
        [
            AddedToken("<|role|>", special=True, normalized=True),
            AddedToken("<|begin|>", special=True, normalized=False, rstrip=True),
            AddedToken("<|end|>", special=True, normalized=False, lstrip=True, rstrip=True),
            AddedToken("<|note|>", special=False, normalized=True, rstrip=True),
            AddedToken("token", special=False, normalized=False, single_word=True),
            AddedToken("<|begin|>>", special=True, normalized=False),
        ]
    )
    return tokenizer, MASKED, dict(bos_token="<s>", eos_token="</s>", unk_token="<unk>")


def normalized():
    """Byte-level, no normalizer, added tokens in both passes, the second overlapping the first."""
    tokenizer = byte_level(700, LLAMA3_SPLIT, None, True)
    tokenizer.add_tokens(special("<|im_start|>", "<|im_end|>"))
    tokenizer.add_tokens(
        [
            AddedToken("<tool>", special=False, normalized=True),
            AddedToken(">\n<|im_end|>", special=False, normalized=True),
            AddedToken("engine", special=False, normalized=True, single_word=True, lstrip=True),
        ]
    )
    return tokenizer, CHATML, dict(eos_token="<|im_end|>")


CHATS = [
    [("user", "What is 17 plus 25?")],
    [("system", "You answer briefly."), ("user", "Hello"), ("assistant", "Hi!"), ("user", "Why?")],
    [("user", "  leading and trailing  ")],
    [("user", "\n\ndef f(x):\n\treturn x[0]  # 'ok'\n")],
    [("user", "naïve cafe\u0301 — 你好世界 🙂🎉 👩‍👩‍👧 привет \u0000 ＜ﬁ＞")],
    [("user", "x < y | z > 0 and </p> [INS] {{ no }} <| im_start |>")],
    [("user", "")],
    [("user", "ends in a mark " + MARK), ("assistant", " "), ("user", MARK + "starts in one")],
    [("user", "the tokens of a tokenizer; its tokens."), ("assistant", "12345678 9")],
    [("user", "\u0338combining first"), ("assistant", "e\u0301\u0301 ﷺ ½")],
]

RAWS = [
    "",
    " ",
    "Hello world",
    "<s>Hello</s> world <s> again</s>",
    "<|im_start|>user\nHi<|im_end|>\n<|im_start|>assistant\n",
    "<|begin_of_text|><|start_header_id|>user<|end_header_id|>\n\nHi<|eot_id|>",
    "<s>[INST] Hi [/INST]  there</s>[INST]More[/INST][TOOL_CALLS] [{}]",
    "<tool_call>\n{}\n</tool_call><think></think>",
    "a token b tokens (token) token-token_token token",
    "x <|role|> y<|role|>z  <|role|>",
    "<|role|>x <|note|>   y<|note|>z",
    "a  <|begin|>  b  <|end|>  c<|begin|>>d<|begin|> <|end|>",
    "the tokens of a token, tokenizer token, étoken",
    "12345678 9 engine engines an engine\u00a0engine xengine",
    "<tool>engine engines engine<tool> engine>\n<|im_end|>",
    MARK + "x <s>" + MARK + "y <s> z",
    " lead<s> mid <s>  two",
]


def chat(tokenizer, turns):
    """The rendered text cut at user content, and the ids of the whole."""
    marked = [
        {"role": role, "content": f"\ue000{i}\ue001"} for i, (role, _) in enumerate(turns)
    ]
    text = tokenizer.apply_chat_template(marked, add_generation_prompt=True, tokenize=False)
    pieces = []
    while text:
        before, mark, rest = text.partition("\ue000")
        if before:
            pieces.append([before, True])
        if not mark:
            break
        index, _, text = rest.partition("\ue001")
        content = turns[int(index)][1]
        if content:
            pieces.append([content, False])
    messages = [{"role": role, "content": content} for role, content in turns]
    whole = tokenizer.apply_chat_template(messages, add_generation_prompt=True, tokenize=False)
    assert whole == "".join(piece for piece, _ in pieces)
    ids = tokenizer.apply_chat_template(messages, add_generation_prompt=True, return_dict=False)
    return {"kind": "chat", "messages": turns, "pieces": pieces, "ids": ids}


def raw(tokenizer, text):
    ids = tokenizer(text, add_special_tokens=False)["input_ids"]
    return {"kind": "raw", "pieces": [[text, True]], "ids": ids}


def main():
    for make in (llama3, qwen, llama2, mistral, flags, normalized):
        tokenizer, template, tokens = make()
        folder = OUT / make.__name__
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "tokenizer.json").write_text(tokenizer.to_str() + "\n", encoding="utf-8")
        config = dict(tokens, chat_template=template, clean_up_tokenization_spaces=False)
        (folder / "tokenizer_config.json").write_text(json.dumps(config, indent=1) + "\n")
        fast = PreTrainedTokenizerFast(
            tokenizer_file=str(folder / "tokenizer.json"), chat_template=template, **tokens
        )
        cases = [chat(fast, turns) for turns in CHATS] + [raw(fast, text) for text in RAWS]
        lines = ",\n".join(json.dumps(case) for case in cases)
        (folder / "goldens.json").write_text("[\n" + lines + "\n]\n")
        print(folder.name, fast.vocab_size, len(cases), "goldens")


if __name__ == "__main__":
    main()
