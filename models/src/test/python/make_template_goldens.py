"""Renders the test conversations and snippets with Python's jinja2, set up as transformers does it.

Run: python models/src/test/python/make_template_goldens.py     (needs jinja2 3.1.6)
Writes src/test/resources/chat_templates/raw_conversations.json and goldens/*.json there, for the
templates of templates.json. What Jinja refuses becomes {"error": ...}.
"""

import copy
import json
import sys
from datetime import datetime
from functools import lru_cache
from pathlib import Path

import jinja2
import jinja2.ext
from jinja2.sandbox import ImmutableSandboxedEnvironment

HERE = Path(__file__).resolve().parent
RESOURCES = HERE.parent / "resources"
OUT = RESOURCES / "chat_templates" / "goldens"
NOW = datetime(2026, 3, 9, 7, 5, 4)

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


@lru_cache
def template(source):
    return ENV.from_string(source)


def render(source, variables):
    try:
        return {"text": template(source).render(**variables)}
    except Exception as e:  # every kind of refusal counts
        return {"error": f"{type(e).__name__}: {e}"}


def write(name, data):
    OUT.mkdir(parents=True, exist_ok=True)
    (OUT / f"{name}.json").write_text(
        json.dumps(data, ensure_ascii=False, indent=1) + "\n", encoding="utf-8"
    )


def lines(file):
    return json.loads((RESOURCES / "chat_templates" / file).read_text(encoding="utf-8"))


def variables(case):
    """What transformers' apply_chat_template hands to a template."""
    return {
        "tools": case.get("tools"),
        "documents": None,
        **case.get("options", {}),
        "messages": case["messages"],
        "add_generation_prompt": case.get("add_generation_prompt", False),
    }


def with_arguments_as_text(case):
    """The conversation as ChatTemplate hands it to templates that join arguments to text."""
    case = copy.deepcopy(case)
    for message in case["messages"]:
        for call in message.get("tool_calls", []):
            function = call["function"]
            function["arguments"] = json.dumps(function["arguments"], ensure_ascii=False)
    return case


def conversations():
    """Every conversation under every template; the raw ones have shapes that ChatMessage has not."""
    from template_messages import RAW

    (RESOURCES / "chat_templates" / "raw_conversations.json").write_text(
        "[\n" + ",\n".join(json.dumps(case, ensure_ascii=False) for case in RAW) + "\n]\n", encoding="utf-8"
    )
    cases = lines("conversations.json")
    texts = [with_arguments_as_text(case) for case in cases]
    for template in lines("templates.json"):
        kinds = {"": texts if template.get("arguments_as_text") else cases, "raw: ": RAW}
        path = RESOURCES / template["folder"] / "chat_template.jinja"
        source = path.read_text(encoding="utf-8")
        golden = {
            kind + case["name"]: render(source, {**template["tokens"], **variables(case)})
            for kind, kind_cases in kinds.items()
            for case in kind_cases
        }
        write(template["name"], golden)
        errors = sum("error" in g for g in golden.values())
        print(f"{template['name']}: {len(golden)} conversations, {errors} refused")


def snippets():
    from template_snippets import SNIPPETS, VARIABLES

    golden = [{"source": s, **render(s, VARIABLES)} for s in SNIPPETS]
    write("snippets", {"variables": VARIABLES, "snippets": golden})
    print(f"snippets: {len(golden)}, {sum('error' in g for g in golden)} refused")


if __name__ == "__main__":
    sys.path.insert(0, str(HERE))
    conversations()
    snippets()
