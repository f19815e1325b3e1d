"""Writes cases.json: prompts and the model's own greedy answers (float32, one at a time), for tests of other engines."""
import argparse
import json
from pathlib import Path

import torch

from conversations import assistant, user
from evaluate import HERE, answers, load
from realistic import BOOK, FLIGHTS, HEAT, ORDER, REALISTIC, STOCK, WEATHER
from tool_tasks import call_message

QUESTIONS = ["Hello", "How are you?", "Who are you?", "What can you do?", "Thank you", "Tell me a joke.", "What is 17 plus 25?", "What is 90 - 12?",
             "5 minus 9", "How much is 99 plus 99?", "Count from 1 to 50.", "Count from 95 to 205.", "Count from 7 to 12.", "What is the capital of France?",
             "What is the capital of Japan?", "Capital of Peru?", "Repeat after me: Grüezi, 東京 and 🚀!", "Repeat after me: the quick brown fox",
             'Say "zorb-77 / kelpie_x"', "Who won the world cup in 1998?", 'Fill this JSON from the sentence: {"name": "", "age": 0}. Sentence: Anna is 34 years old.',
             'Fill this JSON from the sentence: {"city": "", "unit": "", "guests": 0}. Sentence: The guests is 12, the city is Bern and the unit is metric.',
             "Return a JSON object with the keys product, author for this sentence: The author is Mary Keller and the product is blue lamp.",
             "Compute 3+4, 50-60, 81+19."]
SCHEMA = 'Answer with JSON for this schema: {"type": "object", "properties": {"product": {"type": "string"}, "guests": {"type": "integer"}, "is_member": {"type": "boolean"}}, "required": ["product", "guests", "is_member"]}'


def prompts():
    for question in QUESTIONS:
        yield [user(question)], None
    yield [{"role": "system", "content": "You are a helpful assistant."}, user("What is 33 plus 44?")], None
    yield [{"role": "system", "content": SCHEMA}, user("The product is green tea, the guests is 7 and the is_member is true.")], None
    yield [user("Hello"), assistant("Hello! How can I help you?"), user("What is 8 plus 9?"), assistant("8 plus 9 is 17."), user("What is the capital of Italy?")], None
    yield [user("Remember: the code word is QX-4411."), assistant("I will remember that."), user("Count from 1 to 9."),
           assistant("1, 2, 3, 4, 5, 6, 7, 8, 9"), user("What is the code word?")], None
    for i in (0, 3, 4, 7, 11, 12, 13, 19):
        tools, request, _, _ = REALISTIC[i]
        yield [user(request)], tools
    yield [user("What is 20 plus 22?")], [WEATHER, ORDER]
    yield [user("Hello")], [FLIGHTS, BOOK]
    asked = [user("What is the weather in Paris?"), call_message([("get_weather", {"city": "Paris"})])]
    yield asked + [{"role": "tool", "content": '{"temperature": 21, "sky": "clear"}'}], [WEATHER]
    yield asked + [{"role": "tool", "content": "rain and 12 degrees"}], [WEATHER, STOCK]
    yield asked + [{"role": "tool", "content": '{"temperature":21}'}, assistant("The temperature is 21."), user("Set the thermostat to temperature 19.")], [WEATHER, HEAT]
    yield [user(("The blue house is near the old harbor. " * 150) + "\n\nWhat is 12 plus 30?")], None


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--model", type=Path, default=HERE / "model")
    parser.add_argument("--out", type=Path, default=HERE / "cases.json")
    parser.add_argument("--max-tokens", type=int, default=600)
    options = parser.parse_args()
    torch.set_num_threads(2)
    model, tokenizer = load(options.model)
    out = []
    for messages, tools in prompts():
        text = tokenizer.apply_chat_template(messages, tools=tools, add_generation_prompt=True, tokenize=False)
        ids = tokenizer(text, add_special_tokens=False).input_ids
        answer = answers(model, tokenizer, [ids], options.max_tokens)[0]
        case = {"messages": messages, "prompt": text, "prompt_tokens": len(ids), "prompt_ids": ids, "max_tokens": options.max_tokens,
                "answer": answer, "answer_ids": tokenizer(answer, add_special_tokens=False).input_ids}
        out.append({**case, "tools": tools} if tools else case)
        print(repr(messages[-1]["content"][-60:]), "->", repr(answer[:150]), flush=True)
    options.out.write_text("[\n" + ",\n".join(json.dumps(case, ensure_ascii=False) for case in out) + "\n]\n")


if __name__ == "__main__":
    main()
