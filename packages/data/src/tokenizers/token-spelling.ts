import type { Tokenizer } from "./tokenizer.ts";

/**
 * The bytes that each token adds to a text, by id: what a grammar over tokens needs. Empty for special tokens, and for ids that
 * are no token. In vocabularies that mark the beginnings of words (SentencePiece's ▁, WordPiece's missing ##) a token is spelled
 * as inside a text, with its space.
 */
export function spellTokens(tokenizer: Tokenizer): Uint8Array[] {
  const encoder = new TextEncoder();
  const bytewise = usesByteCharacters(tokenizer);
  const size = tokenizer.vocabularySize;
  const anchor = bytewise ? -1 : findAnchor(tokenizer);
  const before = bytewise ? "" : tokenizer.decode([anchor]);
  return Array.from({ length: size }, (_, id) => {
    const token = tokenizer.idToToken(id);
    if (token === undefined || tokenizer.isSpecial(id)) return new Uint8Array(0);
    if (bytewise) return tokenizer.tokenBytes(id)!;
    const text = tokenizer.decode([anchor, id]).slice(before.length);
    const byte = /^<0x([0-9A-F]{2})>$/.exec(token);
    // Where bytes fall back, a token of a byte decodes to that byte, or to nothing readable.
    if (byte !== null && text !== token) return Uint8Array.of(Number.parseInt(byte[1]!, 16));
    return encoder.encode(text);
  });
}

function usesByteCharacters(tokenizer: Tokenizer): boolean {
  return JSON.stringify(tokenizer.toJson().decoder ?? null).includes('"ByteLevel"');
}

/** A token that is the same wherever it stands. */
function findAnchor(tokenizer: Tokenizer): number {
  for (let id = 0; id < tokenizer.vocabularySize; id++) {
    if (!tokenizer.isSpecial(id) && /^[A-Za-z0-9]$/.test(tokenizer.idToToken(id) ?? "")) return id;
  }
  for (let id = 0; id < tokenizer.vocabularySize; id++) {
    if (!tokenizer.isSpecial(id) && tokenizer.decode([id]).trim() !== "") return id;
  }
  throw new Error("Expected a tokenizer with tokens of text. All of its tokens are special or empty.");
}
