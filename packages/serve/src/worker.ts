// The entry of a worker thread: holds predictors, answers batches.
import { parentPort } from "node:worker_threads";
import type { Predictor } from "@nacre/tasks";
import { z } from "zod";
import { errorText, predictBatch } from "./predict-batch.ts";
import type { FromWorker, ToWorker } from "./protocol.ts";

/** What a loader module exports. */
interface LoaderModule {
  load(spec: unknown): Promise<Predictor> | Predictor;
}

const port = parentPort!;
const predictors = new Map<string, Predictor>();
const batches = new Map<number, AbortController>();
let work: Promise<void> = Promise.resolve();

port.on("message", (message: ToWorker) => {
  if (message.type === "cancel") {
    batches.get(message.batch)?.abort();
    return;
  }
  if (message.type === "predict") batches.set(message.batch, new AbortController());
  work = work.then(() => handle(message));
});

async function handle(message: Exclude<ToWorker, { type: "cancel" }>): Promise<void> {
  switch (message.type) {
    case "load":
      return load(message);
    case "unload":
      predictors.get(message.id)?.dispose();
      predictors.delete(message.id);
      return;
    case "predict":
      return predict(message);
    case "end":
      for (const predictor of predictors.values()) predictor.dispose();
      port.close();
  }
}

async function load({ id, loader, spec }: Extract<ToWorker, { type: "load" }>): Promise<void> {
  try {
    const { load } = (await import(/* @vite-ignore */ loader)) as LoaderModule;
    const predictor = await load(spec);
    predictors.set(id, predictor);
    const { input, output } = predictor;
    answer({ type: "loaded", id, model: { input, output, inputSchema: jsonSchema(predictor.inputSchema) } });
  } catch (error) {
    answer({ type: "refused", id, message: error instanceof Error ? error.message : String(error) });
  }
}

async function predict({ batch, id, payloads, maxBatch }: Extract<ToWorker, { type: "predict" }>): Promise<void> {
  const { signal } = batches.get(batch)!;
  const predictor = predictors.get(id);
  const result = predictor
    ? await predictBatch(predictor, payloads, { maxBatch, signal })
    : {
        outcomes: payloads.map(() => ({ kind: "failed", error: `No model ${id} here.` }) as const),
        sizes: [],
        seconds: 0,
      };
  batches.delete(batch);
  answer({ type: "predicted", batch, result });
}

function jsonSchema(schema: z.ZodType): Record<string, unknown> {
  try {
    const { $schema: _, ...rest } = z.toJSONSchema(schema, { io: "input", unrepresentable: "any" });
    return rest;
  } catch (error) {
    return { description: `This model's inputs have no JSON Schema: ${errorText(error)}` };
  }
}

function answer(message: FromWorker): void {
  port.postMessage(message);
}
