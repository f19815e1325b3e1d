"""Renders the test conversations and snippets with Python's jinja2, set up as transformers does it.

Run: python models/src/test/python/make_template_goldens.py     (needs jinja2 3.1.6)
Writes src/test/resources/chat_templates/goldens/*.json. What Jinja refuses becomes {"error": ...}.
"""

import json
import sys
from datetime import datetime
from pathlib import Path

import jinja2
import jinja2.ext
from jinja2.sandbox import ImmutableSandboxedEnvironment

HERE = Path(__file__).resolve().parent
RESOURCES = HERE.parent / "resources"
OUT = RESOURCES / "chat_templates" / "goldens"
NOW = datetime(2026, 3, 9, 7, 5, 4)

TEMPLATES = {
    "demo": ("chat_templates/demo", {"eos_token": "<|im_end|>"}),
    "llama-style": ("chat_templates/llama-style", {"bos_token": "<|begin_of_text|>", "eos_token": "<|eot_id|>"}),
    "qwen2.5": ("third_party/chat_templates/qwen2.5", {"eos_token": "<|im_end|>"}),
    "qwen3": ("third_party/chat_templates/qwen3", {"eos_token": "<|im_end|>"}),
    "mistral-7b-instruct-v0.3": (
        "third_party/chat_templates/mistral-7b-instruct-v0.3",
        {"bos_token": "<s>", "eos_token": "</s>"},
    ),
    "mistral-nemo-2407": (
        "third_party/chat_templates/mistral-nemo-2407",
        {"bos_token": "<s>", "eos_token": "</s>"},
    ),
}


class Generation(jinja2.ext.Extension):
    """{% generation %} as transformers has it: the body, with names of its own."""

    tags = {"generation"}

    def parse(self, parser):
        line = next(parser.stream).lineno
        body = parser.parse_statements(["name:endgeneration"], drop_needle=True)
        return jinja2.nodes.CallBlock(self.call_method("_body"), [], [], body).set_lineno(line)

    def _body(self, caller):
        return caller()


def environment():
    def raise_exception(message):
        raise jinja2.exceptions.TemplateError(message)

    def tojson(x, ensure_ascii=False, indent=None, separators=None, sort_keys=False):
        return json.dumps(
            x, ensure_ascii=ensure_ascii, indent=indent, separators=separators, sort_keys=sort_keys
        )

    env = ImmutableSandboxedEnvironment(
        trim_blocks=True, lstrip_blocks=True, extensions=[Generation, jinja2.ext.loopcontrols]
    )
    env.filters["tojson"] = tojson
    env.globals["raise_exception"] = raise_exception
    env.globals["strftime_now"] = lambda format: NOW.strftime(format)
    return env


ENV = environment()


def render(source, variables):
    try:
        return {"text": ENV.from_string(source).render(**variables)}
    except Exception as e:  # every kind of refusal counts
        return {"error": f"{type(e).__name__}: {e}"}


def write(name, data):
    OUT.mkdir(parents=True, exist_ok=True)
    (OUT / f"{name}.json").write_text(
        json.dumps(data, ensure_ascii=False, indent=1) + "\n", encoding="utf-8"
    )


def conversations():
    cases = json.loads((RESOURCES / "chat_templates" / "conversations.json").read_text(encoding="utf-8"))
    for name, (folder, tokens) in TEMPLATES.items():
        source = (RESOURCES / folder / "chat_template.jinja").read_text(encoding="utf-8")
        golden = {}
        for case in cases:
            golden[case["name"]] = render(
                source,
                {
                    **tokens,
                    **case.get("options", {}),
                    "messages": case["messages"],
                    "tools": case.get("tools"),
                    "documents": None,
                    "add_generation_prompt": case.get("add_generation_prompt", False),
                },
            )
        write(name, golden)
        errors = sum("error" in g for g in golden.values())
        print(f"{name}: {len(golden)} conversations, {errors} refused")


def snippets():
    sys.path.insert(0, str(HERE))
    from template_snippets import SNIPPETS, VARIABLES

    golden = [{"source": s, **render(s, VARIABLES)} for s in SNIPPETS]
    write("snippets", {"variables": VARIABLES, "snippets": golden})
    print(f"snippets: {len(golden)}, {sum('error' in g for g in golden)} refused")


if __name__ == "__main__":
    conversations()
    snippets()
