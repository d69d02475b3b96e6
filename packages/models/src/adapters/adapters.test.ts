import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { Random } from "@nacre/random";
import { disposeModel, openSafetensors, parameters, ready, snapshot, tf, trainable } from "@nacre/tensor";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { Dense } from "../dense.ts";
import { type ForwardContext, inference } from "../layer.ts";
import { fromPretrained } from "../pretrained/read.ts";
import {
  adaptersOf,
  attachAdapters,
  mergeAdapters,
  quantizeBase,
  removeAdapters,
  unmergeAdapters,
  withoutAdapters,
} from "./attach.ts";
import expected from "./fixtures/expected.json" with { type: "json" };
import { loadAdapters, saveAdapters } from "./peft.ts";

const fixtures = fileURLToPath(new URL("fixtures", import.meta.url));
let folder: string;
beforeAll(async () => {
  await ready({ backend: "cpu" });
  folder = process.env.NACRE_ADAPTERS ?? (await mkdtemp(join(tmpdir(), "nacre-adapters-")));
});
afterAll(async () => {
  if (process.env.NACRE_ADAPTERS === undefined) await rm(folder, { recursive: true, force: true });
});

interface Logits {
  forward(ids: tf.Tensor2D, context: ForwardContext): tf.Tensor;
}

const cases = Object.entries(expected.cases) as [string, (typeof expected.cases)["gpt2-lora"]][];
const ids = () => tf.tensor2d(expected.ids, undefined, "int32");
const outputs = (model: object) => tf.tidy(() => (model as Logits).forward(ids(), inference).dataSync().slice());

function expectClose(actual: ArrayLike<number>, wanted: unknown, tolerance = 1e-5): void {
  const right = [wanted].flat(4) as number[];
  expect(actual.length).toBe(right.length);
  const scale = right.reduce((most, value) => Math.max(most, Math.abs(value)), 1);
  right.forEach((value, index) => {
    expect(Math.abs(actual[index]! - value)).toBeLessThan(tolerance * scale);
  });
}

describe("PEFT's folders", () => {
  it.each(cases)("%s: outputs before and after, merged, and taken away", async (name, { base, before, after }) => {
    const model = await fromPretrained(join(fixtures, base));
    expectClose(outputs(model), before);
    const weights = await snapshot(model);
    const adapters = await loadAdapters(model, join(fixtures, name));
    expectClose(outputs(model), after);
    if (name.startsWith("gpt2"))
      expectClose(
        withoutAdapters(model, () => outputs(model)),
        before,
      );
    mergeAdapters(model);
    mergeAdapters(model);
    expectClose(outputs(model), after);
    unmergeAdapters(model);
    const own = (await snapshot(model)).filter((tensor) => !/adapter|^output\./.test(tensor.name));
    expect(own).toEqual(weights.filter((tensor) => !/^output\./.test(tensor.name)));
    expect(adapters.size).toBe(adaptersOf(model).size);
    mergeAdapters(model);
    removeAdapters(model);
    expectClose(outputs(model), after);
    expect(trainable(model).size).toBe(weights.length);
    const { numTensors } = tf.memory();
    expect(numTensors).toBeGreaterThanOrEqual(weights.length);
    disposeModel(model);
    expect(tf.memory().numTensors).toBe(numTensors - weights.length);
  });

  it.each(cases)("%s: gradients", async (name, { base, gradients: wanted }) => {
    const model = await fromPretrained(join(fixtures, base));
    const adapters = await loadAdapters(model, join(fixtures, name));
    const context = { training: true, random: new Random(1) };
    const { grads } = tf.variableGrads(
      () => tf.mean(tf.square((model as Logits).forward(ids(), context))) as tf.Scalar,
    );
    const moving = trainable(model);
    expect(Object.keys(grads)).toHaveLength(moving.size);
    const of = (path: string, part: string) => grads[moving.get(`${path}.adapter.${part}`)!.name]!;
    for (const path of adapters.keys()) {
      if (/attention\.(key|value)$/.test(path) && name.startsWith("gpt2")) continue;
      const fused = name.startsWith("gpt2") && path.endsWith("query");
      const parts = fused ? ["query", "key", "value"].map((end) => path.replace("query", end)) : [path];
      const module = moduleOf(path);
      const gradient = (key: string) => (wanted as Record<string, unknown>)[`${module}.${key}`];
      expectClose(tf.addN(parts.map((part) => of(part, "down"))).dataSync(), gradient("lora_A.weight"));
      expectClose(tf.concat(parts.map((part) => of(part, "up"))).dataSync(), gradient("lora_B.weight"));
      if (!name.endsWith("dora")) continue;
      const lengths = tf.concat(parts.map((part) => of(part, "magnitude"))).dataSync();
      expectClose(lengths, gradient("lora_magnitude_vector.weight"));
    }
  });

  it.each(cases)("%s: written again, it computes the same and is laid out as PEFT's", async (name, { base, after }) => {
    const model = await fromPretrained(join(fixtures, base));
    await loadAdapters(model, join(fixtures, name));
    await saveAdapters(model, join(folder, name), { taskType: base === "bert" ? "SEQ_CLS" : "CAUSAL_LM" });
    const again = await fromPretrained(join(fixtures, base));
    await loadAdapters(again, join(folder, name));
    expectClose(outputs(again), after);
    const read = async (place: string) => {
      const file = await openSafetensors(join(place, name, "adapter_model.safetensors"));
      const names = [...file.tensors.keys()].sort();
      await file.close();
      const config = JSON.parse(await readFile(join(place, name, "adapter_config.json"), "utf8"));
      return { names, config };
    };
    const [mine, theirs] = [await read(folder), await read(fixtures)];
    expect(mine.names).toEqual(theirs.names);
    for (const key of ["peft_type", "use_dora", "use_rslora", "fan_in_fan_out", "task_type", "bias"]) {
      expect(mine.config[key], key).toEqual(theirs.config[key]);
    }
    if (base === "bert") expect(mine.config).toMatchObject({ r: 2, lora_alpha: 4, modules_to_save: ["classifier"] });
  });

  it("refuses what does not fit, and leaves the model as it was", async () => {
    const model = await fromPretrained(join(fixtures, "gpt2"));
    const before = tf.memory().numTensors;
    await expect(loadAdapters(model, join(fixtures, "bert-dora"))).rejects.toThrow(
      'expected adapters of dense layers of this model. Received one for "bert.encoder.layer.0.attention.self.query".',
    );
    expect(tf.memory().numTensors).toBe(before);
    expect(trainable(model).size).toBe(parameters(model).size);
    await expect(saveAdapters(model, folder)).rejects.toThrow("expected a model with adapters");
  });
});

function moduleOf(path: string): string {
  const [, block, part] = path.match(/^(?:encoder\.)?blocks\.(\d+)\.(.*)$/)!;
  const gpt2: Record<string, string> = {
    "attention.query": "attn.c_attn",
    "attention.output": "attn.c_proj",
    "feedForward.up": "mlp.c_fc",
    "feedForward.down": "mlp.c_proj",
  };
  if (path.startsWith("encoder.")) return `bert.encoder.layer.${block}.${part!.replace("attention", "attention.self")}`;
  return `transformer.h.${block}.${gpt2[part!]}`;
}

class Net {
  readonly blocks: readonly Dense[];
  readonly output: Dense;

  constructor() {
    const random = new Random(4);
    this.blocks = [0, 1].map(
      (index) => new Dense({ inputs: 32, outputs: 32, activation: "geluTanh" }, random.fork(index)),
    );
    this.output = new Dense({ inputs: 32, outputs: 3 }, random.fork("output"));
  }

  forward(x: tf.Tensor, context?: ForwardContext): tf.Tensor {
    return tf.tidy(() => this.output.forward(this.blocks.reduce((y, block) => block.forward(y, context), x)));
  }
}

const input = () => tf.tensor2d(new Random(6).fillNormal(new Float32Array(5 * 32)), [5, 32]);
const loss = (net: Net, context?: ForwardContext) =>
  tf.mean(tf.square(tf.sub(net.forward(input(), context), 1))) as tf.Scalar;

describe("adapters", () => {
  it.each(["lora", "dora"] as const)("%s changes nothing at first, trains alone, and goes without a trace", (kind) => {
    const net = new Net();
    const read = () => tf.tidy(() => [...net.forward(input()).dataSync()]);
    const before = read();
    const tensors = tf.memory().numTensors;
    const adapters = attachAdapters(net, { kind, rank: 4, alsoTrain: ["output"] }, new Random(1));
    expect([...adapters.keys()]).toEqual(["blocks.0", "blocks.1"]);
    expectClose(read(), before, 1e-6);
    const parts = kind === "dora" ? ["down", "up", "magnitude"] : ["down", "up"];
    const names = [0, 1].flatMap((block) => parts.map((part) => `blocks.${block}.adapter.${part}`));
    expect([...trainable(net).keys()].sort()).toEqual([...names, "output.weight", "output.bias"].sort());
    expect(() => attachAdapters(net, {}, new Random(1))).toThrow("call `removeAdapters(model)` first");
    removeAdapters(net);
    expect(read()).toEqual(before);
    expect(trainable(net).size).toBe(6);
    expect(tf.memory().numTensors).toBe(tensors);
    expect(() => attachAdapters(net, { targets: ["query"] }, new Random(1))).toThrow(
      "expected dense layers whose path ends with query. Received blocks.0, blocks.1, output.",
    );
  });

  it.each([
    ["lora", undefined],
    ["dora", undefined],
    ["lora", 8],
    ["lora", 4],
    ["dora", 4],
  ] as const)("%s on a base of %s bits has the gradient that differences give", (kind, bits) => {
    const net = new Net();
    if (bits !== undefined) quantizeBase(net, bits);
    attachAdapters(net, { kind, rank: 2, alpha: 4 }, new Random(1));
    const random = new Random(9);
    for (const [name, variable] of trainable(net)) {
      if (!name.endsWith("up")) continue;
      variable.assign(tf.tensor(random.fillNormal(new Float32Array(variable.size), 0, 0.3), variable.shape));
    }
    const { grads } = tf.variableGrads(() => loss(net));
    const exact = () => {
      const { value, grads: unused } = tf.variableGrads(() => loss(net));
      const read = value.dataSync()[0]!;
      tf.dispose([value, unused]);
      return read;
    };
    for (const [name, variable] of trainable(net)) {
      // The norm of DoRA is a constant for the gradient, and not for differences.
      if (kind === "dora" && !name.endsWith("magnitude")) continue;
      const values = variable.dataSync().slice();
      const gradient = grads[variable.name]!.dataSync();
      for (const place of [0, values.length - 1]) {
        const at = (change: number) => {
          const moved = values.slice();
          moved[place] = moved[place]! + change;
          variable.assign(tf.tensor(moved, variable.shape));
          return exact();
        };
        const slope = (at(5e-3) - at(-5e-3)) / 1e-2;
        variable.assign(tf.tensor(values, variable.shape));
        expect(Math.abs(slope - gradient[place]!), `${name} ${place}`).toBeLessThan(2e-3 + 0.01 * Math.abs(slope));
      }
    }
  });

  it("quantises the base, merges into floats and back", () => {
    const net = new Net();
    const before = net.forward(input()).dataSync();
    quantizeBase(net, 8);
    expect([...parameters(net).keys()]).toEqual(["blocks.0.bias", "blocks.1.bias", "output.weight", "output.bias"]);
    const quantized = [...net.forward(input()).dataSync()];
    expectClose(quantized, [...before], 0.02);
    const adapters = attachAdapters(net, { rank: 2 }, new Random(1));
    for (const { up } of adapters.values()) up.assign(tf.fill(up.shape, 0.05));
    const changed = [...net.forward(input()).dataSync()];
    mergeAdapters(net);
    expect(net.blocks[0]!.weight.shape).toEqual([32, 32]);
    expectClose(net.forward(input()).dataSync(), changed, 0.02);
    unmergeAdapters(net);
    expect([...net.forward(input()).dataSync()]).toEqual(changed);
    removeAdapters(net);
    expect([...net.forward(input()).dataSync()]).toEqual(quantized);
  });

  it("drops of the input in training only, from the context's stream", () => {
    const net = new Net();
    const adapters = attachAdapters(net, { rank: 2, dropout: 0.5 }, new Random(1));
    for (const { up } of adapters.values()) up.assign(tf.ones(up.shape));
    const run = (seed?: number) => [
      ...net.forward(input(), seed === undefined ? inference : { training: true, random: new Random(seed) }).dataSync(),
    ];
    expect(run(1)).toEqual(run(1));
    expect(run(1)).not.toEqual(run(2));
    expect(run()).toEqual([...net.forward(input()).dataSync()]);
  });
});
