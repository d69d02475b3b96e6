import { from, type Tokenizer } from "@nacre/data";
import { answerMask, packSequences, renderConversation } from "@nacre/data/text";
import type { CausalLanguageModel } from "@nacre/models";
import { tf } from "@nacre/tensor";
import { documentMask, documentPositions, type LossContext, type TokenBatch, type TokenExample } from "@nacre/train";
import { type Conversation, isAnswer } from "./conversations.ts";

export interface AnswerRowOptions {
  readonly tokenizer: Tokenizer;
  /** Jinja. */
  readonly template: string;
  /** Most tokens of a row; what is longer is cut, at the end. */
  readonly context: number;
}

/** A conversation as tokens. */
export interface AnswerRow extends TokenExample {
  readonly ids: Int32Array;
  /** 1 for tokens of answers that are to be learnt. */
  readonly learned: Uint8Array;
  /** How many there are. */
  readonly tokens: number;
  readonly text: string;
  readonly cut: boolean;
}

/** A conversation by the template, with its answers marked. */
export function answerRow(
  { messages, asked }: Conversation,
  { tokenizer, template, context }: AnswerRowOptions,
): AnswerRow {
  const { text, answers } = renderConversation(messages, { template, tokenizerConfig: tokenizer.config });
  const { ids, offsets } = tokenizer.encode(text, { special: false, truncation: false, padding: false });
  const given = messages.slice(0, asked).filter(isAnswer).length;
  const learned = answerMask(offsets, answers.slice(given)).subarray(0, context);
  // Nothing stands before the first token to tell it from.
  if (learned.length > 0) learned[0] = 0;
  const tokens = learned.reduce((sum, one) => sum + one, 0);
  return { ids: ids.subarray(0, context), learned, tokens, text, cut: ids.length > context };
}

/** The learnt tokens' text. */
export function answerText({ ids, learned }: AnswerRow, tokenizer: Tokenizer): string {
  return tokenizer.decode([...ids.filter((_, at) => learned[at] === 1)]);
}

/** Rows with as many conversations as fit, the longest first where the least room is left. */
export async function packRows(rows: readonly AnswerRow[], context: number): Promise<TokenExample[]> {
  const sequences = from(rows.map(({ ids, learned }) => ({ ids, mask: learned })));
  const packed = await packSequences(sequences, { length: context, window: rows.length }).toArray();
  return packed.map(({ ids, mask, segments, used }) => ({
    ids: ids.subarray(0, used),
    learned: mask.subarray(0, used),
    documents: segments.subarray(0, used),
  }));
}

/** Logits [B, T, V] of rows that are padded at the right, where a causal model does not look; packed ones apart. */
export function rowLogits(
  model: CausalLanguageModel,
  { ids, documents, size, time }: TokenBatch,
  { training, random }: Pick<LossContext, "training" | "random">,
): tf.Tensor3D {
  const tokens = tf.tensor2d(ids, [size, time], "int32");
  if (documents === undefined) return model.forward(tokens, { training, random });
  const mask = documentMask(tf.tensor2d(documents, [size, time], "int32"));
  const positions = tf.tensor2d(documentPositions(documents, time), [size, time], "int32");
  return model.forward(tokens, { training, random, mask, positions });
}
