"""What the Python clients share: the scenarios' data, and how results are told."""

import json
import os
import sys
import threading
import time
import traceback
import urllib.request

ENDPOINT = os.environ["OUTCROP_ENDPOINT"]
METRICS = os.environ["OUTCROP_METRICS"]
KEY = os.environ["OUTCROP_KEY"]
ACCESS = os.environ["OUTCROP_ACCESS_KEY"], os.environ["OUTCROP_SECRET_KEY"]
WRONG = "nobody's-key"

# Valid, but its principal may not call the model.
STRANGER = os.environ["OUTCROP_STRANGER_KEY"]
STRANGER_ACCESS = os.environ["OUTCROP_STRANGER_ACCESS_KEY"], ACCESS[1]
MODEL = "outcrop.demo-v1:0"
SINGLE = "outcrop.single-v1:0"
EMBEDDER = "amazon.titan-embed-text-v2:0"
UNKNOWN = "meta.unknown-v1:0"
DIMENSIONS = 32
STREAMS = 32

QUESTION = "What is 17 plus 25?"
LONG = "Count from 1 to 200."
WEATHER = "What is the weather in Paris?"
RESULT = '{"temperature": 21}'
TOOL = {
    "type": "object",
    "properties": {"city": {"type": "string"}},
    "required": ["city"],
}
SCHEMA = {
    "type": "object",
    "properties": {"city": {"type": "string"}, "visited": {"type": "boolean"}},
    "required": ["city", "visited"],
    "additionalProperties": False,
}
SCHEMA_QUESTION = "Give me a city as JSON."

# The same as OpenAI's clients say it.
OFFERED = [
    {
        "type": "function",
        "function": {
            "name": "get_weather",
            "description": "Get the weather of a city",
            "parameters": TOOL,
        },
    }
]
RESPONSE_FORMAT = {
    "type": "json_schema",
    "json_schema": {"name": "city", "schema": SCHEMA, "strict": True},
}


def count(first, last):
    return ", ".join(str(i) for i in range(first, last + 1))


def check(condition, what):
    if not condition:
        raise AssertionError(what)


def check_chat(answer):
    """A chat completion of OpenAI's API that answers the question."""
    choice = answer.choices[0]
    check("42" in choice.message.content, "no 42")
    check(choice.finish_reason == "stop", choice.finish_reason)
    check(answer.usage.total_tokens > answer.usage.prompt_tokens, "usage")


def check_call(answer):
    """The call in a chat completion that asks for the tool."""
    choice = answer.choices[0]
    check(choice.finish_reason == "tool_calls", choice.finish_reason)
    call = choice.message.tool_calls[0]
    check(call.function.name == "get_weather", call.function.name)
    check('"Paris"' in call.function.arguments, call.function.arguments)
    return call


def take(chunks, count):
    """Reads the first chunks of a stream."""
    for _ in range(count):
        next(chunks)


def check_schema(text):
    value = json.loads(text)
    check(set(value) == {"city", "visited"}, f"keys {sorted(value)}")
    check(isinstance(value["city"], str) and isinstance(value["visited"], bool), "types")


def check_vector(vector):
    check(len(vector) == DIMENSIONS, f"{len(vector)} dimensions")
    length = sum(x * x for x in vector) ** 0.5
    check(abs(length - 1) < 1e-3, f"length {length}")


def expect(error, call, *parts):
    """Calls what has to fail, with a type and words that the client's users look for."""
    try:
        call()
    except error as e:
        text = f"{type(e).__name__} {e}"
        for part in parts:
            check(part in text, f"{part!r} is not in {text!r}")
        return e
    raise AssertionError("it did not fail")


def streams(one):
    """Runs the streams of a scenario at once: each counts from another number."""
    failed = []

    def run(first):
        try:
            text = one(f"Count from {first} to {first + 25}.")
            check(text == count(first, first + 25), f"stream {first} said {text[:80]!r}")
        except Exception as e:  # told below
            failed.append(e)

    threads = [threading.Thread(target=run, args=(3 + i,)) for i in range(STREAMS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if failed:
        raise failed[0]


def metric(name):
    total = 0.0
    with urllib.request.urlopen(METRICS) as page:
        for line in page.read().decode().splitlines():
            if line.startswith(name) and ("referenced" in line or "kv" not in name):
                total += float(line.rsplit(" ", 1)[1])
    return total


def check_running():
    check(metric("outcrop_running{") > 0, "nothing runs")


def check_idle():
    """KV is free soon after a client went away."""
    end = time.monotonic() + 10
    while True:
        left = metric("outcrop_running{"), metric("outcrop_kv_units_used{")
        if left == (0, 0):
            return
        check(time.monotonic() < end, f"running and KV in use: {left}")
        time.sleep(0.05)


def main(client, scenarios):
    """Runs the scenarios in order; None is a call that the client does not have."""
    for name, scenario in scenarios.items():
        if scenario is None:
            tell(client, name, "none", "")
            continue
        try:
            scenario()
            tell(client, name, "ok", "")
        except BaseException as e:
            tell(client, name, "failed", f"{type(e).__name__}: {e}")
            if os.environ.get("OUTCROP_TRACE"):
                traceback.print_exc()
    sys.stdout.flush()
    os._exit(0)


def tell(client, scenario, result, detail):
    line = " ".join(detail.split())[:400]
    print(f"RESULT\t{client}\t{scenario}\t{result}\t{line}", flush=True)
