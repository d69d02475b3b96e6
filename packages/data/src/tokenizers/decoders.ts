import { fromByteCharacters } from "./byte-characters.ts";
import { literalPattern, translatePattern } from "./pattern.ts";
import type { DecoderSpecification } from "./specification.ts";

/** Turns tokens into parts of text; a decoder further on sees the parts. */
export type Decoder = (tokens: readonly string[]) => readonly string[];

/** The decoder a specification describes. */
export function createDecoder(specification: DecoderSpecification): Decoder {
  switch (specification.type) {
    case "Sequence": {
      const steps = specification.decoders.map(createDecoder);
      return (tokens) => steps.reduce((sofar, step) => step(sofar), tokens);
    }
    case "ByteLevel":
      return (tokens) => [utf8(tokens.map(fromByteCharacters))];
    case "ByteFallback":
      return byteFallback;
    case "Fuse":
      return (tokens) => [tokens.join("")];
    case "WordPiece": {
      const { prefix, cleanup } = specification;
      return each((token, index) => {
        const text = index === 0 ? token : token.startsWith(prefix) ? token.replace(prefix, "") : ` ${token}`;
        return cleanup ? cleanUp(text) : text;
      });
    }
    case "Metaspace": {
      const { replacement, prepend_scheme, add_prefix_space } = specification;
      const prepended = (prepend_scheme ?? (add_prefix_space === false ? "never" : "always")) !== "never";
      return each((token, index) => token.replaceAll(replacement, index === 0 && prepended ? "" : " "));
    }
    case "BPEDecoder": {
      const { suffix } = specification;
      return (tokens) => tokens.map((token, index) => token.replaceAll(suffix, index === tokens.length - 1 ? "" : " "));
    }
    case "CTC": {
      const { pad_token, word_delimiter_token, cleanup } = specification;
      return (tokens) =>
        tokens
          .filter((token, index) => token !== tokens[index - 1])
          .map((token) => {
            const text = token.replaceAll(pad_token, "");
            return cleanup ? cleanUp(text).replaceAll(word_delimiter_token, " ") : text;
          })
          .filter((text) => text !== "");
    }
    case "Replace": {
      const { pattern, content } = specification;
      const found = "String" in pattern ? literalPattern(pattern.String) : translatePattern(pattern.Regex);
      return each((token) => token.replace(found, () => content));
    }
    case "Strip": {
      const { content, start, stop } = specification;
      return each((token) => {
        let from = 0;
        for (let count = 0; count < start && token.startsWith(content, from); count++) from += content.length;
        let to = token.length;
        for (let count = 0; count < stop && to > from && token.endsWith(content, to); count++) to -= content.length;
        return token.slice(from, to);
      });
    }
  }
}

function each(change: (token: string, index: number) => string): Decoder {
  return (tokens) => tokens.map(change);
}

/** Takes the spaces away that English does not have before signs and contractions. */
export function cleanUp(text: string): string {
  return text
    .replaceAll(" .", ".")
    .replaceAll(" ?", "?")
    .replaceAll(" !", "!")
    .replaceAll(" ,", ",")
    .replaceAll(" ' ", "'")
    .replaceAll(" n't", "n't")
    .replaceAll(" 'm", "'m")
    .replaceAll(" do not", " don't")
    .replaceAll(" 's", "'s")
    .replaceAll(" 've", "'ve")
    .replaceAll(" 're", "'re");
}

/** Tokens `<0x..>` beside each other as their UTF-8; U+FFFD for each of them when they are none. */
function byteFallback(tokens: readonly string[]): string[] {
  const result: string[] = [];
  let bytes: number[] = [];
  const flush = (): void => {
    if (bytes.length === 0) return;
    try {
      result.push(new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(Uint8Array.from(bytes)));
    } catch {
      for (const _ of bytes) result.push("\ufffd");
    }
    bytes = [];
  };
  for (const token of tokens) {
    const byte = /^<0x([0-9A-Fa-f]{2})>$/.exec(token);
    if (byte !== null) bytes.push(Number.parseInt(byte[1]!, 16));
    else {
      flush();
      result.push(token);
    }
  }
  flush();
  return result;
}

function utf8(parts: readonly Uint8Array[]): string {
  const bytes = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    bytes.set(part, at);
    at += part.length;
  }
  return new TextDecoder("utf-8", { ignoreBOM: true }).decode(bytes);
}
