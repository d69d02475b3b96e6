import { z } from "zod";
import { BytePairModel, mergeTable } from "./models/bpe.ts";
import { type TokenModel, Vocabulary } from "./models/model.ts";
import { UnigramModel } from "./models/unigram.ts";
import { WordLevelModel } from "./models/word-level.ts";
import { WordPieceModel } from "./models/word-piece.ts";
import {
  type AddedToken,
  AddedTokenSchema,
  DecoderSchema,
  type DecoderSpecification,
  NormalizerSchema,
  type NormalizerSpecification,
  PaddingSchema,
  type PaddingSpecification,
  PostProcessorSchema,
  type PostProcessorSpecification,
  PreTokenizerSchema,
  type PreTokenizerSpecification,
  type TokenizerJson,
  TruncationSchema,
  type TruncationSpecification,
} from "./specification.ts";

/** What a tokenizer is made of. */
export interface TokenizerParts {
  readonly model: TokenModel;
  readonly normalizer?: NormalizerSpecification | undefined;
  readonly preTokenizer?: PreTokenizerSpecification | undefined;
  readonly postProcessor?: PostProcessorSpecification | undefined;
  readonly decoder?: DecoderSpecification | undefined;
  readonly addedTokens?: readonly AddedToken[];
  /** Ids of special tokens that are not looked for in text: SentencePiece's control pieces. */
  readonly silentTokens?: readonly AddedToken[];
  readonly truncation?: TruncationSpecification | undefined;
  readonly padding?: PaddingSpecification | undefined;
}

/**
 * The parts that a `tokenizer.json` describes.
 *
 * @throws Error naming the place in the file, what was expected there and what stands there.
 */
export function parseTokenizer(json: TokenizerJson): TokenizerParts {
  if (typeof json !== "object" || json === null || typeof json.model !== "object" || json.model === null) {
    throw new Error(
      "Expected a tokenizer.json: an object with a model. Got none; is this the file of a fast tokenizer?",
    );
  }
  const preTokenizer = part(PreTokenizerSchema, json.pre_tokenizer, "pre_tokenizer");
  return {
    preTokenizer,
    model: parseModel(json.model as Record<string, unknown>, endsInBytes(preTokenizer)),
    normalizer: part(NormalizerSchema, json.normalizer, "normalizer"),
    postProcessor: part(PostProcessorSchema, json.post_processor, "post_processor"),
    decoder: part(DecoderSchema, json.decoder, "decoder"),
    addedTokens: part(z.array(AddedTokenSchema), json.added_tokens, "added_tokens") ?? [],
    truncation: part(TruncationSchema, json.truncation, "truncation"),
    padding: part(PaddingSchema, json.padding, "padding"),
  };
}

/** Whether the last thing a pre-tokenizer does is to write bytes as characters. */
function endsInBytes(specification: PreTokenizerSpecification | undefined): boolean {
  if (specification === undefined) return false;
  if (specification.type === "Sequence") return endsInBytes(specification.pretokenizers.at(-1));
  return specification.type === "ByteLevel";
}

function part<T>(schema: z.ZodType<T>, value: unknown, place: string): T | undefined {
  if (value === undefined || value === null) return undefined;
  const result = schema.safeParse(value);
  if (result.success) return result.data;
  throw new Error(`tokenizer.json, ${place}: ${z.prettifyError(result.error)}`);
}

const bytePair = z.object({
  dropout: z.number().nullish(),
  unk_token: z.string().nullish(),
  continuing_subword_prefix: z.string().nullish(),
  end_of_word_suffix: z.string().nullish(),
  fuse_unk: z.boolean().nullish(),
  byte_fallback: z.boolean().nullish(),
  ignore_merges: z.boolean().nullish(),
});
const wordPiece = z.object({
  unk_token: z.string().default("[UNK]"),
  continuing_subword_prefix: z.string().default("##"),
  max_input_chars_per_word: z.int().positive().default(100),
});
const unigram = z.object({ unk_id: z.int().nonnegative().nullish(), byte_fallback: z.boolean().nullish() });

function parseModel(json: Record<string, unknown>, bytes: boolean): TokenModel {
  const type = json.type ?? (json.merges !== undefined ? "BPE" : Array.isArray(json.vocab) ? "Unigram" : "WordPiece");
  switch (type) {
    case "BPE": {
      const settings = part(bytePair, json, "model")!;
      const vocabulary = new Vocabulary(vocabularyOf(json.vocab));
      return new BytePairModel(
        vocabulary,
        mergeTable(vocabulary, mergesOf(json.merges), settings.continuing_subword_prefix ?? ""),
        {
          bytes,
          unknown: settings.unk_token ?? undefined,
          fuseUnknown: settings.fuse_unk ?? false,
          byteFallback: settings.byte_fallback ?? false,
          ignoreMerges: settings.ignore_merges ?? false,
          continuingPrefix: settings.continuing_subword_prefix ?? undefined,
          endSuffix: settings.end_of_word_suffix ?? undefined,
          dropout: settings.dropout ?? undefined,
        },
      );
    }
    case "WordPiece": {
      const settings = part(wordPiece, json, "model")!;
      return new WordPieceModel(new Vocabulary(vocabularyOf(json.vocab)), {
        unknown: settings.unk_token,
        continuingPrefix: settings.continuing_subword_prefix,
        longestWord: settings.max_input_chars_per_word,
      });
    }
    case "WordLevel":
      return new WordLevelModel(new Vocabulary(vocabularyOf(json.vocab)), String(json.unk_token ?? "<unk>"));
    case "Unigram": {
      const settings = part(unigram, json, "model")!;
      const [ids, scores] = scoresOf(json.vocab);
      return new UnigramModel(new Vocabulary(ids), scores, {
        unknown: settings.unk_id ?? undefined,
        byteFallback: settings.byte_fallback ?? false,
      });
    }
    default:
      throw new Error(
        `tokenizer.json, model.type: expected BPE, WordPiece, Unigram or WordLevel, got ${JSON.stringify(type)}.`,
      );
  }
}

function vocabularyOf(value: unknown): Map<string, number> {
  if (typeof value !== "object" || value === null || Array.isArray(value)) {
    throw new Error("tokenizer.json, model.vocab: expected an object of tokens and ids.");
  }
  return new Map(Object.entries(value));
}

function mergesOf(value: unknown): [string, string][] {
  if (!Array.isArray(value)) throw new Error("tokenizer.json, model.merges: expected a list of merges.");
  return value.map((merge: unknown, index) => {
    const pair = typeof merge === "string" ? merge.split(" ") : merge;
    if (Array.isArray(pair) && pair.length === 2 && pair.every((token) => typeof token === "string")) {
      return pair as [string, string];
    }
    throw new Error(`tokenizer.json, model.merges, ${index}: expected two tokens, got ${JSON.stringify(merge)}.`);
  });
}

function scoresOf(value: unknown): [ids: Map<string, number>, scores: Float64Array] {
  if (!Array.isArray(value)) throw new Error("tokenizer.json, model.vocab: expected a list of tokens and scores.");
  const ids = new Map<string, number>();
  const scores = new Float64Array(value.length);
  for (const [id, entry] of value.entries()) {
    if (!Array.isArray(entry) || typeof entry[0] !== "string" || typeof entry[1] !== "number") {
      throw new Error(
        `tokenizer.json, model.vocab, ${id}: expected a token and its score, got ${JSON.stringify(entry)}.`,
      );
    }
    if (ids.has(entry[0]))
      throw new Error(`tokenizer.json, model.vocab: token ${JSON.stringify(entry[0])} is there twice.`);
    ids.set(entry[0], id);
    scores[id] = entry[1];
  }
  return [ids, scores];
}
