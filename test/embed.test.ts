import { existsSync } from "node:fs";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { homedir, tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { openTokenizer } from "@nacre/data";
import { Bert, bertBase, SentenceEncoder, saveSentenceEncoder, sentenceEncoderFromPretrained } from "@nacre/models";
import { Random } from "@nacre/random";
import { disposeModel, openSafetensors, parseSafetensors, ready, toFloat32 } from "@nacre/tensor";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { nacre } from "./nacre.ts";

let folder: string;
let model: string;

/** A small encoder of its own, with words of a line each. */
beforeAll(async () => {
  await ready();
  folder = await mkdtemp(join(tmpdir(), "nacre-embed-"));
  model = join(folder, "model");
  const words = [
    "[PAD]",
    "[UNK]",
    "[CLS]",
    "[SEP]",
    "[MASK]",
    "a",
    "cat",
    "dog",
    "sleeps",
    "barks",
    "the",
    "market",
    "fell",
  ];
  const random = new Random(2);
  const encoder = new Bert(
    bertBase({ vocabulary: words.length, context: 8, layers: 1, heads: 2, width: 8, hidden: 16 }),
    random,
  );
  const sentences = new SentenceEncoder(encoder, { longest: 6 });
  await saveSentenceEncoder(sentences, model);
  disposeModel(sentences);
  await writeFile(join(model, "vocab.txt"), `${words.join("\n")}\n`);
});
afterAll(() => rm(folder, { recursive: true, force: true }));

describe("nacre embed", () => {
  it("writes vectors of files and texts as JSON lines, and the same as safetensors", async () => {
    const [txt, jsonl] = [join(folder, "texts.txt"), join(folder, "texts.jsonl")];
    await writeFile(txt, "a cat sleeps\n\nthe dog barks the dog barks the dog barks\n");
    await writeFile(jsonl, `${JSON.stringify({ body: "the market fell" })}\n`);
    const inputs = [model, txt, jsonl, "--field", "body", "--text", "a dog"];
    const { code, out, error } = await nacre("embed", ...inputs);
    expect(code, error).toBe(0);
    const lines = out
      .trim()
      .split("\n")
      .map((line) => JSON.parse(line));
    expect(lines.map(({ source }) => source)).toEqual(["--text 1", `${txt}:1`, `${txt}:3`, `${jsonl}:1`]);
    for (const { embedding } of lines) expect(Math.hypot(...embedding)).toBeCloseTo(1, 5);

    const output = join(folder, "vectors.safetensors");
    expect((await nacre("embed", ...inputs, "--output", output)).code).toBe(0);
    const file = await openSafetensors(output);
    const tensor = await file.read("embeddings");
    await file.close();
    expect(tensor.shape).toEqual([4, 8]);
    const values = Array.from(toFloat32(tensor));
    lines
      .flatMap(({ embedding }) => embedding)
      .forEach((value, index) => void expect(values[index]).toBeCloseTo(value, 6));

    const named = join(folder, "vectors.jsonl");
    expect((await nacre("embed", ...inputs, "--output", named)).code).toBe(0);
    expect(await readFile(named, "utf8")).toBe(out);
  });

  it("shows the most alike pairs", async () => {
    const words = ["a cat sleeps", "the market fell", "a cat sleeps"];
    const { code, out, error } = await nacre(
      "embed",
      model,
      "--similarity",
      "--json",
      "--top",
      "2",
      "--text",
      ...words,
    );
    expect(code, error).toBe(0);
    const pairs = out
      .trim()
      .split("\n")
      .map((line) => JSON.parse(line));
    expect(pairs).toHaveLength(2);
    expect(pairs[0]).toMatchObject({ left: "a cat sleeps", right: "a cat sleeps" });
    expect(pairs[0].cosine).toBeCloseTo(1, 5);
    expect((await nacre("embed", model, "--similarity", "--text", ...words)).out).toMatch(/1\.0000 {2}a cat sleeps/);
  });

  it("says what is wrong with how it was called", async () => {
    expect(await nacre("embed", model)).toMatchObject({ code: 2, error: expect.stringContaining("files or --text") });
    const output = await nacre("embed", model, "--text", "a", "--output", "vectors.npy");
    expect(output).toMatchObject({ code: 2, error: expect.stringContaining(".jsonl or .safetensors") });
    const file = join(folder, "rows.jsonl");
    await writeFile(file, '{"title":"a cat"}\n');
    expect(await nacre("embed", model, file)).toMatchObject({ code: 2, error: expect.stringContaining("--field") });
  });
});

const { NACRE_MINILM, XDG_CACHE_HOME, LOCALAPPDATA } = process.env;
const cache = join(XDG_CACHE_HOME || LOCALAPPDATA || join(homedir(), ".cache"), "nacre", "pretrained");
const minilm = NACRE_MINILM || join(cache, "all-minilm-l6-v2");
const there = existsSync(join(minilm, "model.safetensors"));
if (!there)
  console.log(`Skipped: all-MiniLM-L6-v2 is not at ${minilm}; \`node tools/pretrained/minilm.mjs\` fetches it`);

describe.skipIf(!there)("all-MiniLM-L6-v2", () => {
  it("embeds 100 texts as sentence-transformers does, tokenizer included", async () => {
    const fixtures = fileURLToPath(new URL("../packages/models/src/fixtures/minilm/", import.meta.url));
    const texts = JSON.parse(await readFile(join(fixtures, "sentences.json"), "utf8")) as string[];
    const { tensors } = parseSafetensors(await readFile(join(fixtures, "expected.safetensors")));
    const [ids, lengths, expected] = ["ids", "lengths", "embeddings"].map((name) => toFloat32(tensors.get(name)!));
    const tokenizer = await openTokenizer(minilm);
    const encoder = await sentenceEncoderFromPretrained(minilm);
    const limits = { truncation: { length: encoder.longest }, padding: false } as const;
    const sentences = texts.map((text) => tokenizer.encodeIds(text, limits));
    let start = 0;
    lengths!.forEach((length, index) => {
      expect(Array.from(sentences[index]!), texts[index]).toEqual(Array.from(ids!.subarray(start, start + length)));
      start += length;
    });
    const vectors = await encoder.embed(sentences);
    vectors.forEach((vector, row) => {
      const reference = expected!.subarray(384 * row, 384 * (row + 1));
      const dot = (left: Float32Array, right: Float32Array) =>
        left.reduce((sum, value, i) => sum + value * right[i]!, 0);
      const cosine = dot(vector, reference) / Math.sqrt(dot(vector, vector) * dot(reference, reference));
      expect(cosine, texts[row]).toBeGreaterThanOrEqual(0.99999);
    });
    disposeModel(encoder);
  });
});
