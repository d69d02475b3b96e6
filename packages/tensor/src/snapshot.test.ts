import { describe, expect, it } from "vitest";
import {
  encodeSafetensors,
  fromFloat32,
  parameters,
  parseSafetensors,
  ready,
  restore,
  snapshot,
  type TensorData,
  tf,
} from "./index.ts";

const makeModel = () => ({
  weight: tf.variable(tf.tensor2d([1, 2, 3, 4], [2, 2])),
  steps: tf.variable(tf.scalar(7, "int32"), false),
  mask: tf.variable(tf.tensor1d([1, 0], "bool"), false),
});

const asMap = (tensors: Iterable<{ name: string } & TensorData>) =>
  new Map([...tensors].map(({ name, ...tensor }) => [name, tensor]));

describe.each(["cpu", "wasm"] as const)("snapshot and restore on %s", (backend) => {
  it("carry a model over, without leaving tensors behind", async () => {
    await ready({ backend });
    const model = makeModel();
    const saved = await snapshot(model);
    expect(saved.map(({ name, dtype, shape }) => ({ name, dtype, shape }))).toEqual([
      { name: "weight", dtype: "F32", shape: [2, 2] },
      { name: "steps", dtype: "I32", shape: [] },
      { name: "mask", dtype: "BOOL", shape: [2] },
    ]);
    model.weight.assign(tf.zeros([2, 2]));
    const before = tf.memory().numTensors;
    restore(model, asMap(saved));
    expect(tf.memory().numTensors).toBe(before);
    expect([...(await model.weight.data())]).toEqual([1, 2, 3, 4]);
    expect([...(await model.steps.data())]).toEqual([7]);
    expect([...(await model.mask.data())]).toEqual([1, 0]);
    expect(model.weight.dtype).toBe("float32");
    expect((await snapshot(model)).map(({ data }) => data)).toEqual(saved.map(({ data }) => data));
  });

  it("keep a snapshot that later training does not change", async () => {
    await ready({ backend });
    const model = makeModel();
    const [saved] = await snapshot(model);
    (await model.weight.data()).fill(9);
    expect(saved!.data).toEqual(fromFloat32(Float32Array.of(1, 2, 3, 4), "F32"));
  });

  it("take narrow floats", async () => {
    await ready({ backend });
    const model = makeModel();
    const tensors = asMap(await snapshot(model));
    tensors.set("weight", { dtype: "BF16", shape: [2, 2], data: fromFloat32(Float32Array.of(5, 6, 7, 8), "BF16") });
    restore(model, tensors);
    expect([...(await model.weight.data())]).toEqual([5, 6, 7, 8]);
  });

  it("refuse what is not exactly the model's, all at once, and leave the model alone", async () => {
    await ready({ backend });
    const model = makeModel();
    const tensors = asMap(await snapshot(model));
    tensors.delete("mask");
    tensors.set("extra", { dtype: "F32", shape: [1], data: new Uint8Array(4) });
    tensors.set("weight", { dtype: "F32", shape: [4], data: new Uint8Array(16) });
    tensors.set("steps", { dtype: "F32", shape: [], data: new Uint8Array(4) });
    expect(() => restore(model, tensors)).toThrow(
      [
        "Expected the 3 tensors of the model. Received 3 that differ:",
        '  "weight": expected shape [2,2], received [4]',
        '  "steps": expected I32 or I16 or I8 or U16 or U8, received F32',
        '  missing "mask" [2]',
        '  unexpected "extra" [1]',
      ].join("\n"),
    );
    expect([...(await model.weight.data())]).toEqual([1, 2, 3, 4]);
  });
});

describe("restore over shared memory", () => {
  it("computes on the shared bytes themselves on cpu, on a copy of them on wasm", async () => {
    await ready({ backend: "cpu" });
    const bytes = encodeSafetensors(await snapshot(makeModel()));
    const shared = new Uint8Array(new SharedArrayBuffer(bytes.byteLength));
    shared.set(bytes);
    for (const backend of ["cpu", "wasm"] as const) {
      await ready({ backend });
      const model = makeModel();
      restore(model, parseSafetensors(shared).tensors);
      expect([...(await model.weight.data())]).toEqual([1, 2, 3, 4]);
      expect((await model.weight.data()).buffer === shared.buffer).toBe(backend === "cpu");
      expect([...parameters(model).values()].every(({ isDisposed }) => !isDisposed)).toBe(true);
    }
  });
});
