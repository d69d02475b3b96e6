import { argMax, exponential, notANumber } from "./exponential.ts";
import { kthGreatest, massThreshold } from "./select.ts";

interface LoadOptions {
  /** 0 takes all. */
  readonly k?: number;
  /** 1 takes all. */
  readonly p?: number;
  /** 0 takes all. */
  readonly share?: number;
  readonly temperature?: number;
}

/**
 * The tokens that may still be drawn from one row of logits, always in order of id, with weights proportional to their
 * probabilities. Each filter drops some; none drops the likeliest but `keepTypical`. The arrays are allocated once and used for every token.
 *
 * Tokens less likely than e^-32 (1.3e-14) of the likeliest are dropped when weighing: a draw of 32 bits cannot meet them.
 */
export class Candidates {
  /** The first `count` entries are the candidates. */
  readonly ids: Int32Array;
  readonly weights: Float64Array;
  count = 0;
  /** Sum of the weights. */
  total = 0;

  /** (logit − greatest) / temperature: the logarithm of each weight. */
  readonly #scaled: Float32Array;
  readonly #values: Float64Array;
  readonly #masses: Float64Array;

  constructor(vocabulary: number) {
    this.ids = new Int32Array(vocabulary);
    this.weights = new Float64Array(vocabulary);
    this.#scaled = new Float32Array(vocabulary);
    this.#values = new Float64Array(vocabulary);
    this.#masses = new Float64Array(vocabulary);
  }

  /**
   * Takes tokens of a row of logits [V], with weights e^((logit − greatest) / temperature). The first filters work on the way,
   * so that what they drop costs little: first the `k` greatest (Fan et al. 2018; of equals the lower ids), of these the
   * least number that sums to the probability `p` (nucleus, Holtzman et al. 2020), of these those of at least `share` of the
   * likeliest one's probability (min-p, Nguyen et al. 2024).
   *
   * @throws Error on NaN and Infinity, and when every logit is -Infinity.
   */
  load(row: Float32Array, { k = 0, p = 1, share = 0, temperature = 1 }: LoadOptions = {}): void {
    if (k > 0) this.#takeGreatest(row, k);
    const greatest = k > 0 ? this.#greatestLogit() : (row[argMax(row)] ?? Number.NEGATIVE_INFINITY);
    if (greatest === Number.POSITIVE_INFINITY) {
      throw new Error("Expected logits that are finite or -Infinity. Received Infinity.");
    }
    if (k > 0) this.#weigh(greatest, temperature);
    else if (p < 1) {
      const { least, mass } = nucleusBound(row, { greatest, temperature, p });
      this.#weighRow(row, { greatest, temperature, least });
      this.#keepMass(mass);
    } else this.#weighRow(row, { greatest, temperature, least: Math.log(share) });
    if (k > 0 && p < 1) this.#keepMass(p * this.total);
    if (share > 0) {
      const threshold = share * this.#greatestWeight();
      this.#keep((i) => this.weights[i]! >= threshold);
    }
  }

  /**
   * The tokens whose surprise is nearest to the expected one, until their probabilities sum to `mass` (locally typical,
   * Meister et al. 2023).
   */
  keepTypical(mass: number): void {
    const expected = this.entropy() - Math.log(this.total);
    const scaled = this.#scaled;
    for (let i = 0; i < this.count; i++) {
      this.#values[i] = -Math.abs(scaled[i]! + expected);
      this.#masses[i] = this.weights[i]!;
    }
    const limits = { count: this.count, mass: mass * this.total };
    const threshold = massThreshold(this.#values, this.#masses, limits);
    this.#keep((i) => -Math.abs(scaled[i]! + expected) >= threshold);
  }

  /** Tokens with a probability of at least `epsilon`, or the likeliest (Hewitt et al. 2022). */
  keepAbove(epsilon: number): void {
    const threshold = Math.min(epsilon * this.total, this.#greatestWeight());
    this.#keep((i) => this.weights[i]! >= threshold);
  }

  /** `keepAbove` with a threshold that falls with the entropy: min(ε, √ε e^−H) (eta sampling, Hewitt et al. 2022). */
  keepEta(epsilon: number): void {
    this.keepAbove(Math.min(epsilon, Math.sqrt(epsilon) * Math.exp(-this.entropy())));
  }

  /** Shannon entropy of the candidates' distribution, in nats. */
  entropy(): number {
    let sum = 0;
    for (let i = 0; i < this.count; i++) sum += this.weights[i]! * this.#scaled[i]!;
    return Math.log(this.total) - sum / this.total;
  }

  /** Probability of a token; 0 for those that were dropped. */
  probability(token: number): number {
    let low = 0;
    let high = this.count - 1;
    while (low <= high) {
      const at = (low + high) >> 1;
      if (this.ids[at]! === token) return this.weights[at]! / this.total;
      if (this.ids[at]! < token) low = at + 1;
      else high = at - 1;
    }
    return 0;
  }

  /**
   * What these have over another distribution, where they do: max(0, p − q), q's ids in ascending order. Nothing changes when
   * they have nothing over it.
   */
  subtract(other: { readonly ids: Int32Array; readonly probabilities: Float64Array }): void {
    let at = 0;
    let total = 0;
    for (let i = 0; i < this.count; i++) {
      while (at < other.ids.length && other.ids[at]! < this.ids[i]!) at++;
      const taken = other.ids[at] === this.ids[i] ? other.probabilities[at]! * this.total : 0;
      this.#masses[i] = Math.max(0, this.weights[i]! - taken);
      total += this.#masses[i]!;
    }
    if (total === 0) return;
    this.weights.set(this.#masses.subarray(0, this.count));
    this.total = total;
  }

  /** The token at `uniform` (from 0 to 1) of the cumulative distribution. */
  draw(uniform: number): number {
    const { weights, count } = this;
    let rest = uniform * this.total;
    let last = 0;
    for (let i = 0; i < count; i++) {
      const weight = weights[i]!;
      if (weight === 0) continue;
      last = i;
      rest -= weight;
      if (rest < 0) break;
    }
    return this.ids[last]!;
  }

  #greatestWeight(): number {
    let greatest = 0;
    for (let i = 0; i < this.count; i++) if (this.weights[i]! > greatest) greatest = this.weights[i]!;
    return greatest;
  }

  /** The least number of likeliest tokens whose weights sum to at least `mass`. */
  #keepMass(mass: number): void {
    const { weights, count } = this;
    for (let i = 0; i < count; i++) this.#values[i] = this.#masses[i] = weights[i]!;
    const threshold = massThreshold(this.#values, this.#masses, { count, mass });
    let above = 0;
    for (let i = 0; i < count; i++) if (weights[i]! > threshold) above += weights[i]!;
    // Of tokens exactly at the threshold only as many as are needed.
    let equals = Math.max(1, Math.ceil((mass - above) / threshold - 1e-9));
    this.#keep((i) => weights[i]! > threshold || (weights[i] === threshold && equals-- > 0));
  }

  #keep(stays: (index: number) => boolean): void {
    const { ids, weights } = this;
    const scaled = this.#scaled;
    let kept = 0;
    let total = 0;
    for (let i = 0; i < this.count; i++) {
      if (!stays(i)) continue;
      const weight = weights[i]!;
      ids[kept] = ids[i]!;
      scaled[kept] = scaled[i]!;
      weights[kept++] = weight;
      total += weight;
    }
    this.count = kept;
    this.total = total;
  }

  /** Takes and weighs every token that is at least `least` from the greatest, once divided by the temperature. */
  #weighRow(row: Float32Array, options: { greatest: number; temperature: number; least: number }): void {
    const { greatest, least } = options;
    const { ids, weights } = this;
    const scaled = this.#scaled;
    const scale = 1 / options.temperature;
    let count = 0;
    let total = 0;
    for (let token = 0; token < row.length; token++) {
      const distance = (row[token]! - greatest) * scale;
      if (!(distance >= least)) continue;
      const weight = exponential(distance);
      if (weight === 0) continue;
      ids[count] = token;
      scaled[count] = distance;
      weights[count++] = weight;
      total += weight;
    }
    this.count = count;
    this.total = total;
  }

  #takeGreatest(row: Float32Array, k: number): void {
    const { ids } = this;
    const logits = this.#scaled;
    // Whatever is not above the k-th greatest so far can be left out; that bound is found anew whenever the room is full.
    const room = Math.max(4 * Math.min(k, row.length), 1024);
    let threshold = Number.NEGATIVE_INFINITY;
    let count = 0;
    for (let token = 0; token < row.length; token++) {
      const value = row[token]!;
      if (!(value > threshold)) {
        if (Number.isNaN(value)) throw notANumber(token);
        continue;
      }
      ids[count] = token;
      logits[count++] = value;
      if (count < room || count <= k) continue;
      count = this.#keepGreatest(count, k);
      threshold = this.#leastLogit(count);
    }
    this.count = count > k ? this.#keepGreatest(count, k) : count;
  }

  /** Of the first `count` entries the k with the greatest logits, still in order of id. */
  #keepGreatest(count: number, k: number): number {
    const logits = this.#scaled;
    for (let i = 0; i < count; i++) this.#values[i] = logits[i]!;
    const threshold = kthGreatest(this.#values, count, k);
    let above = 0;
    for (let i = 0; i < count; i++) if (logits[i]! > threshold) above++;
    let equals = k - above;
    let kept = 0;
    for (let i = 0; i < count; i++) {
      const value = logits[i]!;
      if (value < threshold || (value === threshold && equals-- <= 0)) continue;
      this.ids[kept] = this.ids[i]!;
      logits[kept++] = value;
    }
    return kept;
  }

  #leastLogit(count: number): number {
    let least = Number.POSITIVE_INFINITY;
    for (let i = 0; i < count; i++) if (this.#scaled[i]! < least) least = this.#scaled[i]!;
    return least;
  }

  #greatestLogit(): number {
    let greatest = Number.NEGATIVE_INFINITY;
    for (let i = 0; i < this.count; i++) if (this.#scaled[i]! > greatest) greatest = this.#scaled[i]!;
    return greatest;
  }

  /** Turns the logits in `#scaled` into distances from the greatest, and these into weights. */
  #weigh(greatest: number, temperature: number): void {
    const { ids, weights, count } = this;
    const scaled = this.#scaled;
    let kept = 0;
    let total = 0;
    for (let i = 0; i < count; i++) {
      const distance = (scaled[i]! - greatest) / temperature;
      const weight = exponential(distance);
      if (weight === 0) continue;
      ids[kept] = ids[i]!;
      scaled[kept] = distance;
      weights[kept++] = weight;
      total += weight;
    }
    this.count = kept;
    this.total = total;
  }
}

const bucketsPerUnit = 8;

/**
 * How far from the greatest logit (divided by the temperature) tokens can be and still belong to the nucleus, to an eighth, and
 * the weight of the nucleus: from the weights by distance.
 */
function nucleusBound(
  row: Float32Array,
  { greatest, temperature, p }: { greatest: number; temperature: number; p: number },
): { least: number; mass: number } {
  const masses = new Float64Array(bucketsPerUnit * 32 + 1);
  const scale = 1 / temperature;
  let total = 0;
  for (let token = 0; token < row.length; token++) {
    const distance = (row[token]! - greatest) * scale;
    const weight = exponential(distance);
    if (weight === 0) continue;
    masses[(distance * -bucketsPerUnit) | 0]! += weight;
    total += weight;
  }
  let bucket = 0;
  // A little more, since the sums are rounded.
  for (let sum = masses[0]!; sum < p * total * (1 + 1e-12) && bucket < masses.length - 1; sum += masses[bucket]!)
    bucket++;
  return { least: -(bucket + 1) / bucketsPerUnit, mass: p * total };
}
