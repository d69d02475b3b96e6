import multipart from "@fastify/multipart";
import fastify from "fastify";
import { afterAll, beforeAll, expect, it } from "vitest";
import { Pool } from "./pool.ts";
import { modelsRoute } from "./routes/models.ts";
import { predictRoute } from "./routes/predict.ts";
import { servingRoutes } from "./serving-routes.ts";

const pool = new Pool({ workers: 1 });
const predict = { method: "POST", url: "/v1/models/fake/predict" } as const;

beforeAll(async () => {
  await pool.add("fake", { loader: new URL("./fixtures/fake-predictor.ts", import.meta.url) });
});
afterAll(() => pool.close());

it("are plugins for any Fastify application, which keeps its own ways", async () => {
  const app = fastify();
  await app.register(multipart);
  app.post("/own", async (request) => ({ own: request.body }));
  await app.register(modelsRoute, { pool });
  await app.register(predictRoute, { pool, bodyLimitBytes: 1_000 });
  expect((await app.inject("/v1/models")).json().models).toHaveLength(1);
  expect((await app.inject({ ...predict, payload: { inputs: [{ value: 2 }] } })).json().outputs[0].label).toBe("even");
  expect((await app.inject({ ...predict, payload: { inputs: [{}] } })).json().error.path).toBe("inputs[0].value");
  expect((await app.inject({ method: "POST", url: "/own", payload: { a: 1 } })).json()).toEqual({ own: { a: 1 } });
  expect((await app.inject("/nowhere")).json()).toMatchObject({ statusCode: 404 });
  await app.close();
  expect(pool.draining).toBe(false);
});

it("come all together under a prefix, and document only themselves", async () => {
  const app = fastify();
  app.get("/own", () => "own");
  await app.register(servingRoutes, { pool, bodyLimitBytes: 1_000, prefix: "/models" });
  const document = (await app.inject("/models/openapi.json")).json();
  expect(Object.keys(document.paths)).toContain("/models/v1/models/fake/predict");
  expect(Object.keys(document.paths)).not.toContain("/own");
  await app.close();
});
