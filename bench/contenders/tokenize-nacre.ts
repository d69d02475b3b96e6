import { openTokenizer } from "@nacre/data";
import { printRate } from "./rate.ts";
import { lines, megabytes, settings } from "./tokenize-corpus.ts";

const tokenizer = await openTokenizer(settings.file);
await printRate(async () => {
  if (settings.offsets) for (const line of lines) tokenizer.encode(line);
  else for (const line of lines) tokenizer.encodeIds(line);
  return megabytes;
});
