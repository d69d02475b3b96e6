import type { RunEvent } from "@nacre/tasks";

export type StepEvent = Extract<RunEvent, { type: "step" }>;

/** Columns as uPlot takes them: x first; null where a series has no value. */
export type Columns = [number[], ...(number | null)[][]];

/**
 * The curves of a training, thinned out to at most `most` points each: when there are twice as many, neighbours become their
 * mean, so that thousands of steps stay as quick to draw as hundreds.
 */
export class Curves {
  readonly #most: number;
  #steps: number[] = [];
  #losses: number[] = [];
  #rates: number[] = [];
  /** Steps that one point stands for. */
  #stride = 1;
  #pending: StepEvent[] = [];
  #validation: { step: number; scores: Readonly<Record<string, number>> }[] = [];

  constructor(most = 600) {
    this.#most = most;
  }

  clear(): void {
    this.#steps = [];
    this.#losses = [];
    this.#rates = [];
    this.#pending = [];
    this.#validation = [];
    this.#stride = 1;
  }

  /** Adds a step. A step that comes again (a resumed run) replaces what was there from it on. */
  add(step: StepEvent): void {
    if (step.step <= (this.#pending.at(-1)?.step ?? this.#steps.at(-1) ?? 0)) this.#dropFrom(step.step);
    this.#pending.push(step);
    if (step.validation !== undefined) this.#validation.push({ step: step.step, scores: step.validation });
    if (this.#pending.length >= this.#stride) this.#close();
  }

  /** Loss by step. */
  get loss(): Columns {
    return [this.#steps, this.#losses];
  }

  /** Examples per second by step. */
  get throughput(): Columns {
    return [this.#steps, this.#rates];
  }

  /** One validation score by step. */
  validation(name: string): Columns {
    return [this.#validation.map(({ step }) => step), this.#validation.map(({ scores }) => scores[name] ?? null)];
  }

  #close(): void {
    const group = this.#pending;
    this.#pending = [];
    this.#steps.push(group.at(-1)!.step);
    this.#losses.push(mean(group.map(({ loss }) => loss)));
    const before = group[0]!.step > 1 ? group[0]!.examples / group[0]!.step : group[0]!.examples;
    const milliseconds = group.reduce((sum, step) => sum + step.milliseconds, 0);
    this.#rates.push((before * group.length * 1000) / milliseconds);
    if (this.#steps.length < 2 * this.#most) return;
    this.#stride *= 2;
    this.#steps = this.#steps.filter((_, index) => index % 2 === 1);
    this.#losses = pairs(this.#losses);
    this.#rates = pairs(this.#rates);
  }

  #dropFrom(step: number): void {
    this.#pending = this.#pending.filter((each) => each.step < step);
    const kept = this.#steps.findIndex((each) => each >= step);
    const length = kept < 0 ? this.#steps.length : kept;
    this.#steps.length = length;
    this.#losses.length = length;
    this.#rates.length = length;
    this.#validation = this.#validation.filter((each) => each.step < step);
  }
}

function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}

function pairs(values: readonly number[]): number[] {
  return Array.from({ length: values.length >> 1 }, (_, index) => (values[2 * index]! + values[2 * index + 1]!) / 2);
}
