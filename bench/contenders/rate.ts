/** Settings that every contender gets as its first argument, in JSON. */
export interface Settings {
  readonly seconds: number;
  readonly batch: number;
  readonly model: "mlp" | "cnn";
  readonly backend?: string;
}

export const settings = JSON.parse(process.argv.at(-1) ?? "{}") as Settings;

/** Calls `step` until the time is up, after a warm-up, and prints units per second. */
export async function printRate(step: () => Promise<number>): Promise<void> {
  const warm = performance.now() + settings.seconds * 250;
  while (performance.now() < warm) await step();
  const started = performance.now();
  const end = started + settings.seconds * 1000;
  let units = 0;
  while (performance.now() < end) units += await step();
  console.log(units / ((performance.now() - started) / 1000));
}
