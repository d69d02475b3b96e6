import { Random } from "@nacre/random";
import fc from "fast-check";
import { beforeAll, describe, expect, it } from "vitest";
import { ready, tf } from "../index.ts";

beforeAll(async () => {
  await ready({ backend: "cpu" });
  await ready({ backend: "wasm" });
});

type Inputs = tf.Tensor[];

const random = new Random(7);
const values = (shape: number[]) => random.fillNormal(new Float32Array(tf.util.sizeFromShape(shape)));

/** Runs a function on cpu and on wasm and compares, relative to the largest value. */
async function expectSame(shapes: number[][], compute: (...inputs: Inputs) => tf.Tensor): Promise<void> {
  const arrays = shapes.map(values);
  const results: { shape: number[]; data: number[] }[] = [];
  for (const backend of ["cpu", "wasm"] as const) {
    await tf.setBackend(backend);
    const before = tf.memory().numTensors;
    const result = tf.tidy(() => compute(...arrays.map((array, index) => tf.tensor(array, shapes[index]!))));
    results.push({ shape: result.shape, data: [...(await result.data())] });
    result.dispose();
    expect(tf.memory().numTensors).toBe(before);
  }
  const [expected, received] = results as [(typeof results)[0], (typeof results)[0]];
  expect(received.shape).toEqual(expected.shape);
  const scale = expected.data.reduce((largest: number, value: number) => Math.max(largest, Math.abs(value)), 1);
  const worst = expected.data.reduce(
    (largest: number, value: number, index: number) => Math.max(largest, Math.abs(value - received.data[index]!)),
    0,
  );
  expect(worst / scale).toBeLessThan(1e-5);
}

const call = (name: string, inputs: Record<string, tf.Tensor>, attributes: object) =>
  tf.engine().runKernel(name, inputs as never, attributes as never) as tf.Tensor;

const runs = { numRuns: 40 };

const convolution = fc
  .record({
    batch: fc.integer({ min: 1, max: 3 }),
    height: fc.integer({ min: 1, max: 9 }),
    width: fc.integer({ min: 1, max: 9 }),
    inputs: fc.integer({ min: 1, max: 5 }),
    outputs: fc.integer({ min: 1, max: 5 }),
    filter: fc.tuple(fc.integer({ min: 1, max: 4 }), fc.integer({ min: 1, max: 4 })),
    strides: fc.tuple(fc.integer({ min: 1, max: 3 }), fc.integer({ min: 1, max: 3 })),
    pad: fc.constantFrom<"same" | "valid" | number>("same", "valid", 1, 2),
  })
  .map((shape) => {
    const x: [number, number, number, number] = [shape.batch, shape.height, shape.width, shape.inputs];
    const filter: [number, number, number, number] = [...shape.filter, shape.inputs, shape.outputs];
    return { ...shape, x, filter };
  })
  .filter(
    ({ pad, height, width, filter }) => pad === "same" || (fits(height, filter[0], pad) && fits(width, filter[1], pad)),
  );

function fits(size: number, filter: number, pad: "valid" | number): boolean {
  return size + 2 * (pad === "valid" ? 0 : pad) >= filter;
}

describe("wasm kernels equal those of cpu", () => {
  it("Conv2DBackpropFilter and Conv2DBackpropInput", async () => {
    await fc.assert(
      fc.asyncProperty(convolution, async ({ x, filter, strides, pad }) => {
        const info = tf.backend_util.computeConv2DInfo(x, filter, strides, 1, pad);
        const attributes = { strides, pad, dataFormat: "NHWC", filterShape: filter, inputShape: x };
        await expectSame([x, info.outShape], (image, dy) =>
          call("Conv2DBackpropFilter", { x: image!, dy: dy! }, attributes),
        );
        await expectSame([info.outShape, filter], (dy, weights) =>
          call("Conv2DBackpropInput", { dy: dy!, filter: weights! }, attributes),
        );
      }),
      runs,
    );
  });

  it("DepthwiseConv2dNativeBackpropFilter and …Input", async () => {
    await fc.assert(
      fc.asyncProperty(convolution, async ({ x, filter, strides, pad }) => {
        const info = tf.backend_util.computeConv2DInfo(x, filter, strides, 1, pad, undefined, true);
        const both = { strides, pad, dilations: [1, 1], filterShape: filter, inputShape: x };
        await expectSame([x, info.outShape], (image, dy) =>
          call("DepthwiseConv2dNativeBackpropFilter", { x: image!, dy: dy! }, both),
        );
        await expectSame([info.outShape, filter], (dy, weights) =>
          call("DepthwiseConv2dNativeBackpropInput", { dy: dy!, filter: weights! }, both),
        );
      }),
      runs,
    );
  });

  it("MaxPoolGrad; AvgPoolGrad where nothing is padded", async () => {
    await fc.assert(
      fc.asyncProperty(convolution, async ({ x, filter, strides, pad }) => {
        const size: [number, number] = [filter[0], filter[1]];
        const usable = typeof pad === "number" ? "same" : pad;
        const info = tf.backend_util.computePool2DInfo(x, size, strides, 1, usable);
        const attributes = { filterSize: size, strides, pad: usable };
        await expectSame([x, info.outShape], (input, dy) => {
          const output = tf.maxPool(input as tf.Tensor4D, size, strides, usable);
          return call("MaxPoolGrad", { dy: dy!, input: input!, output }, attributes);
        });
        if (usable !== "valid") return;
        await expectSame([x, info.outShape], (input, dy) =>
          call("AvgPoolGrad", { dy: dy!, input: input! }, attributes),
        );
      }),
      runs,
    );
  });

  const shape = fc.array(fc.integer({ min: 1, max: 5 }), { minLength: 1, maxLength: 4 });

  it("Cumsum and Cumprod over any axis", async () => {
    await fc.assert(
      fc.asyncProperty(shape, fc.nat(), fc.boolean(), fc.boolean(), async (size, place, exclusive, reverse) => {
        const axis = place % size.length;
        await expectSame([size], (x) => tf.cumsum(x!, axis, exclusive, reverse));
        await expectSame([size], (x) => tf.cumprod(x!, axis, exclusive, reverse));
        await expectSame([size], (x) => tf.cumsum(tf.cast(x!, "int32"), axis, exclusive, reverse));
      }),
      runs,
    );
  });

  it("Sum over any axes, with and without keeping them", async () => {
    await fc.assert(
      fc.asyncProperty(shape, fc.nat(15), fc.boolean(), async (size, mask, keep) => {
        const axes = size.map((_, axis) => axis).filter((axis) => mask & (1 << axis));
        await expectSame([size], (x) => tf.sum(x!, axes, keep));
        await expectSame([size], (x) => tf.sum(tf.cast(x!, "int32"), axes, keep));
      }),
      runs,
    );
  });

  it("UnsortedSegmentSum", async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.integer({ min: -1, max: 5 }), { minLength: 1, maxLength: 8 }),
        shape,
        async (ids, inner) => {
          await expectSame([[ids.length, ...inner]], (x) => tf.unsortedSegmentSum(x!, tf.tensor1d(ids, "int32"), 5));
        },
      ),
      runs,
    );
  });

  it("fused matMul with bias and activation, transposed or not", async () => {
    for (const activation of ["linear", "relu", "relu6", "sigmoid", "elu"] as const) {
      for (const [transposeA, transposeB] of [
        [false, false],
        [false, true],
        [true, false],
        [true, true],
      ]) {
        await expectSame([transposeA ? [7, 5] : [5, 7], transposeB ? [9, 7] : [7, 9], [9]], (a, b, bias) =>
          tf.fused.matMul({ a: a!, b: b!, bias: bias!, transposeA: transposeA!, transposeB: transposeB!, activation }),
        );
      }
    }
  });

  it("BatchMatMul, transposed or not, with batches that repeat", async () => {
    const size = fc.integer({ min: 1, max: 6 });
    await fc.assert(
      fc.asyncProperty(
        size,
        size,
        size,
        fc.boolean(),
        fc.boolean(),
        fc.constantFrom(0, 1, 3),
        async (m, k, n, a, b, batch) => {
          const lead = batch === 0 ? [] : [batch];
          const left = [...lead, ...(a ? [k, m] : [m, k])];
          await expectSame([left, [...lead, ...(b ? [n, k] : [k, n])]], (x, y) => tf.matMul(x!, y!, a, b));
          if (batch > 0) await expectSame([left, [1, ...(b ? [n, k] : [k, n])]], (x, y) => tf.matMul(x!, y!, a, b));
        },
      ),
      runs,
    );
  });

  it("gathers within batches", async () => {
    const size = fc.integer({ min: 1, max: 4 });
    const shape = fc.record({
      batch: fc.array(size, { minLength: 1, maxLength: 2 }),
      outer: size,
      dim: size,
      slice: size,
    });
    await fc.assert(
      fc.asyncProperty(shape, size, async ({ batch, outer, dim, slice }, count) => {
        const places = tf.util.sizeFromShape(batch) * count;
        const wanted = Array.from({ length: places }, (_, at) => (at * 7 + 3) % dim);
        await expectSame([[...batch, outer, dim, slice]], (x) => {
          const indices = tf.tensor(wanted, [...batch, count], "int32");
          return tf.gather(x!, indices, batch.length + 1, batch.length);
        });
      }),
      runs,
    );
    await tf.setBackend("wasm");
    const outside = tf.tensor2d([[0], [3]], [2, 1], "int32");
    expect(() => tf.gather(tf.ones([2, 3]), outside, 1, 1)).toThrow(/from 0 to 2. Received 3/);
  });

  it("kernels that run the cpu's JavaScript on wasm memory", async () => {
    await expectSame(
      [
        [2, 3],
        [3, 4],
      ],
      (x, y) => tf.einsum("ij,jk->ki", x!, y!),
    );
  });

  it("all that cpu has, but what is about text and complex numbers", () => {
    const names = (backend: string) => tf.getKernelsForBackend(backend).map(({ kernelName }) => kernelName);
    expect(names("cpu").filter((name) => !names("wasm").includes(name))).toEqual([]);
  });
});

describe("wasm kernels", () => {
  it("give zeros where the filter fits nowhere", async () => {
    await tf.setBackend("wasm");
    const attributes = {
      strides: 1,
      pad: "valid",
      dataFormat: "NHWC",
      filterShape: [3, 3, 1, 1],
      inputShape: [1, 2, 2, 1],
    };
    const [x, dy, filter] = [tf.ones([1, 2, 2, 1]), tf.zeros([1, 0, 0, 1]), tf.ones([3, 3, 1, 1])];
    expect(await call("Conv2DBackpropFilter", { x, dy }, attributes).data()).toEqual(new Float32Array(9));
    expect(await call("Conv2DBackpropInput", { dy, filter }, attributes).data()).toEqual(new Float32Array(4));
  });

  it("average a padded window's gradient over the places inside", async () => {
    await tf.setBackend("wasm");
    const gradient = tf.grad((x) => tf.sum(tf.avgPool(x as tf.Tensor4D, 2, 2, "same")))(tf.ones([1, 3, 3, 1]));
    expect([...(await gradient.data())]).toEqual([0.25, 0.25, 0.5, 0.25, 0.25, 0.5, 0.5, 0.5, 1]);
  });

  it("leave no memory behind after a thousand calls", async () => {
    await tf.setBackend("wasm");
    const x = tf.ones([64, 64]) as tf.Tensor2D;
    const heap = () => (tf.backend() as unknown as { wasm: { HEAPU8: Uint8Array } }).wasm.HEAPU8.byteLength;
    const multiply = () => tf.tidy(() => tf.matMul(tf.cast(x, "float32"), tf.clone(x), true, true)).dispose();
    for (let count = 0; count < 10; count++) multiply();
    const before = heap();
    for (let count = 0; count < 2000; count++) multiply();
    expect(heap()).toBe(before);
    x.dispose();
  });
});
