import { readFileSync } from "node:fs";
import { Tokenizer } from "@huggingface/tokenizers";
import { printRate } from "./rate.ts";
import { lines, megabytes, settings } from "./tokenize-corpus.ts";

const tokenizer = new Tokenizer(JSON.parse(readFileSync(settings.file, "utf8")), {});
await printRate(async () => {
  for (const line of lines) tokenizer.encode(line);
  return megabytes;
});
