import { Tokenizer } from "../tokenizer.ts";

/** GPT-2's two files: `vocab.json` of tokens and ids, `merges.txt` of merges. */
export function openGpt2Files(
  vocabulary: string,
  merges: string,
  config: Readonly<Record<string, unknown>> = {},
): Tokenizer {
  const vocab = JSON.parse(vocabulary) as Record<string, number>;
  const lines = merges
    .split(/\r?\n/)
    .filter((line, index) => line !== "" && !(index === 0 && line.startsWith("#version")));
  const prefixSpace = config.add_prefix_space === true;
  const byteLevel = { type: "ByteLevel", add_prefix_space: prefixSpace, trim_offsets: true, use_regex: true };
  return Tokenizer.fromJson(
    {
      added_tokens: special(["<|endoftext|>"], vocab),
      pre_tokenizer: byteLevel,
      post_processor: { ...byteLevel, trim_offsets: false },
      decoder: byteLevel,
      model: { type: "BPE", vocab, merges: lines },
    },
    config,
  );
}

/** BERT's `vocab.txt`: a token on each line, the line's number its id. */
export function openBertVocabulary(text: string, config: Readonly<Record<string, unknown>> = {}): Tokenizer {
  const lines = text.replace(/\r?\n$/, "").split(/\r?\n/);
  const vocab = Object.fromEntries(lines.map((token, id) => [token, id]));
  const idOf = (token: string): number => {
    const id = vocab[token];
    if (id === undefined)
      throw new Error(`Expected ${token} in BERT's vocab.txt. It is not among the ${lines.length} tokens.`);
    return id;
  };
  return Tokenizer.fromJson(
    {
      added_tokens: special(["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"], vocab),
      normalizer: {
        type: "BertNormalizer",
        clean_text: true,
        handle_chinese_chars: config.tokenize_chinese_chars !== false,
        strip_accents: typeof config.strip_accents === "boolean" ? config.strip_accents : null,
        lowercase: config.do_lower_case !== false,
      },
      pre_tokenizer: { type: "BertPreTokenizer" },
      post_processor: { type: "BertProcessing", sep: ["[SEP]", idOf("[SEP]")], cls: ["[CLS]", idOf("[CLS]")] },
      decoder: { type: "WordPiece", prefix: "##", cleanup: true },
      model: {
        type: "WordPiece",
        vocab,
        unk_token: "[UNK]",
        continuing_subword_prefix: "##",
        max_input_chars_per_word: 100,
      },
    },
    config,
  );
}

function special(tokens: readonly string[], vocab: Readonly<Record<string, number>>): object[] {
  return tokens
    .filter((token) => Object.hasOwn(vocab, token))
    .map((content) => ({ id: vocab[content], content, special: true, normalized: false }));
}
