"""LangChain: ChatBedrockConverse and BedrockEmbeddings, with signatures (SigV4)."""

import os

os.environ["LANGSMITH_TRACING"] = "false"

from botocore.config import Config
from botocore.exceptions import ClientError
from langchain_aws import BedrockEmbeddings, ChatBedrockConverse
from langchain_core.messages import HumanMessage, ToolMessage
from langchain_core.tools import tool

import harness as h


def where(access=h.ACCESS):
    return {
        "region_name": "us-east-1",
        "endpoint_url": h.ENDPOINT,
        "aws_access_key_id": access[0],
        "aws_secret_access_key": access[1],
    }


def model(name=h.MODEL, access=h.ACCESS, **more):
    return ChatBedrockConverse(
        model=name,
        provider="outcrop",
        disable_streaming=False,  # which it is for providers that LangChain does not know
        **where(access),
        config=Config(retries={"total_max_attempts": 1}, max_pool_connections=64),
        **more,
    )


llm = model(temperature=0)


@tool
def get_weather(city: str) -> str:
    """Get the weather of a city"""
    return h.RESULT


def chat():
    answer = llm.invoke(h.QUESTION)
    h.check("42" in answer.text, "no 42")
    h.check(answer.usage_metadata["output_tokens"] > 0, "usage")
    h.check(answer.response_metadata["stopReason"] == "end_turn", "stop reason")


def streamed(text):
    return "".join(chunk.text for chunk in llm.stream(text))


def stream():
    h.check(streamed("Count from 1 to 20.") == h.count(1, 20), "not the count")


def tools():
    able = llm.bind_tools([get_weather])
    question = HumanMessage(h.WEATHER)
    called = able.invoke([question])
    call = called.tool_calls[0]
    h.check(call["name"] == "get_weather" and call["args"] == {"city": "Paris"}, call)
    result = ToolMessage(get_weather.invoke(call["args"]), tool_call_id=call["id"])
    h.check("21" in able.invoke([question, called, result]).text, "no 21")


def schema():
    form = {"title": "city", "description": "A city", **h.SCHEMA}
    value = llm.with_structured_output(form, method="json_schema").invoke(h.SCHEMA_QUESTION)
    h.check(set(value) == {"city", "visited"}, value)


def embeddings():
    embedder = BedrockEmbeddings(model_id=h.EMBEDDER, normalize=True, **where())
    h.check_vector(embedder.embed_query("one"))


def throttled():
    first = model(h.SINGLE).stream(h.LONG)
    next(first)
    try:
        h.expect(ClientError, lambda: model(h.SINGLE).invoke(h.QUESTION), "ThrottlingException")
    finally:
        first.close()


def denied():
    stranger = model(access=h.STRANGER_ACCESS)
    h.expect(ClientError, lambda: stranger.invoke(h.QUESTION), "AccessDeniedException")
    wrong = model(access=(h.ACCESS[0], h.WRONG))
    h.expect(ClientError, lambda: wrong.invoke(h.QUESTION), "InvalidSignatureException")


def abort():
    chunks = llm.stream(h.LONG)
    for _, chunk in zip(range(3), chunks):
        pass
    h.check_running()
    chunks.close()
    h.check_idle()


h.main(
    "langchain",
    {
        "chat": chat,
        "stream": stream,
        "tools": tools,
        "schema": schema,
        "embeddings": embeddings,
        "count-tokens": None,
        "validation": lambda: h.expect(
            ClientError, lambda: model(max_tokens=1_000_000).invoke(h.QUESTION), "ValidationException"
        ),
        "throttled": throttled,
        "not-found": lambda: h.expect(
            ClientError, lambda: model(h.UNKNOWN).invoke(h.QUESTION), "identifier is invalid"
        ),
        "denied": denied,
        "32-streams": lambda: h.streams(streamed),
        "abort": abort,
        "batch": None,
    },
)
