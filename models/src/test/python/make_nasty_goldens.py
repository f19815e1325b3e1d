"""Writes src/test/resources/tokenizers/nasty.json: texts that tokenizers get wrong, and their ids.

Run from anywhere with Python 3.11 and tokenizers 0.23, after make_tokenizer_goldens.py and
make_encoder_fixtures.py:

    python models/src/test/python/make_nasty_goldens.py

A text is written as a part and how often it is repeated, because some are lines of 100 KB. Of the
ids there is their number and the SHA-256 of them as big-endian 32-bit integers. A lone surrogate
cannot reach a tokenizer: it counts as U+FFFD. Everything is seeded; a second run changes no byte.
"""

import hashlib
import json
import pathlib
import random
import struct

from tokenizers import Tokenizer

MODELS = pathlib.Path(__file__).resolve().parents[3]
RESOURCES = MODELS / "src" / "test" / "resources"
OUT = RESOURCES / "tokenizers" / "nasty.json"
DECODERS = ["llama3", "qwen", "llama2", "mistral", "flags", "normalized"]
ENCODERS = ["bert-mean", "xlm-roberta", "modernbert"]
LINE = 100_000

RANGES = [
    (0x20, 0x7E), (0xA1, 0x24F), (0x300, 0x36F), (0x391, 0x3C9), (0x410, 0x44F), (0x5D0, 0x5EA),
    (0x620, 0x652), (0x905, 0x94D), (0xE01, 0xE3A), (0x1100, 0x1112), (0x2000, 0x206F),
    (0x20A0, 0x20BF), (0x2190, 0x21FF), (0x3041, 0x30FF), (0x4E00, 0x9FA5), (0xAC00, 0xD7A3),
    (0xFF01, 0xFF9F), (0x1D400, 0x1D44F), (0x1F300, 0x1F5FF), (0x1F600, 0x1F64F), (0x20000, 0x20100),
]


def texts():
    yield "emoji", "🙂👍🏽👩‍👩‍👧‍👦🏳️‍🌈🇵🇹🇯🇵1️⃣#️⃣👁️‍🗨️🧑🏿‍🚀❤️‍🔥 ok 🫠🏴󠁧󠁢󠁳󠁣󠁴󠁿", 1
    yield "flags without order", "🇵🇹🇯🇵🇧", 3
    yield "Chinese", "你好，世界。我們在圖書館裡讀書；这是一个测试！《红楼梦》第一回", 1
    yield "Japanese", "こんにちは、ﾊﾛｰ・ワールド。東京で１２３㌔㍿「です」がぎぐ か\u3099き\u3099", 1
    yield "Korean", "안녕하세요 세계 \u1112\u1161\u11ab\u1100\u1173\u11af ㅋㅋㅋ", 1
    yield "rare ideographs", "\U00020000\U0002A6D6\U0002F800 𠮷野家 㐀䶵", 1
    yield "Arabic", "مَرْحَبًا بِكُمْ في العَالَم، ٠١٢٣ لا إله ﷺ", 1
    yield "Hebrew", "שָׁלוֹם עוֹלָם — זה 123 (בדיקה)", 1
    yield "directions", "abc \u202edef\u202c \u2067ghi\u2069 \u200fjkl\u200e \u061cmno", 1
    yield "Indic", "नमस्ते दुनिया क्षत्रिय ज्ञ র‍্য தமிழ் ไทยแลนด์ བོད་ ខ្មែរ", 1
    yield "marks upon marks", "Z\u0351\u036b\u0343\u036a\u0302\u036b\u033da\u0328\u0318\u0345l\u0327\u031bg\u0338\u0321o\u0489", 1
    yield "composed and not", "é e\u0301 Å A\u030a \u212b ﬁ ﬄ ½ ² ™ Ⅷ ǆ ẞ ß ſ İ ı", 1
    yield "control characters", "".join(map(chr, range(0x20))) + "\x7f" + "".join(map(chr, range(0x80, 0xA0))), 1
    yield "control characters in words", "a\x00b\x01c\x1bd\x7fe\x85f\x9fg", 1
    yield "nothing to see", "a\u200bb\u200cc\u200dd\u2060e\ufefff\u00adg\u034fh\u180ei", 1
    yield "tags and selectors", "x\U000E0001\U000E0041y\ufe00z\U000E0100", 1
    yield "no characters", "a\ufffeb\uffffc\ufdd0d\U0001FFFEe\U0010FFFFf", 1
    yield "private use", "\ue000\uf8ff\U000F0000\U00100000", 1
    yield "spaces", "a\u00a0b\u1680c\u2003d\u2028e\u2029f\u202fg\u205fh\u3000i\tj\vk\fl\r\nm\rn\n\n\no  p   q", 1
    yield "space around", " \t a \n ", 1
    yield "only spaces", " ", 37
    yield "byte order mark first", "\ufeffhello", 1
    yield "replacement character", "a\ufffdb\ufffd\ufffd", 1
    yield "marks of tokenizers", "\u2581a\u2581\u2581b Ġc Ċ ##d <0x41> <0x0A> â\u0096\u0081", 1
    yield "nearly special", "<|im_ start|> [ INST ] < s> <|> |> <| </ s>", 1
    yield "digits", "0123456789 ٠١٢٣ ०१२३ ０１２３ 𝟘𝟙𝟚 1,234.56e-7 0x1F 1_000", 1
    yield "letters in styles", "𝓗𝓮𝓵𝓵𝓸 𝕎𝕠𝕣𝕝𝕕 ʜᴇʟʟᴏ ⓗⓘ ʇxǝʇ", 1
    yield "contractions", "I'M don't WE'LL you'd they'Ve 'S ’s it’s '", 1
    yield "code", "def f(x):\n\treturn {'a': [x**2 for _ in range(10)]}  # ok\r\n\r\n    }\\n\\u0041", 1
    yield "half a pair, high", "a\ud83d b", 1
    yield "half a pair, low", "a\ude42 b", 1
    yield "halves the wrong way", "\ude42\ud83d\ud83d\ude42\ud83d", 1
    yield "a letter", "a", LINE
    yield "a space", " ", LINE
    yield "a line end", "\n", LINE
    yield "a digit", "7", LINE
    yield "a mark", "!", LINE
    yield "two letters", "ab", LINE // 2
    yield "words", "the river opens the window  ", LINE // 28
    yield "a word after a word", "Lisbon", LINE // 6
    yield "long Chinese", "东京和首尔的模型", LINE // 24
    yield "long emoji", "👩‍👩‍👧", LINE // 18
    yield "long Arabic", "السلام عليكم ", LINE // 25
    yield "accent upon accent", "\u0301", LINE // 2
    yield "zero width joiners", "\u200d", LINE // 3
    yield "zeros", "\x00", LINE
    yield "half pairs", "\ud83d", LINE // 3
    yield "JSON", '{"a":[1,2,{"b":null}],"c":"\\u00e9"}', LINE // 36
    yield "base64", "QmFzZTY0IGlzIGEgbG9uZyBsaW5l+/=", LINE // 31
    draw = random.Random(11)
    for number in range(40):
        part = []
        for _ in range(draw.randrange(10, 120)):
            low, high = draw.choice(RANGES)
            part.append(chr(draw.randrange(low, high + 1)))
        yield f"drawn {number}", "".join(part), 1
    part = []
    for _ in range(500):
        low, high = draw.choice(RANGES)
        part.append(chr(draw.randrange(low, high + 1)))
    yield "drawn and long", "".join(part), 70


def reaches(text):
    return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")


def digest(ids):
    return [len(ids), hashlib.sha256(struct.pack(f">{len(ids)}i", *ids)).hexdigest()]


def main():
    cases = list(texts())
    tokenizers = {name: (RESOURCES / "tokenizers" / name, False) for name in DECODERS}
    tokenizers["demo"] = (MODELS / "demo" / "model", False)
    tokenizers.update({name: (RESOURCES / "encoders" / name, True) for name in ENCODERS})
    ids = {}
    for name, (folder, special) in tokenizers.items():
        tokenizer = Tokenizer.from_file(str(folder / "tokenizer.json"))
        tokenizer.no_truncation()
        tokenizer.no_padding()
        ids[name] = [
            digest(tokenizer.encode(reaches(part * times), add_special_tokens=special).ids)
            for _, part, times in cases
        ]
    written = {
        "texts": [{"name": name, "part": part, "times": times} for name, part, times in cases],
        "ids": ids,
    }
    OUT.write_text(json.dumps(written, indent=0) + "\n", encoding="ascii")


main()
