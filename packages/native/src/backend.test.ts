import * as tf from "@tensorflow/tfjs-core";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { ArrayPool } from "./array-pool.ts";
import type { NativeBackend } from "./backend.ts";
import { absent, native } from "./testing.ts";

describe("the pool of arrays", () => {
  it("gives back what it was given, by type and length", () => {
    const pool = new ArrayPool(1000, () => 0);
    const array = pool.take("float32", 10);
    pool.give("float32", array);
    expect(pool.bytes).toBe(40);
    expect(pool.take("int32", 10)).not.toBe(array);
    expect(pool.take("float32", 11)).not.toBe(array);
    expect(pool.take("float32", 10)).toBe(array);
    expect(pool.bytes).toBe(0);
  });

  it("never keeps more than its limit", () => {
    const pool = new ArrayPool(1000, () => 0);
    for (let length = 1; length <= 100; length++) {
      pool.give("float32", new Float32Array(length));
      pool.give("bool", new Uint8Array(length));
      expect(pool.bytes).toBeLessThanOrEqual(1000);
    }
    pool.give("float32", new Float32Array(1000));
    expect(pool.bytes).toBeLessThanOrEqual(1000);
    pool.limit = 100;
    expect(pool.bytes).toBeLessThanOrEqual(100);
    pool.clear();
    expect(pool.bytes).toBe(0);
  });

  it("keeps no more than was ever in use, and what is wanted rather than what is not", () => {
    const million = 2 ** 20;
    let inUse = 0;
    const pool = new ArrayPool(2 ** 40, () => inUse);
    expect(pool.mostBytes).toBe(64 * million);
    inUse = 100 * million;
    const wanted = pool.take("float32", million);
    inUse = 0;
    for (let step = 1; step <= 100; step++) {
      pool.give("float32", wanted);
      // A length that never comes again.
      pool.give("float32", new Float32Array(million + step));
      expect(pool.bytes).toBeLessThanOrEqual(100 * million);
      expect(pool.take("float32", million)).toBe(wanted);
    }
    expect(pool.mostBytes).toBe(100 * million);
  });
});

describe.skipIf(absent)("memory that somebody sees", () => {
  let backend: NativeBackend;
  beforeEach(async () => {
    backend = await native();
    tf.engine().startScope();
  });
  afterEach(() => tf.engine().endScope());

  /** Computes and disposes tensors of that many floats, so that any array given back is written over. */
  function overwrite(length: number): void {
    for (let each = 0; each < 20; each++) tf.tidy(() => tf.mul(tf.add(tf.fill([length], 7), 1), 3));
  }

  it("is not reused: what data() and dataSync() gave", async () => {
    const x = tf.add(tf.ones([100]), 1);
    const [first, second] = [await x.data(), x.dataSync()];
    const y = tf.square(tf.fill([100], 3));
    const third = y.dataSync();
    tf.dispose([x, y]);
    overwrite(100);
    expect([...first]).toEqual(new Array(100).fill(2));
    expect([...second]).toEqual(new Array(100).fill(2));
    expect([...third]).toEqual(new Array(100).fill(9));
  });

  it("is not reused: what a tensor was made of", () => {
    const values = new Float32Array(64).fill(5);
    tf.tensor1d(values).dispose();
    tf.variable(tf.tensor1d(values), true, "seen").dispose();
    overwrite(64);
    expect([...values]).toEqual(new Array(64).fill(5));
  });

  it("is not reused: what kernels of the cpu backend share between tensors", () => {
    const x = tf.cast(tf.add(tf.zeros([32]), 2), "int32");
    const y = tf.cast(x, "float32");
    const complex = tf.complex(tf.fill([32], 1), tf.fill([32], 4));
    const real = tf.real(complex);
    const imaginary = tf.imag(complex);
    tf.dispose([x, complex]);
    overwrite(32);
    expect([...y.dataSync()]).toEqual(new Array(32).fill(2));
    expect([...real.dataSync()]).toEqual(new Array(32).fill(1));
    expect([...imaginary.dataSync()]).toEqual(new Array(32).fill(4));
  });

  it("is not reused while another view of it lives", () => {
    const x = tf.add(tf.zeros([6, 4]), 3);
    const views = [tf.reshape(x, [24]), tf.slice(x, [0, 0], [6, 4]), tf.expandDims(x), tf.clone(x)];
    x.dispose();
    overwrite(24);
    for (const view of views) expect([...view.dataSync()]).toEqual(new Array(24).fill(3));
    tf.dispose(views);
  });

  it("is copied before it is written to: parameters that were read", () => {
    const parameter = tf.variable(tf.add(tf.zeros([50]), 1), true, "parameter");
    const seen = parameter.dataSync();
    const step = (): void => {
      tf.engine().runKernel("SgdStep", { parameter, gradient: tf.ones([50]) } as never, { learningRate: 0.5 });
    };
    step();
    expect([...seen]).toEqual(new Array(50).fill(1));
    expect([...parameter.dataSync()]).toEqual(new Array(50).fill(0.5));
    step();
    expect([...parameter.dataSync()]).toEqual(new Array(50).fill(0));
    parameter.dispose();
  });

  it("stays when a tensor is disposed twice, or after its data", () => {
    const x = tf.add(tf.zeros([16]), 1);
    const y = tf.add(tf.zeros([16]), 2);
    x.dispose();
    x.dispose();
    expect(backend.disposeData(x.dataId)).toBe(true);
    const z = tf.add(tf.zeros([16]), 3);
    const w = tf.add(tf.zeros([16]), 4);
    expect([y, z, w].map((tensor) => tensor.dataSync()[0])).toEqual([2, 3, 4]);
    expect(() => tf.add(x, 1)).toThrow();
  });

  it("has error messages for freed data", () => {
    const x = tf.add(tf.zeros([16]), 1);
    const { dataId } = x;
    x.dispose();
    expect(() => backend.array({ dataId, shape: [16], dtype: "float32" })).toThrow();
  });

  it("is bounded and visible", () => {
    for (let length = 1; length < 2000; length += 7) tf.tidy(() => tf.exp(tf.add(tf.zeros([length]), 1)));
    const { pooledBytes, poolLimitBytes } = tf.memory() as unknown as { pooledBytes: number; poolLimitBytes: number };
    expect(pooledBytes).toBeGreaterThan(0);
    expect(pooledBytes).toBeLessThanOrEqual(poolLimitBytes);
    expect(tf.memory()).toMatchObject({ unreliable: true });
  });

  it("does not grow over two hundred thousand tensors of changing shapes", () => {
    const { limit } = backend.pool;
    backend.pool.clear();
    backend.pool.limit = 2 ** 22;
    const round = (count: number): void => {
      for (let each = 0; each < count; each++) {
        tf.tidy(() => {
          const x = tf.fill([1 + (each % 997)], each);
          return tf.sum(tf.mul(tf.add(x, 1), x));
        }).dispose();
      }
    };
    round(5000);
    global.gc?.();
    const before = { tensors: tf.memory().numTensors, buffers: tf.memory().numDataBuffers, ...process.memoryUsage() };
    round(45_000);
    global.gc?.();
    const after = process.memoryUsage();
    expect(tf.memory().numTensors).toBe(before.tensors);
    expect(tf.memory().numDataBuffers).toBe(before.buffers);
    expect(backend.pool.bytes).toBeLessThanOrEqual(2 ** 22);
    // Some 200 MB went through; what is not yet collected may remain.
    expect(after.arrayBuffers - before.arrayBuffers).toBeLessThan(2 ** 26);
    backend.pool.limit = limit;
  });

  it("belongs to each backend: tensors move between this one and cpu", async () => {
    const x = tf.add(tf.zeros([8]), 1);
    await tf.setBackend("cpu");
    const y = tf.mul(x, 2);
    await tf.setBackend("native");
    expect([...tf.add(x, y).dataSync()]).toEqual(new Array(8).fill(3));
  });
});

describe.skipIf(absent)("the program's arguments", () => {
  it("are checked: type, length, number", async () => {
    const { addon } = await native();
    const floats = new Float32Array(8);
    const product = (...rest: unknown[]): void => addon.matmul(...rest);
    expect(() => product(new Float64Array(8), floats, floats, 1, 1, 1, 2, 2, 2, false, false, undefined, 0, 0)).toThrow(
      TypeError,
    );
    expect(() => product(floats, floats, floats, 1, 1, 1, 3, 3, 3, false, false, undefined, 0, 0)).toThrow(
      /at least 9 elements in argument 0. Received 8/,
    );
    expect(() => product(floats, floats, floats, 1, 1, 1, -2, 2, 2, false, false, undefined, 0, 0)).toThrow(RangeError);
    expect(() => product()).toThrow(TypeError);
    const { buffer } = floats;
    structuredClone(buffer, { transfer: [buffer] });
    expect(() => product(floats, floats, floats, 1, 1, 1, 2, 2, 2, false, false, undefined, 0, 0)).toThrow(RangeError);
    expect(() => addon.setThreads(0)).toThrow(RangeError);
  });
});
