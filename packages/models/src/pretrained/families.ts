import type { PretrainedFamily } from "./family.ts";
import { gpt2Family } from "./gpt2-folder.ts";

/** Every family that folders are read and written for. A new one is its own file and its line here. */
export const families: readonly PretrainedFamily[] = [gpt2Family];
