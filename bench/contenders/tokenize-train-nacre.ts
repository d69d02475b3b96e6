import { trainTokenizer } from "@nacre/data";
import { printRate } from "./rate.ts";
import { lines, megabytes, settings } from "./tokenize-corpus.ts";

await printRate(async () => {
  await trainTokenizer(lines, { model: settings.model, vocabularySize: 16_000, threads: 1 });
  return megabytes;
});
