// What a page does with the packages; bundled by the test, and called from it.
import { decodeImage, digits, encodePng, from, readCsv, readJsonLines, TablePreparation } from "@nacre/data";
import { evaluateClassification } from "@nacre/evaluate";
import { buildClassifier, inference, lenet5 } from "@nacre/models";
import { Random } from "@nacre/random";
import { type BackendName, encodeSafetensors, parseSafetensors, ready, snapshot, tf } from "@nacre/tensor";
import { adam, crossEntropy, train } from "@nacre/train";

async function chosen(): Promise<{ backend: string; tried: Record<string, string> }> {
  const { chosen: backend, candidates } = await ready({ wasmPath: "/wasm/" });
  return { backend, tried: Object.fromEntries(candidates.map(({ name, reason }) => [name, reason])) };
}

/** Trains a small convolutional network on drawn digits. */
async function learn(backend: BackendName, steps: number) {
  await ready({ backend, wasmPath: "/wasm/" });
  const model = buildClassifier(lenet5(), { input: [28, 28, 1], classes: 10 }, new Random(1));
  const records = await digits({ seed: 1, count: 320 }).toArray();
  const toBatch = (group: typeof records) => {
    const pixels = new Float32Array(group.length * 784);
    group.forEach(({ image }, row) => pixels.set(image.pixels, row * 784));
    return { pixels: pixels.map((value) => value / 255), labels: group.map(({ label }) => label) };
  };
  const images = (pixels: Float32Array) => tf.tensor4d(pixels, [pixels.length / 784, 28, 28, 1]);
  const data = from(records).shuffle({ seed: 1 }).batch(32).map(toBatch);
  const losses: number[] = [];
  for await (const { loss } of train({
    model,
    data,
    loss: (net, batch, context) =>
      crossEntropy(net.forward(images(batch.pixels), context), tf.tensor1d(batch.labels, "int32")),
    examplesIn: (batch) => batch.labels.length,
    optimizer: adam(0.002),
    steps,
    seed: 1,
  })) {
    losses.push(loss);
  }
  const { pixels, labels } = toBatch(records);
  const output = tf.tidy(() => tf.softmax(model.forward(images(pixels), inference)));
  const rows = (await output.array()) as number[][];
  output.dispose();
  const examples = rows.map((probabilities, row) => ({ probabilities, label: labels[row]! }));
  const { scores } = evaluateClassification({ classes: [..."0123456789"], examples, seed: 1, resamples: 100 });
  const file = encodeSafetensors(await snapshot(model));
  return { losses, accuracy: scores[0]!.value, tensors: parseSafetensors(file).tensors.size };
}

/** Reads files that a person chose. */
async function read() {
  const csv = new Blob(['name,size\n"a, b",1.5\nc,2\n']);
  const rows = await readCsv(csv).toArray();
  const lines = await readJsonLines(new Blob(['{"a":1}\n{"a":2}\n'])).toArray();
  const [first] = await digits({ seed: 2, count: 1 }).toArray();
  const png = await encodePng(first!.image);
  const decoded = await decodeImage(png);
  const preparation = await TablePreparation.fit(rows, [{ name: "size", type: "number" }]);
  return {
    rows,
    lines,
    same: first!.image.pixels.every((value, index) => decoded.pixels[index] === value),
    width: preparation.width,
    file: await readCsv("/etc/rows.csv")
      .toArray()
      .then(
        () => "read",
        (error: Error) => error.message,
      ),
  };
}

const random = () => [...new Random(7).fork("page").fillNormal(new Float32Array(4))];

Object.assign(globalThis, { nacre: { chosen, learn, random, read } });
