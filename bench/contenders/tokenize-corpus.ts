import { readFileSync } from "node:fs";

/** Settings of the contenders that tokenize. */
export interface TokenizeSettings {
  readonly seconds: number;
  readonly corpus: string;
  readonly file: string;
  readonly offsets?: boolean;
  readonly model: "bpe" | "wordpiece" | "unigram";
  /** cl100k_base's rank file. */
  readonly ranks: string;
  readonly peer: "nacre" | "gpt-tokenizer" | "tiktoken";
}

export const settings = JSON.parse(process.argv.at(-1) ?? "{}") as TokenizeSettings;

const text = readFileSync(settings.corpus, "utf8");
/** Lines, without their ends. */
export const lines: readonly string[] = text.split("\n");
export const megabytes = Buffer.byteLength(text) / 1e6;
