import { openTokenizer } from "@nacre/data";
import { encode } from "gpt-tokenizer/encoding/cl100k_base";
import { get_encoding } from "tiktoken";
import { printRate } from "./rate.ts";
import { lines, megabytes, settings } from "./tokenize-corpus.ts";

async function encoder(): Promise<(line: string) => ArrayLike<number>> {
  if (settings.peer === "gpt-tokenizer") return encode;
  if (settings.peer === "tiktoken") {
    const encoding = get_encoding("cl100k_base");
    return (line) => encoding.encode_ordinary(line);
  }
  const tokenizer = await openTokenizer(settings.ranks);
  return (line) => tokenizer.encodeIds(line);
}

const encodeLine = await encoder();
await printRate(async () => {
  for (const line of lines) encodeLine(line);
  return megabytes;
});
