import { z } from "zod";
import { byteCharacters } from "../byte-characters.ts";
import type { TokenizerJson } from "../specification.ts";
import { NormalizerSchema, PreTokenizerSchema } from "../specification.ts";
import { Tokenizer } from "../tokenizer.ts";
import { trainBytePair } from "./byte-pair.ts";
import { countWords } from "./count-words.ts";
import { presetOf } from "./presets.ts";
import type { TrainingWatch } from "./progress.ts";
import { trainUnigramModel } from "./unigram.ts";

/** How a tokenizer is trained. */
export const TokenizerTraining = z.strictObject({
  model: z
    .enum(["bpe", "characters-bpe", "wordpiece", "unigram"])
    .default("bpe")
    .describe("bpe works on bytes, as GPT-2's; characters-bpe on characters; wordpiece as BERT's; unigram as T5's"),
  vocabularySize: z.int().positive().default(30_000).describe("tokens in all"),
  minimumFrequency: z.int().nonnegative().default(2).describe("pairs seen less often are not merged"),
  special: z
    .array(z.string().min(1))
    .optional()
    .describe("special tokens, which get the first ids; else the model's own"),
  lowercase: z.boolean().default(false).describe("lowers letters and takes accents away first"),
  alphabetLimit: z
    .int()
    .positive()
    .optional()
    .describe("most characters that become tokens, for characters-bpe and wordpiece"),
  longestToken: z.int().positive().optional().describe("characters in a token at most"),
  shrinking: z.number().gt(0).lt(1).default(0.75).describe("part of the pieces that each pruning of unigram keeps"),
  seeds: z.int().positive().default(1_000_000).describe("pieces that unigram begins with at most"),
});

export interface TrainTokenizerOptions extends TrainingWatch, z.input<typeof TokenizerTraining> {
  /** In place of the model's own: parts of a `tokenizer.json`. null is none. */
  readonly normalizer?: z.input<typeof NormalizerSchema> | null;
  readonly preTokenizer?: z.input<typeof PreTokenizerSchema> | null;
  readonly decoder?: TokenizerJson["decoder"];
  readonly postProcessor?: TokenizerJson["post_processor"];
  /** Threads that count words; all processors' (8 at most) for long texts under Node, 1 elsewhere. */
  readonly threads?: number;
  /** Bytes of all texts together, for progress. */
  readonly bytes?: number;
}

/**
 * Trains a tokenizer on a stream of texts, in one pass: words are counted (in threads when there is much to count), then the
 * vocabulary is learnt from the counts. The same texts and options give the same tokenizer; for BPE the one that Hugging
 * Face's `tokenizers` trains.
 *
 * @throws Error when an option is wrong, or the vocabulary is too small for the characters.
 */
export async function trainTokenizer(
  texts: Iterable<string> | AsyncIterable<string>,
  options: TrainTokenizerOptions = {},
): Promise<Tokenizer> {
  const { progress, signal, normalizer, preTokenizer, decoder, postProcessor, threads, bytes, ...plain } = options;
  const checked = TokenizerTraining.safeParse(plain);
  if (!checked.success) throw new Error(`Training a tokenizer: ${z.prettifyError(checked.error)}`);
  const settings = checked.data;
  const preset = presetOf(settings.model, settings.lowercase);
  const cutting = {
    normalizer:
      normalizer === undefined
        ? preset.normalizer
        : normalizer === null
          ? undefined
          : NormalizerSchema.parse(normalizer),
    preTokenizer:
      preTokenizer === undefined
        ? preset.preTokenizer
        : preTokenizer === null
          ? undefined
          : PreTokenizerSchema.parse(preTokenizer),
  };
  const special = settings.special ?? preset.special;
  const watch = { progress, signal };
  const words = await countWords(texts, { ...cutting, ...watch, threads, bytes });
  if (words.length === 0) throw new Error("Expected texts to train on, got none with a word in them.");
  const model = await trainModel(words, { ...settings, special: [...special] }, watch);
  const idOf = (token: string): number => special.indexOf(token);
  return Tokenizer.fromJson({
    added_tokens: special.map((content, id) => ({ id, content, special: true, normalized: false })),
    normalizer: cutting.normalizer ?? null,
    pre_tokenizer: cutting.preTokenizer ?? null,
    decoder: decoder === undefined ? preset.decoder : decoder,
    post_processor: postProcessor === undefined ? preset.postProcessor(idOf) : postProcessor,
    model,
  });
}

async function trainModel(
  words: readonly (readonly [string, number])[],
  settings: z.output<typeof TokenizerTraining> & { special: string[] },
  watch: TrainingWatch,
): Promise<object> {
  const { model, vocabularySize, special, longestToken } = settings;
  if (model === "unigram") {
    const unknown = special.find((token) => token === "<unk>" || token === "[UNK]") ?? special[0];
    if (unknown === undefined)
      throw new Error("Training a unigram tokenizer: expected a special token for the unknown, got none.");
    const longestPiece = longestToken ?? 16;
    const vocab = await trainUnigramModel(words, { ...settings, longestPiece }, watch);
    return { type: "Unigram", unk_id: special.indexOf(unknown), vocab, byte_fallback: false };
  }
  const { tokens, merges } = await trainBytePair(
    words,
    {
      vocabularySize,
      minimumFrequency: settings.minimumFrequency,
      special,
      longestToken,
      alphabet: model === "bpe" ? byteCharacters : undefined,
      alphabetLimit: settings.alphabetLimit,
      continuingPrefix: model === "wordpiece" ? "##" : undefined,
    },
    watch,
  );
  const vocab = Object.fromEntries(tokens.map((token, id) => [token, id]));
  const unknown = special.find((token) => token === "[UNK]" || token === "<unk>");
  if (model === "wordpiece") {
    if (unknown === undefined)
      throw new Error("Training a WordPiece tokenizer: expected [UNK] among the special tokens.");
    return {
      type: "WordPiece",
      vocab,
      unk_token: unknown,
      continuing_subword_prefix: "##",
      max_input_chars_per_word: 100,
    };
  }
  return { type: "BPE", vocab, merges, unk_token: model === "bpe" ? null : (unknown ?? null), fuse_unk: false };
}
