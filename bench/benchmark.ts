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
  /** Rounds where none are asked for; default: 3. */
  readonly rounds?: number;
  /** Seconds of a turn where steps take long. */
  readonly seconds?: number;
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

/** Something that measures itself: gives a rate, or several that one run tells; more is better. */
export interface Contender {
  readonly name: string;
  readonly measure: () => Promise<readonly number[]>;
}

/** One contender that can run in several ways, as with fewer threads: what was best at no rate is not tried again. */
export function fastest(name: string, ways: readonly Contender[]): Contender {
  let left = ways;
  return {
    name,
    async measure() {
      const runs: { way: Contender; rates: readonly number[] }[] = [];
      for (const way of left) runs.push({ way, rates: await way.measure() });
      const best = runs[0]!.rates.map((_, at) => Math.max(...runs.map(({ rates }) => rates[at]!)));
      left = runs.filter(({ rates }) => rates.some((rate, at) => rate === best[at])).map(({ way }) => way);
      return best;
    },
  };
}

/** Lets the contenders take turns and gives the median rate of each; one that fails is left out and said. */
export async function compare(
  contenders: readonly Contender[],
  context: BenchmarkContext,
): Promise<ReadonlyMap<string, number>> {
  return (await compareEach(contenders, context))(0);
}

/** As `compare`, of contenders that give several rates: the medians of the rate at a position. */
export async function compareEach(
  contenders: readonly Contender[],
  { rounds, tell }: BenchmarkContext,
): Promise<(position: number) => ReadonlyMap<string, number>> {
  const runs = new Map<string, (readonly number[])[]>(contenders.map(({ name }) => [name, []]));
  const failed = new Set<string>();
  for (let round = 1; round <= rounds; round++) {
    for (const { name, measure } of contenders) {
      if (failed.has(name)) continue;
      try {
        const rates = await measure();
        runs.get(name)!.push(rates);
        tell(`round ${round} of ${rounds}  ${name}: ${rates.map((rate) => rate.toPrecision(4)).join(", ")}`);
      } catch (error) {
        failed.add(name);
        tell(`${name} cannot take part: ${(error as Error).message.trim().split("\n")[0]}`);
      }
    }
  }
  const present = [...runs].filter(([name]) => !failed.has(name));
  return (position) => new Map(present.map(([name, all]) => [name, median(all.map((rates) => rates[position]!))]));
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
