import type * as tf from "@tensorflow/tfjs-core";
import type { Addon } from "./addon.ts";

interface Entry {
  calls: number;
  milliseconds: number;
}

export interface ProfileReport {
  /** From the first kernel's start to the last one's end. */
  readonly wallMilliseconds: number;
  /** Of the wall time, what was spent in no kernel: TensorFlow.js's engine, and whatever else the program does. */
  readonly outsideMilliseconds: number;
  /** Of the threads' time while kernels ran in parallel, what they spent waiting. */
  readonly idleShare: number;
  readonly kernels: readonly ({ readonly kernel: string } & Readonly<Entry>)[];
}

/** Time per kernel of one backend. */
export class Profile {
  readonly #addon: Addon;
  readonly #entries = new Map<string, Entry>();
  #started: number | undefined;
  #ended = 0;

  constructor(addon: Addon) {
    this.#addon = addon;
    addon.profile(true);
  }

  /** A kernel that is timed. */
  watch(config: tf.KernelConfig): tf.KernelConfig {
    const entry: Entry = { calls: 0, milliseconds: 0 };
    this.#entries.set(config.kernelName, entry);
    return {
      ...config,
      kernelFunc: (parameters) => {
        const start = performance.now();
        this.#started ??= start;
        try {
          return config.kernelFunc(parameters);
        } finally {
          this.#ended = performance.now();
          entry.calls++;
          entry.milliseconds += this.#ended - start;
        }
      },
    };
  }

  /** What was measured since the last report. */
  report(): ProfileReport {
    const kernels = [...this.#entries]
      .filter(([, { calls }]) => calls > 0)
      .map(([kernel, entry]) => ({ kernel, ...entry }))
      .sort((a, b) => b.milliseconds - a.milliseconds);
    const wallMilliseconds = this.#started === undefined ? 0 : this.#ended - this.#started;
    const inside = kernels.reduce((sum, { milliseconds }) => sum + milliseconds, 0);
    for (const entry of this.#entries.values()) entry.calls = entry.milliseconds = 0;
    this.#started = undefined;
    const { jobs, busy } = this.#addon.profile(true);
    const offered = jobs * this.#addon.threads();
    return {
      wallMilliseconds,
      outsideMilliseconds: Math.max(0, wallMilliseconds - inside),
      idleShare: offered === 0 ? 0 : Math.max(0, 1 - busy / offered),
      kernels,
    };
  }
}

/** A report as text for a terminal, a line a kernel. */
export function describeProfile({ wallMilliseconds, outsideMilliseconds, idleShare, kernels }: ProfileReport): string {
  const share = (milliseconds: number): string =>
    `${((100 * milliseconds) / (wallMilliseconds || 1)).toFixed(1)} %`.padStart(7);
  const line = (name: string, milliseconds: number, rest = ""): string =>
    `${name.padEnd(36)} ${milliseconds.toFixed(1).padStart(10)} ms ${share(milliseconds)}${rest}`;
  return [
    line("wall time", wallMilliseconds),
    line("outside of kernels", outsideMilliseconds),
    `threads idle while kernels ran: ${(100 * idleShare).toFixed(1)} %`,
    ...kernels.map(({ kernel, calls, milliseconds }) =>
      line(kernel, milliseconds, `  ${calls} calls, ${((1000 * milliseconds) / calls).toFixed(1)} µs each`),
    ),
  ].join("\n");
}
