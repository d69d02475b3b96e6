import { z } from "zod";

/**
 * The parts of a Hugging Face `tokenizer.json`, version 1.0. The names are the file's own.
 *
 * Source: https://huggingface.co/docs/tokenizers/components and the files themselves.
 */

const pattern = z.union([z.strictObject({ String: z.string() }), z.strictObject({ Regex: z.string() })]);
const behavior = z.enum(["Removed", "Isolated", "MergedWithPrevious", "MergedWithNext", "Contiguous"]);
const prependScheme = z.enum(["always", "never", "first"]);

const flatNormalizer = [
  z.object({
    type: z.literal("BertNormalizer"),
    clean_text: z.boolean().default(true),
    handle_chinese_chars: z.boolean().default(true),
    strip_accents: z.boolean().nullish(),
    lowercase: z.boolean().default(true),
  }),
  z.object({ type: z.enum(["NFC", "NFD", "NFKC", "NFKD", "Lowercase", "StripAccents", "Nmt", "ByteLevel"]) }),
  z.object({ type: z.literal("Strip"), strip_left: z.boolean().default(true), strip_right: z.boolean().default(true) }),
  z.object({ type: z.literal("Precompiled"), precompiled_charsmap: z.string().nullish() }),
  z.object({ type: z.literal("Replace"), pattern, content: z.string() }),
  z.object({ type: z.literal("Prepend"), prepend: z.string() }),
  // Ours: what a SentencePiece model does itself. `toJson` writes its nearest equivalent.
  z.object({
    type: z.literal("SentencePiece"),
    precompiled_charsmap: z.string(),
    remove_extra_whitespaces: z.boolean(),
    add_dummy_prefix: z.boolean(),
    escape_whitespaces: z.boolean(),
    protected: z.array(z.string()),
  }),
] as const;

export type NormalizerSpecification =
  | z.infer<(typeof flatNormalizer)[number]>
  | { type: "Sequence"; normalizers: NormalizerSpecification[] };

export const NormalizerSchema: z.ZodType<NormalizerSpecification> = z.discriminatedUnion("type", [
  ...flatNormalizer,
  z.object({
    type: z.literal("Sequence"),
    get normalizers() {
      return z.array(NormalizerSchema);
    },
  }),
]) as z.ZodType<NormalizerSpecification>;

const flatPreTokenizer = [
  z.object({
    type: z.literal("ByteLevel"),
    add_prefix_space: z.boolean().default(true),
    trim_offsets: z.boolean().default(true),
    use_regex: z.boolean().default(true),
  }),
  z.object({ type: z.enum(["BertPreTokenizer", "Whitespace", "WhitespaceSplit", "UnicodeScripts"]) }),
  z.object({ type: z.literal("Digits"), individual_digits: z.boolean().default(false) }),
  z.object({ type: z.literal("Punctuation"), behavior: behavior.default("Isolated") }),
  z.object({ type: z.literal("CharDelimiterSplit"), delimiter: z.string() }),
  z.object({ type: z.literal("FixedLength"), length: z.int().positive() }),
  z.object({
    type: z.literal("Split"),
    pattern,
    behavior,
    invert: z.boolean().default(false),
  }),
  z.object({
    type: z.literal("Metaspace"),
    replacement: z.string().default("▁"),
    prepend_scheme: prependScheme.optional(),
    split: z.boolean().default(true),
    // Before 0.15.
    add_prefix_space: z.boolean().optional(),
  }),
] as const;

export type PreTokenizerSpecification =
  | z.infer<(typeof flatPreTokenizer)[number]>
  | { type: "Sequence"; pretokenizers: PreTokenizerSpecification[] };

export const PreTokenizerSchema: z.ZodType<PreTokenizerSpecification> = z.discriminatedUnion("type", [
  ...flatPreTokenizer,
  z.object({
    type: z.literal("Sequence"),
    get pretokenizers() {
      return z.array(PreTokenizerSchema);
    },
  }),
]) as z.ZodType<PreTokenizerSpecification>;

const templatePiece = z.union([
  z.strictObject({ Sequence: z.object({ id: z.enum(["A", "B"]), type_id: z.int().default(0) }) }),
  z.strictObject({ SpecialToken: z.object({ id: z.string(), type_id: z.int().default(0) }) }),
]);
export type TemplatePiece = z.infer<typeof templatePiece>;
const tokenAndId = z.tuple([z.string(), z.int()]);

const flatPostProcessor = [
  z.object({
    type: z.literal("TemplateProcessing"),
    single: z.array(templatePiece),
    pair: z.array(templatePiece),
    special_tokens: z.record(
      z.string(),
      z.object({ id: z.string(), ids: z.array(z.int()), tokens: z.array(z.string()) }),
    ),
  }),
  z.object({ type: z.literal("BertProcessing"), sep: tokenAndId, cls: tokenAndId }),
  z.object({
    type: z.literal("RobertaProcessing"),
    sep: tokenAndId,
    cls: tokenAndId,
    trim_offsets: z.boolean().default(true),
    add_prefix_space: z.boolean().default(true),
  }),
  z.object({
    type: z.literal("ByteLevel"),
    add_prefix_space: z.boolean().default(true),
    trim_offsets: z.boolean().default(true),
    use_regex: z.boolean().default(true),
  }),
] as const;

export type PostProcessorSpecification =
  | z.infer<(typeof flatPostProcessor)[number]>
  | { type: "Sequence"; processors: PostProcessorSpecification[] };

export const PostProcessorSchema: z.ZodType<PostProcessorSpecification> = z.discriminatedUnion("type", [
  ...flatPostProcessor,
  z.object({
    type: z.literal("Sequence"),
    get processors() {
      return z.array(PostProcessorSchema);
    },
  }),
]) as z.ZodType<PostProcessorSpecification>;

const flatDecoder = [
  z.object({ type: z.enum(["ByteFallback", "Fuse"]) }),
  z.object({
    type: z.literal("ByteLevel"),
    add_prefix_space: z.boolean().default(true),
    trim_offsets: z.boolean().default(true),
    use_regex: z.boolean().default(true),
  }),
  z.object({ type: z.literal("WordPiece"), prefix: z.string().default("##"), cleanup: z.boolean().default(true) }),
  z.object({
    type: z.literal("Metaspace"),
    replacement: z.string().default("▁"),
    prepend_scheme: prependScheme.optional(),
    split: z.boolean().default(true),
    add_prefix_space: z.boolean().optional(),
  }),
  z.object({ type: z.literal("BPEDecoder"), suffix: z.string().default("</w>") }),
  z.object({
    type: z.literal("CTC"),
    pad_token: z.string().default("<pad>"),
    word_delimiter_token: z.string().default("|"),
    cleanup: z.boolean().default(true),
  }),
  z.object({ type: z.literal("Replace"), pattern, content: z.string() }),
  z.object({
    type: z.literal("Strip"),
    content: z.string(),
    start: z.int().nonnegative().default(0),
    stop: z.int().nonnegative().default(0),
  }),
] as const;

export type DecoderSpecification =
  | z.infer<(typeof flatDecoder)[number]>
  | { type: "Sequence"; decoders: DecoderSpecification[] };

export const DecoderSchema: z.ZodType<DecoderSpecification> = z.discriminatedUnion("type", [
  ...flatDecoder,
  z.object({
    type: z.literal("Sequence"),
    get decoders() {
      return z.array(DecoderSchema);
    },
  }),
]) as z.ZodType<DecoderSpecification>;

export const AddedTokenSchema = z.object({
  id: z.int().nonnegative(),
  content: z.string(),
  single_word: z.boolean().default(false),
  lstrip: z.boolean().default(false),
  rstrip: z.boolean().default(false),
  normalized: z.boolean().default(false),
  special: z.boolean().default(false),
});
/** A token that is found in the text before the model sees it. */
export type AddedToken = z.infer<typeof AddedTokenSchema>;

const direction = z.enum(["Left", "Right"]);
export const TruncationSchema = z.object({
  direction: direction.default("Right"),
  max_length: z.int().nonnegative(),
  strategy: z.enum(["LongestFirst", "OnlyFirst", "OnlySecond"]).default("LongestFirst"),
  stride: z.int().nonnegative().default(0),
});
export type TruncationSpecification = z.infer<typeof TruncationSchema>;

export const PaddingSchema = z.object({
  strategy: z.union([z.literal("BatchLongest"), z.strictObject({ Fixed: z.int().positive() })]),
  direction: direction.default("Right"),
  pad_to_multiple_of: z.int().positive().nullish(),
  pad_id: z.int().default(0),
  pad_type_id: z.int().default(0),
  pad_token: z.string().default("[PAD]"),
});
export type PaddingSpecification = z.infer<typeof PaddingSchema>;

/** A `tokenizer.json`. */
export interface TokenizerJson {
  version?: string;
  truncation?: unknown;
  padding?: unknown;
  added_tokens?: unknown;
  normalizer?: unknown;
  pre_tokenizer?: unknown;
  post_processor?: unknown;
  decoder?: unknown;
  model: unknown;
}
