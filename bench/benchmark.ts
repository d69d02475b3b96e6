/** One comparison. `ratio` > 1: we are ahead. */
export interface Row {
  readonly name: string;
  readonly unit: string;
  readonly ours: number;
  readonly peer: number;
  readonly peerName: string;
  readonly ratio: number;
  /** The ratio we want; none where there is no goal yet. */
  readonly goal: number | null;
}

export interface Benchmark {
  readonly name: string;
  readonly about: string;
  run(context: BenchmarkContext): Promise<readonly Row[]>;
}

export interface BenchmarkContext {
  /** Rounds; contenders take turns in each, and the median over the rounds counts. */
  readonly rounds: number;
  /** Seconds each contender measures per round. */
  readonly seconds: number;
  /** Tells what is going on. */
  readonly tell: (line: string) => void;
}

/** Something that measures itself: gives a rate, more is better. */
export interface Contender {
  readonly name: string;
  readonly measure: () => Promise<number>;
}

/** Lets the contenders take turns and gives the median rate of each; one that fails is left out and said. */
export async function compare(
  contenders: readonly Contender[],
  { rounds, tell }: BenchmarkContext,
): Promise<ReadonlyMap<string, number>> {
  const rates = new Map<string, number[]>(contenders.map(({ name }) => [name, []]));
  const failed = new Set<string>();
  for (let round = 1; round <= rounds; round++) {
    for (const { name, measure } of contenders) {
      if (failed.has(name)) continue;
      try {
        const rate = await measure();
        rates.get(name)!.push(rate);
        tell(`round ${round} of ${rounds}  ${name}: ${rate.toPrecision(4)}`);
      } catch (error) {
        failed.add(name);
        tell(`${name} cannot take part: ${(error as Error).message.trim().split("\n")[0]}`);
      }
    }
  }
  return new Map([...rates].filter(([name]) => !failed.has(name)).map(([name, values]) => [name, median(values)]));
}

/** Rows of the first contender against each of the others that took part. */
export function rowsAgainst(
  label: {
    readonly name: string;
    readonly unit: string;
    readonly ours: string;
    readonly goals?: Readonly<Record<string, number>>;
  },
  rates: ReadonlyMap<string, number>,
): Row[] {
  const ours = rates.get(label.ours);
  if (ours === undefined) throw new Error(`${label.name}: our own contender failed; see above.`);
  return [...rates]
    .filter(([name]) => name !== label.ours)
    .map(([peerName, peer]) => ({
      name: label.name,
      unit: label.unit,
      ours,
      peer,
      peerName,
      ratio: ours / peer,
      goal: label.goals?.[peerName] ?? null,
    }));
}

export function median(values: readonly number[]): number {
  const sorted = [...values].sort((left, right) => left - right);
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[middle]! : (sorted[middle - 1]! + sorted[middle]!) / 2;
}
