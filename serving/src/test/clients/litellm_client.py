"""LiteLLM with its Bedrock provider, which signs nothing where a bearer token is set."""

import os

os.environ["AWS_BEARER_TOKEN_BEDROCK"] = os.environ["OUTCROP_KEY"]
os.environ["LITELLM_LOCAL_MODEL_COST_MAP"] = "True"

import litellm

import harness as h

litellm.suppress_debug_info = True
litellm.telemetry = False

# What a model can do LiteLLM knows from a list of its own.
litellm.register_model(
    {
        model: {
            "litellm_provider": "bedrock_converse",
            "mode": "chat",
            "supports_function_calling": True,
            "supports_tool_choice": True,
            "supports_response_schema": True,
            "supports_native_structured_output": True,
        }
        for model in (h.MODEL, h.SINGLE)
    }
)
WHERE = {"aws_bedrock_runtime_endpoint": h.ENDPOINT, "aws_region_name": "us-east-1"}


def ask(text=h.QUESTION, model=h.MODEL, messages=None, **more):
    return litellm.completion(
        model="bedrock/converse/" + model,
        messages=messages or [{"role": "user", "content": text}],
        num_retries=0,
        max_retries=0,
        **WHERE,
        **more,
    )


def chat():
    h.check_chat(ask(max_tokens=50))


def streamed(text):
    chunks = ask(text, stream=True, temperature=0)
    return "".join(c.choices[0].delta.content or "" for c in chunks)


def stream():
    h.check(streamed("Count from 1 to 20.") == h.count(1, 20), "not the count")


def tools():
    called = ask(h.WEATHER, tools=h.OFFERED)
    message = called.choices[0].message
    call = h.check_call(called)
    answer = ask(
        messages=[
            {"role": "user", "content": h.WEATHER},
            message.model_dump(exclude_none=True),
            {"role": "tool", "tool_call_id": call.id, "content": h.RESULT},
        ],
        tools=h.OFFERED,
    )
    h.check("21" in answer.choices[0].message.content, "no 21")


def schema():
    answer = ask(h.SCHEMA_QUESTION, response_format=h.RESPONSE_FORMAT)
    h.check_schema(answer.choices[0].message.content)


def embeddings():
    answer = litellm.embedding(model="bedrock/" + h.EMBEDDER, input=["one"], **WHERE)
    h.check_vector(answer.data[0]["embedding"])


def throttled():
    first = ask(h.LONG, h.SINGLE, stream=True)
    next(iter(first))
    try:
        h.expect(litellm.RateLimitError, lambda: ask(model=h.SINGLE))
    finally:
        close(first)


def close(chunks):
    """LiteLLM has no close of its own; what it reads from has one."""
    chunks.completion_stream.close()


def denied():
    refusals = litellm.AuthenticationError, litellm.PermissionDeniedError
    try:
        os.environ["AWS_BEARER_TOKEN_BEDROCK"] = h.STRANGER
        h.expect(refusals, ask, "access")
        os.environ["AWS_BEARER_TOKEN_BEDROCK"] = h.WRONG
        h.expect(refusals, ask)
    finally:
        os.environ["AWS_BEARER_TOKEN_BEDROCK"] = h.KEY


def abort():
    chunks = ask(h.LONG, stream=True)
    h.take(chunks, 3)
    h.check_running()
    close(chunks)
    h.check_idle()


h.main(
    "litellm",
    {
        "chat": chat,
        "stream": stream,
        "tools": tools,
        "schema": schema,
        "embeddings": embeddings,
        "count-tokens": None,
        "validation": lambda: h.expect(
            litellm.BadRequestError, lambda: ask(max_tokens=1_000_000), "1000000"
        ),
        "throttled": throttled,
        "not-found": lambda: h.expect(litellm.BadRequestError, lambda: ask(model=h.UNKNOWN)),
        "denied": denied,
        "32-streams": lambda: h.streams(streamed),
        "abort": abort,
        "batch": None,
    },
)
