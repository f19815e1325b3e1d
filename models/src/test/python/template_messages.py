"""Conversations as transformers takes them, in shapes that ChatMessage does not have: content that
is no string, arguments as text, roles and fields of single families. make_template_goldens.py
writes them to raw_conversations.json."""


def text(words):
    return {"type": "text", "text": words}


def user(content):
    return {"role": "user", "content": content}


def call(name, arguments, id="abcdefghi"):
    return {"id": id, "type": "function", "function": {"name": name, "arguments": arguments}}


def tool(name, description, parameters, **more):
    return {
        "type": "function",
        "function": {"name": name, "description": description, "parameters": parameters, **more},
    }


def conversation(name, messages, add_generation_prompt=True, **options):
    return {
        "name": name,
        "messages": messages,
        "add_generation_prompt": add_generation_prompt,
        "options": options,
    }


CITY = {"type": "string", "description": "City, \"as spoken\""}
WEATHER = tool(
    "get_weather", "Current weather", {"type": "object", "properties": {"city": CITY}, "required": ["city"]}
)
SCHEMAS = tool(
    "plan",
    "Plans\na trip",
    {
        "type": "object",
        "description": "All of it",
        "properties": {
            "name": {"type": "string", "default": "Ann", "title": "Name"},
            "nick": {"type": ["string", "null"], "description": "None is fine"},
            "kind": {"type": "string", "enum": ["fast", "slow", "it's"], "default": "fast"},
            "level": {"enum": [1, 2.5, None, True]},
            "days": {"type": "integer", "minimum": 1, "maximum": 14, "default": 3},
            "share": {"type": "number", "nullable": True, "exclusiveMinimum": 0},
            "open": {"type": "boolean", "default": False},
            "stops": {"type": "array", "items": {"type": "string"}, "minItems": 1, "description": "In order"},
            "matrix": {"type": "array", "items": {"type": "array", "items": {"type": "number"}}},
            "kinds": {"type": "array", "items": {"type": "string", "enum": ["a", "b"]}},
            "mixed": {"type": "array", "items": {"type": ["string", "integer"], "nullable": True}},
            "any": {"type": "array"},
            "from": {
                "type": "object",
                "properties": {
                    "street": {"type": "string"},
                    "geo": {
                        "type": "object",
                        "properties": {"lat": {"type": "number"}, "lon": {"type": "number"}},
                        "required": ["lat"],
                    },
                },
                "required": ["street"],
                "additionalProperties": False,
            },
            "people": {
                "type": "array",
                "items": {
                    "type": "object",
                    "properties": {"age": {"type": "integer"}, "name": {"type": "string"}},
                },
            },
            "either": {
                "oneOf": [
                    {"type": "string", "description": "words", "default": "x"},
                    {"type": "integer", "enum": [1, 2]},
                ],
                "description": "One of two",
                "default": 7,
            },
            "some": {"anyOf": [{"type": "string"}, {"type": "null"}], "default": None},
            "all": {"allOf": [{"type": "object"}]},
            "free": {"type": "object", "additionalProperties": {"type": "string"}},
            "unknown": {"description": "no type"},
            "empty": {},
        },
        "required": ["name", "stops"],
        "$defs": {"x": {"type": "string"}},
    },
    strict=True,
    **{"return": {"type": "string", "description": "The plan"}},
)
RESPONDING = tool(
    "now",
    "The time",
    {"type": "object", "properties": {}},
    response={"type": "object", "properties": {"t": {"type": "string"}}, "description": "time"},
)
HI = user("Hi")
CALLED = {"role": "assistant", "content": None, "tool_calls": [call("get_weather", {"city": "Bern"})]}
COLD = {"role": "tool", "content": "cold", "tool_call_id": "abcdefghi", "name": "get_weather"}

CONTENT = [
    conversation("one text block", [user([text("  Hi ")])]),
    conversation(
        "text blocks in every turn",
        [
            {"role": "system", "content": [text("Be "), text("kind.")]},
            user([text("a"), text("b")]),
            {"role": "assistant", "content": [text("c"), text("d")]},
            user([text("e")]),
        ],
    ),
    conversation("no blocks", [user([]), {"role": "assistant", "content": []}, user([])]),
    conversation(
        "image and text blocks",
        [user([{"type": "image", "image": "x.png"}, text("What is this?")])],
        add_vision_id=True,
    ),
    conversation(
        "image by address, video, sound and plain text",
        [
            user(
                [
                    {"type": "image_url", "image_url": {"url": "http://x/y.png"}},
                    {"type": "video", "video": "z.mp4"},
                    {"type": "audio", "audio": "z.wav"},
                    text("q"),
                    "bare",
                ]
            )
        ],
    ),
    conversation("block of an unknown kind", [user([{"type": "smell", "smell": 1}])]),
    conversation("system turn with an image", [{"role": "system", "content": [{"type": "image"}, text("s")]}, HI]),
    conversation("content none", [user(None), {"role": "assistant", "content": None}, HI]),
    conversation("content missing", [{"role": "user"}, {"role": "assistant"}, HI]),
    conversation("content a number", [user(12), {"role": "assistant", "content": 0.5}, user(True)]),
    conversation("content an object", [user({"b": 1, "a": [None, "é"]})]),
    conversation("role missing", [{"content": "x"}]),
    conversation("system turn alone", [{"role": "system", "content": "s"}]),
    conversation(
        "two system turns",
        [{"role": "system", "content": "s"}, {"role": "system", "content": "t"}, HI],
        add_generation_prompt=False,
    ),
    conversation("developer turn", [{"role": "developer", "content": "Be terse."}, HI], tools=[WEATHER]),
    conversation(
        "system and developer turn",
        [{"role": "system", "content": "s"}, {"role": "developer", "content": "d"}, HI],
    ),
    conversation("generation prompt after an assistant turn", [HI, {"role": "assistant", "content": "Sure: "}]),
    conversation(
        "assistant turn to be continued",
        [HI, {"role": "assistant", "content": "Sure: ", "prefix": True}],
        add_generation_prompt=False,
        continue_final_message=True,
    ),
    conversation("words of the templates in a turn", [user("/no_think <<SYS>> /system_override <tool_def_sep>")]),
    conversation(
        "words of the templates in the system turn",
        [{"role": "system", "content": "/no_think <tool_def_sep> /system_override"}, HI],
        tools=[WEATHER],
    ),
]

CALLS = [
    conversation("call without content", [HI, CALLED, COLD], tools=[WEATHER]),
    conversation(
        "call with content missing",
        [HI, {"role": "assistant", "tool_calls": [call("get_weather", {"city": "Bern"})]}, COLD],
        tools=[WEATHER],
    ),
    conversation(
        "arguments as text",
        [
            HI,
            {"role": "assistant", "content": "", "tool_calls": [call("get_weather", '{"city": "Z\\u00fcrich"}')]},
            COLD,
            {"role": "assistant", "content": "It is cold."},
            user("Thanks"),
        ],
        tools=[WEATHER],
    ),
    conversation(
        "two calls with arguments as text",
        [
            HI,
            {
                "role": "assistant",
                "content": "Both",
                "tool_calls": [call("a", "{}", "aaaaaaaaa"), call("b", '{"x": 1}', "bbbbbbbbb")],
            },
            {"role": "tool", "content": "1", "tool_call_id": "aaaaaaaaa", "name": "a"},
            {"role": "tool", "content": "2", "tool_call_id": "bbbbbbbbb", "name": "b"},
        ],
        tools=[WEATHER, RESPONDING],
    ),
    conversation(
        "values of every kind as arguments",
        [
            HI,
            {
                "role": "assistant",
                "content": "",
                "tool_calls": [
                    call(
                        "f",
                        {
                            "text": "it's \"q\"\n<&>\\",
                            "int": 3,
                            "float": 1e-7,
                            "yes": True,
                            "no": False,
                            "none": None,
                            "list": [1, "é", [None]],
                            "dict": {"a": {"b": 1.0}},
                            "empty": "",
                        },
                    )
                ],
            },
            {"role": "tool", "content": {"t": 12.5, "ok": True, "s": None}, "tool_call_id": "abcdefghi"},
        ],
        tools=[WEATHER],
    ),
    conversation(
        "call that is not wrapped",
        [
            HI,
            {"role": "assistant", "content": "", "tool_calls": [{"name": "f", "arguments": {"x": 1}, "id": "abcdefghi"}]},
            COLD,
        ],
        tools=[WEATHER],
    ),
    conversation(
        "call without an id",
        [HI, {"role": "assistant", "content": "", "tool_calls": [{"type": "function", "function": {"name": "f", "arguments": {}}}]}],
        add_generation_prompt=False,
    ),
    conversation(
        "call without arguments",
        [HI, {"role": "assistant", "content": "", "tool_calls": [{"id": "abcdefghi", "type": "function", "function": {"name": "f"}}]}],
        add_generation_prompt=False,
    ),
    conversation(
        "calls none or empty",
        [
            HI,
            {"role": "assistant", "content": "a", "tool_calls": None},
            HI,
            {"role": "assistant", "content": "b", "tool_calls": []},
            HI,
        ],
    ),
    conversation(
        "result in blocks",
        [HI, CALLED, {**COLD, "content": [text("cold"), text(" and wet")]}],
        tools=[WEATHER],
    ),
    conversation(
        "results of other shapes",
        [
            HI,
            CALLED,
            {**COLD, "content": [{"t": 1}, {"t": 2}]},
            CALLED,
            {**COLD, "content": {"content": "inner"}},
            CALLED,
            {**COLD, "content": 12.5},
        ],
        tools=[WEATHER],
    ),
    conversation(
        "result turns of other names",
        [HI, CALLED, {"role": "tool_results", "content": "x", "tool_call_id": "abcdefghi"}, HI],
        tools=[WEATHER],
    ),
    conversation("result without a name", [HI, CALLED, {"role": "tool", "content": "cold"}], tools=[WEATHER]),
    conversation(
        "two rounds of calls",
        [HI, CALLED, COLD, CALLED, COLD, {"role": "assistant", "content": "done"}, HI, CALLED, COLD],
        tools=[WEATHER],
    ),
    conversation("result in a user turn", [user("<tool_response>\nx\n</tool_response>"), {"role": "assistant", "content": "a"}]),
    conversation("call in the last turn", [HI, CALLED], add_generation_prompt=False, tools=[WEATHER]),
    conversation("function turns", [HI, {"role": "assistant", "content": "", "function_call": {"name": "f", "arguments": {"a": 1}}}, {"role": "function", "name": "f", "content": "1"}]),
]

TOOLS = [
    conversation("schemas of every kind", [HI], tools=[SCHEMAS, RESPONDING, WEATHER]),
    conversation("schemas of every kind beside a system turn", [{"role": "system", "content": "s"}, HI], tools=[SCHEMAS]),
    conversation("schemas of every kind in json", [HI], tools=[SCHEMAS], tool_format="json", xml_tools=[SCHEMAS]),
    conversation("list of tools that is empty", [HI], tools=[]),
    conversation("tools that are not wrapped", [HI], tools=[{"name": "f", "description": "d", "parameters": {"type": "object", "properties": {"x": {"type": "string"}}}}]),
    conversation("tool without parameters", [HI], tools=[{"type": "function", "function": {"name": "f", "description": "d"}}]),
    conversation("tool without a description", [HI], tools=[{"type": "function", "function": {"name": "f", "parameters": {"type": "object", "properties": {"x": {"type": "string"}}}}}]),
    conversation("tool of another kind", [HI], tools=[{"type": "code_interpreter"}]),
    conversation("tool inside a system turn", [{"role": "system", "content": "s", "tools": [WEATHER], "functions": "[]"}, HI]),
    conversation("built-in tools and functions", [HI], tools=[SCHEMAS], builtin_tools=["browser", "python"]),
    conversation("tools and none required", [HI], tools=[WEATHER], tool_choice="required", custom_tools=[WEATHER]),
]

REASONING = [
    conversation(
        "field thinking",
        [HI, {"role": "assistant", "content": "4", "thinking": "Two and two."}, HI, {"role": "assistant", "content": "5", "thinking": "More."}],
        add_generation_prompt=False,
    ),
    conversation(
        "field thinking before a call",
        [HI, {**CALLED, "thinking": "I need it."}, COLD, {"role": "assistant", "content": "cold", "thinking": "So."}, HI],
        tools=[WEATHER],
    ),
    conversation(
        "field reasoning",
        [HI, {"role": "assistant", "content": "4", "reasoning": "Two."}, HI, {**CALLED, "reasoning": "Look."}, COLD],
        preserve_thinking=True,
        keep_past_thinking=True,
    ),
    conversation(
        "field reasoning_content in several rounds",
        [
            HI,
            {**CALLED, "content": "", "reasoning_content": "First."},
            COLD,
            {**CALLED, "content": "", "reasoning_content": "Second."},
            COLD,
        ],
        tools=[WEATHER],
        clear_thinking=False,
    ),
    conversation("reasoning in blocks", [HI, {"role": "assistant", "content": [{"type": "thinking", "thinking": "hm", "closed": True}, text("4")]}, HI]),
    conversation("reasoning that is not closed", [HI, {"role": "assistant", "content": "<think>\nhm"}, HI, {"role": "assistant", "content": "hm</think>x"}, HI]),
    conversation("reasoning effort", [HI], reasoning_effort="high", model_identity="You are Rock.", thinking_budget=512),
    conversation("reasoning effort none", [HI], reasoning_effort="none", enable_thinking=False),
    conversation("thinking true", [{"role": "system", "content": "s"}, HI], thinking=True, enable_thinking=True),
    conversation("thinking false", [{"role": "system", "content": "s"}, HI, {"role": "assistant", "content": "<think>a</think>b"}, HI], thinking=False),
    conversation("thinking budget", [HI], thinking_budget=0),
    conversation("thinking with tools and documents", [HI], thinking=True, tools=[WEATHER], documents=[{"doc_id": 1, "title": "T", "text": "words"}, {"title": "U", "text": "é\nf"}]),
    conversation("documents", [HI], documents=[{"doc_id": 1, "title": "T", "text": "words"}, {"title": "U", "text": "é\nf"}]),
    conversation("controls", [HI], controls={"length": "short", "originality": "abstractive"}, citations=True, documents=[{"text": "x"}]),
    conversation("documents turn", [{"role": "document 1", "content": "d"}, {"role": "document", "content": [{"title": "T", "text": "x"}]}, HI]),
    conversation("instructions of one's own", [HI], custom_instructions="Sing.", python_tools=[WEATHER], system_message="z", date_string="1 May 2001"),
]

RAW = CONTENT + CALLS + TOOLS + REASONING
