import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { openTokenizer, type Tokenizer } from "@nacre/data";
import { Bert, fromPretrained, Roberta, type SpanClassifier } from "@nacre/models";
import { Random } from "@nacre/random";
import { disposeModel, restore, snapshot, type TensorData } from "@nacre/tensor";
import { digestOf, type FolderDigest, findPretrained } from "./pretrained-folder.ts";
import type { TaskContext } from "./task.ts";

const advice =
  "`node tools/pretrained/minilm.mjs` fetches all-minilm-l6-v2, `node tools/pretrained/m3e.mjs` m3e-small for Chinese.";

/** The encoder of a Hugging Face folder, to be fine-tuned under a new head. */
export interface PretrainedEncoder {
  readonly base: FolderDigest;
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
  const path = await findPretrained(folder, context, advice);
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
      base: { name: folder, digest: await digestOf(path) },
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
