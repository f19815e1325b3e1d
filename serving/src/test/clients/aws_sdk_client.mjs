// The AWS SDK for JavaScript, with signatures (SigV4), over its own choice of HTTP (cleartext HTTP/2).

import {
  BedrockRuntimeClient,
  ConverseCommand,
  ConverseStreamCommand,
  CountTokensCommand,
  InvokeModelCommand,
} from "@aws-sdk/client-bedrock-runtime";
import * as h from "./harness.mjs";

const clientWith = (credentials) =>
  new BedrockRuntimeClient({ region: "us-east-1", endpoint: h.endpoint, credentials, maxAttempts: 1 });
const client = clientWith(h.access);

const user = (text) => ({ role: "user", content: [{ text }] });
const ask = (more = {}, on = client) =>
  on.send(new ConverseCommand({ modelId: h.model, messages: [user(h.question)], ...more }));

async function events(text, modelId = h.model, signal = undefined) {
  const command = new ConverseStreamCommand({
    modelId,
    messages: [user(text)],
    inferenceConfig: { temperature: 0 },
  });
  return (await client.send(command, { abortSignal: signal })).stream;
}

async function streamed(text) {
  let all = "";
  for await (const event of await events(text)) all += event.contentBlockDelta?.delta?.text ?? "";
  return all;
}

const toolConfig = {
  tools: [
    {
      toolSpec: {
        name: "get_weather",
        description: "Get the weather of a city",
        inputSchema: { json: h.tool },
      },
    },
  ],
};

await h.main("aws-sdk-js", {
  chat: async () => {
    const answer = await ask({ system: [{ text: "Be brief." }], inferenceConfig: { maxTokens: 50 } });
    h.check(answer.output.message.content[0].text.includes("42"), "no 42");
    h.check(answer.stopReason === "end_turn", answer.stopReason);
    h.check(answer.usage.totalTokens === answer.usage.inputTokens + answer.usage.outputTokens, "usage");
  },
  stream: async () => {
    const kinds = [];
    for await (const event of await events("Count from 1 to 20.")) kinds.push(Object.keys(event)[0]);
    h.check(kinds[0] === "messageStart" && kinds.at(-1) === "metadata", kinds.join());
    h.check((await streamed("Count from 1 to 20.")) === h.count(1, 20), "not the count");
  },
  tools: async () => {
    const question = user(h.weather);
    const called = await ask({ messages: [question], toolConfig });
    h.check(called.stopReason === "tool_use", called.stopReason);
    const message = called.output.message;
    const use = message.content.at(-1).toolUse;
    h.check(use.name === "get_weather" && use.input.city === "Paris", JSON.stringify(use));
    const toolResult = { toolUseId: use.toolUseId, content: [{ text: h.result }] };
    const answer = await ask({
      messages: [question, message, { role: "user", content: [{ toolResult }] }],
      toolConfig,
    });
    h.check(answer.output.message.content[0].text.includes("21"), "no 21");
  },
  schema: async () => {
    const jsonSchema = { name: "city", schema: JSON.stringify(h.schema) };
    const answer = await ask({
      messages: [user(h.schemaQuestion)],
      outputConfig: { textFormat: { type: "json_schema", structure: { jsonSchema } } },
    });
    h.checkCity(JSON.parse(answer.output.message.content[0].text));
  },
  embeddings: async () => {
    const body = JSON.stringify({ inputText: "Bedrock comes to the surface." });
    const answer = await client.send(new InvokeModelCommand({ modelId: h.embedder, body }));
    h.checkVector(JSON.parse(new TextDecoder().decode(answer.body)).embedding);
  },
  "count-tokens": async () => {
    const input = { converse: { messages: [user(h.question)] } };
    const { inputTokens } = await client.send(new CountTokensCommand({ modelId: h.model, input }));
    h.check(inputTokens === (await ask()).usage.inputTokens, `${inputTokens}`);
  },
  validation: () =>
    h.expect(() => ask({ inferenceConfig: { maxTokens: 1_000_000 } }), "ValidationException", "1000000"),
  throttled: async () => {
    const abort = new AbortController();
    const first = await events(h.long, h.single, abort.signal);
    await first[Symbol.asyncIterator]().next();
    await h.expect(() => ask({ modelId: h.single }), "ThrottlingException", "429");
    abort.abort();
  },
  "not-found": () => h.expect(() => ask({ modelId: h.unknown }), "ValidationException", "identifier is invalid"),
  denied: async () => {
    await h.expect(() => ask({}, clientWith(h.strangerAccess)), "AccessDeniedException", "403");
    const wrong = { ...h.access, secretAccessKey: h.wrong };
    await h.expect(() => ask({}, clientWith(wrong)), "InvalidSignatureException", "403");
  },
  "32-streams": () => h.streams(streamed),
  abort: async () => {
    const abort = new AbortController();
    const stream = (await events(h.long, h.model, abort.signal))[Symbol.asyncIterator]();
    for (let i = 0; i < 3; i++) await stream.next();
    await h.checkRunning();
    abort.abort();
    await h.checkIdle();
  },
  batch: null,
});
process.exit(0);
