import { once } from "node:events";
import { createWriteStream } from "node:fs";
import { rename, rm } from "node:fs/promises";
import { extname, resolve } from "node:path";
import type { Writable } from "node:stream";
import { openTokenizer, readCsv, readJsonLines, readText } from "@nacre/data";
import { type SentenceEncoder, sentenceEncoderFromPretrained } from "@nacre/models";
import { disposeModel, ready, writeSafetensors } from "@nacre/tensor";
import type { Command } from "commander";
import { z } from "zod";
import { addFlags } from "../flags.ts";
import type { Surroundings } from "../program.ts";
import { ProgressPrinter } from "../progress.ts";
import { table, UsageError } from "../terminal.ts";

/** Texts that are tokenised, sorted by length and computed together. */
const chunkSize = 4096;
/** Pairs grow with the square of the texts. */
const mostCompared = 5000;

const EmbedFlags = z.strictObject({
  field: z.string().min(1).default("text").describe("of .jsonl, .csv and .tsv files: where the text stands"),
  batch: z.int().positive().default(32).describe("most texts that are computed at once"),
  top: z.int().positive().default(20).describe("with --similarity: how many pairs are shown"),
});

type EmbedOptions = z.infer<typeof EmbedFlags> & {
  readonly text?: string[] | undefined;
  readonly output?: string | undefined;
  readonly similarity?: boolean | undefined;
  readonly json?: boolean | undefined;
};

interface Text {
  readonly source: string;
  readonly text: string;
}

export function addEmbed(nacre: Command, surroundings: Surroundings): void {
  const command = nacre
    .command("embed")
    .description("Turn texts into vectors with a sentence encoder, as all-MiniLM-L6-v2.")
    .argument("<model>", "a folder as sentence-transformers or Hugging Face have them, tokenizer included")
    .argument("[files...]", ".txt (a text a line), .jsonl, .csv or .tsv files")
    .option("-t, --text <texts...>", "texts, beside or instead of files")
    .option("-o, --output <file>", "where vectors go: .jsonl or .safetensors; else JSON lines on standard output")
    .option("--similarity", "print the most alike pairs with their cosines instead of vectors")
    .option("--json", "with --similarity: as JSON lines");
  addFlags(command, EmbedFlags);
  command
    .addHelpText(
      "after",
      `
A .safetensors file holds "embeddings" [texts, features], in the order of the texts.

Examples
  nacre embed all-MiniLM-L6-v2 questions.txt --output vectors.safetensors
  nacre embed all-MiniLM-L6-v2 --similarity --text "a cat sleeps" "a kitten naps" "stocks fell"`,
    )
    .action(async (folder: string, files: string[], options: EmbedOptions) => {
      await embed(resolve(folder), files, options, surroundings);
    });
}

async function embed(
  folder: string,
  files: readonly string[],
  options: EmbedOptions,
  { terminal, signal }: Surroundings,
): Promise<void> {
  const sort = options.output === undefined ? ".jsonl" : extname(options.output);
  if (sort !== ".jsonl" && sort !== ".safetensors") {
    throw new UsageError(`Expected an --output that ends in .jsonl or .safetensors. Received ${options.output}.`);
  }
  if (files.length === 0 && !options.text?.length) throw new UsageError("Expected files or --text. Received neither.");
  await ready();
  const tokenizer = await openTokenizer(folder);
  const model = await sentenceEncoderFromPretrained(folder);
  const printer = new ProgressPrinter(terminal);
  try {
    const kept: { text: Text; vector: Float32Array }[] = [];
    const keeps = options.similarity === true || sort === ".safetensors";
    const lines = keeps ? undefined : await openLines(options.output, terminal.out);
    try {
      for await (const chunk of chunks(texts(files, options), chunkSize)) {
        signal.throwIfAborted();
        const limits = { truncation: { length: model.longest }, padding: false } as const;
        const sentences = chunk.map(({ text, source }) => {
          const ids = tokenizer.encodeIds(text, limits);
          if (ids.length === 0) throw new UsageError(`${source}: expected a text that has tokens. Received "${text}".`);
          return ids;
        });
        const vectors = await model.embed(sentences, {
          batch: options.batch,
          onProgress(done) {
            signal.throwIfAborted();
            printer.show({ label: "embedding", done, total: chunk.length, unit: "texts" });
          },
        });
        for (const [index, vector] of vectors.entries()) {
          const text = chunk[index]!;
          if (keeps) kept.push({ text, vector });
          else await lines!.write({ ...text, embedding: Array.from(vector, (value) => Number(value.toPrecision(8))) });
        }
      }
      await lines?.end();
    } catch (error) {
      await lines?.discard();
      throw error;
    }
    printer.clear();
    if (options.similarity) showPairs(kept, options, terminal.out);
    else if (keeps) await writeVectors(resolve(options.output!), kept, model);
  } finally {
    printer.clear();
    disposeModel(model);
  }
}

async function* texts(files: readonly string[], { text: given = [], field }: EmbedOptions): AsyncGenerator<Text> {
  for (const [index, text] of given.entries()) yield { source: `--text ${index + 1}`, text };
  for (const file of files) {
    let line = 0;
    for await (const row of rowsOf(file)) {
      const source = `${file}:${++line}`;
      const text = typeof row === "string" ? row : (row as Record<string, unknown> | null)?.[field];
      if (typeof text !== "string") {
        throw new UsageError(
          `${source}: expected a text under "${field}". Received ${JSON.stringify(row)}: name it with --field.`,
        );
      }
      if (text.trim() !== "") yield { source, text };
    }
  }
}

function rowsOf(file: string): AsyncIterable<unknown> {
  switch (extname(file.replace(/\.gz$/, ""))) {
    case ".txt":
      return readText(file);
    case ".jsonl":
      return readJsonLines(file);
    case ".csv":
      return readCsv(file);
    case ".tsv":
      return readCsv(file, { delimiter: "\t" });
  }
  throw new UsageError(`Expected texts in a .txt, .jsonl, .csv or .tsv file. Received ${file}.`);
}

async function* chunks<Item>(items: AsyncIterable<Item>, size: number): AsyncGenerator<Item[]> {
  let chunk: Item[] = [];
  for await (const item of items) {
    if (chunk.push(item) < size) continue;
    yield chunk;
    chunk = [];
  }
  if (chunk.length > 0) yield chunk;
}

interface Lines {
  write(line: object): Promise<void>;
  end(): Promise<void>;
  discard(): Promise<void>;
}

/** JSON lines to standard output, or to a file that has its name when it is whole. */
async function openLines(output: string | undefined, out: Writable): Promise<Lines> {
  const path = output === undefined ? undefined : resolve(output);
  const temporary = `${path}.${process.pid}.tmp`;
  const stream = path === undefined ? out : createWriteStream(temporary);
  if (path !== undefined) await once(stream, "open");
  return {
    async write(line) {
      if (!stream.write(`${JSON.stringify(line)}\n`)) await once(stream, "drain");
    },
    async end() {
      if (path === undefined) return;
      stream.end();
      await once(stream, "close");
      await rename(temporary, path);
    },
    async discard() {
      if (path === undefined) return;
      stream.destroy();
      await rm(temporary, { force: true });
    },
  };
}

async function writeVectors(
  path: string,
  kept: readonly { vector: Float32Array }[],
  model: SentenceEncoder,
): Promise<void> {
  const width = model.encoder.config.width;
  const values = new Float32Array(kept.length * width);
  kept.forEach(({ vector }, row) => void values.set(vector, row * width));
  const data = new Uint8Array(values.buffer);
  await writeSafetensors(path, [{ name: "embeddings", dtype: "F32", shape: [kept.length, width], data }]);
}

function showPairs(
  kept: readonly { text: Text; vector: Float32Array }[],
  { top, json }: EmbedOptions,
  out: Writable,
): void {
  if (kept.length > mostCompared) {
    throw new UsageError(`Expected at most ${mostCompared} texts for --similarity. Received ${kept.length}.`);
  }
  let pairs: { cosine: number; left: string; right: string }[] = [];
  const byCosine = () => pairs.sort((a, b) => b.cosine - a.cosine).slice(0, top);
  kept.forEach((left, index) => {
    for (const right of kept.slice(index + 1)) {
      pairs.push({ cosine: cosine(left.vector, right.vector), left: left.text.text, right: right.text.text });
    }
    if (pairs.length > 20 * top + 1000) pairs = byCosine();
  });
  pairs = byCosine();
  if (json) for (const pair of pairs) out.write(`${JSON.stringify(pair)}\n`);
  else {
    const rows = pairs.map((pair) => [pair.cosine.toFixed(4), shorten(pair.left), shorten(pair.right)]);
    out.write(`${table(["cosine", "text", "text"], rows)}\n`);
  }
}

function cosine(left: Float32Array, right: Float32Array): number {
  let [dot, leftSquare, rightSquare] = [0, 0, 0];
  for (let i = 0; i < left.length; i++) {
    dot += left[i]! * right[i]!;
    leftSquare += left[i]! ** 2;
    rightSquare += right[i]! ** 2;
  }
  return dot / Math.sqrt(leftSquare * rightSquare || 1);
}

function shorten(text: string): string {
  const characters = [...text.replace(/\s+/g, " ")];
  return characters.length <= 60 ? characters.join("") : `${characters.slice(0, 59).join("")}…`;
}
