import { isAbsolute, resolve } from "node:path";
import { openTokenizer, Tokenizer, trainTokenizer } from "@nacre/data";
import type { TaskContext } from "../task.ts";
import type { QuestionAnsweringRecipe } from "./recipe.ts";

type EncoderSizes = Extract<QuestionAnsweringRecipe["model"], { family: "bert" }>;

const special = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"] as const;
const config = {
  tokenizer_class: "PreTrainedTokenizerFast",
  pad_token: "[PAD]",
  unk_token: "[UNK]",
  cls_token: "[CLS]",
  sep_token: "[SEP]",
  mask_token: "[MASK]",
};

/** BERT's frame of special tokens around a text and its pair. */
const frame = (() => {
  const token = (id: string, type_id: number) => ({ SpecialToken: { id, type_id } });
  const text = (id: "A" | "B", type_id: number) => ({ Sequence: { id, type_id } });
  const single = [token("[CLS]", 0), text("A", 0), token("[SEP]", 0)];
  const named = (id: "[CLS]" | "[SEP]") => ({ id, ids: [special.indexOf(id)], tokens: [id] });
  return {
    type: "TemplateProcessing" as const,
    single,
    pair: [...single, text("B", 1), token("[SEP]", 1)],
    special_tokens: { "[CLS]": named("[CLS]"), "[SEP]": named("[SEP]") },
  };
})();

/** Learns the tokenizer that a recipe asks for, or opens its file. */
export async function encoderTokenizer(
  { tokenizer }: EncoderSizes,
  texts: readonly string[],
  context: TaskContext,
): Promise<Tokenizer> {
  if (tokenizer.kind === "file") {
    return openTokenizer(isAbsolute(tokenizer.path) ? tokenizer.path : resolve(context.folder, tokenizer.path));
  }
  const { kind: model, ...settings } = tokenizer;
  const signal = context.signal === undefined ? {} : { signal: context.signal };
  const options = { model, ...settings, special: [...special], postProcessor: frame, ...signal };
  const trained = await trainTokenizer(texts, options);
  return Tokenizer.fromJson(trained.toJson(), config);
}
