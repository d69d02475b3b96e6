/** Counts records seen before, within their own split and in another. */
export class Duplicates {
  readonly #splits = new Map<string, string>();
  within = 0;
  across = 0;

  add(split: string, fingerprint: string): void {
    const first = this.#splits.get(fingerprint);
    if (first === undefined) this.#splits.set(fingerprint, split);
    else if (first === split) this.within++;
    else this.across++;
  }

  get counts(): { within: number; across: number } {
    return { within: this.within, across: this.across };
  }

  /** A line for the report where records of one split also occur in another. */
  get warnings(): string[] {
    if (this.across === 0) return [];
    return [`${this.across} records occur in more than one split: scores on them show memory, not learning.`];
  }
}
