"""Writes 200 of the conversations that evaluate.py scores, and the right answers: python make_quality.py

`outcrop bench quality` reads the file. Every task comes in the share that it has there; none is at 2k tokens.
"""
import json
from random import Random

from evaluate import HERE, cases
from tokenizer import render


def main():
    every = cases(100)
    Random("quality").shuffle(every)
    lines = []
    for c in every[:200]:
        prompt = "".join(text for text, _ in render(c["messages"], c["tools"])) + "<|im_start|>assistant\n"
        lines.append(json.dumps({"task": c["task"], "prompt": prompt, "answer": c["want"]}, ensure_ascii=False))
    (HERE / "quality.json").write_text("[\n" + ",\n".join(lines) + "\n]\n", encoding="utf-8")


if __name__ == "__main__":
    main()
