/** A part of the words and how often it occurs in them. */
export interface Substring {
  readonly text: string;
  readonly count: number;
}

/**
 * The parts of 2 to `longest` characters that occur at least twice and are followed by different characters (or ends): what an
 * enhanced suffix array's intervals give (Abouelhoda, Kurtz, Ohlebusch 2004), found by sorting suffixes by one character after
 * the other. Every word counts once.
 */
export function repeatedSubstrings(words: readonly string[], longest: number): Substring[] {
  const codes: number[] = [];
  for (const word of words) {
    for (const character of word) codes.push(character.codePointAt(0)!);
    codes.push(0);
  }
  const text = Int32Array.from(codes);
  const places = new Int32Array(text.length);
  let count = 0;
  for (let at = 0; at < text.length; at++) if (text[at] !== 0) places[count++] = at;
  const found: Substring[] = [];
  const spare = new Int32Array(count);

  /** Suffixes at places[from, to) agree in `depth` characters. */
  const divide = (from: number, to: number, depth: number): void => {
    const sizes = new Map<number, number>();
    for (let index = from; index < to; index++) {
      const code = text[places[index]! + depth]!;
      sizes.set(code, (sizes.get(code) ?? 0) + 1);
    }
    if (sizes.size > 1) {
      if (depth >= 2) {
        const start = places[from]!;
        found.push({ text: String.fromCodePoint(...text.subarray(start, start + depth)), count: to - from });
      }
      const starts = new Map<number, number>();
      let next = from;
      for (const [code, size] of sizes) {
        starts.set(code, next);
        next += size;
      }
      for (let index = from; index < to; index++) {
        const place = places[index]!;
        const code = text[place + depth]!;
        const at = starts.get(code)!;
        spare[at] = place;
        starts.set(code, at + 1);
      }
      places.set(spare.subarray(from, to), from);
    }
    if (depth === longest) return;
    let start = from;
    for (const [code, size] of sizes) {
      if (code !== 0 && size > 1) divide(start, start + size, depth + 1);
      start += size;
    }
  };
  if (count > 0) divide(0, count, 0);
  return found;
}
