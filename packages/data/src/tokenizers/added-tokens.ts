import { classesAt, space, wordCharacter } from "./character-classes.ts";
import { Trie } from "./models/trie.ts";
import type { AddedToken } from "./specification.ts";

/** Takes what lies between added tokens, and the tokens. Ids are -1 for text. */
type Part = (start: number, end: number, id: number) => void;

/** Finds added tokens in text: leftmost first, of several the longest. */
export class AddedTokenFinder {
  readonly #trie: Trie;
  readonly #tokens: ReadonlyMap<number, AddedToken>;
  /** Whether a unit begins one. */
  readonly #begins = new Uint8Array(0x1_0000);

  /** `contents` are the texts to find with the tokens they stand for. */
  constructor(contents: readonly (readonly [string, AddedToken])[]) {
    const found = contents.filter(([content]) => content !== "");
    this.#trie = new Trie(found.map(([content, { id }]) => [content, id]));
    this.#tokens = new Map(found.map(([, token]) => [token.id, token]));
    for (const [content] of found) this.#begins[content.charCodeAt(0)] = 1;
  }

  get empty(): boolean {
    return this.#tokens.size === 0;
  }

  /** Cuts `text[start, end)` into added tokens and what lies between them. */
  split(text: string, start: number, end: number, part: Part): void {
    const begins = this.#begins;
    let done = start;
    for (let at = start; at < end; ) {
      if (begins[text.charCodeAt(at)] === 0) {
        at++;
        continue;
      }
      const [id, stop] = this.#longest(text, at, end);
      const token = this.#tokens.get(id);
      if (token === undefined) {
        at++;
        continue;
      }
      if (token.single_word && ((at > start && endsInWord(text, at)) || (stop < end && isWord(text, stop)))) {
        at = stop;
        continue;
      }
      let from = at;
      let to = stop;
      if (token.lstrip) while (from > done && isSpace(text, from - 1)) from--;
      if (token.rstrip) while (to < end && isSpace(text, to)) to++;
      if (from > done) part(done, from, -1);
      part(from, to, id);
      done = to;
      at = to;
    }
    if (done < end) part(done, end, -1);
  }

  #longest(text: string, at: number, end: number): [id: number, stop: number] {
    let node = 0;
    let best = -1;
    let stop = at;
    for (let next = at; next < end; ) {
      node = this.#trie.child(node, text.charCodeAt(next++));
      if (node < 0) break;
      if (this.#trie.value(node) >= 0) {
        best = this.#trie.value(node);
        stop = next;
      }
    }
    return [best, stop];
  }
}

function isSpace(text: string, at: number): boolean {
  return (classesAt(text, at) & space) !== 0;
}

function isWord(text: string, at: number): boolean {
  return (classesAt(text, at) & wordCharacter) !== 0;
}

/** Whether the character before `at` is one of words. */
function endsInWord(text: string, at: number): boolean {
  const low = (text.charCodeAt(at - 1) & 0xfc00) === 0xdc00;
  return isWord(text, low ? at - 2 : at - 1);
}
