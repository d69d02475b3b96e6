/** What a classifier sees and says. */
export interface ClassifierShape {
  /** Shape of one example, without the batch: features [F] or an image [H, W, C]. */
  readonly input: readonly number[];
  /** Number of classes, K. */
  readonly classes: number;
}

/** @throws Error unless the examples are images [H, W, C] of at least `smallest` pixels a side. */
export function checkImageShape(where: string, input: readonly number[], smallest: number): [number, number, number] {
  const [height = 0, width = 0, channels = 0] = input;
  if (input.length !== 3 || Math.min(height, width) < smallest || channels < 1) {
    throw new Error(
      `${where}: expected images [height, width, channels] of at least ${smallest} × ${smallest}. Received [${input}].`,
    );
  }
  return [height, width, channels];
}
