import { builtin } from "../builtin.ts";
import { type ByteSource, nameOf, readBytes } from "../readers/bytes.ts";
import { openBertVocabulary, openGpt2Files } from "./formats/plain-files.ts";
import { fromSentencePiece } from "./formats/sentencepiece.ts";
import { fromTiktoken, type TiktokenEncoding, type tiktokenEncodings } from "./formats/tiktoken.ts";
import { Tokenizer } from "./tokenizer.ts";

export interface OpenTokenizerOptions {
  /** For tiktoken's rank files: which encoding they are of; else the file's name says it. */
  readonly encoding?: keyof typeof tiktokenEncodings | TiktokenEncoding;
}

/**
 * Opens a tokenizer: a folder as Hugging Face has them, or a file: `tokenizer.json`, a SentencePiece model, tiktoken's ranks, or
 * BERT's `vocab.txt`. Gzip is unpacked.
 *
 * @throws Error saying what was expected where.
 */
export async function openTokenizer(source: ByteSource, options: OpenTokenizerOptions = {}): Promise<Tokenizer> {
  if (typeof source === "string" || (source instanceof URL && source.protocol === "file:")) {
    const folder = await openFolder(source);
    if (folder !== undefined) return folder;
  }
  const bytes = await readBytes(source);
  const name = nameOf(source);
  try {
    return openBytes(bytes, name, options);
  } catch (error) {
    throw new Error(`${name}: ${(error as Error).message}`, { cause: error });
  }
}

function openBytes(bytes: Uint8Array, name: string, { encoding }: OpenTokenizerOptions): Tokenizer {
  const file = name.replace(/\.gz$/, "");
  if (encoding !== undefined || file.endsWith(".tiktoken")) {
    const stem = file.replace(/^.*[/\\]/, "").replace(/\.tiktoken$/, "");
    return fromTiktoken(bytes, encoding ?? stem);
  }
  if (bytes[0] === 0x7b) return Tokenizer.fromJson(new TextDecoder().decode(bytes));
  if (file.endsWith("vocab.txt")) return openBertVocabulary(new TextDecoder().decode(bytes));
  return fromSentencePiece(bytes);
}

/** Undefined when the path is no folder. */
async function openFolder(path: string | URL): Promise<Tokenizer | undefined> {
  const { stat, readdir, readFile } = builtin("node:fs/promises");
  const found = await stat(path).catch(() => undefined);
  if (!found?.isDirectory()) return undefined;
  const { join } = builtin("node:path");
  const { fileURLToPath } = builtin("node:url");
  const folder = typeof path === "string" ? path : fileURLToPath(path);
  const names = new Set(await readdir(folder));
  const text = (name: string): Promise<string> => readFile(join(folder, name), "utf8");
  const config = names.has("tokenizer_config.json") ? JSON.parse(await text("tokenizer_config.json")) : {};
  if (names.has("tokenizer.json")) {
    try {
      return Tokenizer.fromJson(await text("tokenizer.json"), config);
    } catch (error) {
      throw new Error(`${join(folder, "tokenizer.json")}: ${(error as Error).message}`, { cause: error });
    }
  }
  for (const name of ["tokenizer.model", "spiece.model", "sentencepiece.bpe.model"]) {
    if (names.has(name)) return fromSentencePiece(await readBytes(join(folder, name)), config);
  }
  if (names.has("vocab.json") && names.has("merges.txt")) {
    return openGpt2Files(await text("vocab.json"), await text("merges.txt"), config);
  }
  if (names.has("vocab.txt")) return openBertVocabulary(await text("vocab.txt"), config);
  throw new Error(
    `Expected a tokenizer in ${folder}: tokenizer.json, tokenizer.model, spiece.model, vocab.json with merges.txt, or vocab.txt. There is none.`,
  );
}
