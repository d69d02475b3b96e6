import type { TokenizerParts } from "./parse.ts";
import type { NormalizerSpecification, TokenizerJson } from "./specification.ts";

/** The parts as a `tokenizer.json`. What only SentencePiece has is written as its nearest equivalent. */
export function writeTokenizerJson(parts: TokenizerParts): TokenizerJson {
  return {
    version: "1.0",
    truncation: parts.truncation ?? null,
    padding: parts.padding ?? null,
    added_tokens: [...(parts.silentTokens ?? []), ...(parts.addedTokens ?? [])].sort(
      (left, right) => left.id - right.id,
    ),
    normalizer: parts.normalizer === undefined ? null : equivalent(parts.normalizer),
    pre_tokenizer: parts.preTokenizer ?? null,
    post_processor: parts.postProcessor ?? null,
    decoder: parts.decoder ?? null,
    model: parts.model.toJson(),
  };
}

function equivalent(normalizer: NormalizerSpecification): NormalizerSpecification {
  if (normalizer.type === "Sequence") return { type: "Sequence", normalizers: normalizer.normalizers.map(equivalent) };
  if (normalizer.type !== "SentencePiece") return normalizer;
  const steps: NormalizerSpecification[] = [];
  if (normalizer.precompiled_charsmap !== "") {
    steps.push({ type: "Precompiled", precompiled_charsmap: normalizer.precompiled_charsmap });
  }
  if (normalizer.remove_extra_whitespaces) {
    steps.push({ type: "Strip", strip_left: true, strip_right: true });
    steps.push({ type: "Replace", pattern: { Regex: " {2,}" }, content: " " });
  }
  const space = normalizer.escape_whitespaces ? "▁" : " ";
  if (normalizer.add_dummy_prefix) steps.push({ type: "Prepend", prepend: space });
  if (normalizer.escape_whitespaces) steps.push({ type: "Replace", pattern: { String: " " }, content: space });
  return { type: "Sequence", normalizers: steps };
}
