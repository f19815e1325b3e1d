// LangChain in JavaScript: ChatBedrockConverse and BedrockEmbeddings.

import { BedrockRuntimeClient } from "@aws-sdk/client-bedrock-runtime";
import { BedrockEmbeddings, ChatBedrockConverse } from "@langchain/aws";
import { HumanMessage, ToolMessage } from "@langchain/core/messages";
import { tool } from "@langchain/core/tools";
import { z } from "zod";
import * as h from "./harness.mjs";

const clientWith = (key) =>
  new BedrockRuntimeClient({
    region: "us-east-1",
    endpoint: h.endpoint,
    token: { token: key },
    authSchemePreference: ["httpBearerAuth"],
    maxAttempts: 1,
  });
const client = clientWith(h.key);
const modelWith = (more = {}) =>
  new ChatBedrockConverse({
    model: h.model,
    region: "us-east-1",
    client,
    maxRetries: 0,
    supportsToolChoiceValues: ["auto", "any", "tool"], // of a model that is not in its list
    ...more,
  });
const llm = modelWith({ temperature: 0 });

async function streamed(text) {
  let all = "";
  for await (const chunk of await llm.stream(text)) all += chunk.text;
  return all;
}

const getWeather = tool(async () => h.result, {
  name: "get_weather",
  description: "Get the weather of a city",
  schema: z.object({ city: z.string() }),
});

await h.main("langchain-js", {
  chat: async () => {
    const answer = await llm.invoke(h.question);
    h.check(answer.text.includes("42"), "no 42");
    h.check(answer.usage_metadata.output_tokens > 0, "usage");
  },
  stream: async () => {
    h.check((await streamed("Count from 1 to 20.")) === h.count(1, 20), "not the count");
  },
  tools: async () => {
    const able = llm.bindTools([getWeather]);
    const question = new HumanMessage(h.weather);
    const called = await able.invoke([question]);
    const call = called.tool_calls[0];
    h.check(call.name === "get_weather" && call.args.city === "Paris", JSON.stringify(call));
    const answer = await able.invoke([
      question,
      called,
      new ToolMessage({ content: h.result, tool_call_id: call.id }),
    ]);
    h.check(answer.text.includes("21"), "no 21");
  },
  schema: async () => {
    const able = llm.withStructuredOutput(
      { title: "city", description: "A city", ...h.schema },
      { method: "jsonSchema" },
    );
    h.checkCity(await able.invoke(h.schemaQuestion));
  },
  embeddings: async () => {
    const embedder = new BedrockEmbeddings({ model: h.embedder, region: "us-east-1", client });
    h.checkVector(await embedder.embedQuery("one"));
  },
  "count-tokens": null,
  validation: () =>
    h.expect(() => modelWith({ maxTokens: 1_000_000 }).invoke(h.question), "ValidationException"),
  throttled: async () => {
    const abort = new AbortController();
    const busy = modelWith({ model: h.single });
    const first = await busy.stream(h.long, { signal: abort.signal });
    await first[Symbol.asyncIterator]().next();
    await h.expect(() => busy.invoke(h.question), "ThrottlingException");
    abort.abort();
  },
  "not-found": () =>
    h.expect(() => modelWith({ model: h.unknown }).invoke(h.question), "identifier is invalid"),
  denied: async () => {
    for (const key of [h.stranger, h.wrong]) {
      const denied = modelWith({ client: clientWith(key) });
      await h.expect(() => denied.invoke(h.question), "AccessDeniedException");
    }
  },
  "32-streams": () => h.streams(streamed),
  abort: async () => {
    const abort = new AbortController();
    const stream = (await llm.stream(h.long, { signal: abort.signal }))[Symbol.asyncIterator]();
    for (let i = 0; i < 3; i++) await stream.next();
    await h.checkRunning();
    abort.abort();
    await h.checkIdle();
  },
  batch: null,
});
process.exit(0);
