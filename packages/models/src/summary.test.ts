import { Random } from "@nacre/random";
import { parameters, ready, tf } from "@nacre/tensor";
import { beforeAll, describe, expect, it } from "vitest";
import {
  buildClassifier,
  ClassifierConfig,
  Dense,
  describeModel,
  Embedding,
  type ForwardContext,
  type Layer,
  lenet5,
  lenetNormalized,
  mlp,
  resnet8,
  summarize,
} from "./index.ts";

beforeAll(async () => void (await ready({ backend: "wasm" })));
const shape = { input: [28, 28, 1], classes: 10 };

describe("summarize", () => {
  it.each<[string, ClassifierConfig]>([
    ["mlp", mlp(12)],
    ["lenet5", lenet5()],
    ["lenetNormalized", lenetNormalized()],
    ["resnet8", resnet8()],
  ])("counts every parameter of %s once, frees its tensors, and leaves the model as it was", (_name, config) => {
    const model = buildClassifier(config, shape, new Random(1));
    const before = tf.memory().numTensors;
    const rows = summarize(model, shape.input);
    expect(tf.memory().numTensors).toBe(before);
    const total = [...parameters(model).values()].reduce((sum, { size }) => sum + size, 0);
    expect(rows.reduce((sum, row) => sum + row.parameters, 0)).toBe(total);
    expect(rows.at(-1)).toMatchObject({ name: "output", type: "Dense", outputShape: [null, 10] });
    expect(Object.hasOwn(model, "forward")).toBe(false);
    expect(summarize(model, shape.input)).toEqual(rows);
  });

  it("tells the shapes of LeNet-5 in the order of computation", () => {
    const rows = summarize(buildClassifier(lenet5(), shape, new Random(1)), shape.input);
    expect(rows.map(({ name, type, outputShape, parameters: count }) => [name, type, outputShape, count])).toEqual([
      ["stages.0.convolution", "Conv2d", [null, 28, 28, 6], 156],
      ["stages.0.activation", "Activation", [null, 28, 28, 6], 0],
      ["stages.0.pooling", "MaxPool2d", [null, 14, 14, 6], 0],
      ["stages.1.convolution", "Conv2d", [null, 10, 10, 16], 2416],
      ["stages.1.activation", "Activation", [null, 10, 10, 16], 0],
      ["stages.1.pooling", "MaxPool2d", [null, 5, 5, 16], 0],
      ["flatten", "Flatten", [null, 400], 0],
      ["dropout", "Dropout", [null, 400], 0],
      ["hidden.0", "Dense", [null, 120], 48_120],
      ["hidden.1", "Dense", [null, 84], 10_164],
      ["output", "Dense", [null, 10], 850],
    ]);
    const text = describeModel(rows);
    expect(text).toContain("stages.1.convolution  Conv2d      [B, 10, 10, 16]       2,416");
    expect(text.split("\n").at(-1)).toMatch(/^total +61,706$/);
  });

  it("shows parameters that a layer holds itself, and tied and idle layers once", () => {
    class Tied implements Layer {
      readonly tokens = new Embedding({ vocabulary: 7, features: 3 }, new Random(1));
      readonly weight = this.tokens.weight;
      readonly scale = tf.variable(tf.ones([3]));
      readonly idle = new Dense({ inputs: 2, outputs: 2 }, new Random(2));
      forward(ids: tf.Tensor, context: ForwardContext): tf.Tensor {
        return tf.tidy(() => {
          const x = tf.mul(this.tokens.forward(ids, context), this.scale);
          return tf.matMul(x as tf.Tensor3D, this.weight as tf.Tensor2D, false, true);
        });
      }
    }
    expect(summarize(new Tied(), [5], { dtype: "int32" })).toEqual([
      { name: "tokens", type: "Embedding", outputShape: [null, 5, 3], parameters: 21 },
      { name: "", type: "Tied", outputShape: [null, 5, 7], parameters: 3 },
      { name: "idle", type: "Dense", outputShape: [], parameters: 6 },
    ]);
  });
});

describe("configurations", () => {
  it("are told apart by family, with defaults and errors that name the field", () => {
    expect(ClassifierConfig.parse({ family: "mlp" })).toEqual({
      family: "mlp",
      hidden: [128],
      activation: "relu",
      dropout: 0,
    });
    const wrong = ClassifierConfig.safeParse({ family: "lenet", kernal: 3 });
    expect(wrong.error?.message).toContain("kernal");
    expect(ClassifierConfig.safeParse({ family: "vgg" }).success).toBe(false);
  });

  it("give the same weights from the same seed, others from another", async () => {
    const weights = async (seed: number) => {
      const model = buildClassifier(mlp(4), shape, new Random(seed));
      return Array.from(await parameters(model).get("output.weight")!.data());
    };
    expect(await weights(1)).toEqual(await weights(1));
    expect(await weights(1)).not.toEqual(await weights(2));
  });

  it("refuse what cannot be built, and inputs of another shape", () => {
    const build = (config: ClassifierConfig, input: number[]) =>
      buildClassifier(config, { input, classes: 2 }, new Random(1));
    expect(() => build(lenet5(), [784])).toThrow("LeNet: expected images [height, width, channels]");
    expect(() => build(lenet5(), [8, 8, 1])).toThrow("Use fewer `channels` or a smaller `kernel`.");
    expect(() => build({ family: "resnet", blocks: 1, widths: [8, 4] }, [8, 8, 1])).toThrow("do not shrink");
    expect(() => buildClassifier(mlp(4), { input: [3], classes: 0 }, new Random(1))).toThrow(
      "expected `classes` to be an integer of at least 1. Received 0.",
    );
    const model = build(mlp(4), [3]);
    expect(() => model.forward(tf.zeros([1, 4]), { training: false })).toThrow(
      "Dense: expected an input of shape […, 3]. Received [1, 4].",
    );
    const images = build(lenet5(), [28, 28, 1]);
    expect(() => images.forward(tf.zeros([1, 28, 28]), { training: false })).toThrow(
      "Conv2d: expected an input of shape […, …, …, 1]. Received [1, 28, 28].",
    );
  });
});
