import { AddedTokenFinder } from "../added-tokens.ts";
import { byteCharacters, toByteCharacters } from "../byte-characters.ts";
import { TokenBuffer } from "../token-buffer.ts";
import { byteTokenIds, forEachByte, spacePieces } from "./characters.ts";
import { Symbols } from "./merge-symbols.ts";
import { MergeTable } from "./merge-table.ts";
import type { TokenModel, Vocabulary } from "./model.ts";
import { PieceCache } from "./piece-cache.ts";
import { Trie } from "./trie.ts";

export interface BytePairOptions {
  /** Reads the UTF-8 of the text, each byte as the character that stands for it in the vocabulary. */
  readonly bytes?: boolean;
  readonly unknown?: string | undefined;
  /** Unknown characters beside each other are one token. */
  readonly fuseUnknown?: boolean;
  /** Unknown characters become tokens `<0x00>` to `<0xFF>`. */
  readonly byteFallback?: boolean;
  /** A piece that is a token as a whole is that token, whatever the merges would make of it. */
  readonly ignoreMerges?: boolean;
  readonly continuingPrefix?: string | undefined;
  readonly endSuffix?: string | undefined;
  /** Tokens that no merge may cut or join: a SentencePiece model's user-defined pieces. */
  readonly whole?: readonly (readonly [string, number])[];
  /** Kept for the file; encoding never drops merges. */
  readonly dropout?: number | undefined;
}

/** Byte-pair encoding (Sennrich, Haddow, Birch 2016), over characters or over bytes (Radford et al. 2019). */
export class BytePairModel implements TokenModel {
  readonly type = "BPE";
  readonly vocabulary: Vocabulary;
  readonly #merges: MergeTable;
  readonly #options: BytePairOptions;
  readonly #cache = new PieceCache();
  readonly #symbols = new Symbols();
  readonly #scratch = new TokenBuffer(true);
  /** Units of the text that each first symbol covers. */
  #starts = new Int32Array(256);
  #ends = new Int32Array(256);
  /** Id of every byte (of `bytes`) or of `<0x..>` (of `byteFallback`); -1 where there is none. */
  readonly #byteIds: Int32Array;
  readonly #unknown: number;
  /** Ids of single units, -1 for none, -2 where not looked up yet. */
  readonly #unitIds = new Int32Array(0x1_0000).fill(-2);
  readonly #whole: AddedTokenFinder | undefined;
  /** Whether pieces may be cut before ▁ without changing the tokens. */
  readonly #cutsAtSpaces: boolean;

  constructor(vocabulary: Vocabulary, merges: MergeTable, options: BytePairOptions = {}) {
    this.vocabulary = vocabulary;
    this.#merges = merges;
    this.#options = options;
    this.#unknown = options.unknown === undefined ? -1 : (vocabulary.id(options.unknown) ?? -1);
    this.#byteIds = options.bytes
      ? Int32Array.from(byteCharacters, (character) => vocabulary.id(character) ?? -1)
      : byteTokenIds(vocabulary);
    const whole = options.whole ?? [];
    const plain = { single_word: false, lstrip: false, rstrip: false, normalized: true, special: false };
    this.#whole =
      whole.length === 0
        ? undefined
        : new AddedTokenFinder(whole.map(([content, id]) => [content, { content, id, ...plain }]));
    this.#cutsAtSpaces = !options.bytes && !options.continuingPrefix && !options.endSuffix && spacePieces(vocabulary);
  }

  encode(text: string, start: number, end: number, out: TokenBuffer): void {
    if (this.#whole === undefined) this.#pieces(text, start, end, out);
    else {
      this.#whole.split(text, start, end, (from, to, id) => {
        if (id < 0) this.#pieces(text, from, to, out);
        else out.push(id, from, to);
      });
    }
  }

  #pieces(text: string, start: number, end: number, out: TokenBuffer): void {
    if (!this.#cutsAtSpaces) {
      this.#piece(text, start, end, out);
      return;
    }
    let from = start;
    for (let at = text.indexOf("▁", start + 1); at >= 0 && at < end; at = text.indexOf("▁", at + 1)) {
      if (text.charCodeAt(at - 1) === 0x2581) continue;
      this.#piece(text, from, at, out);
      from = at;
    }
    this.#piece(text, from, end, out);
  }

  #piece(text: string, start: number, end: number, out: TokenBuffer): void {
    if (this.#cache.copy(text, start, end, out)) return;
    const found = this.#scratch;
    found.count = 0;
    this.#find(text, start, end, found);
    this.#cache.keep(text, start, end, found, 0);
    for (let at = 0; at < found.count; at++) out.push(found.ids[at]!, found.starts[at]!, found.ends[at]!);
  }

  #find(text: string, start: number, end: number, out: TokenBuffer): void {
    if (this.#options.ignoreMerges) {
      const piece = text.slice(start, end);
      const id = this.vocabulary.id(this.#options.bytes ? toByteCharacters(piece) : piece);
      if (id !== undefined) {
        out.push(id, start, end);
        return;
      }
    }
    const symbols = this.#symbols;
    symbols.count = 0;
    if (this.#options.bytes) this.#readBytes(text, start, end);
    else this.#readCharacters(text, start, end);
    const first = symbols.count;
    symbols.merge(this.#merges);
    for (let token = 0; token < symbols.count; token++) {
      const after = token + 1 < symbols.count ? symbols.firsts[token + 1]! : first;
      out.push(symbols.ids[token]!, this.#starts[symbols.firsts[token]!]!, this.#ends[after - 1]!);
    }
  }

  #symbol(id: number, start: number, end: number): void {
    const at = this.#symbols.count;
    if (at === this.#starts.length) {
      const [starts, ends] = [this.#starts, this.#ends];
      this.#starts = new Int32Array(at * 2);
      this.#ends = new Int32Array(at * 2);
      this.#starts.set(starts);
      this.#ends.set(ends);
    }
    this.#starts[at] = start;
    this.#ends[at] = end;
    this.#symbols.push(id);
  }

  #readBytes(text: string, start: number, end: number): void {
    forEachByte(text, start, end, (byte, from, to) => {
      const id = this.#byteIds[byte]!;
      if (id >= 0) this.#symbol(id, from, to);
      else this.#unknownSymbol(from, to);
    });
  }

  #unknownSymbol(start: number, end: number): void {
    if (this.#unknown < 0) return;
    const last = this.#symbols.count - 1;
    if (this.#options.fuseUnknown && last >= 0 && this.#symbols.ids[last] === this.#unknown) this.#ends[last] = end;
    else this.#symbol(this.#unknown, start, end);
  }

  #readCharacters(text: string, start: number, end: number): void {
    const { byteFallback } = this.#options;
    for (let at = start; at < end; ) {
      const wide = at + 1 < end && text.codePointAt(at)! > 0xffff;
      const next = at + (wide ? 2 : 1);
      const id = this.#characterId(text, at, { next, first: at === start, last: next === end });
      if (id >= 0) this.#symbol(id, at, next);
      else if (byteFallback && this.#hasBytes(text, at, next)) {
        forEachByte(text, at, next, (byte) => this.#symbol(this.#byteIds[byte]!, at, next));
      } else this.#unknownSymbol(at, next);
      at = next;
    }
  }

  #hasBytes(text: string, start: number, end: number): boolean {
    let all = true;
    forEachByte(text, start, end, (byte) => {
      if (this.#byteIds[byte]! < 0) all = false;
    });
    return all;
  }

  #characterId(
    text: string,
    at: number,
    { next, first, last }: { next: number; first: boolean; last: boolean },
  ): number {
    const { continuingPrefix, endSuffix } = this.#options;
    const plain = (first || !continuingPrefix) && (!last || !endSuffix);
    if (plain && next === at + 1) {
      const unit = text.charCodeAt(at);
      if (this.#unitIds[unit] === -2) this.#unitIds[unit] = this.vocabulary.id(text[at]!) ?? -1;
      return this.#unitIds[unit]!;
    }
    let token = text.slice(at, next);
    if (!first && continuingPrefix) token = continuingPrefix + token;
    if (last && endSuffix) token += endSuffix;
    return this.vocabulary.id(token) ?? -1;
  }

  toJson(): Record<string, unknown> {
    const token = (id: number): string => this.vocabulary.token(id)!;
    return {
      type: "BPE",
      dropout: this.#options.dropout ?? null,
      unk_token: this.#options.unknown ?? null,
      continuing_subword_prefix: this.#options.continuingPrefix ?? null,
      end_of_word_suffix: this.#options.endSuffix ?? null,
      fuse_unk: this.#options.fuseUnknown ?? false,
      byte_fallback: this.#options.byteFallback ?? false,
      ignore_merges: this.#options.ignoreMerges ?? false,
      vocab: this.vocabulary.toJson(),
      merges: this.#merges.entries().map(([left, right]) => [token(left), token(right)]),
    };
  }
}

/**
 * The merges as pairs of tokens, earliest first.
 *
 * @throws Error when a pair or what it makes is no token.
 */
export function mergeTable(
  vocabulary: Vocabulary,
  pairs: readonly (readonly [string, string])[],
  continuingPrefix = "",
): MergeTable {
  const merges = new MergeTable(pairs.length);
  for (const [rank, [left, right]] of pairs.entries()) {
    const whole =
      left +
      (continuingPrefix !== "" && right.startsWith(continuingPrefix) ? right.slice(continuingPrefix.length) : right);
    const ids = [left, right, whole].map((token) => {
      const id = vocabulary.id(token);
      if (id === undefined) {
        throw new Error(
          `Merge ${rank}, ${JSON.stringify([left, right])}: expected tokens of the vocabulary, got ${JSON.stringify(token)}.`,
        );
      }
      return id;
    });
    merges.set(ids[0]!, ids[1]!, { rank, result: ids[2]! });
  }
  return merges;
}

/**
 * The merges that follow from tokens alone, as in tiktoken and SentencePiece: any two tokens that together are a token, which
 * is ranked by `rankOf`. Tokens are cut between UTF-16 units of their text here, so they must be byte characters, or of
 * characters without surrogates' halves as tokens.
 */
export function impliedMerges(
  vocabulary: Vocabulary,
  tokens: readonly (readonly [string, number])[],
  rankOf: (id: number) => number,
): MergeTable {
  const beginnings = new Trie(vocabulary);
  const endings = new Trie(reversed(vocabulary));
  const found: number[] = [];
  // Ids of the tokens that end before each place of one, and of those that begin there.
  const lefts = new Int32Array(longest(vocabulary) + 1);
  for (const [token, id] of tokens) {
    const length = token.length;
    lefts.fill(-1, 0, length + 1);
    let node = 0;
    for (let at = 0; at < length - 1 && node >= 0; at++) {
      node = beginnings.child(node, token.charCodeAt(at));
      if (node >= 0) lefts[at + 1] = beginnings.value(node);
    }
    node = 0;
    for (let at = length - 1; at > 0 && node >= 0; at--) {
      node = endings.child(node, token.charCodeAt(at));
      if (node < 0) break;
      const right = endings.value(node);
      if (right >= 0 && lefts[at]! >= 0) found.push(lefts[at]!, right, id);
    }
  }
  const merges = new MergeTable(found.length / 3);
  for (let at = 0; at < found.length; at += 3) {
    const result = found[at + 2]!;
    merges.set(found[at]!, found[at + 1]!, { rank: rankOf(result), result });
  }
  return merges;
}

function* reversed(vocabulary: Vocabulary): Generator<[string, number], void> {
  for (const [token, id] of vocabulary) yield [token.split("").reverse().join(""), id];
}

function longest(vocabulary: Vocabulary): number {
  let length = 0;
  for (const [token] of vocabulary) length = Math.max(length, token.length);
  return length;
}
