"""boto3: Converse, ConverseStream, InvokeModel, CountTokens, with signatures (SigV4)."""

import json

import boto3
from botocore.config import Config
from botocore.exceptions import ClientError

import harness as h


def client(access=h.ACCESS):
    return boto3.client(
        "bedrock-runtime",
        region_name="us-east-1",
        endpoint_url=h.ENDPOINT,
        aws_access_key_id=access[0],
        aws_secret_access_key=access[1],
        config=Config(
            retries={"total_max_attempts": 1}, max_pool_connections=64, read_timeout=120
        ),
    )


bedrock = client()
ERRORS = bedrock.exceptions


def user(text):
    return {"role": "user", "content": [{"text": text}]}


def ask(model=h.MODEL, text=h.QUESTION, on=None, **more):
    return (on or bedrock).converse(modelId=model, messages=[user(text)], **more)


def chat():
    answer = ask(system=[{"text": "Be brief."}], inferenceConfig={"maxTokens": 50})
    h.check("42" in answer["output"]["message"]["content"][0]["text"], "no 42")
    h.check(answer["stopReason"] == "end_turn", answer["stopReason"])
    usage = answer["usage"]
    h.check(usage["totalTokens"] == usage["inputTokens"] + usage["outputTokens"], "usage")
    h.check(answer["metrics"]["latencyMs"] >= 0, "latency")


def events(text, model=h.MODEL):
    return bedrock.converse_stream(
        modelId=model, messages=[user(text)], inferenceConfig={"temperature": 0}
    )["stream"]


def streamed(text):
    return "".join(
        event["contentBlockDelta"]["delta"]["text"]
        for event in events(text)
        if "contentBlockDelta" in event
    )


def stream():
    kinds = [next(iter(event)) for event in events("Count from 1 to 20.")]
    h.check(kinds[0] == "messageStart" and kinds[-1] == "metadata", kinds)
    h.check("messageStop" in kinds and "contentBlockStop" in kinds, kinds)
    h.check(streamed("Count from 1 to 20.") == h.count(1, 20), "not the count")


def tools():
    config = {
        "tools": [
            {
                "toolSpec": {
                    "name": "get_weather",
                    "description": "Get the weather of a city",
                    "inputSchema": {"json": h.TOOL},
                }
            }
        ]
    }
    question = user(h.WEATHER)
    called = bedrock.converse(modelId=h.MODEL, messages=[question], toolConfig=config)
    h.check(called["stopReason"] == "tool_use", called["stopReason"])
    message = called["output"]["message"]
    use = message["content"][-1]["toolUse"]
    h.check(use["name"] == "get_weather" and use["input"] == {"city": "Paris"}, use)
    result = {"toolUseId": use["toolUseId"], "content": [{"text": h.RESULT}]}
    answer = bedrock.converse(
        modelId=h.MODEL,
        messages=[question, message, {"role": "user", "content": [{"toolResult": result}]}],
        toolConfig=config,
    )
    h.check("21" in answer["output"]["message"]["content"][0]["text"], "no 21")


def schema():
    form = {"name": "city", "schema": json.dumps(h.SCHEMA)}
    answer = ask(
        text=h.SCHEMA_QUESTION,
        outputConfig={"textFormat": {"type": "json_schema", "structure": {"jsonSchema": form}}},
    )
    h.check_schema(answer["output"]["message"]["content"][0]["text"])


def embeddings():
    answer = bedrock.invoke_model(
        modelId=h.EMBEDDER, body=json.dumps({"inputText": "Bedrock comes to the surface."})
    )
    h.check_vector(json.loads(answer["body"].read())["embedding"])


def count_tokens():
    counted = bedrock.count_tokens(
        modelId=h.MODEL, input={"converse": {"messages": [user(h.QUESTION)]}}
    )["inputTokens"]
    h.check(counted == ask()["usage"]["inputTokens"], counted)


def validation():
    h.expect(
        ERRORS.ValidationException, lambda: ask(inferenceConfig={"maxTokens": 1_000_000}), "1000000"
    )


def throttled():
    first = events(h.LONG, h.SINGLE)
    next(iter(first))
    try:
        h.expect(ERRORS.ThrottlingException, lambda: ask(h.SINGLE))
    finally:
        first.close()


def not_found():
    h.expect(ERRORS.ResourceNotFoundException, lambda: ask(h.UNKNOWN))


def denied():
    stranger = client(h.STRANGER_ACCESS)
    h.expect(stranger.exceptions.AccessDeniedException, lambda: ask(on=stranger))
    wrong = client((h.ACCESS[0], h.WRONG))
    h.expect(ClientError, lambda: ask(on=wrong), "InvalidSignatureException")


def abort():
    stream = events(h.LONG)
    for _, event in zip(range(3), stream):
        pass
    h.check_running()
    stream.close()
    h.check_idle()


h.main(
    "boto3",
    {
        "chat": chat,
        "stream": stream,
        "tools": tools,
        "schema": schema,
        "embeddings": embeddings,
        "count-tokens": count_tokens,
        "validation": validation,
        "throttled": throttled,
        "not-found": not_found,
        "denied": denied,
        "32-streams": lambda: h.streams(streamed),
        "abort": abort,
    },
)
