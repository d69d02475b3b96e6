/** Learning rate of the coming update. `step`: updates made so far. `history`: monitored scores, smaller is better. */
export type Schedule = (context: { readonly step: number; readonly history: readonly number[] }) => number;

/** A fixed learning rate, or one that follows a schedule. */
export type LearningRate = number | Schedule;

export function scheduleOf(rate: LearningRate): Schedule {
  return typeof rate === "number" ? constant(rate) : rate;
}

export function constant(rate: number): Schedule {
  return () => rate;
}

/** rate · factor^⌊step / every⌋ */
export function stepDecay(rate: number, { every, factor }: { every: number; factor: number }): Schedule {
  return ({ step }) => rate * factor ** Math.floor(step / every);
}

/** rate · factor^(step / every) */
export function exponential(rate: number, { every, factor }: { every: number; factor: number }): Schedule {
  return ({ step }) => rate * factor ** (step / every);
}

/** From `rate` to `floor` in half a cosine over `steps`, then `floor` (Loshchilov and Hutter 2017, equation 5, one period). */
export function cosine(rate: number, { steps, floor = 0 }: { steps: number; floor?: number }): Schedule {
  return ({ step }) => floor + ((rate - floor) * (1 + Math.cos(Math.PI * Math.min(1, step / steps)))) / 2;
}

export interface StableDecayOptions {
  /** Updates in all. */
  readonly steps: number;
  /** Updates at the end in which the rate falls. */
  readonly falling: number;
  /** The last rate. Default: 0. */
  readonly floor?: number;
  /** How it falls; `root` is 1 - √progress (Hägele et al. 2024). Default: linear. */
  readonly shape?: "linear" | "cosine" | "root";
}

/** The same rate until it falls at the end; with `warmUp` around it "warm-up, stable, decay" (Hu et al. 2024, equation 1). */
export function stableDecay(
  rate: number,
  { steps, falling, floor = 0, shape = "linear" }: StableDecayOptions,
): Schedule {
  return ({ step }) => {
    const progress = Math.min(1, Math.max(0, (step - (steps - falling)) / Math.max(1, falling)));
    const left = {
      linear: 1 - progress,
      cosine: (1 + Math.cos(Math.PI * progress)) / 2,
      root: 1 - Math.sqrt(progress),
    };
    return floor + (rate - floor) * left[shape];
  };
}

export interface OneCycleOptions {
  readonly steps: number;
  /** Part of the steps in which the rate rises. */
  readonly rising?: number;
  /** The first rate is the peak divided by this. */
  readonly startDivisor?: number;
  /** The last rate is the first divided by this. */
  readonly endDivisor?: number;
}

/** Up and down once in cosine halves (Smith and Topin 2018), as PyTorch's OneCycleLR; momentum is left alone. */
export function oneCycle(
  peak: number,
  { steps, rising = 0.3, startDivisor = 25, endDivisor = 1e4 }: OneCycleOptions,
): Schedule {
  const start = peak / startDivisor;
  const end = start / endDivisor;
  const top = rising * steps - 1;
  const anneal = (from: number, to: number, share: number): number =>
    to + ((from - to) * (1 + Math.cos(Math.PI * share))) / 2;
  return ({ step }) => {
    const at = Math.min(step, steps - 1);
    if (at <= top) return anneal(start, peak, top === 0 ? 1 : at / top);
    return anneal(peak, end, (at - top) / (steps - 1 - top));
  };
}

/** Rises linearly over the first `steps` updates, from rate / steps, then follows `schedule`, which starts counting there. */
export function warmUp(schedule: Schedule, { steps }: { steps: number }): Schedule {
  return ({ step, history }) =>
    step < steps ? schedule({ step: 0, history }) * ((step + 1) / steps) : schedule({ step: step - steps, history });
}

export interface PlateauOptions {
  readonly factor?: number;
  /** Scores without an improvement before the rate drops. */
  readonly patience?: number;
  /** Relative change that counts as an improvement. */
  readonly threshold?: number;
  /** Scores after a drop that do not count. */
  readonly cooldown?: number;
  readonly floor?: number;
}

/** Drops the rate when the monitored score stops improving, as PyTorch's ReduceLROnPlateau in mode min. */
export function plateau(
  rate: number,
  { factor = 0.1, patience = 10, threshold = 1e-4, cooldown = 0, floor = 0 }: PlateauOptions = {},
): Schedule {
  return ({ history }) => {
    let current = rate;
    let best = Number.POSITIVE_INFINITY;
    let bad = 0;
    let cooling = 0;
    for (const score of history) {
      // Relative to the best; for scores below 0 the sign turns, so that better still means smaller.
      if (score < best - threshold * Math.abs(best) || best === Number.POSITIVE_INFINITY) {
        best = score;
        bad = 0;
      } else bad++;
      if (cooling > 0) {
        cooling--;
        bad = 0;
      }
      if (bad > patience) {
        current = Math.max(current * factor, floor);
        cooling = cooldown;
        bad = 0;
      }
    }
    return current;
  };
}
