import { bertFamily, robertaFamily } from "./encoder-folders.ts";
import type { PretrainedFamily } from "./family.ts";
import { gpt2Family } from "./gpt2-folder.ts";
import { llamaFamily } from "./llama-folder.ts";
import { mixtureFamily } from "./mixture-folder.ts";
import { t5Family } from "./t5-folder.ts";
import { transformerFamily } from "./transformer-folder.ts";

/** Every family that folders are read and written for. A new one is its own file and its line here. */
export const families: readonly PretrainedFamily[] = [
  gpt2Family,
  llamaFamily,
  mixtureFamily,
  bertFamily,
  robertaFamily,
  t5Family,
  transformerFamily,
];
