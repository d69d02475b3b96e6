/** Rows of features as what is not zero in them: pixels and one-hot columns mostly are. */
export interface SparseRows {
  readonly rows: number;
  readonly width: number;
  /** Where each row starts in `columns` and `values`; one more than rows. */
  readonly starts: Uint32Array;
  readonly columns: Uint32Array;
  readonly values: Float32Array;
}

export function sparse(features: readonly Float32Array[]): SparseRows {
  const width = features[0]?.length ?? 0;
  const starts = new Uint32Array(features.length + 1);
  features.forEach((row, index) => {
    let count = 0;
    for (let column = 0; column < row.length; column++) if (row[column] !== 0) count++;
    starts[index + 1] = starts[index]! + count;
  });
  const columns = new Uint32Array(starts.at(-1)!);
  const values = new Float32Array(starts.at(-1)!);
  let at = 0;
  for (const row of features) {
    for (let column = 0; column < row.length; column++) {
      if (row[column] === 0) continue;
      columns[at] = column;
      values[at++] = row[column]!;
    }
  }
  return { rows: features.length, width, starts, columns, values };
}
