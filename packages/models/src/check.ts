/** @throws RangeError unless every value is an integer ≥ 1; `where` names the layer. */
export function checkSizes(where: string, sizes: Record<string, number>): void {
  for (const [name, size] of Object.entries(sizes)) {
    if (!Number.isInteger(size) || size < 1) {
      throw new RangeError(`${where}: expected \`${name}\` to be an integer of at least 1. Received ${size}.`);
    }
  }
}

/** @throws Error unless the shape has `rank` axes (when given) and `size` as its last one. */
export function checkLastAxis(
  where: string,
  shape: readonly number[],
  expected: { size: number; rank?: number },
): void {
  const { size, rank } = expected;
  if ((rank !== undefined && shape.length !== rank) || shape.length === 0 || shape.at(-1) !== size) {
    const form = rank === undefined ? `[…, ${size}]` : `[${[...Array(rank - 1).fill("…"), size].join(", ")}]`;
    throw new Error(`${where}: expected an input of shape ${form}. Received [${shape.join(", ")}].`);
  }
}
