import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { digits, encodePng, trainCharacters } from "@nacre/data";
import { Gpt2, Gpt2Config, savePretrained } from "@nacre/models";
import { Random } from "@nacre/random";
import { RunEvent } from "@nacre/tasks";
import { ready } from "@nacre/tensor";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { nacre, smallRecipe, startNacre } from "./nacre.ts";

let folder: string;
let run: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "nacre-cli-"));
  run = join(folder, "run");
  await writeFile(join(folder, "recipe.yaml"), smallRecipe());
});
afterAll(() => rm(folder, { recursive: true, force: true }));

describe("nacre", () => {
  it("teaches", async () => {
    const { code, out } = await nacre("--help");
    expect(code).toBe(0);
    for (const command of [
      "run",
      "prepare",
      "train",
      "evaluate",
      "predict",
      "embed",
      "serve",
      "tune",
      "data",
      "tokenize",
      "generate",
      "chat",
      "bundle",
      "doctor",
    ]) {
      expect(out).toMatch(new RegExp(`^  ${command}\\b`, "m"));
    }
    expect((await nacre("run", "--help")).out).toContain("Examples");
    expect((await nacre("serve", "--help")).out).toContain("--max-batch");
  });

  it("says what is wrong with how it was called, with exit code 2", async () => {
    expect(await nacre("rum")).toMatchObject({ code: 2, error: expect.stringContaining("run") });
    expect(await nacre("run", join(folder, "none.yaml"))).toMatchObject({
      code: 2,
      error: expect.stringContaining("There is no recipe at"),
    });
    await writeFile(join(folder, "faulty.yaml"), smallRecipe().replace("hidden: [32]", "hidden: [wide]"));
    const faulty = await nacre("run", join(folder, "faulty.yaml"), "--folder", join(folder, "never"));
    expect(faulty.code).toBe(2);
    expect(faulty.error).toMatch(/faulty\.yaml:8: model\.hidden\.0: expected number/i);
    expect(await nacre("serve", folder, "--port", "many")).toMatchObject({ code: 2 });
  });

  it("generates and chats with a folder", async () => {
    const model = join(folder, "model");
    const tokenizer = trainCharacters(' abcdefghij{}":0123456789<|>\n', { special: ["<end>"] });
    await tokenizer.save(model);
    const sizes = { vocabulary: tokenizer.vocabularySize, context: 128, layers: 1, heads: 2, width: 32 };
    await ready();
    await savePretrained(new Gpt2(Gpt2Config.parse({ family: "gpt2", ...sizes }), new Random(1)), model);
    const prompted = ["generate", model, "abc", "--max-new-tokens", "12", "--seed", "3"];
    const first = await nacre(...prompted);
    expect(first.code, first.error).toBe(0);
    expect(await nacre(...prompted)).toEqual(first);
    const pieces = (await nacre(...prompted, "--json")).out.trim().split("\n");
    expect(pieces.map((line) => JSON.parse(line).text).join("")).toBe(first.out.slice(0, -1));
    const last = JSON.parse(pieces.at(-1)!);
    expect(last.finishReason).toBe("length");
    expect(last.logProbabilities).toHaveLength(last.ids.length);
    const schema = join(folder, "schema.json");
    await writeFile(schema, '{"type":"object","properties":{"a":{"type":"integer"}},"required":["a"]}');
    expect(JSON.parse((await nacre(...prompted, "--schema", schema)).out)).toEqual({ a: expect.any(Number) });
    expect((await nacre(...prompted, "--regex", "x+")).code).toBe(2);
    for (const bits of ["8", "4"]) {
      const rounded = await nacre(...prompted, "--quantize", bits, "--json");
      expect(rounded.code, rounded.error).toBe(0);
      const ids = rounded.out
        .trim()
        .split("\n")
        .flatMap((line) => JSON.parse(line).ids);
      expect(ids).toHaveLength(12);
    }
    expect(await nacre(...prompted, "--quantize", "5")).toMatchObject({
      code: 2,
      error: expect.stringContaining("--quantize 8 or --quantize 4"),
    });
    const template = "{% for m in messages %}<{{ m.content }}>{% endfor %}";
    const chat = ["chat", model, "abc", "--template", template, "--regex", "[a-c]{4}", "--json"];
    const answer = await nacre(...chat);
    expect(answer.code, answer.error).toBe(0);
    expect(JSON.parse(answer.out)).toMatchObject({
      content: expect.stringMatching(/^[a-c]{4}$/),
      finishReason: "complete",
    });
  });

  it("trains a tokenizer, shows it, encodes and decodes", async () => {
    const corpus = join(folder, "corpus.txt");
    await writeFile(corpus, "the sailor opens the shell\nthe captain sells a pearl\n".repeat(40));
    const made = join(folder, "tokenizer");
    const trained = await nacre("tokenize", "train", corpus, "--out", made, "--vocabulary-size", "280", "--json");
    expect(trained.code, trained.error).toBe(0);
    expect(JSON.parse(trained.out)).toMatchObject({ folder: made, model: "BPE", vocabularySize: 280 });
    expect(JSON.parse((await nacre("tokenize", "show", made, "--json")).out)).toMatchObject({
      preTokenizer: "ByteLevel",
    });
    const text = "the pearl 珠";
    const { ids, offsets } = JSON.parse((await nacre("tokenize", "encode", made, text, "--json")).out);
    expect(text.slice(...(offsets[0] as [number, number]))).toBe("the");
    expect((await nacre("tokenize", "decode", made, ...ids.map(String))).out).toBe(`${text}\n`);
    expect(await nacre("tokenize", "decode", made, "280")).toMatchObject({ code: 2 });
  });

  it("prepares, trains and evaluates in turn", async () => {
    const prepared = await nacre("prepare", join(folder, "recipe.yaml"), "--folder", run);
    expect(prepared.code, prepared.error).toBe(0);
    expect(await readFile(join(run, "data.html"), "utf8")).toContain("<svg");
    const trained = await nacre("train", "--resume", "--folder", run, "--json");
    expect(trained.code, trained.error).toBe(0);
    const events = trained.out
      .trim()
      .split("\n")
      .map((line) => RunEvent.parse(JSON.parse(line)));
    expect(events.some(({ type }) => type === "step")).toBe(true);
    const evaluated = await nacre("evaluate", run);
    expect(evaluated.code, evaluated.error).toBe(0);
    expect(evaluated.out).toMatch(/accuracy +0\.\d{4}/);
    expect(evaluated.out).toMatch(/random forest/);
    expect((await nacre("run", "--resume", "--folder", run)).error).toContain("is done; there is nothing to resume");
  });

  it("predicts, and inspects what it predicts with", async () => {
    const [first] = await digits({ seed: 4, count: 1 }).toArray();
    const picture = join(folder, "digit.png");
    await writeFile(picture, await encodePng(first!.image));
    const { code, out, error } = await nacre("predict", join(run, "bundle"), picture, "--json");
    expect(code, error).toBe(0);
    expect(JSON.parse(out)).toMatchObject({ source: picture, index: expect.any(Number) });
    expect((await nacre("predict", join(run, "bundle"), join(folder, "none.png"))).code).toBe(2);
    const damaged = join(folder, "damaged.png");
    await writeFile(damaged, (await encodePng(first!.image)).subarray(0, 60));
    expect(await nacre("predict", join(run, "bundle"), picture, damaged)).toMatchObject({
      code: 1,
      error: expect.stringContaining(`${damaged}: picture: the PNG is damaged`),
    });
    const inspection = JSON.parse((await nacre("bundle", "inspect", join(run, "bundle"), "--json")).out);
    expect(inspection).toMatchObject({ intact: true, parameters: 784 * 32 + 32 + 32 * 10 + 10 });
  });

  it("serves, and ends in good order", async () => {
    const { child, finished } = startNacre([
      "serve",
      `digits=${join(run, "bundle")}`,
      "--port",
      "0",
      "--log-level",
      "silent",
      "--json",
    ]);
    const line = await Promise.race([
      new Promise<string>((resolve) => child.stdout!.once("data", (chunk) => resolve(String(chunk)))),
      finished.then(({ error }) => Promise.reject(new Error(error))),
    ]);
    const { address, models } = JSON.parse(line);
    expect(models).toEqual(["digits"]);
    const [first] = await digits({ seed: 4, count: 1 }).toArray();
    const inputs = [{ image: Buffer.from(await encodePng(first!.image)).toString("base64") }];
    const answer = await fetch(`${address}/v1/models/digits/predict`, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({ inputs }),
    });
    expect(await answer.json()).toMatchObject({ model: "digits", outputs: [{ label: expect.stringMatching(/^\d$/) }] });
    child.kill("SIGTERM");
    expect((await finished).code).toBe(130);
  });

  it("refuses a damaged bundle by the file's name", async () => {
    const path = join(run, "bundle", "config.json");
    await writeFile(path, `${await readFile(path, "utf8")} `);
    const { code, error } = await nacre("predict", join(run, "bundle"), join(folder, "digit.png"));
    expect(code).toBe(1);
    expect(error).toContain("config.json");
    expect((await nacre("bundle", "inspect", join(run, "bundle"))).code).toBe(1);
  });

  it("tunes by validation, and goes on where it was", async () => {
    const search = join(folder, "search");
    const first = await nacre("tune", join(folder, "recipe.yaml"), "--folder", search, "--json");
    expect(first.code, first.error).toBe(0);
    const best = JSON.parse(first.out.trim().split("\n").at(-1)!);
    expect(best).toMatchObject({
      type: "best",
      monitor: "accuracy",
      trial: { scores: [{ epochs: 1 }, { epochs: 2 }] },
    });
    const recipe = await readFile(join(search, "best.yaml"), "utf8");
    expect(recipe).toContain(String(best.trial.values["train.optimizer.learningRate"]));
    const started = Date.now();
    const again = await nacre("tune", join(folder, "recipe.yaml"), "--folder", search, "--json");
    expect(JSON.parse(again.out.trim().split("\n").at(-1)!)).toEqual(best);
    // Nothing was trained again.
    expect((await readFile(join(search, "trials", "0", "run.json"), "utf8")).includes(String(started))).toBe(false);
  });

  it("knows data sets and this machine", async () => {
    expect((await nacre("data", "list")).out).toMatch(/^mnist +/m);
    expect(JSON.parse((await nacre("data", "list", "--json")).out)[0]).toHaveProperty("citation");
    expect((await nacre("data", "get", "no-such-set")).code).toBe(1);
    const doctor = JSON.parse((await nacre("doctor", "--json")).out);
    expect(doctor.candidates.map(({ name }: { name: string }) => name)).toEqual(["native", "webgpu", "wasm", "cpu"]);
    expect((await nacre("doctor")).out).toContain(doctor.chosen);
  });
});
