/** Value at `point`; writes the gradient. */
export type Objective = (point: Float64Array, gradient: Float64Array) => Promise<number>;

export interface MinimiseOptions {
  readonly iterations: number;
  /** Pairs of steps and gradient changes that are remembered. Default 10. */
  readonly memory?: number;
  /** Stops when no part of the gradient is larger. Default 1e-5. */
  readonly tolerance?: number;
  readonly onIteration?: (done: number) => Promise<void>;
}

/** L-BFGS (Nocedal and Wright 2006, algorithms 7.4 and 7.5) with a backtracking line search for the Armijo condition. */
export async function minimise(
  objective: Objective,
  start: Float64Array,
  options: MinimiseOptions,
): Promise<Float64Array> {
  const { iterations, memory = 10, tolerance = 1e-5, onIteration } = options;
  let point = start;
  let gradient = new Float64Array(start.length);
  let value = await objective(point, gradient);
  const pairs: { step: Float64Array; change: Float64Array; scale: number }[] = [];
  for (let iteration = 0; iteration < iterations; iteration++) {
    await onIteration?.(iteration);
    if (gradient.every((part) => Math.abs(part) <= tolerance)) break;
    const direction = descend(gradient, pairs);
    const slope = dot(direction, gradient);
    let length = pairs.length === 0 ? Math.min(1, 1 / Math.sqrt(dot(gradient, gradient))) : 1;
    let moved: { point: Float64Array; gradient: Float64Array<ArrayBuffer>; value: number } | undefined;
    for (let attempt = 0; attempt < 25; attempt++, length /= 2) {
      const next = point.map((part, index) => part + length * direction[index]!);
      const nextGradient = new Float64Array(start.length);
      const nextValue = await objective(next, nextGradient);
      if (nextValue <= value + 1e-4 * length * slope) {
        moved = { point: next, gradient: nextGradient, value: nextValue };
        break;
      }
    }
    if (moved === undefined) break;
    const step = moved.point.map((part, index) => part - point[index]!);
    const change = moved.gradient.map((part, index) => part - gradient[index]!);
    const curvature = dot(step, change);
    if (curvature > 1e-12) pairs.push({ step, change, scale: 1 / curvature });
    if (pairs.length > memory) pairs.shift();
    ({ point, gradient, value } = moved);
  }
  return point;
}

/** The two-loop recursion: minus the gradient times an approximate inverse Hessian. */
function descend(
  gradient: Float64Array,
  pairs: readonly { step: Float64Array; change: Float64Array; scale: number }[],
): Float64Array {
  const direction = gradient.map((part) => -part);
  const shares: number[] = [];
  for (let index = pairs.length - 1; index >= 0; index--) {
    const { step, change, scale } = pairs[index]!;
    shares[index] = scale * dot(step, direction);
    add(direction, change, -shares[index]!);
  }
  const last = pairs.at(-1);
  if (last !== undefined) {
    const size = 1 / (last.scale * dot(last.change, last.change));
    for (let index = 0; index < direction.length; index++) direction[index]! *= size;
  }
  for (const [index, { step, change, scale }] of pairs.entries()) {
    add(direction, step, shares[index]! - scale * dot(change, direction));
  }
  return direction;
}

function dot(left: Float64Array, right: Float64Array): number {
  let sum = 0;
  for (let index = 0; index < left.length; index++) sum += left[index]! * right[index]!;
  return sum;
}

function add(to: Float64Array, what: Float64Array, times: number): void {
  for (let index = 0; index < to.length; index++) to[index]! += times * what[index]!;
}
