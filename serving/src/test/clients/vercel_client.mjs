// The Vercel AI SDK, with its Bedrock provider or with its OpenAI provider (argument 1).

import { createAmazonBedrock } from "@ai-sdk/amazon-bedrock";
import { createOpenAI } from "@ai-sdk/openai";
import { embed, generateText, jsonSchema, Output, stepCountIs, streamText, tool } from "ai";
import * as h from "./harness.mjs";

globalThis.AI_SDK_LOG_WARNINGS = false;
const kind = process.argv[2];

function provider(key) {
  if (kind === "openai") {
    const openai = createOpenAI({ baseURL: `${h.endpoint}/openai/v1`, apiKey: key });
    return { chat: (id) => openai.chat(id), embedder: openai.embedding(h.embedder) };
  }
  const bedrock = createAmazonBedrock({ region: "us-east-1", baseURL: h.endpoint, apiKey: key });
  return { chat: (id) => bedrock(id), embedder: bedrock.embedding(h.embedder) };
}

const { chat, embedder } = provider(h.key);
const ask = (more = {}, model = chat(h.model)) =>
  generateText({ model, prompt: h.question, maxRetries: 0, ...more });
const begin = (text, more = {}, model = chat(h.model)) =>
  streamText({ model, prompt: text, maxRetries: 0, temperature: 0, onError: () => {}, ...more });

async function streamed(text) {
  let all = "";
  for await (const piece of begin(text).textStream) all += piece;
  return all;
}

await h.main(`vercel-${kind}`, {
  chat: async () => {
    const answer = await ask({ maxOutputTokens: 50 });
    h.check(answer.text.includes("42"), "no 42");
    h.check(answer.finishReason === "stop", answer.finishReason);
    h.check(answer.usage.outputTokens > 0, "usage");
  },
  stream: async () => {
    h.check((await streamed("Count from 1 to 20.")) === h.count(1, 20), "not the count");
  },
  tools: async () => {
    const cities = [];
    const answer = await ask({
      prompt: h.weather,
      stopWhen: stepCountIs(2),
      tools: {
        get_weather: tool({
          description: "Get the weather of a city",
          inputSchema: jsonSchema(h.tool),
          execute: async ({ city }) => {
            cities.push(city);
            return JSON.parse(h.result);
          },
        }),
      },
    });
    h.check(cities.join() === "Paris", `called for ${cities}`);
    h.check(answer.text.includes("21"), "no 21");
  },
  schema: async () => {
    const answer = await ask({
      prompt: h.schemaQuestion,
      output: Output.object({ schema: jsonSchema(h.schema) }),
    });
    h.checkCity(answer.output);
  },
  embeddings: async () => {
    h.checkVector((await embed({ model: embedder, value: "one", maxRetries: 0 })).embedding);
  },
  "count-tokens": null,
  validation: () => h.expect(() => ask({ maxOutputTokens: 1_000_000 }), "400", "1000000"),
  throttled: async () => {
    const abort = new AbortController();
    const first = begin(h.long, { abortSignal: abort.signal }, chat(h.single));
    await first.textStream[Symbol.asyncIterator]().next();
    await h.expect(() => ask({}, chat(h.single)), "429");
    abort.abort();
  },
  "not-found": () => h.expect(() => ask({}, chat(h.unknown)), kind === "openai" ? "404" : "400"),
  denied: async () => {
    await h.expect(() => ask({}, provider(h.stranger).chat(h.model)), "403");
    const status = kind === "openai" ? "401" : "403";
    await h.expect(() => ask({}, provider(h.wrong).chat(h.model)), status);
  },
  "32-streams": () => h.streams(streamed),
  abort: async () => {
    const abort = new AbortController();
    const stream = begin(h.long, { abortSignal: abort.signal }).textStream[Symbol.asyncIterator]();
    for (let i = 0; i < 3; i++) await stream.next();
    await h.checkRunning();
    abort.abort();
    await h.checkIdle();
  },
  batch: null,
});
process.exit(0);
