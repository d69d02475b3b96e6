import { Tokenizer } from "@nacre/data";
import { Bert, BertConfig, type Layer, SequenceClassifier, savePretrained, summarize } from "@nacre/models";
import type { Random } from "@nacre/random";
import { tf } from "@nacre/tensor";
import { z } from "zod";
import type { TokenAttribution } from "../predictor.ts";
import { integratedGradients } from "./integrated-gradients.ts";
import { joinAttributions, type NgramVotes, NgramVotesConfig } from "./ngram-votes.ts";
import type { TextFamily } from "./text-family.ts";

/** What an encoder's recipe says of votes. */
export const EncoderVotes = NgramVotesConfig.optional().describe(
  "n-grams, fitted at once and not trained, add their votes to the logits when the model predicts: they know the words of the " +
    "task, the encoder the language. Without them if absent",
);

/** A new encoder for texts: BERT's network with sizes of one's own, and a WordPiece vocabulary from the training part. */
export const EncoderSizes = z
  .strictObject({
    family: z.literal("bert"),
    vocabulary: z.int().min(100).default(4000).describe("most pieces of words that the tokenizer learns"),
    lowercase: z.boolean().default(true).describe("lowers letters and takes accents away first"),
    length: z.int().min(4).default(64).describe("longest text, in tokens; longer ones are cut"),
    layers: z.int().positive().default(4).describe("blocks of attention and feed-forward layer"),
    heads: z.int().positive().default(4).describe("attention heads of each block"),
    width: z.int().positive().default(128).describe("features of a token"),
    dropout: z
      .number()
      .min(0)
      .lt(1)
      .default(0.1)
      .describe("share of each layer's output that is dropped in training; attention weights are kept"),
    votes: EncoderVotes,
  })
  .refine(({ width, heads }) => width % heads === 0, { message: "width must be a multiple of heads", path: ["width"] });
export type EncoderSizes = z.infer<typeof EncoderSizes>;

/** What `preprocessor_config.json` of an encoder's bundle holds. */
export const EncoderPreparation = z.object({
  task: z.literal("text-classification"),
  length: z.int().min(4).describe("longest text, in tokens"),
  example: z.string().describe("a typical text"),
  votes: NgramVotesConfig.optional().describe("the n-grams whose votes lie among the weights"),
});
export type EncoderPreparation = z.infer<typeof EncoderPreparation>;

export interface EncoderParts {
  readonly tokenizer: Tokenizer;
  readonly preparation: Omit<EncoderPreparation, "votes">;
  /** Added to the logits when it predicts. */
  readonly votes?: NgramVotes | undefined;
  readonly classes: readonly string[];
  /** The id that fills shorter texts. */
  readonly padding: number;
  /** A new encoder, under which a head is drawn. */
  encoder(random: Random): Bert;
}

/**
 * Devlin et al. 2019 with a classifier on the first token. Its bundle is a Hugging Face folder; votes of n-grams lie in it beside
 * the encoder's weights, and Python, which opens it, passes over them.
 */
export function encoderFamily({
  tokenizer,
  preparation,
  votes,
  classes,
  padding,
  encoder,
}: EncoderParts): TextFamily<SequenceClassifier> {
  const { length } = preparation;
  const limits = { truncation: { length }, padding: false } as const;
  const logits: TextFamily<SequenceClassifier>["logits"] = (model, ids, context) => {
    const mask = tf.cast(tf.notEqual(ids, padding), "int32") as tf.Tensor2D;
    return model.forward(ids, { ...context, mask });
  };
  return {
    padding,
    longest: length,
    idsOf: (text) => tokenizer.encode(text, limits).ids,
    build(random) {
      const model = new SequenceClassifier(encoder(random.fork("encoder")), { classes }, random.fork("head"));
      const layers = summarize(model as unknown as Layer<never, never>, [length], { dtype: "int32" });
      const parameters = layers.reduce((sum, layer) => sum + layer.parameters, 0);
      return { model, architecture: { name: "bert", parameters, input: [null, length], layers } };
    },
    logits,
    ...(votes === undefined ? {} : { offset: (text: string) => votes.logits(text) }),
    async attribute(model, text, index) {
      const { ids, places, words: numbers, specialMask } = tokenizer.encode(text, limits);
      const kept = Int32Array.from(ids, (id, place) => (specialMask[place] === 1 ? id : padding));
      const values = await integratedGradients(model, ids, { baseline: kept, index });
      const tokens = Array.from(ids, (_, place) => ({
        start: places[2 * place]!,
        end: places[2 * place + 1]!,
        word: numbers[place]!,
        value: values[place]!,
      })).filter((_, place) => specialMask[place] === 0);
      const words = joinWords(text, tokens);
      return votes === undefined ? words : joinAttributions(words, votes.attribute(text, index));
    },
    config: {},
    preprocessor: votes === undefined ? preparation : { ...preparation, votes: votes.config },
    async save(model, folder) {
      const special = {
        cls_token: "[CLS]",
        sep_token: "[SEP]",
        pad_token: tokenizer.idToToken(padding),
        unk_token: "[UNK]",
      };
      await Tokenizer.fromJson(tokenizer.toJson(), { ...special, model_max_length: length, ...tokenizer.config }).save(
        folder,
      );
      await savePretrained(model, folder, { extra: votes?.tensors() ?? [] });
    },
  };
}

/** A new encoder of a recipe's sizes. */
export function newEncoder(
  sizes: EncoderSizes,
  { tokenizer, padding }: { tokenizer: Tokenizer; padding: number },
  random: Random,
): Bert {
  const { length: context, layers, heads, width, dropout } = sizes;
  const rest = {
    vocabulary: tokenizer.vocabularySize,
    tokenTypes: 1,
    hidden: 4 * width,
    attentionDropout: 0,
    padding,
  };
  return new Bert(BertConfig.parse({ family: "bert", context, layers, heads, width, dropout, ...rest }), random);
}

/** The id that a tokenizer of BERT's or RoBERTa's kind pads with. @throws Error when it has none. */
export function paddingOf(tokenizer: Tokenizer): number {
  const named = tokenizer.config.pad_token;
  const names = [...(typeof named === "string" ? [named] : []), "[PAD]", "<pad>"];
  const padding = names.map((name) => tokenizer.tokenToId(name)).find((id) => id !== undefined);
  if (padding !== undefined) return padding;
  throw new Error(`Expected a token that pads texts: one of ${names.join(", ")}. The vocabulary has none of them.`);
}

interface Placed {
  readonly start: number;
  readonly end: number;
  /** Number of its word; pieces of one word add up. */
  readonly word: number;
  readonly value: number;
}

function joinWords(text: string, tokens: readonly Placed[]): TokenAttribution[] {
  const joined: Placed[] = [];
  for (const token of tokens) {
    const last = joined.at(-1);
    if (last?.word === token.word) {
      joined[joined.length - 1] = { ...last, end: Math.max(last.end, token.end), value: last.value + token.value };
    } else joined.push(token);
  }
  return joined.map(({ start, end, value }) => ({ text: text.slice(start, end), start, end, value }));
}
