import { z } from "zod";

/** The column for rare and unknown categories, where there is one. */
export const otherCategory = "(other)";

const OneHotState = z.strictObject({
  categories: z.array(z.string()),
  unknown: z.enum(["error", "zeros", "other"]),
  /** Whether a column for all other categories follows the named ones. */
  other: z.boolean(),
});

export interface OneHotOptions {
  /** What a category that was not there in fitting becomes. Default "error". */
  readonly unknown?: "error" | "zeros" | "other";
  /** Categories seen less often than this share one column, "(other)". Default 1: none. */
  readonly minimumCount?: number;
}

/** One column of categories to columns of 0 and 1. Categories are in order of their text (by UTF-16 code unit). */
export class OneHotEncoder {
  readonly categories: readonly string[];
  /** The categories, and "(other)" where there is such a column. */
  readonly names: readonly string[];
  readonly #unknown: "error" | "zeros" | "other";
  readonly #indices: ReadonlyMap<string, number>;
  readonly #other: number | undefined;

  private constructor(state: z.infer<typeof OneHotState>) {
    this.categories = state.categories;
    this.names = state.other ? [...state.categories, otherCategory] : state.categories;
    this.#unknown = state.unknown;
    this.#other = state.other ? state.categories.length : undefined;
    this.#indices = new Map(state.categories.map((category, index) => [category, index]));
  }

  static fit(values: Iterable<string>, options: OneHotOptions = {}): OneHotEncoder {
    const counts = new Map<string, number>();
    for (const value of values) counts.set(value, (counts.get(value) ?? 0) + 1);
    return OneHotEncoder.fromCounts(counts, options);
  }

  /** From counts gathered elsewhere; counts of several parts may simply be added. */
  static fromCounts(counts: ReadonlyMap<string, number>, options: OneHotOptions = {}): OneHotEncoder {
    const { unknown = "error", minimumCount = 1 } = options;
    const kept = [...counts].filter(([, count]) => count >= minimumCount).map(([category]) => category);
    const other = unknown === "other" || kept.length < counts.size;
    return new OneHotEncoder({ categories: kept.sort(), unknown, other });
  }

  get width(): number {
    return this.names.length;
  }

  /**
   * Which column is 1 for this value, -1 for none.
   *
   * @throws RangeError for an unknown category, where unknown is "error".
   */
  index(value: string): number {
    const index = this.#indices.get(value) ?? this.#other;
    if (index !== undefined) return index;
    if (this.#unknown === "zeros") return -1;
    throw new RangeError(
      `Expected one of ${this.categories.map((each) => JSON.stringify(each)).join(", ")}. Received ${JSON.stringify(value)}. ` +
        'Correct the value, or fit with unknown: "zeros" or "other".',
    );
  }

  transform(value: string): Float64Array {
    const columns = new Float64Array(this.width);
    const index = this.index(value);
    if (index >= 0) columns[index] = 1;
    return columns;
  }

  toJSON(): z.infer<typeof OneHotState> {
    return { categories: [...this.categories], unknown: this.#unknown, other: this.#other !== undefined };
  }

  static fromJSON(json: unknown): OneHotEncoder {
    return new OneHotEncoder(OneHotState.parse(json));
  }
}
