import type { Cursor } from "@nacre/data";
import { Random } from "@nacre/random";
import { type Model, type TensorMemory, tensorMemory } from "@nacre/tensor";
import { Checkpoints, type Progress } from "./checkpoints.ts";
import { type Gradients, Learner, meanGradients } from "./learner.ts";
import { checkOptions, type TrainOptions } from "./options.ts";
import type { Step } from "./step.ts";

/**
 * Trains a model as a stream of steps: pull to train, `break` to stop. Everything random is a function of the seed and the
 * step, so a training that was stopped or killed resumes from its last checkpoint to the same bits.
 *
 * ```ts
 * for await (const step of train({ model, data, loss, optimizer: adam(0.001), epochs: 5, seed: 1 })) {
 *   console.log(step.step, step.loss);
 * }
 * ```
 *
 * @throws Error when the loss is no longer a number; the model and the last checkpoint are as they were before that step. The
 *   signal's reason when it asks to stop.
 */
export async function* train<M extends Model, Batch>(options: TrainOptions<M, Batch>): AsyncGenerator<Step, void> {
  checkOptions(options);
  const training = new Training(options);
  try {
    yield* training.run();
  } finally {
    await training.dispose();
  }
}

type Updated = Pick<Step, "step" | "examples" | "loss" | "learningRate" | "gradientNorm" | "scalars">;

class Training<M extends Model, Batch> {
  readonly #options: TrainOptions<M, Batch>;
  readonly #learner: Learner;
  readonly #checkpoints: Checkpoints | undefined;
  readonly #random: Random;
  readonly #memory: TensorMemory = tensorMemory();
  #cursor: Cursor<Batch> | undefined;
  #progress: Progress = {
    step: 0,
    epoch: 0,
    position: null,
    examples: 0,
    stepsPerEpoch: null,
    history: [],
  };

  constructor(options: TrainOptions<M, Batch>) {
    this.#options = options;
    this.#learner = new Learner(options.model, options.optimizer, {
      averaging: options.movingAverage !== undefined,
      kept: options.checkpoints?.parameters ?? "all",
    });
    this.#random = new Random(options.seed);
    const { checkpoints, accumulate = 1, data, seed } = options;
    if (data.size !== undefined)
      this.#progress = { ...this.#progress, stepsPerEpoch: Math.ceil(data.size / accumulate) || null };
    if (checkpoints === undefined) return;
    const keep = { best: checkpoints.keepBest ?? 0, last: checkpoints.keepLast ?? 2 };
    this.#checkpoints = new Checkpoints(checkpoints.folder, seed, keep);
  }

  async dispose(): Promise<void> {
    this.#learner.dispose();
    await this.#cursor?.close();
  }

  async *run(): AsyncGenerator<Step, void> {
    const { validate } = this.#options;
    await this.#resume();
    let firstOfEpoch = this.#progress.step;
    while (!this.#isFinished()) {
      const { epoch } = this.#progress;
      this.#cursor ??= this.#options.data.open(undefined, epoch);
      const started = performance.now();
      const batches = await this.#read(this.#options.accumulate ?? 1);
      if (batches.length === 0) {
        if (this.#progress.step === firstOfEpoch)
          throw new Error(`train: expected batches in epoch ${epoch}. Received none.`);
        await this.#nextEpoch();
        continue;
      }
      const step = await this.#update(batches);
      const position = this.#cursor.position();
      // One batch ahead, to know whether the epoch ends here; the position stays before it.
      const ahead = await this.#peek();
      if (ahead === "end" && this.#progress.stepsPerEpoch === null) {
        this.#progress = { ...this.#progress, stepsPerEpoch: this.#progress.step - firstOfEpoch };
      }
      this.#progress = { ...this.#progress, position: ahead === "end" ? null : position };
      const validation = this.#isTime(validate?.every, ahead === "end") ? await this.#validate() : undefined;
      if (ahead === "end") {
        await this.#nextEpoch();
        firstOfEpoch = this.#progress.step;
      }
      const { peakBytes } = this.#memory;
      this.#memory.restart();
      const finished = this.#isFinished();
      const checkpoint = await this.#checkpoint(ahead === "end", finished, validation);
      yield {
        ...step,
        epoch,
        progress: finished ? 1 : this.#done(),
        peakBytes,
        milliseconds: performance.now() - started,
        ...(validation === undefined ? {} : { validation }),
        ...(checkpoint === undefined ? {} : { checkpoint }),
      };
      if (!finished && this.#options.signal?.aborted) {
        if (checkpoint === undefined) await this.#checkpoints?.save(this.#learner, this.#progress, undefined);
        this.#options.signal.throwIfAborted();
      }
    }
    this.#learner.finish(validate?.restoreBest ?? false);
  }

  async #resume(): Promise<void> {
    const { resume, checkpoints, data } = this.#options;
    if (!resume) return;
    const saved = await this.#checkpoints!.load(this.#learner, checkpoints!.warn ?? console.warn);
    if (saved === undefined) return;
    this.#progress = saved.progress;
    const { position, epoch } = saved.progress;
    if (position !== null) this.#cursor = data.open(position, epoch);
  }

  /** The batch that was read ahead to see whether there is one. */
  #ahead: Batch | undefined;

  async #peek(): Promise<"end" | "more"> {
    const item = await this.#cursor!.next();
    this.#ahead = item.done ? undefined : item.value;
    return item.done ? "end" : "more";
  }

  async #read(count: number): Promise<Batch[]> {
    const batches: Batch[] = [];
    if (this.#ahead !== undefined) batches.push(this.#ahead);
    this.#ahead = undefined;
    while (batches.length < count) {
      const item = await this.#cursor!.next();
      if (item.done) break;
      batches.push(item.value);
    }
    return batches;
  }

  async #nextEpoch(): Promise<void> {
    await this.#cursor?.close();
    this.#cursor = undefined;
    this.#progress = { ...this.#progress, epoch: this.#progress.epoch + 1, position: null };
  }

  async #update(batches: readonly Batch[]): Promise<Updated> {
    const { model, loss, optimizer, clipNorm, movingAverage, examplesIn = sizeOf } = this.#options;
    const { step, history } = this.#progress;
    const learningRate = optimizer.learningRate?.({ step, history }) ?? Number.NaN;
    const parts: (Gradients & { readonly weight: number })[] = [];
    let examples = 0;
    for (const [index, batch] of batches.entries()) {
      const random = this.#random.fork("step", step, index);
      const part = await this.#learner.gradients(() => loss(model, batch, { training: true, random, step, batches }));
      const count = examplesIn(batch);
      parts.push({ ...part, weight: part.weight ?? count });
      examples += count;
    }
    const meanLoss = weightedMean(parts, ({ loss }) => loss);
    const gradientNorm = Number.isFinite(meanLoss)
      ? await this.#learner.apply(meanGradients(parts), {
          step,
          history,
          ...(clipNorm === undefined ? {} : { clipNorm }),
          ...(movingAverage === undefined ? {} : movingAverage),
        })
      : Number.NaN;
    if (!Number.isFinite(gradientNorm)) {
      for (const { values } of parts) for (const tensor of values.values()) tensor.dispose();
      throw new Error(
        `The training diverged at step ${step + 1}: loss ${meanLoss}, gradient norm ${gradientNorm}, learning rate ` +
          `${learningRate}. The weights of step ${step} are kept. Try a lower learning rate, a warm-up or clipNorm, and look ` +
          "for values in the data that are not numbers.",
      );
    }
    this.#progress = { ...this.#progress, step: step + 1, examples: this.#progress.examples + examples };
    const names = new Set(parts.flatMap((part) => Object.keys(part.scalars)));
    const scalars = Object.fromEntries(
      [...names].map((name) => [name, weightedMean(parts, (part) => part.scalars[name])]),
    );
    return {
      step: step + 1,
      examples: this.#progress.examples,
      loss: meanLoss,
      learningRate,
      gradientNorm,
      ...(names.size === 0 ? {} : { scalars }),
    };
  }

  async #validate(): Promise<Readonly<Record<string, number>>> {
    const { measure, monitor, mode, restoreBest } = this.#options.validate!;
    const scores = await this.#learner.withAverage(() => measure(this.#options.model));
    const score = scores[monitor];
    if (score === undefined) {
      throw new Error(
        `train: expected a validation score "${monitor}". Received ${Object.keys(scores).join(", ") || "none"}.`,
      );
    }
    const { history } = this.#progress;
    const comparable = mode === "min" ? score : -score;
    if (restoreBest && history.every((earlier) => comparable < earlier)) this.#learner.keepBest();
    this.#progress = { ...this.#progress, history: [...history, comparable] };
    return scores;
  }

  #isTime(every: "epoch" | number | undefined, endOfEpoch: boolean): boolean {
    if (every === undefined) return false;
    return every === "epoch" ? endOfEpoch : this.#progress.step % every === 0;
  }

  #isFinished(): boolean {
    const { steps, epochs, validate } = this.#options;
    const { step, epoch, history } = this.#progress;
    if (step >= (steps ?? Number.POSITIVE_INFINITY) || epoch >= (epochs ?? Number.POSITIVE_INFINITY)) return true;
    if (validate?.patience === undefined || history.length === 0) return false;
    return history.length - 1 - history.indexOf(Math.min(...history)) >= validate.patience;
  }

  #done(): number {
    const { steps, epochs } = this.#options;
    const { step, stepsPerEpoch } = this.#progress;
    const total = steps ?? (stepsPerEpoch === null ? undefined : epochs! * stepsPerEpoch);
    return total === undefined ? this.#progress.epoch / epochs! : Math.min(1, step / total);
  }

  async #checkpoint(
    endOfEpoch: boolean,
    finished: boolean,
    validation: Readonly<Record<string, number>> | undefined,
  ): Promise<string | undefined> {
    const due = finished || this.#isTime(this.#options.checkpoints?.every, endOfEpoch);
    if (this.#checkpoints === undefined || !due) return undefined;
    return this.#checkpoints.save(this.#learner, this.#progress, validation && this.#progress.history.at(-1));
  }
}

/** The mean over the batches that have the value; NaN where all of them weigh nothing. */
function weightedMean(
  parts: readonly (Gradients & { weight: number })[],
  value: (part: Gradients) => number | undefined,
) {
  const known = parts.flatMap((part) => {
    const read = value(part);
    return read === undefined || (part.weight === 0 && parts.length > 1) ? [] : [{ read, weight: part.weight }];
  });
  if (known.length === 1) return known[0]!.read;
  const total = known.reduce((sum, { weight }) => sum + weight, 0);
  return known.reduce((sum, { read, weight }) => sum + read * weight, 0) / total;
}

function sizeOf(batch: unknown): number {
  const { size, length } = (batch ?? {}) as { size?: unknown; length?: unknown };
  return typeof size === "number" ? size : typeof length === "number" ? length : 1;
}
