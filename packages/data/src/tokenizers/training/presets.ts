import type {
  DecoderSpecification,
  NormalizerSpecification,
  PostProcessorSpecification,
  PreTokenizerSpecification,
} from "../specification.ts";

/** What surrounds a model that is trained, unless one says otherwise. */
export interface Preset {
  readonly special: readonly string[];
  readonly normalizer: NormalizerSpecification | undefined;
  readonly preTokenizer: PreTokenizerSpecification;
  readonly decoder: DecoderSpecification;
  postProcessor(idOf: (token: string) => number): PostProcessorSpecification | null;
}

const byteLevel = { type: "ByteLevel", add_prefix_space: false, trim_offsets: true, use_regex: true } as const;
const metaspace = { type: "Metaspace", replacement: "▁", prepend_scheme: "always", split: true } as const;
const none = (): null => null;

/** As GPT-2, an early Transformer, BERT or T5 has it. */
export function presetOf(model: "bpe" | "characters-bpe" | "wordpiece" | "unigram", lowercase: boolean): Preset {
  const lower: NormalizerSpecification[] = lowercase
    ? [{ type: "NFKD" }, { type: "StripAccents" }, { type: "Lowercase" }]
    : [];
  switch (model) {
    case "bpe":
      return {
        special: ["<|endoftext|>"],
        normalizer: lowercase ? { type: "Sequence", normalizers: lower } : undefined,
        preTokenizer: byteLevel,
        decoder: byteLevel,
        postProcessor: none,
      };
    case "characters-bpe":
      return {
        special: ["<unk>", "<s>", "</s>", "<pad>"],
        normalizer: lowercase ? { type: "Sequence", normalizers: lower } : { type: "NFC" },
        preTokenizer: metaspace,
        decoder: metaspace,
        postProcessor: none,
      };
    case "wordpiece":
      return {
        special: ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"],
        normalizer: {
          type: "BertNormalizer",
          clean_text: true,
          handle_chinese_chars: true,
          strip_accents: lowercase,
          lowercase,
        },
        preTokenizer: { type: "BertPreTokenizer" },
        decoder: { type: "WordPiece", prefix: "##", cleanup: true },
        postProcessor: (idOf) => bert(idOf("[CLS]"), idOf("[SEP]")),
      };
    case "unigram":
      return {
        special: ["<pad>", "</s>", "<unk>"],
        normalizer: { type: "Sequence", normalizers: [{ type: "NFKC" }, ...lower] },
        preTokenizer: metaspace,
        decoder: metaspace,
        postProcessor: none,
      };
  }
}

function bert(begin: number, end: number): PostProcessorSpecification | null {
  if (begin < 0 || end < 0) return null;
  const token = (id: string, type_id: number) => ({ SpecialToken: { id, type_id } });
  const text = (id: "A" | "B", type_id: number) => ({ Sequence: { id, type_id } });
  const single = [token("[CLS]", 0), text("A", 0), token("[SEP]", 0)];
  return {
    type: "TemplateProcessing",
    single,
    pair: [...single, text("B", 1), token("[SEP]", 1)],
    special_tokens: {
      "[CLS]": { id: "[CLS]", ids: [begin], tokens: ["[CLS]"] },
      "[SEP]": { id: "[SEP]", ids: [end], tokens: ["[SEP]"] },
    },
  };
}
