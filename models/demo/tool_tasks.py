"""The tasks with tools: tool definitions, requests that need them, their results and the sentences after the result."""
import json

from names import NOUNS, VERBS, Names, held_out
from tasks import as_text, spoken, typed_value


def make_parameter(n: Names, name: str) -> dict:
    """A JSON schema for one parameter."""
    rng = n.rng
    if rng.random() < 0.14:
        options = list({n.rng.choice([n.pseudo, n.word])() for _ in range(rng.randint(2, 4))})
        schema = {"type": "string", "enum": options}
    else:
        schema = {"type": typed_value(n)[0]}
    if rng.random() < 0.35:
        text = rng.choice([f"The {spoken(name)}", f"the {spoken(name)}", f"{spoken(name)} of the {n.word()}", f"The {n.word()} {n.word()}",
                           f"{n.word()}", f"The {spoken(name)}, for example {n.word()}", f"The {spoken(name)} to {rng.choice(VERBS)}"])
        schema = {**schema, "description": text} if rng.random() < 0.8 else {"description": text, **schema}
    return schema


def make_tool(n: Names, name: str) -> dict:
    """A tool in the OpenAI style."""
    rng = n.rng
    names = n.identifiers(rng.choices([0, 1, 2, 3, 4], [1, 8, 9, 5, 2])[0])
    schema = {"type": "object", "properties": {p: make_parameter(n, p) for p in names}}
    if rng.random() < 0.8:
        schema["required"] = [p for p in names if rng.random() < 0.8]
    if rng.random() < 0.08:
        schema["additionalProperties"] = False
    function = {"name": name}
    if rng.random() < 0.75:
        words = spoken(name)
        function["description"] = rng.choice([
            f"{words.capitalize()}.", f"{words}", f"{rng.choice(VERBS).capitalize()} the {n.word()} of a {n.word()}.",
            f"Use this to {words}.", f"{n.word()} {n.word()} {n.word()}", f"{rng.choice(VERBS).capitalize()} {n.word()} for the {words}."])
    function["parameters"] = schema
    return {"type": "function", "function": function}


def noun_tool(n: Names):
    """A tool named after a noun, asked for in plain words: get_price(town) for 'What is the price in Rome?'."""
    rng = n.rng
    while True:
        noun, verb = n.word(), rng.choice(["get", "find", "read", "fetch", "check", "show", "lookup"])
        name = rng.choice([f"{verb}_{noun}", f"{verb}_{noun}", f"{noun}_{verb}", f"{verb}{noun.capitalize()}", f"{noun}_info", noun])
        parameter = n.identifier()
        tool = make_tool(n, name)
        if n.evaluation == held_out(name):
            break
    schema = make_parameter(n, parameter)
    while "enum" in schema or schema["type"] == "boolean":
        schema = make_parameter(n, parameter)
    properties = {parameter: schema}
    if rng.random() < 0.3:  # an optional parameter that the request does not mention
        extra = n.identifier()
        if extra != parameter:
            properties[extra] = make_parameter(n, extra)
    function = tool["function"]
    function["parameters"] = {"type": "object", "properties": properties, "required": [parameter]}
    if rng.random() < 0.6:
        function["description"] = rng.choice([f"Get the {noun} of a {spoken(parameter)}.", f"Returns the current {noun}.", f"The {noun} for a {spoken(parameter)}.",
                                              f"{verb.capitalize()} the {noun} in a given {spoken(parameter)}"])

    def ask():
        value = rng.choice([n.city, n.person, n.text_value])() if schema["type"] == "string" else another(n, schema)
        v = as_text(value)
        return rng.choice([f"What is the {noun} in {v}?", f"What is the {noun} of {v}?", f"What's the {noun} in {v}?", f"{noun.capitalize()} for {v}?",
                           f"How is the {noun} in {v}?", f"Tell me the {noun} of {v}.", f"I need the {noun} for {v}.", f"Show me the {noun} in {v}.",
                           f"Can you {verb} the {noun} of {v}?", f"{verb.capitalize()} the {noun} for {v}.", f"Please {verb} the {noun} for {v}"]), {parameter: value}

    return tool, ask


def request_for(n: Names, name: str, schema: dict):
    """A sentence that asks for the tool, and the arguments it states."""
    rng, values = n.rng, {p: another(n, kind) for p, kind in schema["properties"].items()}
    required = schema.get("required", [])
    given = {p: v for p, v in values.items() if p in required or rng.random() < 0.75}
    verbatim = rng.random() < 0.45
    tool = name if verbatim else spoken(name)
    if not given:
        return rng.choice([f"Use {tool}.", f"Call {tool}.", f"Please {tool}.", f"Run {tool}", f"Can you {tool}?", f"{tool}, please."]), {}
    items = list(given.items())
    if len(items) <= 2 and rng.random() < 0.25 and not any(isinstance(v, bool) for v in given.values()) and list(given) == list(values):
        words = [as_text(v) for _, v in items]  # by position
        phrase = rng.choice(["for {0}", "{0}", "with {0}", "in {0}", "of {0}"] if len(items) == 1 else
                            ["from {0} to {1}", "for {0} and {1}", "with {0} and {1}", "{0} to {1}", "{0} in {1}", "for {0} with {1}"]).format(*words)
    else:
        if rng.random() < 0.5:
            rng.shuffle(items)
        quote = rng.choice(["", "", "", '"', "'"])
        form = rng.choice(["{p} {v}", "{p} {v}", "{p} is {v}", "{p} = {v}", "{p}={v}", "{p}: {v}", "{v} as {p}", "{p} set to {v}", "the {p} {v}", "{v} {p}"])
        parts = [form.format(p=spoken(p) if rng.random() < 0.6 else p, v=f"{quote}{v}{quote}" if isinstance(v, str) else as_text(v)) for p, v in items]
        link = rng.choice(["with ", "with ", "for ", "using ", "", ": "])
        phrase = link + (parts[0] if len(parts) == 1 else ", ".join(parts[:-1]) + rng.choice([" and ", ", "]) + parts[-1])
    if phrase.startswith(": "):
        return rng.choice([f"Use {tool}{phrase}", f"Call {tool}{phrase}.", f"{tool}{phrase}"]), given
    return rng.choice([f"Use {tool} {phrase}.", f"Call {tool} {phrase}.", f"Please {tool} {phrase}.", f"{tool} {phrase}", f"Run {tool} {phrase}.",
                       f"Can you {tool} {phrase}?", f"I want to {tool} {phrase}.", f"I need {tool} {phrase}.", f"{tool.capitalize() if not verbatim else tool} {phrase}."]), given


def tool_set(n: Names, count: int):
    """Tools and, for each, its name and a function that draws a (request, arguments) pair."""
    rng, tools, askers = n.rng, [], []
    names = n.identifiers(count, tool=True)
    for name in names:
        if rng.random() < 0.3:
            tool, ask = noun_tool(n)
            if tool["function"]["name"] in [t["function"]["name"] for t in tools]:
                continue
            askers.append((tool["function"]["name"], ask))
        else:
            tool = make_tool(n, name)
            askers.append((name, lambda name=name, schema=tool["function"]["parameters"]: request_for(n, name, schema)))
        tools.append(tool)
    return tools, askers


def another(n: Names, schema: dict):
    """A value that fits the schema of a parameter."""
    if "enum" in schema:
        return n.rng.choice(schema["enum"])
    return {"string": n.text_value, "integer": n.number, "number": n.decimal, "boolean": lambda: n.rng.random() < 0.5}[schema["type"]]()


def call_message(calls: list) -> dict:
    return {"role": "assistant", "content": "", "tool_calls": [{"type": "function", "function": {"name": name, "arguments": arguments}} for name, arguments in calls]}


def result_and_answer(n: Names):
    """What a tool returns and the sentence that reports it."""
    rng, p = n.rng, n.rng.random()
    if p < 0.62:
        keys = n.identifiers(rng.choices([1, 2, 3, 4], [4, 4, 2, 1])[0])
        record = {k: typed_value(n)[1] for k in keys}
        text = json.dumps(record, ensure_ascii=False, separators=(",", ":") if rng.random() < 0.5 else None)
        if rng.random() < 0.08:
            text = json.dumps(record, ensure_ascii=False, indent=2)
        answer = ", ".join(f"the {spoken(k)} is {as_text(v)}" for k, v in record.items())
        return text, answer[0].upper() + answer[1:] + "."
    if p < 0.72:
        value = as_text(typed_value(n)[1])
        return value, f"The result is {value}."
    if p < 0.80:
        text = json.dumps([typed_value(n)[1] for _ in range(rng.randint(1, 4))], ensure_ascii=False)
        return text, f"The result is {text}."
    noun = rng.choice(NOUNS)
    text = rng.choice([lambda: f"{n.text_value()} {n.text_value()}", lambda: f"The {noun} is {n.text_value()}", lambda: f"Error: {noun} {n.word()} {n.code()}",
                       lambda: f"{n.number()} {n.word()}s", lambda: f"{n.person()} {n.word()} {n.number()}", lambda: f"{noun} {n.code()} done"])()
    return text, f"The result is {text}."
