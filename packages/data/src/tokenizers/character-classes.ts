/** \p{L} */
export const letter = 1;
/** \p{N} */
export const numeral = 2;
/** \p{White_Space}: what \s means in the regular expressions of tokenizers */
export const space = 4;
/** ASCII punctuation and \p{P}, as BERT cuts it */
export const punctuation = 8;
/** \w of Unicode regular expressions (UTS #18, annex C) */
export const wordCharacter = 16;

const asciiPunctuation = "\\u0021-\\u002f\\u003a-\\u0040\\u005b-\\u0060\\u007b-\\u007e";
const patterns: readonly [number, string][] = [
  [letter, "\\p{L}"],
  [numeral, "\\p{N}"],
  [space, "\\p{White_Space}"],
  [punctuation, `${asciiPunctuation}\\p{P}`],
  [wordCharacter, "\\p{Alphabetic}\\p{M}\\p{Nd}\\p{Pc}\\p{Join_Control}"],
];

let table: Uint8Array | undefined;
const beyond = new Map<number, number>();

/** Classes of every UTF-16 unit, as bits; surrogates have none. */
export function unitClasses(): Uint8Array {
  if (table !== undefined) return table;
  table = new Uint8Array(0x1_0000);
  let all = "";
  for (let unit = 0; unit < 0x1_0000; unit++) all += unit >= 0xd800 && unit < 0xe000 ? " " : String.fromCharCode(unit);
  for (const [bit, pattern] of patterns) {
    for (const { 0: run, index } of all.matchAll(new RegExp(`[${pattern}]+`, "gu"))) {
      for (let unit = index; unit < index + run.length; unit++) table[unit]! |= bit;
    }
  }
  table.fill(0, 0xd800, 0xe000);
  return table;
}

let single: readonly [number, RegExp][] | undefined;

/** Classes of a code point beyond U+FFFF, as bits. */
export function astralClasses(codePoint: number): number {
  let bits = beyond.get(codePoint);
  if (bits === undefined) {
    single ??= patterns.map(([bit, pattern]) => [bit, new RegExp(`^[${pattern}]$`, "u")]);
    bits = 0;
    const character = String.fromCodePoint(codePoint);
    for (const [bit, pattern] of single) if (pattern.test(character)) bits |= bit;
    if (beyond.size > 20_000) beyond.clear();
    beyond.set(codePoint, bits);
  }
  return bits;
}

/** Classes of the character at `at`. */
export function classesAt(text: string, at: number): number {
  const unit = text.charCodeAt(at);
  if (unit < 0xd800 || unit > 0xdbff) return (table ?? unitClasses())[unit]!;
  return astralClasses(text.codePointAt(at)!);
}

/** Units of the character at `at`: 2 for a surrogate pair. */
export function widthAt(text: string, at: number, end: number): number {
  const unit = text.charCodeAt(at);
  if (unit < 0xd800 || unit > 0xdbff || at + 1 >= end) return 1;
  const next = text.charCodeAt(at + 1);
  return next >= 0xdc00 && next <= 0xdfff ? 2 : 1;
}

/** Where the run of characters ends that begins at `at`, all with one of `bits` (or, negated, none of them). */
export function runEnd(text: string, at: number, end: number, bits: number, negated = false): number {
  const classes = table ?? unitClasses();
  while (at < end) {
    const unit = text.charCodeAt(at);
    if (unit < 0xd800 || unit > 0xdbff) {
      if (((classes[unit]! & bits) !== 0) === negated) return at;
      at++;
    } else {
      if (((astralClasses(text.codePointAt(at)!) & bits) !== 0) === negated) return at;
      at += widthAt(text, at, end);
    }
  }
  return at;
}
