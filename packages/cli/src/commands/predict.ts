import { readFile } from "node:fs/promises";
import { extname, resolve } from "node:path";
import { readCsv, readJsonLines, readText } from "@nacre/data";
import { openBundle } from "@nacre/lineage";
import {
  type ClassPrediction,
  type FoundAnswer,
  loadPredictor,
  type Predictor,
  type SearchResult,
  type TextContinuation,
  type TextTranslation,
} from "@nacre/tasks";
import { ready } from "@nacre/tensor";
import type { Command } from "commander";
import type { Surroundings } from "../program.ts";
import { UsageError } from "../terminal.ts";

const batchSize = 64;

interface Sample {
  readonly source: string;
  readonly input: unknown;
}

export function addPredict(nacre: Command, { terminal, signal }: Surroundings): void {
  nacre
    .command("predict")
    .description(
      "Predict with a bundle: picture files, the rows of CSV and JSONL files, questions about passages, prompts to go on with, queries to search with, or texts to translate.",
    )
    .argument("<bundle>", "a bundle's folder")
    .argument(
      "<inputs...>",
      "PNG or JPEG files for a model of images; .csv, .tsv or .jsonl files for a model of rows or texts, or .txt; the same with question and passage for one that answers; prompts, queries or texts, or .txt and .jsonl files of them, for a model that continues, searches or translates",
    )
    .option("--json", "one prediction per line, as JSON, with all probabilities")
    .addHelpText(
      "after",
      `
Examples
  nacre predict runs/…/bundle seven.png
  nacre predict runs/…/bundle people.csv --json > predictions.jsonl
  nacre predict runs/…/bundle questions.jsonl
  nacre predict runs/…/bundle "Once upon a time"
  nacre predict runs/…/bundle "Zwei Hunde spielen im Schnee."`,
    )
    .action(async (folder: string, files: string[], options: { json?: boolean }) => {
      await ready();
      const bundle = await openBundle(resolve(folder));
      const predictor = await loadPredictor(bundle);
      try {
        let batch: Sample[] = [];
        const flush = async (): Promise<void> => {
          const inputs = batch.map(({ input }) => input);
          const outputs = (await predictor.predict(inputs, signal).catch((error: Error & { inputIndex?: number }) => {
            const source = error.inputIndex === undefined ? undefined : batch[error.inputIndex]?.source;
            throw source === undefined ? error : new Error(`${source}: ${error.message}`, { cause: error });
          })) as (ClassPrediction | TextContinuation | FoundAnswer | SearchResult | TextTranslation)[];
          outputs.forEach((output, index) => {
            const { source } = batch[index]!;
            if ("targetTokens" in output) {
              terminal.out.write(options.json ? `${JSON.stringify(output)}\n` : `${output.text}\n`);
              return;
            }
            if ("tokens" in output) {
              const answers = predictor.input.kind === "prompt" && predictor.input.conversation;
              const text = answers ? output.text : `${output.prompt}${output.text}`;
              terminal.out.write(options.json ? `${JSON.stringify({ source, ...output })}\n` : `${text}\n`);
              return;
            }
            if ("hits" in output) {
              const lines = output.hits.map(({ score, text }) => `${output.query}\t${score.toFixed(4)}\t${text}`);
              terminal.out.write(`${options.json ? JSON.stringify({ source, ...output }) : lines.join("\n")}\n`);
              return;
            }
            const [said, probability] =
              "further" in output ? [output.text, output.score] : [output.label, output.probabilities[output.label]!];
            terminal.out.write(
              options.json
                ? `${JSON.stringify({ source, ...output })}\n`
                : `${source}\t${said}\t${probability.toFixed(4)}\n`,
            );
          });
          batch = [];
        };
        for await (const sample of samples(files, predictor)) {
          signal.throwIfAborted();
          if (batch.push(sample) === batchSize) await flush();
        }
        if (batch.length > 0) await flush();
      } finally {
        predictor.dispose();
      }
    });
}

async function* samples(files: readonly string[], predictor: Predictor): AsyncGenerator<Sample> {
  for (const file of files) {
    if (predictor.input.kind === "image") {
      const bytes = await readFile(file).catch((error: NodeJS.ErrnoException) => {
        throw new UsageError(`Expected a picture at ${file}. ${error.message}`);
      });
      yield { source: file, input: check({ image: bytes.toString("base64") }, file, predictor) };
      continue;
    }
    const { kind } = predictor.input;
    const isText = /\.txt(\.gz)?$/.test(file);
    if ((kind === "prompt" || kind === "search") && !isText && !/\.jsonl(\.gz)?$/.test(file)) {
      const key = kind === "search" ? "query" : kind;
      yield { source: key, input: check({ [key]: file }, key, predictor) };
      continue;
    }
    if (kind === "translation" && !isText && extname(file.replace(/\.gz$/, "")) !== ".jsonl") {
      yield { source: "text", input: check({ text: file }, "text", predictor) };
      continue;
    }
    let line = 0;
    for await (const row of isText && kind !== "row" && kind !== "question"
      ? linesOf(file, kind === "search" ? "query" : kind === "prompt" ? kind : "text")
      : rowsOf(file)) {
      const source = `${file}:${++line}`;
      yield { source, input: check(row, source, predictor) };
    }
  }
}

/** One text a line; empty lines are passed over. */
async function* linesOf(file: string, key: "text" | "prompt" | "query"): AsyncGenerator<unknown> {
  for await (const line of readText(file)) if (line !== "") yield { [key]: line };
}

function rowsOf(file: string): AsyncIterable<unknown> {
  switch (extname(file.replace(/\.gz$/, ""))) {
    case ".csv":
      return readCsv(file);
    case ".tsv":
      return readCsv(file, { delimiter: "\t" });
    case ".jsonl":
      return readJsonLines(file);
  }
  throw new UsageError(`Expected rows in a .csv, .tsv or .jsonl file. Received ${file}.`);
}

function check(input: unknown, source: string, predictor: Predictor): unknown {
  const parsed = predictor.inputSchema.safeParse(input);
  if (parsed.success) return parsed.data;
  const faults = parsed.error.issues.map(({ path, message }) => `${path.join(".") || "input"}: ${message}`);
  throw new UsageError(`${source}: ${faults.join("; ")}`);
}
