"""Scores a model folder with greedy decoding in float32: python evaluate.py --model model [--cases 200] [--json scores.json]

Arithmetic uses only held-out pairs; tool, parameter and JSON key names are all held out of training. The rows that end in
"at 2k" put the same questions behind about 2,000 tokens of chat, pasted text or system prompt.
"""
import argparse
import json
import time
from pathlib import Path
from random import Random

import torch
from transformers import AutoModelForCausalLM, AutoTokenizer

import tasks
import tool_tasks
from conversations import Conversations, assistant, user
from names import CAPITALS, Names
from realistic import REALISTIC
from tokenizer import render

HERE = Path(__file__).parent
GOALS = {"arithmetic": 95, "counting": 100, "counting, runs of 100 to 200": 100, "JSON": 95, "JSON schema": 95, "tool call": 90, "tool call at 2k": 90}


def case(task, messages, want, tools=None):
    return {"task": task, "messages": messages, "tools": tools, "want": want}


def tool_case(task, n, count=None):
    tools, askers = tool_tasks.tool_set(n, count or n.rng.choices([1, 2, 3, 4], [4, 3, 2, 1])[0])
    name, ask = n.rng.choice(askers)
    request, arguments = ask()
    return case(task, [user(request)], render([user(""), tool_tasks.call_message([(name, arguments)])])[1][0].removesuffix("<|im_end|>"), tools)


def cases(count: int, seed: str = "evaluation") -> list:
    """All short cases, `count` for each of the main tasks."""
    rng = Random(seed)
    n, talk, out = Names(rng, evaluation=True), Conversations(rng), []
    talk.names = n
    pairs = sorted(tasks.HELD_OUT_PAIRS)
    rng.shuffle(pairs)
    for i in range(2 * count):
        question, answer = tasks.arithmetic(n, pairs[i % len(pairs)], "What is {e}?" if i % 2 else rng.choice(tasks.ARITHMETIC))
        out.append(case("arithmetic", [user(question)], answer))
    for i in range(count // 2):
        a = rng.randint(0, 199)
        question, answer = tasks.counting(n, a, rng.randint(a + 1, min(a + 60, 200)))
        out.append(case("counting", [user(question)], answer))
    for a, b in [(1, 50), (1, 100), (1, 200)] + [(a := rng.randint(0, 99), a + rng.randint(100, 200 - a)) for _ in range(max(1, count // 14))]:
        out.append(case("counting, runs of 100 to 200", [user(f"Count from {a} to {b}.")], tasks.counting(n, a, b)[1]))
    for country in CAPITALS:
        question, answer = tasks.capital(n, country)
        out.append(case("capitals", [user(question)], answer))
    for questions, answer in tasks.SMALL_TALK:
        out += [case("small talk", [user(question)], answer) for question in questions]
    for _ in range(count // 2):
        question, answer = tasks.unknown(n)
        out.append(case("unknown questions", [user(question)], answer))
    for _ in range(count):
        question, answer = tasks.repeat(n, 20)
        out.append(case("repeat", [user(question)], answer))
        question, answer, _ = tasks.fill_json(n)
        out.append(case("JSON", [user(question)], answer))
        question, answer, system = tasks.fill_json(n, schema_in_system=True)
        out.append(case("JSON schema", [{"role": "system", "content": system}, user(question)], answer))
        out.append(tool_case("tool call", n))
        made = tool_case("after the tool result", n)
        result, answer = tool_tasks.result_and_answer(n)
        call = {"role": "assistant", "content": "", "tool_calls": [{"type": "function", "function": json.loads(made["want"].split("\n")[1])}]}
        out.append({**made, "messages": made["messages"] + [call, {"role": "tool", "content": result}], "want": answer})
    for _ in range(count // 2):
        tools, _ = tool_tasks.tool_set(n, rng.randint(1, 3))
        question, answer = talk.turns(rng.choice(["arithmetic", "capital", "small_talk", "repeat"]))
        out.append(case("tools given, none needed", [question], answer["content"], tools))
    for tools, request, name, arguments in REALISTIC:
        out.append(case("tool call, realistic", [user(request)], f'<tool_call>\n{json.dumps({"name": name, "arguments": arguments}, ensure_ascii=False)}\n</tool_call>', tools))
    return out


def lengthened(short: list, encode, per_task: int) -> list:
    """Some of the short cases behind about 2,000 tokens of other things."""
    rng, out = Random("long"), []
    talk, used = Conversations(rng), {}
    for c in short:
        if c["task"] in ("unknown questions", "JSON schema", "counting, runs of 100 to 200", "tool call, realistic") or used.get(c["task"], 0) >= per_task:
            continue
        used[c["task"]] = used.get(c["task"], 0) + 1
        kind, room, before = used[c["task"]] % 3, 2000 - encode(render(c["messages"], c["tools"])), []
        if kind == 0:  # a chat
            while room > 0:
                turn = talk.turns(talk.kind())
                before += turn
                room -= encode(render(turn))
            messages = before + c["messages"]
        else:
            text = ""
            while encode([(text, False)]) < room:
                text = (text + " " + talk.filler(20)).strip()
            first = user(text + "\n\n" + c["messages"][0]["content"])
            messages = [first] + c["messages"][1:] if kind == 1 else [{"role": "system", "content": text}] + c["messages"]
        out.append({**c, "task": c["task"] + " at 2k", "messages": messages})
    return out


@torch.no_grad()
def answers(model, tokenizer, prompts: list, longest: int) -> list:
    """Greedy answers to prompts (lists of token ids), left padded to one batch."""
    width = max(map(len, prompts))
    ids = torch.tensor([[0] * (width - len(p)) + p for p in prompts])
    mask = torch.tensor([[0] * (width - len(p)) + [1] * len(p) for p in prompts])
    out = model.generate(input_ids=ids, attention_mask=mask, max_new_tokens=longest, do_sample=False)
    return [tokenizer.decode(row[width:], skip_special_tokens=True) for row in out]


def load(folder):
    return AutoModelForCausalLM.from_pretrained(folder, dtype=torch.float32).eval(), AutoTokenizer.from_pretrained(folder)


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--model", type=Path, default=HERE / "model")
    parser.add_argument("--cases", type=int, default=100, help="cases of each main task (arithmetic: twice as many)")
    parser.add_argument("--long", type=int, default=20, help="cases of each task at 2k tokens")
    parser.add_argument("--only", default="", help="only tasks whose name contains this")
    parser.add_argument("--wrong", type=int, default=0, help="wrong answers to print for each task")
    parser.add_argument("--json", type=Path)
    parser.add_argument("--threads", type=int, default=2)
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    model, tokenizer = load(options.model)
    every = cases(options.cases)
    every += lengthened(every, lambda pieces: sum(len(tokenizer(text).input_ids) for text, _ in pieces), options.long)
    for c in every:
        c["text"] = tokenizer.apply_chat_template(c["messages"], tools=c["tools"], add_generation_prompt=True, tokenize=False)
        assert c["text"] == "".join(text for text, _ in render(c["messages"], c["tools"])) + "<|im_start|>assistant\n", "render() differs from the template"
        c["ids"] = tokenizer(c["text"], add_special_tokens=False).input_ids
    every = [c for c in every if options.only in c["task"]]
    began, scores = time.time(), {}
    for task in dict.fromkeys(c["task"] for c in every):
        mine = sorted((c for c in every if c["task"] == task), key=lambda c: len(c["ids"]))
        size = 8 if "2k" in task else 32
        for i in range(0, len(mine), size):
            group = mine[i:i + size]
            longest = max(len(tokenizer(c["want"]).input_ids) for c in group) + 8
            for c, got in zip(group, answers(model, tokenizer, [c["ids"] for c in group], longest)):
                c["got"] = got
        right = sum(c["got"] == c["want"] for c in mine)
        scores[task] = {"cases": len(mine), "right": right, "percent": round(100 * right / len(mine), 1),
                        "prompt_tokens": round(sum(len(c["ids"]) for c in mine) / len(mine))}
        print(f"| {task} | {len(mine)} | {scores[task]['prompt_tokens']} | {scores[task]['percent']} % | {GOALS.get(task, '')} |", flush=True)
        for c in [c for c in mine if c["got"] != c["want"]][:options.wrong]:
            print("   ASKED", repr(c["text"][-400:] if "2k" in task else c["text"]), "\n   WANT ", repr(c["want"]), "\n   GOT  ", repr(c["got"]))
    print(f"{time.time() - began:.0f} s")
    if options.json:
        options.json.write_text(json.dumps(scores, indent=2) + "\n")


if __name__ == "__main__":
    main()
