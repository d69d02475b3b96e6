import { compile } from "./automaton.ts";
import { characters, type Expression, type Grammar } from "./expression.ts";
import { Pushdown, type PushdownState } from "./pushdown.ts";
import type { TokenTrie } from "./token-trie.ts";

interface Mask {
  /** Bit t % 32 of word ⌊t / 32⌋ tells whether token t may come. */
  readonly words: Uint32Array;
  readonly count: number;
  /** The most bytes that an allowed token leaves to do. */
  readonly farthest: number;
}

/** How many masks are kept; one is V / 8 bytes. */
const mostMasks = 2000;

/**
 * A grammar over the tokens of a vocabulary: which may come next, so that the whole text matches. As in Willard and Louf 2023,
 * the set of tokens is found once for each state of the automaton, by walking the vocabulary's tree along its transitions.
 */
export class TokenConstraint {
  readonly trie: TokenTrie;
  readonly start: PushdownState;
  readonly #pushdown: Pushdown;
  readonly #masks = new Map<PushdownState, Mask>();

  /** @throws Error when no text matches that the vocabulary can spell. */
  constructor(grammar: Grammar, trie: TokenTrie) {
    this.trie = trie;
    this.#pushdown = new Pushdown(compile(trie.alphabet ? spellable(grammar, trie.alphabet) : grammar));
    this.start = this.#pushdown.start;
  }

  /** After one more token; null when it is not allowed. */
  next(state: PushdownState, token: number): PushdownState | null {
    let at: PushdownState | null = state;
    const bytes = this.trie.spell(token);
    if (bytes.length === 0) return null;
    for (let i = 0; i < bytes.length && at !== null; i++) at = this.#pushdown.next(at, bytes[i]!);
    return at;
  }

  /** After a whole text; null when no match goes on like this. */
  read(state: PushdownState, text: string): PushdownState | null {
    let at: PushdownState | null = state;
    for (const byte of new TextEncoder().encode(text)) {
      if (at === null) return null;
      at = this.#pushdown.next(at, byte);
    }
    return at;
  }

  /** Whether any token may come. Where none may, the text is whole. */
  continues(state: PushdownState): boolean {
    return this.#mask(state).count > 0;
  }

  /**
   * Rules out of a row of logits [V] every token that may not come; `endTokens` may where the text may end.
   *
   * @param remaining How many tokens may still come, this one included: only tokens stay after which the text can be
   *   brought to an end in time. Default: no limit.
   * @returns whether any token may come.
   */
  apply(
    logits: Float32Array,
    state: PushdownState,
    { endTokens, remaining = Number.POSITIVE_INFINITY }: { endTokens: readonly number[]; remaining?: number },
  ): boolean {
    let mask = this.#mask(state);
    if (mask.farthest > remaining - 1) mask = this.#walk(state, remaining - 1);
    const kept = state.accepting ? endTokens.map((token) => logits[token]!) : [];
    const { words } = mask;
    for (let word = 0; word < words.length; word++) {
      const bits = words[word]!;
      if (bits === 0xffffffff) continue;
      const end = Math.min(32 * word + 32, logits.length);
      for (let token = 32 * word; token < end; token++) {
        if (((bits >>> (token & 31)) & 1) === 0) logits[token] = Number.NEGATIVE_INFINITY;
      }
    }
    // A model may have more outputs than the tokenizer has tokens.
    logits.fill(Number.NEGATIVE_INFINITY, 32 * words.length);
    kept.forEach((value, index) => {
      logits[endTokens[index]!] = value;
    });
    return mask.count + kept.length > 0;
  }

  /** The tokens that may come, in ascending order. */
  allowed(state: PushdownState): number[] {
    const { words } = this.#mask(state);
    return Array.from(words.keys()).flatMap((word) => {
      const bits = words[word]!;
      return bits === 0
        ? []
        : Array.from({ length: 32 }, (_, bit) => bit).flatMap((bit) => ((bits >>> bit) & 1 ? [word * 32 + bit] : []));
    });
  }

  #mask(state: PushdownState): Mask {
    let mask = this.#masks.get(state);
    if (mask === undefined) {
      mask = this.#walk(state, Number.POSITIVE_INFINITY);
      if (this.#masks.size >= mostMasks) this.#masks.delete(this.#masks.keys().next().value!);
      this.#masks.set(state, mask);
    }
    return mask;
  }

  /** Tokens after which at most `limit` bytes are left to do. One byte is at most one token. */
  #walk(state: PushdownState, limit: number): Mask {
    const { bytes, depths, after, ends, tokens, vocabulary, depth } = this.trie;
    const words = new Uint32Array(Math.ceil(vocabulary / 32));
    const path: PushdownState[] = new Array(depth + 1).fill(state);
    let count = 0;
    let farthest = Number.NEGATIVE_INFINITY;
    for (let node = 0; node < bytes.length; ) {
      const next = this.#pushdown.next(path[depths[node]! - 1]!, bytes[node]!);
      if (next === null) {
        node = after[node]!;
        continue;
      }
      path[depths[node]!] = next;
      const until = ends[node + 1]!;
      if (next.distance <= limit) {
        for (let at = ends[node]!; at < until; at++) {
          words[tokens[at]! >> 5]! |= 1 << (tokens[at]! & 31);
          count++;
          if (next.distance > farthest) farthest = next.distance;
        }
      }
      node++;
    }
    return { words, count, farthest };
  }
}

/** The grammar without the characters that no token spells. */
function spellable(grammar: Grammar, alphabet: ReadonlySet<number>): Grammar {
  const sorted = [...alphabet].sort((a, b) => a - b);
  const limit = (expression: Expression): Expression => {
    switch (expression.kind) {
      case "characters": {
        const inside = expression.ranges.flatMap(([first, last]) => {
          if (first === last) return alphabet.has(first) ? [first] : [];
          return sorted.filter((point) => first <= point && point <= last);
        });
        return characters(inside.map((point) => [point, point] as const));
      }
      case "sequence":
      case "choice":
        return { kind: expression.kind, items: expression.items.map(limit) };
      case "repeat":
        return { ...expression, item: limit(expression.item) };
      case "rule":
        return expression;
    }
  };
  return { root: limit(grammar.root), rules: new Map([...grammar.rules].map(([name, rule]) => [name, limit(rule)])) };
}
