import { globalNorm, type Model, parameters, tf, trainable, updatesInPlace, valueAndGradients } from "@nacre/tensor";
import type { LossParts } from "./options.ts";
import { disposeTree, keepTree, mapTree, scoped } from "./tensor-tree.ts";
import { mapNamed, type NamedTensors, type TensorTree, type Transform, type TransformContext } from "./transform.ts";

/** Gradients of one batch, kept until they are applied. */
export interface Gradients {
  readonly loss: number;
  readonly weight: number | undefined;
  readonly scalars: Readonly<Record<string, number>>;
  readonly values: NamedTensors;
}

/** The tensors of a training: the model's, the optimizer's, the moving average and the best weights so far. */
export class Learner {
  readonly model: Model;
  readonly #optimizer: Transform;
  readonly #variables: ReadonlyMap<string, tf.Variable>;
  /** Those that checkpoints have. */
  readonly #kept: ReadonlyMap<string, tf.Variable>;
  #state: TensorTree;
  #average: NamedTensors | undefined;
  #best: NamedTensors | undefined;

  constructor(
    model: Model,
    optimizer: Transform,
    { averaging = false, kept = "all" }: { readonly averaging?: boolean; readonly kept?: "all" | "trained" } = {},
  ) {
    this.model = model;
    this.#optimizer = optimizer;
    this.#variables = trainable(model);
    this.#kept = kept === "all" ? parameters(model) : this.#variables;
    if (this.#variables.size === 0) {
      throw new Error(
        "train: expected a model with variables to train. Received one without: are they fields of the object?",
      );
    }
    this.#state = scoped(() => keepTree(optimizer.init(this.#variables)));
    if (averaging) this.#average = copies(this.#variables);
  }

  /** Gradients of `loss` with regard to every variable that training moves; 0 for those it does not depend on. */
  async gradients(loss: () => tf.Scalar | LossParts): Promise<Gradients> {
    let parts: Omit<LossParts, "loss"> = {};
    const [value, grads] = scoped(() => {
      const { value, gradients } = valueAndGradients(() => {
        const told = loss();
        if (told instanceof tf.Tensor) return told;
        parts = { ...told, scalars: kept(told.scalars ?? {}) };
        return told.loss;
      }, [...this.#variables.values()]);
      const names = [...this.#variables.keys()];
      const named = new Map(
        names.map((name, index) => [name, gradients[index] ?? tf.zerosLike(this.#variables.get(name)!)] as const),
      );
      return [tf.keep(value), keepTree(named)] as const;
    });
    const { weight, scalars = {} } = parts;
    const read = await Promise.all([value, ...Object.values(scalars)].map(async (scalar) => (await scalar.data())[0]!));
    tf.dispose([value, ...Object.values(scalars)]);
    const numbers = Object.fromEntries(Object.keys(scalars).map((name, index) => [name, read[index + 1]!]));
    return { loss: read[0]!, weight, scalars: numbers, values: grads };
  }

  /** Applies one update and gives the norm of the gradient before clipping. The gradients are freed. */
  async apply(
    gradients: NamedTensors,
    { step, history, clipNorm, decay }: { step: number; history: readonly number[]; clipNorm?: number; decay?: number },
  ): Promise<number> {
    const norm = globalNorm([...gradients.values()]);
    const length = (await norm.data())[0]!;
    norm.dispose();
    if (!Number.isFinite(length)) {
      disposeTree(gradients);
      return length;
    }
    const scale = clipNorm === undefined || length <= clipNorm ? 1 : clipNorm / (length + 1e-6);
    if (this.#optimizer.applyInPlace !== undefined && updatesInPlace()) {
      const context = { step, history, parameters: this.#variables, variables: this.#variables, gradientScale: scale };
      const before = this.#state;
      this.#state = scoped(() => {
        const state = this.#optimizer.applyInPlace!(gradients, before, context);
        return state === before ? before : keepTree(state);
      });
      if (this.#state !== before) disposeTree(before, this.#state);
    } else {
      this.#update(gradients, scale, { step, history, parameters: this.#variables });
    }
    disposeTree(gradients);
    if (decay !== undefined) this.#follow(step, decay);
    return length;
  }

  #update(gradients: NamedTensors, scale: number, context: TransformContext): void {
    const before = this.#state;
    this.#state = scoped(() => {
      const scaled = scale === 1 ? gradients : mapNamed(gradients, (gradient) => tf.mul(gradient, scale));
      const { updates, state } = this.#optimizer.update(scaled, before, context);
      for (const [name, variable] of this.#variables) variable.assign(tf.add(variable, updates.get(name)!));
      return keepTree(state);
    });
    disposeTree(before, this.#state);
  }

  /** Runs `work` while the model holds the moving average, where there is one. */
  async withAverage<T>(work: () => Promise<T>): Promise<T> {
    if (this.#average === undefined) return work();
    const current = copies(this.#variables);
    assign(this.#variables, this.#average);
    try {
      return await work();
    } finally {
      assign(this.#variables, current);
      disposeTree(current);
    }
  }

  /** Remembers the weights that were just validated. */
  keepBest(): void {
    const before = this.#best;
    this.#best = copies(this.#average ?? this.#variables);
    if (before !== undefined) disposeTree(before);
  }

  /** Leaves the model with the weights it is to be used with. */
  finish(restoreBest: boolean): void {
    const last = restoreBest && this.#best !== undefined ? this.#best : this.#average;
    if (last !== undefined) assign(this.#variables, last);
  }

  /** Everything that a checkpoint saves, by name. */
  get tree(): { readonly [part: string]: TensorTree } {
    return {
      model: this.#kept,
      optimizer: this.#state,
      ...(this.#average === undefined ? {} : { average: this.#average }),
      ...(this.#best === undefined ? {} : { best: this.#best }),
    };
  }

  /**
   * Takes every tensor from a checkpoint. `take` gives a new tensor, or throws when there is none that fits; `check` throws
   * when some are left over. Nothing is changed when either does.
   */
  load(take: (path: string, like: tf.Tensor) => tf.Tensor, has: (part: string) => boolean, check: () => void): void {
    const loaded = scoped(() => {
      const model = mapTree(this.#kept as NamedTensors, take, "model");
      const state = mapTree(this.#state, take, "optimizer");
      const average = this.#average && mapTree(this.#average, take, "average");
      const best = has("best") ? mapTree(this.#variables as NamedTensors, take, "best") : undefined;
      check();
      for (const part of [model, state, average, best]) if (part !== undefined) keepTree(part);
      return [model, state, average, best] as const;
    });
    const [model, state, average, best] = loaded;
    assign(this.#kept, model);
    disposeTree(model);
    for (const old of [this.#state, this.#average, this.#best]) if (old !== undefined) disposeTree(old);
    this.#state = state;
    this.#average = average;
    this.#best = best;
  }

  dispose(): void {
    for (const part of [this.#state, this.#average, this.#best]) if (part !== undefined) disposeTree(part);
  }

  /** The decay starts low, so that the first weights are soon forgotten: min(decay, (1 + t) / (10 + t)). */
  #follow(step: number, decay: number): void {
    const before = this.#average!;
    const share = Math.min(decay, (1 + step) / (10 + step));
    this.#average = scoped(() =>
      keepTree(
        mapNamed(this.#variables, (variable, name) =>
          tf.add(tf.mul(before.get(name)!, share), tf.mul(variable, 1 - share)),
        ),
      ),
    );
    disposeTree(before);
  }
}

/** The weighted mean of gradients. Frees what it is given. */
export function meanGradients(
  parts: readonly { readonly values: NamedTensors; readonly weight: number }[],
): NamedTensors {
  if (parts.length === 1) return parts[0]!.values;
  const total = parts.reduce((sum, { weight }) => sum + weight, 0);
  const mean = scoped(() =>
    keepTree(
      mapNamed(parts[0]!.values, (_, name) =>
        tf.addN(parts.map(({ values, weight }) => tf.mul(values.get(name)!, weight / total))),
      ),
    ),
  );
  for (const { values } of parts) disposeTree(values);
  return mean;
}

/** Copies of scalars that outlive the tidy. */
function kept(scalars: Readonly<Record<string, tf.Scalar>>): Record<string, tf.Scalar> {
  return Object.fromEntries(Object.entries(scalars).map(([name, scalar]) => [name, tf.keep(tf.clone(scalar))]));
}

function copies(variables: NamedTensors): NamedTensors {
  return scoped(() => keepTree(mapNamed(variables, (variable) => tf.clone(variable))));
}

function assign(variables: ReadonlyMap<string, tf.Variable>, values: NamedTensors): void {
  for (const [name, value] of values) {
    // A copy of the handle, for `assign` takes it over.
    const handle = tf.clone(value);
    variables.get(name)!.assign(handle);
    handle.dispose();
  }
}
