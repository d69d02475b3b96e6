import type { NativeCase } from "./cases.ts";

/** What a contender's process is started with, in JSON. */
export interface Settings extends Omit<NativeCase, "threads" | "goals" | "peers"> {
  readonly seconds: number;
  readonly threads?: number;
  /** Which of the ways to run it. */
  readonly contender: string;
}

export const settings = JSON.parse(process.argv.at(-1) ?? "{}") as Settings;

if (settings.threads !== undefined) process.env.NACRE_THREADS = String(settings.threads);

/** Runs `step` until the time is up, after a warm-up, and prints `units` over its median time. */
export async function printMedian(step: () => void | Promise<void>, units = 1): Promise<void> {
  const times: number[] = [];
  for (const seconds of [settings.seconds / 4, settings.seconds]) {
    times.length = 0;
    const end = performance.now() + seconds * 1000;
    do {
      const start = performance.now();
      await step();
      times.push(performance.now() - start);
    } while (performance.now() < end || times.length < 3);
  }
  times.sort((a, b) => a - b);
  console.log((units * 1000) / times[times.length >> 1]!);
}
