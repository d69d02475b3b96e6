import { readFile, stat } from "node:fs/promises";
import { homedir } from "node:os";
import { join, resolve } from "node:path";
import { openTokenizer, type Tokenizer } from "@nacre/data";
import { Bert, fromPretrained, Roberta, type SpanClassifier } from "@nacre/models";
import { Random } from "@nacre/random";
import { disposeModel, restore, snapshot, type TensorData } from "@nacre/tensor";
import { z } from "zod";
import type { TaskContext } from "./task.ts";

/** The field of a recipe that names a pretrained encoder. */
export const PretrainedFolder = z
  .string()
  .min(1)
  .describe(
    "a Hugging Face folder of BERT or RoBERTa: a path from the recipe, or a name in the cache of pretrained models",
  );

/** The encoder of a Hugging Face folder, to be fine-tuned under a new head. */
export interface PretrainedEncoder {
  readonly tokenizer: Tokenizer;
  readonly config: Bert["config"];
  /** A new encoder with the folder's weights, as often as one likes. It has no pooler. `changes`: shares to drop. */
  build(changes?: Partial<Pick<Bert["config"], "dropout" | "attentionDropout">>): Bert;
}

/**
 * Opens a folder of the family of BERT: its weights without any head, and its tokenizer.
 *
 * @param folder as a recipe names it
 * @throws Error for a folder that is not there, of another family, or whose tokenizer has more tokens than the encoder.
 */
export async function openPretrainedEncoder(folder: string, context: TaskContext): Promise<PretrainedEncoder> {
  const path = await findFolder(folder, context);
  const { model_type: type } = JSON.parse(await readFile(join(path, "config.json"), "utf8")) as {
    model_type?: unknown;
  };
  const name = type === "bert" ? "Bert" : type === "roberta" ? "Roberta" : undefined;
  if (name === undefined) throw new Error(`Expected a model_type of bert or roberta in ${path}. Received ${type}.`);
  const tokenizer = await openTokenizer(path);
  // Read as a model with a head, so that no pooler comes along; the head's own weights are not used.
  const options = { architecture: `${name}ForQuestionAnswering`, random: new Random(0) };
  const model = (await fromPretrained(path, options)) as SpanClassifier;
  try {
    const encoder = model.encoder as Bert;
    const { config } = encoder;
    if (tokenizer.vocabularySize > config.vocabulary) {
      throw new Error(
        `Expected a tokenizer of at most ${config.vocabulary} tokens in ${path}. Received ${tokenizer.vocabularySize}.`,
      );
    }
    const stored = await snapshot(encoder);
    const tensors = new Map<string, TensorData>(stored.map(({ name: key, ...tensor }) => [key, tensor]));
    return {
      tokenizer,
      config,
      build(changes = {}) {
        const copy = name === "Bert" ? new Bert({ ...config, ...changes }) : new Roberta({ ...config, ...changes });
        restore(copy, tensors);
        return copy;
      },
    };
  } finally {
    disposeModel(model);
  }
}

/** As a path from the recipe, or a name in the folder of pretrained models: NACRE_PRETRAINED, else one in the user's cache. */
async function findFolder(folder: string, { folder: base }: TaskContext): Promise<string> {
  const { NACRE_PRETRAINED, XDG_CACHE_HOME, LOCALAPPDATA } = process.env;
  const cache = join(XDG_CACHE_HOME || LOCALAPPDATA || join(homedir(), ".cache"), "nacre", "pretrained");
  const places = [resolve(base, folder), resolve(NACRE_PRETRAINED || cache, folder)];
  for (const place of new Set(places)) {
    if ((await stat(join(place, "config.json")).catch(() => undefined)) !== undefined) return place;
  }
  throw new Error(
    `Expected a Hugging Face folder, with config.json, as ${[...new Set(places)].join(" or ")}. There is none. ` +
      "`node tools/pretrained/minilm.mjs` fetches all-minilm-l6-v2 into the cache.",
  );
}
