/**
 * Counts the n-grams of several sequences of one segment, order by order: `counts[s][g]` is how often n-gram g is in sequence s.
 *
 * Equal n-grams have equal numbers across the sequences. Each order is found from the one before (an n-gram is its first n-1
 * symbols and one more), so no strings are made.
 *
 * @param sequences of numbers from 0 to `symbols` - 1
 * @param order from 1 on
 */
export function* ngramCounts(
  sequences: readonly Int32Array[],
  symbols: number,
  order: number,
): Generator<readonly Int32Array[]> {
  // Numbers of the n-grams that start at each place.
  let current = sequences.map((sequence) => sequence);
  let different = symbols;
  for (let n = 1; n <= order; n++) {
    if (n > 1) {
      const numbers = new Map<number, number>();
      current = current.map((previous, which) => {
        const sequence = sequences[which]!;
        const length = Math.max(0, sequence.length - n + 1);
        const next = new Int32Array(length);
        for (let at = 0; at < length; at++) {
          const key = previous[at]! * symbols + sequence[at + n - 1]!;
          let number = numbers.get(key);
          if (number === undefined) {
            number = numbers.size;
            numbers.set(key, number);
          }
          next[at] = number;
        }
        return next;
      });
      different = numbers.size;
    }
    yield current.map((numbers) => {
      const counts = new Int32Array(different);
      for (const number of numbers) counts[number]!++;
      return counts;
    });
  }
}

/** Sequences of any symbols as sequences of numbers, equal ones equal, and how many there are. */
export function numbered(sequences: readonly (readonly string[])[]): { numbers: Int32Array[]; symbols: number } {
  const seen = new Map<string, number>();
  const numbers = sequences.map((sequence) =>
    Int32Array.from(sequence, (symbol) => {
      let number = seen.get(symbol);
      if (number === undefined) {
        number = seen.size;
        seen.set(symbol, number);
      }
      return number;
    }),
  );
  return { numbers, symbols: seen.size };
}
