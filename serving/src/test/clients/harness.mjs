// What the JavaScript clients share: the scenarios' data, and how results are told.

export const endpoint = process.env.OUTCROP_ENDPOINT;
export const key = process.env.OUTCROP_KEY;
export const access = {
  accessKeyId: process.env.OUTCROP_ACCESS_KEY,
  secretAccessKey: process.env.OUTCROP_SECRET_KEY,
};
export const wrong = "nobody's-key";

/** Valid, but its principal may not call the model. */
export const stranger = process.env.OUTCROP_STRANGER_KEY;
export const strangerAccess = { ...access, accessKeyId: process.env.OUTCROP_STRANGER_ACCESS_KEY };
export const model = "outcrop.demo-v1:0";
export const single = "outcrop.single-v1:0";
export const embedder = "amazon.titan-embed-text-v2:0";
export const unknown = "meta.unknown-v1:0";

export const question = "What is 17 plus 25?";
export const long = "Count from 1 to 200.";
export const weather = "What is the weather in Paris?";
export const result = '{"temperature": 21}';
export const tool = { type: "object", properties: { city: { type: "string" } }, required: ["city"] };
export const schema = {
  type: "object",
  properties: { city: { type: "string" }, visited: { type: "boolean" } },
  required: ["city", "visited"],
  additionalProperties: false,
};
export const schemaQuestion = "Give me a city as JSON.";

const DIMENSIONS = 32;
const STREAMS = 32;

export function count(first, last) {
  return Array.from({ length: last - first + 1 }, (_, i) => first + i).join(", ");
}

export function check(condition, what) {
  if (!condition) throw new Error(what);
}

export function checkCity(value) {
  check(typeof value.city === "string" && typeof value.visited === "boolean", JSON.stringify(value));
  check(Object.keys(value).length === 2, JSON.stringify(value));
}

export function checkVector(vector) {
  check(vector.length === DIMENSIONS, `${vector.length} dimensions`);
  const length = Math.sqrt(vector.reduce((sum, x) => sum + x * x, 0));
  check(Math.abs(length - 1) < 1e-3, `length ${length}`);
}

/** Calls what has to fail, with words that the client's users look for. */
export async function expect(call, ...parts) {
  let error;
  try {
    await call();
  } catch (e) {
    error = e;
  }
  check(error, "it did not fail");
  const status = error.statusCode ?? error.status ?? error.$metadata?.httpStatusCode ?? "";
  const text = `${error.name} ${error.message} ${status} ${error.responseBody ?? ""}`;
  for (const part of parts) check(text.includes(part), `"${part}" is not in "${text}"`);
}

/** Runs the streams of a scenario at once: each counts from another number. */
export async function streams(one) {
  await Promise.all(
    Array.from({ length: STREAMS }, async (_, i) => {
      const text = await one(`Count from ${3 + i} to ${28 + i}.`);
      check(text === count(3 + i, 28 + i), `stream ${i} said "${text.slice(0, 80)}"`);
    }),
  );
}

async function metric(name) {
  const page = await (await fetch(process.env.OUTCROP_METRICS)).text();
  return page
    .split("\n")
    .filter((line) => line.startsWith(name) && (line.includes("referenced") || !name.includes("kv")))
    .reduce((sum, line) => sum + Number(line.slice(line.lastIndexOf(" ") + 1)), 0);
}

export async function checkRunning() {
  check((await metric("outcrop_running{")) > 0, "nothing runs");
}

/** KV is free soon after a client went away. */
export async function checkIdle() {
  const end = Date.now() + 10_000;
  for (;;) {
    const left = [await metric("outcrop_running{"), await metric("outcrop_kv_units_used{")];
    if (left[0] === 0 && left[1] === 0) return;
    check(Date.now() < end, `running and KV in use: ${left}`);
    await new Promise((done) => setTimeout(done, 50));
  }
}

/** Runs the scenarios in order; null is a call that the client does not have. */
export async function main(client, scenarios) {
  for (const [name, scenario] of Object.entries(scenarios)) {
    if (scenario === null) {
      tell(client, name, "none", "");
      continue;
    }
    try {
      await scenario();
      tell(client, name, "ok", "");
    } catch (e) {
      tell(client, name, "failed", `${e.name}: ${e.message}`);
      if (process.env.OUTCROP_TRACE) console.error(e);
    }
  }
}

function tell(client, scenario, result, detail) {
  const line = detail.replace(/\s+/g, " ").slice(0, 400);
  console.log(`RESULT\t${client}\t${scenario}\t${result}\t${line}`);
}

process.on("unhandledRejection", () => {}); // streams that were given up tell so twice
