import { existsSync, readFileSync } from "node:fs";
import { gunzipSync } from "node:zlib";
import { describe, expect, it } from "vitest";
import { runTextBaselines } from "../baselines.ts";
import { TextNgramModel } from "./text-ngram-model.ts";

const mirror = new URL("../../../../../shared/data/", import.meta.url);
const mirrorIsHere = existsSync(mirror);
if (!mirrorIsHere) console.log(`Skipped: no data sets at ${mirror.pathname}`);
const slow = process.env.NACRE_SLOW_TESTS === "1";
if (mirrorIsHere && !slow) console.log("Skipped: baselines on whole data sets (NACRE_SLOW_TESTS=1 runs them)");
const read = (name: string) => gunzipSync(readFileSync(new URL(`${name}.gz`, mirror))).toString();

// The values in ../shared/data/MANIFEST.json, measured there with numpy and scikit-learn.
describe.skipIf(!mirrorIsHere)("on public data (needs ../shared/data)", () => {
  it("names: a bigram with 1 added to every count", () => {
    const names = read("names/names.txt").trim().split("\n");
    const model = TextNgramModel.fit(names, { order: 2, smoothing: 1, unknown: false });
    const scores = names.map((name) => model.score(name));
    const nats = scores.reduce((sum, { logLikelihood }) => sum - logLikelihood, 0);
    expect(nats / scores.reduce((sum, { tokens }) => sum + tokens, 0)).toBeCloseTo(2.4546, 4);
  });

  it("tinyshakespeare: a 5-gram with 0.05 added, and Kneser–Ney below it", () => {
    const text = read("tinyshakespeare/input.txt");
    const [train, validation] = [text.slice(0, text.length * 0.9), text.slice(text.length * 0.9)];
    const loss = (smoothing: "kneser-ney" | number) => {
      const model = TextNgramModel.fit([train], { order: 5, smoothing, boundaries: false, unknown: false });
      const { logLikelihood, tokens } = model.score(validation);
      return -logLikelihood / tokens;
    };
    expect(loss(0.05)).toBeCloseTo(1.7566, 3);
    expect(loss("kneser-ney")).toBeCloseTo(1.561, 3);
  });

  const svm = async (train: readonly string[][], test: readonly string[][], text: number, label: number) => {
    const classes = [...new Set(train.map((row) => row[label]!))].sort();
    const part = (rows: readonly string[][]) => ({
      features: rows.map((row) => row[text]!),
      labels: rows.map((row) => classes.indexOf(row[label]!)),
    });
    const rows = await runTextBaselines({ train: part(train), test: part(test), classes, seed: 1, resamples: 2 });
    return rows.at(-1)!.scores.find(({ name }) => name === "accuracy")!.value;
  };

  it.skipIf(!slow)("banking77 and csl-category-zh: TF-IDF and SVM", { timeout: 120_000 }, async () => {
    const field = /(?:"((?:[^"]|"")*)"|([^,\n]*))(?:,|\n)/g;
    const csv = (name: string) => {
      const fields = [...read(name).matchAll(field)].map(
        ([, quoted, plain]) => quoted?.replaceAll('""', '"') ?? plain!,
      );
      return Array.from({ length: fields.length >> 1 }, (_, row) => [
        fields[2 * row]!,
        fields[2 * row + 1]!.trim(),
      ]).slice(1);
    };
    expect(await svm(csv("banking77/train.csv"), csv("banking77/test.csv"), 0, 1)).toBeCloseTo(0.8938, 4);
    const tsv = (name: string) =>
      read(name)
        .trimEnd()
        .split("\n")
        .map((line) => line.split("\t"));
    expect(await svm(tsv("csl-category-zh/train.tsv"), tsv("csl-category-zh/test.tsv"), 1, 2)).toBeCloseTo(0.792, 4);
  });
});
