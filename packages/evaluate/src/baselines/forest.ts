import { Random } from "@nacre/random";
import type { Baseline, BaselineContext, LabelledRows } from "./baseline.ts";

const bins = 32;

interface Leaf {
  readonly shares: Float64Array;
}
interface Branch {
  readonly feature: number;
  /** Rows whose value is at most this go left. */
  readonly threshold: number;
  readonly left: Node;
  readonly right: Node;
}
type Node = Leaf | Branch;

/** One tree on all features (Breiman et al. 1984), at most 12 levels deep. */
export const decisionTree: Baseline = {
  name: "decision tree",
  limits: { train: 16_000, test: Number.POSITIVE_INFINITY },
  async fit(train, context) {
    const binned = bin(train.features);
    const builder = new Builder(train, binned, { ...context, depth: 12, features: binned.width });
    const root = await builder.build(Uint32Array.from(train.features.keys()), new Random(context.seed).fork("tree"));
    return async (features) => features.map((row) => reach(root, row));
  },
};

/** The mean of 40 trees on bootstrap samples, each split over √F features (Breiman 2001). */
export const randomForest: Baseline = {
  name: "random forest",
  limits: { train: 16_000, test: Number.POSITIVE_INFINITY },
  async fit(train, context) {
    const binned = bin(train.features);
    const count = 40;
    const random = new Random(context.seed).fork("forest");
    const builder = new Builder(train, binned, { ...context, depth: 20, features: Math.ceil(Math.sqrt(binned.width)) });
    const trees: Node[] = [];
    for (let tree = 0; tree < count; tree++) {
      await context.pause(tree / count);
      const own = random.fork(tree);
      const rows = Uint32Array.from({ length: train.features.length }, () => own.integer(train.features.length));
      trees.push(await builder.build(rows, own));
    }
    return async (features) => {
      const out: Float64Array[] = [];
      for (const [index, row] of features.entries()) {
        if (index % 500 === 0) await context.pause(1);
        const shares = new Float64Array(context.classes);
        for (const tree of trees)
          for (const [each, share] of reach(tree, row).entries()) shares[each]! += share / count;
        out.push(shares);
      }
      return out;
    };
  },
};

interface Binned {
  readonly width: number;
  /** [F, N]: the bin of each value. */
  readonly codes: Uint8Array;
  readonly rows: number;
  /** Upper bounds of the bins of each feature. */
  readonly bounds: readonly Float32Array[];
}

/** At most 32 bins a feature, between its quantiles. */
function bin(features: readonly Float32Array[]): Binned {
  const width = features[0]!.length;
  const rows = features.length;
  const codes = new Uint8Array(width * rows);
  const sampleStride = Math.max(1, Math.floor(rows / 2000));
  const bounds = Array.from({ length: width }, (_, feature) => {
    const sample: number[] = [];
    for (let row = 0; row < rows; row += sampleStride) sample.push(features[row]![feature]!);
    const distinct = [...new Set(Float32Array.from(sample).sort())];
    const cuts = Math.min(bins - 1, distinct.length - 1);
    // Half-way between neighbours, so that a value that was not in the sample has a side too.
    return Float32Array.from({ length: cuts }, (_, cut) => {
      const place = Math.floor(((cut + 1) * distinct.length) / (cuts + 1));
      return (distinct[place - 1]! + distinct[place]!) / 2;
    });
  });
  for (let feature = 0; feature < width; feature++) {
    const upper = bounds[feature]!;
    for (let row = 0; row < rows; row++) {
      const value = features[row]![feature]!;
      let low = 0;
      let high = upper.length;
      while (low < high) {
        const middle = (low + high) >> 1;
        if (value <= upper[middle]!) high = middle;
        else low = middle + 1;
      }
      codes[feature * rows + row] = low;
    }
  }
  return { width, codes, rows, bounds };
}

/** Grows trees by the split with the smallest Gini impurity. */
class Builder {
  readonly #labels: ArrayLike<number>;
  readonly #binned: Binned;
  readonly #options: BaselineContext & { readonly depth: number; readonly features: number };
  readonly #histogram: Float64Array;
  /** The features that can split, in an order that changes as they are drawn. */
  readonly #order: Uint32Array;

  constructor(
    { labels }: LabelledRows,
    binned: Binned,
    options: BaselineContext & { readonly depth: number; readonly features: number },
  ) {
    this.#labels = labels;
    this.#binned = binned;
    this.#options = options;
    this.#histogram = new Float64Array(bins * options.classes);
    this.#order = Uint32Array.from(binned.bounds.keys()).filter((feature) => binned.bounds[feature]!.length > 0);
  }

  async build(rows: Uint32Array, random: Random, level = 0): Promise<Node> {
    const counts = new Float64Array(this.#options.classes);
    for (const row of rows) counts[this.#labels[row]!]! += 1;
    const leaf = { shares: counts.map((count) => count / rows.length) };
    if (level === this.#options.depth || rows.length < 4 || counts.some((count) => count === rows.length)) return leaf;
    if (rows.length > 2000) await this.#options.pause(Number.NaN);
    const split = this.#split(rows, random, counts);
    if (split === undefined) return leaf;
    const { feature, code } = split;
    const { codes, rows: stride, bounds } = this.#binned;
    const goesLeft = (row: number): boolean => codes[feature * stride + row]! <= code;
    return {
      feature,
      threshold: bounds[feature]![code]!,
      left: await this.build(rows.filter(goesLeft), random, level + 1),
      right: await this.build(
        rows.filter((row) => !goesLeft(row)),
        random,
        level + 1,
      ),
    };
  }

  /** The best of the features that are looked at; none when no split separates anything. */
  #split(rows: Uint32Array, random: Random, counts: Float64Array): { feature: number; code: number } | undefined {
    const { classes, features } = this.#options;
    const { codes, rows: stride, bounds } = this.#binned;
    const width = this.#order.length;
    let best: { feature: number; code: number; score: number } | undefined;
    let looked = 0;
    for (let at = 0; at < width && looked < features; at++) {
      // Fisher and Yates, as far as it is needed: each feature comes once.
      if (features < width) {
        const other = at + random.integer(width - at);
        [this.#order[at], this.#order[other]] = [this.#order[other]!, this.#order[at]!];
      }
      const feature = this.#order[at]!;
      const cuts = bounds[feature]!.length;
      looked++;
      const histogram = this.#histogram.fill(0, 0, (cuts + 1) * classes);
      const base = feature * stride;
      for (let at = 0; at < rows.length; at++) {
        const row = rows[at]!;
        histogram[codes[base + row]! * classes + this.#labels[row]!]! += 1;
      }
      const left = new Float64Array(classes);
      let leftCount = 0;
      for (let code = 0; code < cuts; code++) {
        for (let each = 0; each < classes; each++) {
          const count = histogram[code * classes + each]!;
          left[each]! += count;
          leftCount += count;
        }
        if (leftCount === 0 || leftCount === rows.length) continue;
        let [leftSquares, rightSquares] = [0, 0];
        for (let each = 0; each < classes; each++) {
          leftSquares += left[each]! ** 2;
          rightSquares += (counts[each]! - left[each]!) ** 2;
        }
        // Larger is purer: N minus the weighted Gini impurity of both sides.
        const score = leftSquares / leftCount + rightSquares / (rows.length - leftCount);
        if (best === undefined || score > best.score) best = { feature, code, score };
      }
    }
    return best;
  }
}

function reach(root: Node, row: Float32Array): Float64Array {
  let node = root;
  while (!("shares" in node)) node = row[node.feature]! <= node.threshold ? node.left : node.right;
  return node.shares;
}
