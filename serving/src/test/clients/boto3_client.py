"""boto3, with signatures (SigV4): all of bedrock-runtime, and batch inference."""

import json
import os
import pathlib
import time

import boto3
from botocore.config import Config
from botocore.exceptions import ClientError

import harness as h


def where(access):
    return {
        "region_name": "us-east-1",
        "endpoint_url": h.ENDPOINT,
        "aws_access_key_id": access[0],
        "aws_secret_access_key": access[1],
    }


def client(access=h.ACCESS):
    return boto3.client(
        "bedrock-runtime",
        **where(access),
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
    h.expect(ERRORS.ValidationException, lambda: ask(h.UNKNOWN), "identifier is invalid")


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


def batch():
    """A job of batch inference, over files, to its end."""
    folder = pathlib.Path(os.environ["OUTCROP_JOBS"]) / str(time.time_ns())
    (folder / "in").mkdir(parents=True)
    records = [
        {"recordId": f"R{i}", "modelInput": {"messages": [{"role": "user", "content": text}]}}
        for i, text in enumerate([h.QUESTION, "Count from 1 to 5."])
    ]
    lines = [json.dumps(record) for record in records] + ["no record"]
    (folder / "in" / "calls.jsonl").write_text("\n".join(lines))
    control = boto3.client("bedrock", **where(h.ACCESS))
    arn = control.create_model_invocation_job(
        jobName="conformance",
        modelId=h.MODEL,
        roleArn="arn:aws:iam::123456789012:role/none",
        inputDataConfig={"s3InputDataConfig": {"s3Uri": f"file://{folder}/in/"}},
        outputDataConfig={"s3OutputDataConfig": {"s3Uri": f"file://{folder}"}},
    )["jobArn"]
    end = time.monotonic() + 60
    while not (job := control.get_model_invocation_job(jobIdentifier=arn)).get("endTime"):
        h.check(time.monotonic() < end, job["status"])
        time.sleep(0.1)
    h.check(job["status"] == "Completed", job["status"])
    h.check((job["successRecordCount"], job["errorRecordCount"]) == (2, 1), "counts")
    listed = control.list_model_invocation_jobs(nameContains="conformance")
    h.check(arn in [each["jobArn"] for each in listed["invocationJobSummaries"]], "not listed")
    output = (folder / arn.rsplit("/", 1)[1] / "calls.jsonl.out").read_text()
    answers = {}
    for line in map(json.loads, output.splitlines()):
        answers[line["recordId"]] = line
    said = answers["R0"]["modelOutput"]["choices"][0]["message"]["content"]
    h.check("42" in said, "no 42")
    h.check(sum("error" in answer for answer in answers.values()) == 1, "errors")


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
        "batch": batch,
    },
)
