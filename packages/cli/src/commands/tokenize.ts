import { stat } from "node:fs/promises";
import { resolve } from "node:path";
import { text as readAll } from "node:stream/consumers";
import { openTokenizer, readJsonLines, readText, type Tokenizer, TokenizerTraining, trainTokenizer } from "@nacre/data";
import type { Command } from "commander";
import { addFlags } from "../flags.ts";
import type { Surroundings } from "../program.ts";
import { ProgressPrinter } from "../progress.ts";
import { table, UsageError } from "../terminal.ts";

export function addTokenize(nacre: Command, surroundings: Surroundings): void {
  const tokenize = nacre
    .command("tokenize")
    .description("Tokenizers: encode and decode text, train one, show what is inside.")
    .addHelpText(
      "after",
      `
A tokenizer is a folder as Hugging Face has them, or a file: tokenizer.json, a SentencePiece .model, .tiktoken ranks (their
name says the encoding), BERT's vocab.txt.

Examples
  nacre tokenize encode bert-base-uncased "Nacre grows inside a shell."
  nacre tokenize encode cl100k_base.tiktoken < book.txt --ids > ids.txt
  nacre tokenize train corpus.txt --out my-tokenizer --vocabulary-size 16000
  nacre tokenize show my-tokenizer`,
    );
  addEncode(tokenize, surroundings);
  addDecode(tokenize, surroundings);
  addTrainTokenizer(tokenize, surroundings);
  addShow(tokenize, surroundings);
}

const tokenizerArgument = ["<tokenizer>", "a folder or a file, see `nacre tokenize --help`"] as const;

function addEncode(tokenize: Command, { terminal }: Surroundings): void {
  tokenize
    .command("encode")
    .description("Cut a text into tokens: each with its id and its place in the text.")
    .argument(...tokenizerArgument)
    .argument("[text]", "the text; read from standard input when left out")
    .option("--pair <text>", "a second text, encoded after the first")
    .option("--no-special", "without the special tokens that the model expects around a text")
    .option("--ids", "the ids alone, on one line")
    .option("--json", "ids, tokens, offsets, typeIds as JSON")
    .action(async (path: string, given: string | undefined, options: EncodeFlags) => {
      const tokenizer = await openTokenizer(path);
      const text = given ?? (await readAll(process.stdin));
      const how = { special: options.special, ...(options.pair === undefined ? {} : { pair: options.pair }) };
      if (options.ids) {
        terminal.out.write(`${tokenizer.encodeIds(text, how).join(" ")}\n`);
        return;
      }
      const { ids, tokens, offsets, typeIds, sequences } = tokenizer.encode(text, how);
      if (options.json) {
        terminal.out.write(`${JSON.stringify({ ids: [...ids], tokens, offsets, typeIds: [...typeIds] })}\n`);
        return;
      }
      const rows = tokens.map((token, index) => {
        const [start, end] = offsets[index]!;
        const source = sequences[index] === 1 ? options.pair! : text;
        const place = sequences[index]! < 0 ? ["–", ""] : [`${start}–${end}`, JSON.stringify(source.slice(start, end))];
        return [String(ids[index]), token, ...place];
      });
      terminal.out.write(`${table(["id", "token", "place", "text"], rows)}\n${ids.length} tokens\n`);
    });
}

interface EncodeFlags {
  readonly pair?: string;
  readonly special: boolean;
  readonly ids?: boolean;
  readonly json?: boolean;
}

function addDecode(tokenize: Command, { terminal }: Surroundings): void {
  tokenize
    .command("decode")
    .description("The text of ids.")
    .argument(...tokenizerArgument)
    .argument("[ids...]", "ids, apart by spaces or commas; read from standard input when left out")
    .option("--special", "with the special tokens")
    .option("--json", "the text as JSON")
    .action(async (path: string, given: string[], options: { special?: boolean; json?: boolean }) => {
      const tokenizer = await openTokenizer(path);
      const words = (given.length > 0 ? given.join(" ") : await readAll(process.stdin))
        .split(/[\s,[\]]+/)
        .filter(Boolean);
      const ids = words.map((word) => {
        const id = Number(word);
        if (Number.isInteger(id) && tokenizer.idToToken(id) !== undefined) return id;
        throw new UsageError(`Expected ids from 0 to ${tokenizer.vocabularySize - 1}, got ${JSON.stringify(word)}.`);
      });
      const text = tokenizer.decode(ids, { skipSpecial: !options.special });
      terminal.out.write(`${options.json ? JSON.stringify({ text }) : text}\n`);
    });
}

function addTrainTokenizer(tokenize: Command, { terminal, signal }: Surroundings): void {
  const command = tokenize
    .command("train")
    .description("Train a tokenizer on text files, and write it as a folder that Hugging Face's libraries open too.")
    .argument("<files...>", "text files, read line by line; .jsonl files, of which the field named by --field")
    .requiredOption("--out <folder>", "where tokenizer.json is written")
    .option("--field <name>", "the text's field in .jsonl files", "text")
    .option("--threads <number>", "threads that count words; else all processors'", Number);
  addFlags(command, TokenizerTraining.omit({ special: true }));
  command
    .option("--special <token...>", "special tokens, which get the first ids; else the model's own")
    .option("--json", "what was trained, as JSON")
    .action(async (files: string[], options: TrainFlags) => {
      const { out, field, threads, json, ...training } = options;
      const sizes = await Promise.all(files.map(async (file) => (await stat(file)).size));
      const progress = new ProgressPrinter(terminal);
      const started = performance.now();
      const tokenizer = await trainTokenizer(texts(files, field), {
        ...training,
        ...(threads === undefined ? {} : { threads }),
        // What gzip packs is longer than the file; then the total is not known.
        ...(files.some((file) => file.endsWith(".gz")) ? {} : { bytes: sizes.reduce((sum, size) => sum + size, 0) }),
        signal,
        progress: ({ stage, done, total, unit }) => {
          progress.show({ label: stage, done, total: total ?? done + 1, unit });
        },
      });
      progress.clear();
      await tokenizer.save(resolve(out));
      const seconds = (performance.now() - started) / 1000;
      if (json) terminal.out.write(`${JSON.stringify({ folder: resolve(out), ...describe(tokenizer), seconds })}\n`);
      else {
        terminal.out.write(
          `${tokenizer.vocabularySize.toLocaleString("en")} tokens (${tokenizer.type}) in ${seconds.toFixed(1)} s  ${resolve(out)}\n`,
        );
      }
    });
}

type TrainFlags = Omit<Parameters<typeof trainTokenizer>[1] & object, "progress" | "signal"> & {
  readonly out: string;
  readonly field: string;
  readonly json?: boolean;
};

async function* texts(files: readonly string[], field: string): AsyncGenerator<string, void> {
  for (const file of files) {
    if (!/\.jsonl(\.gz)?$/.test(file)) {
      // A line end is text too: models learn it.
      for await (const line of readText(file)) yield `${line}\n`;
      continue;
    }
    for await (const value of readJsonLines(file)) {
      const text = (value as Record<string, unknown> | null)?.[field];
      if (typeof text !== "string")
        throw new UsageError(`${file}: expected a text in every record's field ${field}. See --field.`);
      yield text;
    }
  }
}

function addShow(tokenize: Command, { terminal }: Surroundings): void {
  tokenize
    .command("show")
    .description("What a tokenizer is made of: model, size, steps, special tokens.")
    .argument(...tokenizerArgument)
    .option("--json", "the same as JSON")
    .option("--vocabulary", "every token with its id")
    .action(async (path: string, options: { json?: boolean; vocabulary?: boolean }) => {
      const tokenizer = await openTokenizer(path);
      if (options.vocabulary) {
        for (let id = 0; id < tokenizer.vocabularySize; id++) {
          const token = tokenizer.idToToken(id);
          if (token !== undefined)
            terminal.out.write(options.json ? `${JSON.stringify({ id, token })}\n` : `${id}\t${token}\n`);
        }
        return;
      }
      const described = describe(tokenizer);
      if (options.json) {
        terminal.out.write(`${JSON.stringify(described)}\n`);
        return;
      }
      const { special, ...rest } = described;
      const rows = Object.entries(rest).map(([name, value]) => [name, String(value)]);
      terminal.out.write(`${table(["part", "is"], rows)}\n`);
      terminal.out.write(`Special tokens: ${special.map(({ token, id }) => `${token} ${id}`).join(", ") || "none"}\n`);
    });
}

function describe(tokenizer: Tokenizer) {
  const { normalizer, pre_tokenizer, post_processor, decoder } = tokenizer.toJson();
  const sample = "Nacre grows inside a shell; 珍珠母在贝壳里生长。";
  return {
    model: tokenizer.type,
    vocabularySize: tokenizer.vocabularySize,
    normalizer: kinds(normalizer),
    preTokenizer: kinds(pre_tokenizer),
    postProcessor: kinds(post_processor),
    decoder: kinds(decoder),
    sample: `${tokenizer.encodeIds(sample, { special: false }).length} tokens for ${JSON.stringify(sample)}`,
    special: tokenizer.addedTokens.filter(({ special }) => special).map(({ content, id }) => ({ token: content, id })),
  };
}

/** The types of a part and of the parts it is made of. */
function kinds(part: unknown): string {
  if (typeof part !== "object" || part === null) return "none";
  const inner = Object.values(part).find((value) => Array.isArray(value) && typeof value[0]?.type === "string");
  if (!inner || !("type" in part && part.type === "Sequence")) return String((part as { type?: unknown }).type);
  return (inner as unknown[]).map(kinds).join(", ");
}
