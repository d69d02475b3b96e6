import { pino } from "pino";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { createServer, type Server } from "./server.ts";

const loader = new URL("./fixtures/fake-predictor.ts", import.meta.url);
const lines: string[] = [];
let server: Server;

beforeAll(async () => {
  const logger = pino({ level: "trace" }, { write: (line: string) => void lines.push(line) });
  server = createServer({ logger, workers: 1, bodyLimitBytes: 200_000, origin: "https://one.test, https://two.test" });
  const about = { name: "Parity", task: "custom", metrics: [{ name: "accuracy", value: 0.9 }] };
  await server.pool.add("parity", { loader, about });
});

afterAll(() => server.app.close());

const predict = (payload: unknown, id = "parity", headers: Record<string, string> = {}) =>
  server.app.inject({
    method: "POST",
    url: `/v1/models/${id}/predict`,
    headers: { "content-type": "application/json", ...headers },
    payload: typeof payload === "string" ? payload : JSON.stringify(payload),
  });

describe("health", () => {
  it("is live and ready", async () => {
    expect((await server.app.inject("/health/live")).json()).toEqual({ status: "live" });
    const ready = await server.app.inject("/health/ready");
    expect([ready.statusCode, ready.json()]).toEqual([200, { status: "ready", models: { parity: "ready" } }]);
  });

  it("is not ready while a model loads", async () => {
    const adding = server.pool.add("late", { loader });
    expect((await server.app.inject("/health/ready")).statusCode).toBe(503);
    expect((await predict({ inputs: [{ value: 1 }] }, "late")).statusCode).toBe(503);
    await adding;
    expect((await server.app.inject("/health/ready")).statusCode).toBe(200);
    expect(server.pool.remove("late")).toBe(true);
  });
});

describe("models", () => {
  it("are listed", async () => {
    const { models } = (await server.app.inject("/v1/models")).json();
    expect(models).toEqual([
      {
        id: "parity",
        name: "Parity",
        task: "custom",
        state: "ready",
        input: { kind: "row", columns: [{ name: "value", type: "number" }] },
        output: { kind: "classes", classes: ["even", "odd"] },
      },
    ]);
  });

  it("are described with the schema of their inputs", async () => {
    const model = (await server.app.inject("/v1/models/parity")).json();
    expect(model.metrics).toEqual([{ name: "accuracy", value: 0.9 }]);
    expect(model.inputSchema).toMatchObject({ properties: { value: { type: "number", description: "any number" } } });
  });

  it("that are unknown are told with the known ones", async () => {
    for (const answer of [await server.app.inject("/v1/models/other"), await predict({ inputs: [{}] }, "other")]) {
      expect(answer.statusCode).toBe(404);
      expect(answer.json().error).toMatchObject({ expected: "one of parity", received: "other" });
    }
  });
});

describe("predict", () => {
  it("answers in order", async () => {
    const answer = await predict({ inputs: [{ value: 1 }, { value: 2 }] });
    expect(answer.headers["content-type"]).toBe("application/json; charset=utf-8");
    expect(answer.json()).toEqual({
      model: "parity",
      outputs: [
        { label: "odd", value: 1, batch: 2 },
        { label: "even", value: 2, batch: 2 },
      ],
    });
  });

  it.each([
    ["{", 400, { expected: "JSON" }],
    ["", 400, {}],
    ["[]", 400, { expected: "an object", received: "an array of 0" }],
    ['{"inputs":{}}', 400, { path: "inputs", expected: "an array", received: "an object with no fields" }],
    ['{"inputs":[]}', 400, { path: "inputs", expected: "a number of items at least 1" }],
    ['{"inputs":[1],"more":1}', 400, { expected: 'no field called "more"' }],
    [
      '{"inputs":[{"value":1},{"value":null}]}',
      400,
      { path: "inputs[1].value", expected: "a number", received: "null" },
    ],
    [`{"inputs":[{"value":"${"x".repeat(100_000)}"}]}`, 400, { path: "inputs[0].value" }],
    [`{"inputs":[{"value":1}]}${" ".repeat(100_000)}`, 200, undefined],
    [`"${"x".repeat(200_000)}"`, 413, { expected: "at most 200000 bytes" }],
  ])("%.40s… → %i", async (body, status, error) => {
    const answer = await predict(body);
    expect(answer.statusCode).toBe(status);
    if (error) expect(answer.json().error).toMatchObject(error);
  });

  it("refuses other media types", async () => {
    const answer = await predict("value=1", "parity", { "content-type": "text/csv" });
    expect(answer.statusCode).toBe(415);
    expect(answer.json().error).toMatchObject({
      expected: "application/json or multipart/form-data",
      received: "text/csv",
    });
  });

  it("refuses a request without a body", async () => {
    const answer = await server.app.inject({ method: "POST", url: "/v1/models/parity/predict" });
    expect([answer.statusCode, answer.json().error.received]).toEqual([415, "no content type"]);
  });

  it("answers what was accepted before the model was removed", async () => {
    await server.pool.add("short", { loader, spec: { milliseconds: 200 } });
    const asked = predict({ inputs: [{ value: 1 }] }, "short");
    await expect.poll(() => server.pool.model("short").running.size, { timeout: 10_000 }).toBe(1);
    server.pool.remove("short");
    expect((await asked).statusCode).toBe(200);
  });

  it("says nothing of the inside when the model fails", async () => {
    const answer = await predict({ inputs: [{ value: 1, behaviour: "fail" }] });
    expect(answer.statusCode).toBe(500);
    expect(answer.json()).toEqual({ error: { message: "Model parity failed on this request." } });
    expect(lines.join("")).toContain("a secret of the model");
  });
});

it("answers unknown routes with a problem", async () => {
  const answer = await server.app.inject("/v2?secret=1");
  expect([answer.statusCode, answer.json().error.received]).toEqual([404, "GET /v2"]);
});

it("logs requests with their id and never their inputs", async () => {
  lines.length = 0;
  await predict({ inputs: [{ value: 424_242 }] }, "parity", { "x-request-id": "seven" });
  await predict({ inputs: [{ value: "a private name" }] });
  const text = lines.join("");
  expect(lines.map((line) => JSON.parse(line))).toContainEqual(
    expect.objectContaining({ reqId: "seven", method: "POST", url: "/v1/models/parity/predict", status: 200 }),
  );
  expect(text).not.toMatch(/424242|a private name/);
});

it("counts for Prometheus", async () => {
  const answer = await server.app.inject("/metrics");
  expect(answer.headers["content-type"]).toContain("text/plain");
  for (const expected of [
    /nacre_http_request_duration_seconds_count\{method="POST",route="\/v1\/models\/:id\/predict",status="200"\} \d/,
    /nacre_queue_length\{model="parity"\} 0/,
    /nacre_batch_size_sum\{model="parity"\} [1-9]/,
    /nacre_inference_duration_seconds_count\{model="parity"\} [1-9]/,
    /nacre_rejected_total\{model="parity",reason="invalid"\} [1-9]/,
    /nacre_event_loop_delay_seconds\{quantile="0.99"\} \d/,
    /nacre_workers 1/,
  ]) {
    expect(answer.body).toMatch(expected);
  }
});

it("describes itself, each model with its own inputs", async () => {
  const document = (await server.app.inject("/openapi.json")).json();
  expect(document.openapi).toBe("3.1.0");
  expect(Object.keys(document.paths).sort()).toEqual([
    "/health/live",
    "/health/ready",
    "/metrics",
    "/v1/models",
    "/v1/models/parity/predict",
    "/v1/models/{id}",
    "/v1/models/{id}/predict",
  ]);
  const { post } = document.paths["/v1/models/parity/predict"];
  const { schema } = post.requestBody.content["application/json"];
  expect(schema.properties.inputs.items.required).toEqual(["value"]);
  expect(post.responses["400"].content["application/json"].schema.properties.error.required).toEqual(["message"]);
  expect(document.paths["/v1/models/{id}/predict"].post.requestBody.content).toHaveProperty("multipart/form-data");
});

it("lets the named origins in and no others", async () => {
  const from = (origin: string) =>
    server.app
      .inject({ url: "/v1/models", headers: { origin } })
      .then(({ headers }) => headers["access-control-allow-origin"]);
  expect([await from("https://two.test"), await from("https://three.test")]).toEqual(["https://two.test", undefined]);
  const preflight = await server.app.inject({
    method: "OPTIONS",
    url: "/v1/models/parity/predict",
    headers: { origin: "https://one.test", "access-control-request-method": "POST" },
  });
  expect([preflight.statusCode, preflight.headers["access-control-allow-methods"]]).toEqual([204, "GET, POST"]);
});

it("refuses options out of range", () => {
  expect(() => createServer({ maxBatch: 0 })).toThrow(/maxBatch/);
});
