"""The OpenAI SDK: chat completions and embeddings."""

import openai

import harness as h


def client(key=h.KEY):
    return openai.OpenAI(base_url=h.ENDPOINT + "/openai/v1", api_key=key, max_retries=0)


api = client()


def user(text):
    return {"role": "user", "content": text}


def ask(text=h.QUESTION, model=h.MODEL, on=api, **more):
    return on.chat.completions.create(model=model, messages=[user(text)], **more)


def chat():
    h.check_chat(ask(max_tokens=50))


def streamed(text):
    with ask(text, stream=True, temperature=0) as chunks:
        return "".join(c.choices[0].delta.content or "" for c in chunks if c.choices)


def stream():
    h.check(streamed("Count from 1 to 20.") == h.count(1, 20), "not the count")


def tools():
    called = ask(h.WEATHER, tools=h.OFFERED)
    message = called.choices[0].message
    call = h.check_call(called)
    answer = api.chat.completions.create(
        model=h.MODEL,
        tools=h.OFFERED,
        messages=[
            user(h.WEATHER),
            message,
            {"role": "tool", "tool_call_id": call.id, "content": h.RESULT},
        ],
    )
    h.check("21" in answer.choices[0].message.content, "no 21")


def schema():
    answer = ask(h.SCHEMA_QUESTION, response_format=h.RESPONSE_FORMAT)
    h.check_schema(answer.choices[0].message.content)


def embeddings():
    answer = api.embeddings.create(model=h.EMBEDDER, input=["one", "two"])
    h.check(len(answer.data) == 2, "not two")
    h.check_vector(answer.data[1].embedding)


def throttled():
    with ask(h.LONG, h.SINGLE, stream=True) as first:
        next(iter(first))
        h.expect(openai.RateLimitError, lambda: ask(model=h.SINGLE), "429")


def denied():
    h.expect(openai.PermissionDeniedError, lambda: ask(on=client(h.STRANGER)), "403")
    h.expect(openai.AuthenticationError, lambda: ask(on=client(h.WRONG)), "401")


def abort():
    chunks = ask(h.LONG, stream=True)
    h.take(chunks, 3)
    h.check_running()
    chunks.close()
    h.check_idle()


h.main(
    "openai",
    {
        "chat": chat,
        "stream": stream,
        "tools": tools,
        "schema": schema,
        "embeddings": embeddings,
        "count-tokens": None,
        "validation": lambda: h.expect(
            openai.BadRequestError, lambda: ask(max_tokens=1_000_000), "1000000"
        ),
        "throttled": throttled,
        "not-found": lambda: h.expect(openai.NotFoundError, lambda: ask(model=h.UNKNOWN), "404"),
        "denied": denied,
        "32-streams": lambda: h.streams(streamed),
        "abort": abort,
        "batch": None,
    },
)
