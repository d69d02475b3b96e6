import { type Baseline, classCounts, softmax } from "./baseline.ts";
import { sparse } from "./rows.ts";

/** Always the shares of the classes in the training part. */
export const majority: Baseline = {
  name: "majority",
  limits: { train: Number.POSITIVE_INFINITY, test: Number.POSITIVE_INFINITY },
  async fit({ labels }, { classes }) {
    const shares = classCounts(labels, classes).map((count) => count / labels.length);
    return async (features) => features.map(() => shares);
  },
};

/**
 * Gaussian naive Bayes: features are normal and independent given the class. Variances are kept from 0 by 1e-9 of the largest,
 * as in scikit-learn.
 */
export const naiveBayes: Baseline = {
  name: "naive Bayes",
  limits: { train: Number.POSITIVE_INFINITY, test: 10_000 },
  async fit({ features, labels }, { classes, pause }) {
    const width = features[0]!.length;
    const counts = classCounts(labels, classes);
    const means = Array.from({ length: classes }, () => new Float64Array(width));
    const squares = Array.from({ length: classes }, () => new Float64Array(width));
    const overall = { mean: new Float64Array(width), squares: new Float64Array(width) };
    for (const [index, row] of features.entries()) {
      if (index % 500 === 0) await pause((0.5 * index) / features.length);
      const mean = means[labels[index]!]!;
      for (let column = 0; column < width; column++) {
        mean[column]! += row[column]!;
        overall.mean[column]! += row[column]! / features.length;
      }
    }
    for (const [index, mean] of means.entries())
      for (let column = 0; column < width; column++) mean[column]! /= counts[index] || 1;
    for (const [index, row] of features.entries()) {
      if (index % 500 === 0) await pause(0.5 + (0.5 * index) / features.length);
      const [mean, square] = [means[labels[index]!]!, squares[labels[index]!]!];
      for (let column = 0; column < width; column++) {
        square[column]! += (row[column]! - mean[column]!) ** 2;
        overall.squares[column]! += (row[column]! - overall.mean[column]!) ** 2;
      }
    }
    const smoothing = 1e-9 * overall.squares.reduce((most, value) => Math.max(most, value / features.length), 0);
    const variances = squares.map((square, index) =>
      square.map((sum) => sum / (counts[index] || 1) + (smoothing || 1e-9)),
    );
    const priors = counts.map((count, index) => {
      const spread = variances[index]!.reduce((sum, variance) => sum + Math.log(2 * Math.PI * variance), 0);
      return count === 0 ? Number.NEGATIVE_INFINITY : Math.log(count / features.length) - spread / 2;
    });
    return async (rows) => {
      const out: Float64Array[] = [];
      for (const [index, row] of rows.entries()) {
        if (index % 500 === 0) await pause(1);
        out.push(
          softmax(
            priors.map((prior, each) => {
              if (prior === Number.NEGATIVE_INFINITY) return prior;
              const [mean, variance] = [means[each]!, variances[each]!];
              let distance = 0;
              for (let column = 0; column < width; column++)
                distance += (row[column]! - mean[column]!) ** 2 / variance[column]!;
              return prior - distance / 2;
            }),
          ),
        );
      }
      return out;
    };
  },
};

/** The shares of the classes among the k nearest training rows, by Euclidean distance; of equal distances the first row counts. */
export function nearestNeighbours(k: number): Baseline {
  return {
    name: `${k} nearest neighbours`,
    limits: { train: 8_000, test: 1_000 },
    async fit({ features, labels }, { classes, pause }) {
      const known = sparse(features);
      const norms = Float64Array.from(features, (row) => row.reduce((sum, value) => sum + value * value, 0));
      return async (rows) => {
        const out: Float64Array[] = [];
        const distances = new Float64Array(known.rows);
        for (const [index, row] of rows.entries()) {
          if (index % 10 === 0) await pause(index / rows.length);
          for (let other = 0; other < known.rows; other++) {
            let dot = 0;
            const end = known.starts[other + 1]!;
            for (let at = known.starts[other]!; at < end; at++) dot += known.values[at]! * row[known.columns[at]!]!;
            distances[other] = norms[other]! - 2 * dot;
          }
          const shares = new Float64Array(classes);
          for (const nearest of smallest(distances, k)) shares[labels[nearest]!]! += 1 / Math.min(k, known.rows);
          out.push(shares);
        }
        return out;
      };
    },
  };
}

/** Places of the k smallest values, in order. */
function smallest(values: Float64Array, k: number): number[] {
  const best: number[] = [];
  for (let index = 0; index < values.length; index++) {
    if (best.length === k && values[index]! >= values[best.at(-1)!]!) continue;
    let place = best.length;
    while (place > 0 && values[best[place - 1]!]! > values[index]!) place--;
    best.splice(place, 0, index);
    if (best.length > k) best.pop();
  }
  return best;
}
