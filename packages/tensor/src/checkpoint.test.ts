import { Random } from "@nacre/random";
import { describe, expect, it } from "vitest";
import {
  attention,
  checkpoint,
  gelu,
  layerNorm,
  linear,
  parameters,
  ready,
  tensorMemory,
  tf,
  valueAndGradients,
  withoutGradient,
} from "./index.ts";

const [batch, time, width, heads, depth] = [2, 16, 32, 2, 6];

class Block {
  readonly gain = tf.variable(tf.ones([width]));
  readonly shift = tf.variable(tf.zeros([width]));
  readonly mix: tf.Variable<tf.Rank.R2>;
  readonly up: tf.Variable<tf.Rank.R2>;
  readonly down: tf.Variable<tf.Rank.R2>;

  constructor(random: Random) {
    const matrix = (name: string, rows: number, columns: number) =>
      tf.variable(tf.tensor2d(random.fork(name).fillNormal(new Float32Array(rows * columns), 0, 0.2), [rows, columns]));
    this.mix = matrix("mix", width, width);
    this.up = matrix("up", 4 * width, width);
    this.down = matrix("down", width, 4 * width);
  }

  forward(x: tf.Tensor, mask: tf.Tensor, random: Random | undefined): tf.Tensor {
    const split = tf.reshape(linear(x, this.mix), [batch, time, heads, width / heads]) as tf.Tensor4D;
    const seen = tf.reshape(attention(split, split, split, { causal: true, mask }), x.shape);
    const kept = random!.fork("dropout", random!.uint32()).fillUniform(new Float32Array(x.size));
    const keep = tf.tensor(
      kept.map((value) => Number(value > 0.2)),
      x.shape,
    );
    const y = layerNorm(tf.add(x, tf.mul(seen, keep)), this.gain, this.shift);
    return tf.add(y, linear(gelu(linear(y, this.up)), this.down));
  }
}

function build() {
  const random = new Random(3);
  const blocks = Array.from({ length: depth }, (_, index) => new Block(random.fork("block", index)));
  const input = tf.variable(
    tf.tensor(random.fork("input").fillNormal(new Float32Array(batch * time * width)), [batch, time, width]),
  );
  const mask = tf.zeros([1, 1, 1, time]);
  const positions = tf.range(0, time, 1, "int32");
  const variables = [...parameters({ blocks, input }).values()];
  const loss = (saving: boolean) => {
    const draws = new Random(8);
    let x: tf.Tensor = input;
    for (const block of blocks) {
      const run = ([y, at]: readonly [tf.Tensor, tf.Tensor], stream: Random | undefined) =>
        block.forward(tf.add(y, tf.expandDims(tf.cast(at, "float32"), 1)), mask, stream);
      x = saving ? checkpoint(run, [x, positions], { random: draws }) : run([x, positions], draws);
    }
    return tf.mean(tf.square(x)) as tf.Scalar;
  };
  return { variables, loss };
}

type Gradients = (loss: () => tf.Scalar) => { value: tf.Scalar; grads: Record<string, tf.Tensor> };

/** The variables' gradients by the walk back that frees as it goes. */
const freeing =
  (variables: readonly tf.Variable[]): Gradients =>
  (loss) => {
    const { value, gradients } = valueAndGradients(loss, variables);
    return { value, grads: Object.fromEntries(variables.map(({ name }, index) => [name, gradients[index]!])) };
  };

function measure(loss: () => tf.Scalar, gradients: Gradients = (f) => tf.variableGrads(f)) {
  const memory = tensorMemory();
  memory.restart();
  const before = memory.bytes;
  const { value, grads } = gradients(loss);
  const peak = memory.peakBytes - before;
  const values = Object.fromEntries(
    Object.entries(grads).map(([name, tensor]) => [
      name,
      Buffer.from(tensor.dataSync().slice().buffer).toString("hex"),
    ]),
  );
  const result = { loss: value.dataSync()[0], values, peak };
  tf.dispose([value, grads]);
  return result;
}

describe.each(["cpu", "wasm", "native"] as const)("checkpoint on %s", (backend) => {
  it("gives the same gradients to the bit, with less memory, and leaves no tensors", async (context) => {
    const works = await ready({ backend }).then(
      () => true,
      () => false,
    );
    if (!works) return context.skip(`${backend} is not there`);
    const { variables, loss } = build();
    const tensors = tf.memory().numTensors;
    const plain = measure(() => loss(false));
    const freed = measure(() => loss(false), freeing(variables));
    const saved = measure(() => loss(true));
    const both = measure(() => loss(true), freeing(variables));
    expect(Object.keys(plain.values)).toHaveLength(depth * 5 + 1);
    for (const { loss: value, values } of [freed, saved, both]) {
      expect(value).toBe(plain.loss);
      expect(values).toEqual(plain.values);
    }
    expect(freed.peak).toBeLessThan(0.75 * plain.peak);
    expect(saved.peak).toBeLessThan(plain.peak / 2);
    expect(both.peak).toBeLessThan(0.75 * freed.peak); // what is left is the gradients
    expect(tf.memory().numTensors).toBe(tensors);
    tf.disposeVariables();
  });
});

describe("checkpoint", () => {
  it("nests, passes over frozen variables, and gives 0 to inputs without influence", async () => {
    await ready({ backend: "cpu" });
    const weight = tf.variable(tf.scalar(3));
    const frozen = tf.variable(tf.scalar(2), false);
    const square = ([x]: readonly [tf.Tensor]) => tf.mul(tf.square(x), tf.mul(weight, frozen));
    const inner = ([x]: readonly [tf.Tensor, tf.Tensor]) => checkpoint(square, [x]);
    const [dx, unused] = tf.grads((x, y) => checkpoint(inner, [x!, y!]))([tf.scalar(5), tf.scalar(7)]);
    expect([dx!.dataSync()[0], unused!.dataSync()[0]]).toEqual([60, 0]);
    const { grads } = tf.variableGrads(() => checkpoint(inner, [tf.scalar(5), tf.scalar(7)]) as tf.Scalar);
    expect(Object.values(grads).map((tensor) => tensor.dataSync()[0])).toEqual([50]);
    expect(checkpoint(square, [tf.scalar(2)]).dataSync()[0]).toBe(24);
    const second = tf.grad((x) => tf.grad((y) => checkpoint(square, [y]))(x));
    expect(() => second(tf.scalar(1))).toThrow("Expected a first-order gradient");
  });
});

it("withoutGradient makes a constant, and keeps nothing", async () => {
  await ready({ backend: "cpu" });
  const x = tf.scalar(3);
  const before = tf.memory().numTensors;
  const gradient = tf.grad((y) => {
    const inner = withoutGradient(() => tf.tidy(() => tf.add(tf.grad(tf.square)(y), tf.square(y))));
    return tf.mul(y, inner);
  })(x);
  expect(gradient.dataSync()[0]).toBe(15);
  expect(tf.memory().numTensors).toBe(before + 1);
});

describe("valueAndGradients", () => {
  it("takes dy, gives undefined where nothing depends, and the same tensor twice", async () => {
    await ready({ backend: "cpu" });
    const [x, y] = [tf.tensor1d([1, 2]), tf.scalar(1)];
    const before = tf.memory().numTensors;
    const { value, gradients } = valueAndGradients(() => tf.square(tf.add(x, x)), [x, y, x], tf.tensor1d([1, 10]));
    expect(gradients.map((gradient) => gradient && [...gradient.dataSync()])).toEqual([[8, 160], undefined, [8, 160]]);
    tf.dispose([value, gradients[0]!, gradients[2]!]);
    expect(tf.memory().numTensors).toBe(before + 1); // dy
  });

  it("gives ones for the value itself, and frees everything when it fails", async () => {
    await ready({ backend: "cpu" });
    const x = tf.scalar(3);
    expect(valueAndGradients(() => x, [x]).gradients[0]!.dataSync()[0]).toBe(1);
    const before = tf.memory().numTensors;
    const failing = tf.customGrad((y) => ({
      value: tf.square(y as tf.Tensor),
      gradFunc: () => {
        throw new Error("no gradient today");
      },
    }));
    expect(() => tf.tidy(() => valueAndGradients(() => failing(tf.exp(x)), [x]).value)).toThrow("no gradient today");
    expect(() =>
      valueAndGradients(() => {
        tf.square(x);
        throw new Error("no value today");
      }, [x]),
    ).toThrow("no value today");
    expect(tf.memory().numTensors).toBe(before);
  });
});
