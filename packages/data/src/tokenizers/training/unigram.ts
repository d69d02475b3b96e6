import { Lattice, type ScoredPiece } from "./lattice.ts";
import { breathe, type TrainingWatch } from "./progress.ts";
import { repeatedSubstrings } from "./substrings.ts";

export interface UnigramTraining {
  readonly vocabularySize: number;
  readonly special: readonly string[];
  /** Characters that are pieces whether they occur or not. */
  readonly alphabet?: readonly string[] | undefined;
  /** Pieces have no more characters. */
  readonly longestPiece: number;
  /** Part of the pieces that each pruning keeps. */
  readonly shrinking: number;
  /** Most pieces to begin with. */
  readonly seeds: number;
}

/** Steps of expectation and maximisation between prunings. */
const stepsBetween = 2;
/** Pieces expected less often are dropped. */
const leastExpected = 0.5;

/**
 * Trains a unigram language model on counted words (Kudo 2018, section 3.2; sentencepiece's trainer as Hugging Face's
 * `UnigramTrainer` has it): many frequent parts to begin with, expectation–maximisation, and pruning of those whose loss is least.
 */
export async function trainUnigramModel(
  words: readonly (readonly [string, number])[],
  settings: UnigramTraining,
  watch: TrainingWatch = {},
): Promise<[piece: string, score: number][]> {
  const required = new Set(settings.alphabet ?? []);
  for (const [word] of words) for (const character of word) required.add(character);
  const least = required.size + settings.special.length;
  if (least > settings.vocabularySize) {
    throw new Error(
      `Expected a vocabulary of at least ${least} tokens: so many characters and special tokens there are. Got ${settings.vocabularySize}.`,
    );
  }
  const wanted = Math.floor((settings.vocabularySize * 11) / 10);
  watch.progress?.({ stage: "seed", done: 0, total: undefined, unit: "pieces" });
  let pieces: ScoredPiece[] = [["", 0], ...seedPieces(words, settings)];
  const first = pieces.length;
  for (;;) {
    for (let step = 0; step < stepsBetween; step++) {
      await breathe(watch);
      pieces = maximise(pieces, await expect(pieces, words, watch));
    }
    const done = Math.max(0, first - pieces.length);
    watch.progress?.({ stage: "estimate", done, total: Math.max(done, first - wanted), unit: "pieces" });
    if (pieces.length <= wanted) break;
    const before = pieces.length;
    pieces = prune(pieces, words, Math.max(wanted, Math.floor(pieces.length * settings.shrinking)));
    if (pieces.length === before) break;
  }
  return finish(pieces, required, settings);
}

function seedPieces(words: readonly (readonly [string, number])[], settings: UnigramTraining): ScoredPiece[] {
  const counts = new Map<string, number>();
  for (const [word, count] of words) {
    for (const character of word) counts.set(character, (counts.get(character) ?? 0) + count);
  }
  const characters = [...counts].sort((one, other) => other[1] - one[1] || byCodePoints(other[0], one[0]));
  const parts = repeatedSubstrings(
    words.map(([word]) => word),
    settings.longestPiece,
  )
    .map(({ text, count }): [string, number] => [text, count * [...text].length])
    .sort((one, other) => other[1] - one[1] || byCodePoints(other[0], one[0]));
  const seeds = [...characters, ...parts.slice(0, Math.max(1, settings.seeds - characters.length))];
  const all = Math.log(seeds.reduce((sum, [, count]) => sum + count, 0));
  return seeds.map(([text, count]) => [text, Math.log(count) - all]);
}

function byCodePoints(one: string, other: string): number {
  const [left, right] = [[...one], [...other]];
  for (const [index, character] of left.entries()) {
    const opposite = right[index];
    if (opposite === undefined) return 1;
    if (character !== opposite) return character.codePointAt(0)! - opposite.codePointAt(0)!;
  }
  return left.length - right.length;
}

async function expect(
  pieces: readonly ScoredPiece[],
  words: readonly (readonly [string, number])[],
  watch: TrainingWatch,
): Promise<Float64Array> {
  const lattice = new Lattice(pieces);
  const expected = new Float64Array(pieces.length);
  for (const [index, [word, count]] of words.entries()) {
    lattice.read(word);
    lattice.addExpected(count, expected);
    if (index % 20_000 === 19_999) await breathe(watch);
  }
  return expected;
}

/** The variational M step: exp(ψ(c)) in place of c, which makes rare pieces rarer (Liang, Klein 2007). */
function maximise(pieces: readonly ScoredPiece[], expected: Float64Array): ScoredPiece[] {
  const kept: [string, number][] = [];
  let sum = 0;
  for (const [piece, [text]] of pieces.entries()) {
    const count = expected[piece]!;
    if (piece === 0 || count < leastExpected) continue;
    kept.push([text, count]);
    sum += count;
  }
  const all = digamma(sum);
  return [pieces[0]!, ...kept.map(([text, count]): ScoredPiece => [text, digamma(count) - all])];
}

function prune(
  pieces: readonly ScoredPiece[],
  words: readonly (readonly [string, number])[],
  size: number,
): ScoredPiece[] {
  const lattice = new Lattice(pieces);
  // How each piece is cut when it is no piece itself: undefined where it cannot be.
  const alternatives = pieces.map(([text], piece) => {
    if (piece === 0) return undefined;
    lattice.read(text);
    const best = lattice.best()!;
    if (best.length > 1) return [];
    lattice.read(text, true);
    return lattice.best();
  });
  const counts = new Float64Array(pieces.length);
  // Counts of the words that have each piece.
  const within = new Float64Array(pieces.length);
  let allWords = 0;
  for (const [word, count] of words) {
    allWords += count;
    lattice.read(word);
    for (const piece of lattice.best()!) {
      counts[piece]! += count;
      within[piece]! += count;
    }
  }
  const sum = counts.reduce((total, count) => total + count, 0);
  const logSum = Math.log(sum);
  const kept: ScoredPiece[] = [pieces[0]!];
  const candidates: [piece: number, loss: number][] = [];
  for (let piece = 1; piece < pieces.length; piece++) {
    const other = alternatives[piece];
    const count = counts[piece]!;
    if (other === undefined) kept.push(pieces[piece]!);
    else if (other.length === 0) {
      if (count > 0) kept.push(pieces[piece]!);
    } else if (count > 0) {
      // As if everywhere the piece were replaced by its alternative.
      const newSum = Math.log(sum + count * (other.length - 1));
      const loss = other.reduce(
        (rest, one) => rest - (Math.log(counts[one]! + count) - newSum),
        Math.log(count) - logSum,
      );
      candidates.push([piece, (within[piece]! / allWords) * loss]);
    }
  }
  candidates.sort((one, other) => other[1] - one[1]);
  for (const [piece] of candidates) {
    if (kept.length >= size) break;
    kept.push(pieces[piece]!);
  }
  return kept;
}

/** The special tokens, then every required character and the best pieces, by score. */
function finish(
  pieces: readonly ScoredPiece[],
  required: ReadonlySet<string>,
  settings: UnigramTraining,
): [string, number][] {
  const scores = new Map(pieces.slice(1));
  const least = pieces.slice(1).reduce((low, [, score]) => Math.min(low, score), 0);
  const chosen = new Map<string, number>();
  let penalty = 0;
  for (const character of required) {
    const score = scores.get(character);
    chosen.set(character, score ?? least + penalty);
    // Scores that differ, so that sorting does.
    if (score === undefined) penalty += 0.0001;
  }
  const room = settings.vocabularySize - settings.special.length;
  for (const [text, score] of pieces.slice(1)) {
    if (chosen.size >= room) break;
    if (!settings.special.includes(text)) chosen.set(text, score);
  }
  const sorted = [...chosen].sort((one, other) => other[1] - one[1]);
  return [...settings.special.map((token): [string, number] => [token, 0]), ...sorted];
}

/** ψ(x) by its recurrence and asymptotic series (Abramowitz, Stegun 6.3.5 and 6.3.18, shifted by ½). */
function digamma(x: number): number {
  let result = 0;
  for (; x < 7; x++) result -= 1 / x;
  x -= 1 / 2;
  const square = 1 / (x * x);
  const fourth = square * square;
  return (
    result +
    Math.log(x) +
    (1 / 24) * square -
    (7 / 960) * fourth +
    (31 / 8064) * fourth * square -
    (127 / 30720) * fourth * fourth
  );
}
