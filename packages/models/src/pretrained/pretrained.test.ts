import { cp, mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { Random } from "@nacre/random";
import {
  disposeModel,
  encodeSafetensors,
  openSafetensors,
  parameters,
  parseSafetensors,
  ready,
  tf,
  toFloat32,
} from "@nacre/tensor";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import {
  type CausalLanguageModel,
  fromPretrainedParts,
  Gpt2,
  gpt2Small,
  inference,
  Llama,
  languageModelFromPretrained,
  Mlp,
  mlp,
  savePretrained,
  tinyLlama,
} from "../index.ts";

const fixtures = fileURLToPath(new URL("../fixtures/decoders/", import.meta.url));
const cases = ["gpt2", "llama", "mistral", "qwen2", "qwen3", "mixtral", "qwen2-moe", "qwen3-moe"] as const;
let scratch: string;
beforeAll(async () => {
  await ready({ backend: "cpu" });
  scratch = await mkdtemp(join(tmpdir(), "pretrained-"));
});
afterAll(async () => rm(scratch, { recursive: true }));

const json = async (path: string) => JSON.parse(await readFile(path, "utf8")) as Record<string, unknown>;

function logitsOf(model: CausalLanguageModel): Float32Array {
  const ids = tf.tensor2d([[1, 5, 3, 20, 7]], [1, 5], "int32");
  const values = tf.tidy(() => model.forward(ids, inference).dataSync() as Float32Array);
  ids.dispose();
  return values;
}

/** A copy of a fixture to spoil. */
async function copied(name: string, change: (config: Record<string, unknown>) => object = (config) => config) {
  const folder = await mkdtemp(join(scratch, `${name}-`));
  await cp(join(fixtures, name), folder, { recursive: true });
  await writeFile(join(folder, "config.json"), JSON.stringify(change(await json(join(folder, "config.json")))));
  return folder;
}

describe("savePretrained", () => {
  it.each(cases)(
    "writes %s as transformers does: the same tensors, and settings that give the same model",
    async (name) => {
      const model = await languageModelFromPretrained(join(fixtures, name));
      const folder = join(scratch, `saved-${name}`);
      await savePretrained(model, folder);
      expect((await readdir(folder)).sort()).toEqual(["config.json", "generation_config.json", "model.safetensors"]);
      const [theirs, ours] = await Promise.all(
        [join(fixtures, name), folder].map(async (place) => {
          const { tensors } = parseSafetensors(await readFile(join(place, "model.safetensors")));
          return new Map([...tensors].map(([key, { shape, data }]) => [key, { shape, data: Buffer.from(data) }]));
        }),
      );
      expect([...ours!.keys()].sort()).toEqual([...theirs!.keys()].sort());
      for (const [key, tensor] of theirs!) expect(ours!.get(key), key).toEqual(tensor);
      const [before, after] = await Promise.all([
        json(join(fixtures, name, "config.json")),
        json(join(folder, "config.json")),
      ]);
      for (const key of [
        "architectures",
        "model_type",
        "vocab_size",
        "bos_token_id",
        "eos_token_id",
        "tie_word_embeddings",
      ]) {
        expect(after[key], key).toEqual(before[key]);
      }
      expect(await json(join(folder, "generation_config.json"))).toMatchObject({ bos_token_id: 1, eos_token_id: 2 });

      const again = await languageModelFromPretrained(folder);
      expect((again as Gpt2).config).toEqual((model as Gpt2).config);
      expect(logitsOf(again)).toEqual(logitsOf(model));
      disposeModel(model);
      disposeModel(again);
    },
  );

  it("splits large weights into files under an index, and goes back to one", async () => {
    const folder = join(scratch, "sharded");
    const model = await languageModelFromPretrained(join(fixtures, "mistral"));
    await savePretrained(model, folder, { shardBytes: 8000 });
    const files = (await readdir(folder)).filter((name) => name.endsWith(".safetensors")).sort();
    expect(files[0]).toMatch(/^model-00001-of-0000\d\.safetensors$/);
    expect(files.length).toBeGreaterThan(2);
    const { weight_map: places } = await json(join(folder, "model.safetensors.index.json"));
    const file = await openSafetensors(join(folder, files[0]!));
    for (const name of file.tensors.keys()) expect((places as Record<string, string>)[name]).toBe(files[0]);
    await file.close();
    const again = await languageModelFromPretrained(folder);
    expect(logitsOf(again)).toEqual(logitsOf(model));
    await savePretrained(model, folder);
    expect(await readdir(folder)).not.toContain("model.safetensors.index.json");
    disposeModel(model);
    disposeModel(again);
  });

  it("writes tensors of one's own beside the model's, which are passed over when it is read", async () => {
    const folder = join(scratch, "extra");
    const model = await languageModelFromPretrained(join(fixtures, "llama"));
    const values = Float32Array.of(1, 2, 3);
    const extra = [{ name: "own.table", dtype: "F32", shape: [3], data: new Uint8Array(values.buffer) }] as const;
    await savePretrained(model, folder, { extra });
    const [config, weights] = await Promise.all([
      json(join(folder, "config.json")),
      readFile(join(folder, "model.safetensors")),
    ]);
    expect([...toFloat32(parseSafetensors(weights).tensors.get("own.table")!)]).toEqual([1, 2, 3]);
    const again = [
      (await fromPretrainedParts({ config, weights })) as CausalLanguageModel,
      await languageModelFromPretrained(folder),
    ];
    await savePretrained(model, folder, { extra, shardBytes: 8000 });
    const index = await json(join(folder, "model.safetensors.index.json"));
    const last = (index.weight_map as Record<string, string>)["own.table"]!;
    const file = await openSafetensors(join(folder, last));
    expect([...toFloat32(await file.read("own.table"))]).toEqual([1, 2, 3]);
    await file.close();
    const parameterBytes = [...parameters(model).values()].reduce((sum, { size }) => sum + 4 * size, 0);
    expect(index.metadata).toEqual({ total_size: parameterBytes + 12 });
    again.push(await languageModelFromPretrained(folder));
    for (const each of again) expect(logitsOf(each)).toEqual(logitsOf(model));
    for (const each of [model, ...again]) disposeModel(each);
  });

  it.each([
    ["BF16", "bfloat16", 0.03],
    ["F16", "float16", 0.004],
  ] as const)("writes and reads %s", async (dtype, name, tolerance) => {
    const folder = join(scratch, dtype);
    const model = await languageModelFromPretrained(join(fixtures, "llama"));
    await savePretrained(model, folder, { dtype });
    expect((await json(join(folder, "config.json"))).dtype).toBe(name);
    const again = await languageModelFromPretrained(folder);
    const [wanted, got] = [logitsOf(model), logitsOf(again)];
    const largest = Math.max(...wanted.map(Math.abs));
    const error = Math.max(...got.map((value, i) => Math.abs(value - wanted[i]!))) / largest;
    expect(error).toBeGreaterThan(0);
    expect(error).toBeLessThan(tolerance);
    disposeModel(model);
    disposeModel(again);
  });

  it("writes a banded GPT under a name that Python refuses, and reads it again", async () => {
    const config = gpt2Small({ vocabulary: 29, context: 8, layers: 2, heads: 2, width: 8, window: 3 });
    const model = new Gpt2(config, new Random(1));
    await savePretrained(model, join(scratch, "banded"));
    expect((await json(join(scratch, "banded/config.json"))).model_type).toBe("nacre_gpt3");
    const again = await languageModelFromPretrained(join(scratch, "banded"));
    expect((again as Gpt2).config).toEqual(config);
    expect(logitsOf(again)).toEqual(logitsOf(model));
    disposeModel(model);
    disposeModel(again);
  });

  it("refuses models that transformers has not", async () => {
    const sizes = { vocabulary: 5, context: 8, layers: 1, heads: 2, keyValueHeads: 2, width: 8, hidden: 4 };
    const model = new Llama(tinyLlama({ ...sizes, bias: "all", window: { size: 2, from: 0 } }), new Random(1));
    await expect(savePretrained(model, join(scratch, "none"))).rejects.toThrow(
      "one of Llama, Mistral, Qwen2 and Qwen3",
    );
    const classifier = new Mlp(mlp(2), { input: [2], classes: 2 }, new Random(1));
    await expect(savePretrained(classifier, join(scratch, "none"))).rejects.toThrow("Received a Mlp");
    expect(await readdir(scratch)).not.toContain("none");
    disposeModel(model);
    disposeModel(classifier);
  });
});

describe("fromPretrained", () => {
  it("names missing, unexpected and misshapen tensors, and leaves nothing behind", async () => {
    const folder = await copied("qwen2");
    const path = join(folder, "model.safetensors");
    const { tensors } = parseSafetensors(await readFile(path));
    const spoilt = [...tensors].flatMap(([name, tensor]) => {
      if (name === "model.norm.weight") return [];
      if (name === "lm_head.weight") return [{ ...tensor, name, shape: [...tensor.shape].reverse() }];
      return [{ ...tensor, name }];
    });
    const extra = { name: "model.extra", dtype: "F32" as const, shape: [1], data: new Uint8Array(4) };
    await writeFile(path, encodeSafetensors([...spoilt, extra]));
    const before = tf.memory().numTensors;
    const failure = languageModelFromPretrained(folder);
    await expect(failure).rejects.toThrow("Expected the 27 tensors of a Llama");
    await expect(failure).rejects.toThrow('missing "model.norm.weight" [16]');
    await expect(failure).rejects.toThrow('"lm_head.weight": expected shape [29,16], received [16,29]');
    await expect(failure).rejects.toThrow('unexpected "model.extra" [1]');
    expect(tf.memory().numTensors).toBe(before);
  });

  it("reads folders of models without a head, whose names have no prefix, and buffers of old folders", async () => {
    const folder = await copied("gpt2");
    const path = join(folder, "model.safetensors");
    const { tensors } = parseSafetensors(await readFile(path));
    const bare = [...tensors].map(([name, tensor]) => ({ ...tensor, name: name.replace("transformer.", "") }));
    const buffer = { name: "h.0.attn.bias", dtype: "F32" as const, shape: [1], data: new Uint8Array(4) };
    await writeFile(path, encodeSafetensors([...bare, buffer]));
    const [model, original] = [
      await languageModelFromPretrained(folder),
      await languageModelFromPretrained(join(fixtures, "gpt2")),
    ];
    expect(logitsOf(model)).toEqual(logitsOf(original));
    const embedding = toFloat32(tensors.get("transformer.wte.weight")!);
    expect(parameters(model).get("tokens.weight")!.dataSync()).toEqual(embedding);
    disposeModel(model);
    disposeModel(original);
  });

  it.each<[string, Record<string, unknown>, string]>([
    ["an unknown family", { model_type: "mamba" }, "Expected a `model_type` of gpt2"],
    [
      "a setting that is not computed here",
      { scale_attn_by_inverse_layer_idx: true },
      "scale_attn_by_inverse_layer_idx",
    ],
    ["an activation that is not known", { activation_function: "quick_gelu" }, "activation_function"],
  ])("refuses %s", async (_, change, message) => {
    const folder = await copied("gpt2", (config) => ({ ...config, ...change }));
    await expect(languageModelFromPretrained(folder)).rejects.toThrow(message);
  });

  it("refuses scalings of positions that are not known", async () => {
    const scaling = { rope_type: "longrope", factor: 2, rope_theta: 1e4 };
    const folder = await copied("llama", (config) => ({ ...config, rope_parameters: scaling }));
    await expect(languageModelFromPretrained(folder)).rejects.toThrow(
      'linear, dynamic, llama3, yarn. Received "longrope"',
    );
  });

  it("says what lacks in a folder, and how to get it", async () => {
    const folder = await copied("gpt2");
    await rm(join(folder, "model.safetensors"));
    await expect(languageModelFromPretrained(folder)).rejects.toThrow("save_pretrained");
    await writeFile(
      join(folder, "model.safetensors.index.json"),
      JSON.stringify({ weight_map: { "a.weight": "../outside.safetensors" } }),
    );
    await expect(languageModelFromPretrained(folder)).rejects.toThrow('Received "../outside.safetensors"');
  });

  it("prefers the special tokens of generation_config.json", async () => {
    const folder = await copied("llama");
    await writeFile(join(folder, "generation_config.json"), JSON.stringify({ eos_token_id: [4, 5], pad_token_id: 0 }));
    const model = await languageModelFromPretrained(folder);
    expect(model.specialTokens).toEqual({ begin: 1, end: [4, 5], padding: 0 });
    disposeModel(model);
  });
});
