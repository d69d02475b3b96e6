import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { openTexts, openTranslationPairs, trainTokenizer } from "@nacre/data";
import { type Benchmark, type BenchmarkContext, type Contender, compare, type Row, rowsAgainst } from "./benchmark.ts";
import { nodeContender, pythonContender } from "./processes.ts";

const rust = "Rust tokenizers, 1 thread";
const install = "pip install tokenizers tiktoken, and NACRE_BENCH_PYTHON=that python";
const models = ["bpe", "wordpiece", "unigram"] as const;

/** Megabytes of text per second that become ids, and that a tokenizer is trained on. */
export const tokenize: Benchmark = {
  name: "tokenize",
  about: "MB/s encoded by BPE, WordPiece, Unigram and cl100k, line by line, and trained on; one thread",
  async run(context) {
    const folder = await mkdtemp(join(tmpdir(), "nacre-bench-tokenize-"));
    try {
      const corpus = join(folder, "corpus.txt");
      const lines = await readLines();
      await writeFile(corpus, lines.join("\n"));
      context.tell(`${lines.length.toLocaleString("en")} lines of Shakespeare, Multi30k and Chinese poems`);
      const rows: Row[] = [];
      for (const model of models) {
        const tokenizer = await trainTokenizer(lines, { model, vocabularySize: 16_000 });
        await tokenizer.save(join(folder, model));
        const file = join(folder, model, "tokenizer.json");
        rows.push(...(await encodeRows(model, { corpus, file }, context)));
        rows.push(...(await encodeRows(model, { corpus, file, offsets: true }, context)));
        // Unigram's is left out: a turn of all contenders takes minutes.
        if (model !== "unigram") rows.push(...(await trainRows(model, corpus, context)));
      }
      return [...rows, ...(await cl100kRows(corpus, context))];
    } finally {
      await rm(folder, { recursive: true });
    }
  },
};

async function readLines(): Promise<string[]> {
  const lines: string[] = [];
  const shakespeare = await openTexts("tinyshakespeare");
  for await (const { text } of shakespeare.train) lines.push(...text.split("\n"));
  for await (const { source, target } of (await openTranslationPairs("multi30k")).train) lines.push(source, target);
  for await (const { text } of (await openTexts("chinese-poetry")).train) lines.push(...text.split("\n"));
  return lines.filter((line) => line !== "");
}

interface EncodeSettings {
  readonly corpus: string;
  readonly file: string;
  readonly offsets?: boolean;
}

async function encodeRows(model: string, settings: EncodeSettings, context: BenchmarkContext): Promise<Row[]> {
  const { seconds, tell } = context;
  const python = await pythonContender(rust, "tokenize-rust.py", {
    needs: "tokenizers",
    install,
    tell,
    seconds,
    ...settings,
  });
  // The library on npm gives no offsets.
  const peer = settings.offsets
    ? []
    : [nodeContender("@huggingface/tokenizers", "tokenize-huggingface.ts", { seconds, ...settings })];
  const name = `tokenize-${model}${settings.offsets ? "-offsets" : ""}`;
  return rates(name, [nodeContender("nacre", "tokenize-nacre.ts", { seconds, ...settings }), ...peer, python], context);
}

async function trainRows(model: string, corpus: string, context: BenchmarkContext): Promise<Row[]> {
  const { seconds, tell } = context;
  const settings = { corpus, model, seconds };
  const python = await pythonContender(rust, "tokenize-train-rust.py", {
    needs: "tokenizers",
    install,
    tell,
    ...settings,
  });
  return rates(
    `tokenize-train-${model}`,
    [nodeContender("nacre", "tokenize-train-nacre.ts", settings), python],
    context,
  );
}

async function cl100kRows(corpus: string, context: BenchmarkContext): Promise<Row[]> {
  const { seconds, tell } = context;
  const ranks = createRequire(import.meta.url)
    .resolve("gpt-tokenizer")
    .replace(/(?<=gpt-tokenizer[/\\])(?!.*gpt-tokenizer[/\\]).*/, "data/cl100k_base.tiktoken");
  const settings = { corpus, seconds, ranks };
  const python = await pythonContender("Rust tiktoken, 1 thread", "tokenize-tiktoken.py", {
    needs: "tiktoken",
    install,
    tell,
    ...settings,
  });
  const peers = ["gpt-tokenizer", "tiktoken"].map((peer) =>
    nodeContender(peer === "tiktoken" ? "tiktoken, wasm" : peer, "tokenize-cl100k.ts", { ...settings, peer }),
  );
  return rates(
    "tokenize-cl100k",
    [nodeContender("nacre", "tokenize-cl100k.ts", { ...settings, peer: "nacre" }), ...peers, python],
    context,
  );
}

async function rates(
  name: string,
  contenders: readonly (Contender | undefined)[],
  context: BenchmarkContext,
): Promise<Row[]> {
  const present = contenders.filter((contender) => contender !== undefined);
  context.tell(name);
  const goals = Object.fromEntries(present.map((contender) => [contender.name, 1]));
  return rowsAgainst({ name, unit: "MB/s", ours: "nacre", goals }, await compare(present, context));
}
