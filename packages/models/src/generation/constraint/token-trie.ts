/**
 * The vocabulary as a tree of bytes, in depth-first order: node i's first child is i + 1, and what is not below it begins at
 * `after[i]`. Built once for a tokenizer and shared by all constraints.
 */
export class TokenTrie {
  /** Number of tokens, V, those without bytes included. */
  readonly vocabulary: number;
  /** Length of the longest token in bytes. */
  readonly depth: number;
  /**
   * The characters that constraints may use: those that have a token of their own. Undefined for a vocabulary that can spell
   * every text byte by byte.
   */
  readonly alphabet: ReadonlySet<number> | undefined;

  /** Of each node: its last byte, its depth (1 for the first byte), the first node that is not below it. */
  readonly bytes: Uint8Array;
  readonly depths: Uint16Array;
  readonly after: Int32Array;
  /** The tokens that end at node i are `tokens[ends[i]]` to `tokens[ends[i + 1] - 1]`. */
  readonly ends: Int32Array;
  readonly tokens: Int32Array;
  readonly #spelling: readonly Uint8Array[];

  /**
   * @param spelling The bytes that each token adds to the text, by id; none for tokens that are not text, which constraints
   *   then never allow. The same token must add the same bytes everywhere.
   * @throws Error when there is no token with bytes.
   */
  constructor(spelling: readonly Uint8Array[]) {
    this.vocabulary = spelling.length;
    this.alphabet = spellsEveryByte(spelling) ? undefined : ownCharacters(spelling);
    // Without all bytes, a token that ends inside a character might never be completed.
    const usable = (bytes: Uint8Array): boolean =>
      bytes.length > 0 && (!this.alphabet || decodeStrictly(bytes) !== undefined);
    const order = spelling.flatMap((bytes, token) => (usable(bytes) ? [token] : []));
    if (order.length === 0) throw new Error("Expected tokens with bytes. Every token's bytes are empty or not UTF-8.");
    order.sort((a, b) => compareBytes(spelling[a]!, spelling[b]!));

    const bytes: number[] = [];
    const depths: number[] = [];
    const ends: number[] = [];
    let previous = new Uint8Array(0);
    order.forEach((token, index) => {
      const current = spelling[token]!;
      let shared = 0;
      while (shared < previous.length && shared < current.length && previous[shared] === current[shared]) shared++;
      for (let at = shared; at < current.length; at++) {
        bytes.push(current[at]!);
        depths.push(at + 1);
        ends.push(index);
      }
      previous = current as Uint8Array<ArrayBuffer>;
    });
    this.bytes = Uint8Array.from(bytes);
    this.depths = Uint16Array.from(depths);
    // Sorted, a token comes before those it begins: a node's own tokens are those before the next node's first.
    this.ends = Int32Array.from([...ends, order.length]);
    this.tokens = Int32Array.from(order);
    this.after = subtreeEnds(depths);
    this.depth = depths.reduce((most, depth) => Math.max(most, depth), 0);
    this.#spelling = spelling;
  }

  /** The bytes of a token. */
  spell(token: number): Uint8Array {
    return this.#spelling[token]!;
  }
}

function subtreeEnds(depths: readonly number[]): Int32Array {
  const after = new Int32Array(depths.length);
  const open: number[] = [];
  depths.forEach((depth, node) => {
    while (open.length >= depth) after[open.pop()!] = node;
    open.push(node);
  });
  for (const node of open) after[node] = depths.length;
  return after;
}

function spellsEveryByte(spelling: readonly Uint8Array[]): boolean {
  const single = new Set(spelling.flatMap((bytes) => (bytes.length === 1 ? [bytes[0]!] : [])));
  for (let byte = 0; byte <= 0xf4; byte++) {
    if (byte !== 0xc0 && byte !== 0xc1 && !single.has(byte)) return false;
  }
  return true;
}

function ownCharacters(spelling: readonly Uint8Array[]): Set<number> {
  const alphabet = new Set<number>();
  for (const bytes of spelling) {
    if (bytes.length === 0 || bytes.length > 4) continue;
    const [only, more] = Array.from(decodeStrictly(bytes) ?? "");
    if (only !== undefined && more === undefined) alphabet.add(only.codePointAt(0)!);
  }
  return alphabet;
}

const decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

function decodeStrictly(bytes: Uint8Array): string | undefined {
  try {
    return decoder.decode(bytes);
  } catch {
    return undefined;
  }
}

function compareBytes(a: Uint8Array, b: Uint8Array): number {
  const length = Math.min(a.length, b.length);
  for (let i = 0; i < length; i++) {
    if (a[i] !== b[i]) return a[i]! - b[i]!;
  }
  return a.length - b.length;
}
