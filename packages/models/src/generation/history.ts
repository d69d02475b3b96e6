/** The tokens of one sequence so far, and what penalties ask about them. */
export class History {
  readonly ids: number[];
  readonly promptLength: number;
  /** Every token that occurred, prompt included. */
  readonly occurred: Set<number>;
  /** How often each token was generated. */
  readonly counts = new Map<number, number>();

  constructor(prompt: readonly number[], generated: readonly number[] = []) {
    this.ids = [...prompt];
    this.promptLength = prompt.length;
    this.occurred = new Set(prompt);
    for (const token of generated) this.push(token);
  }

  get generated(): number {
    return this.ids.length - this.promptLength;
  }

  push(token: number): void {
    this.ids.push(token);
    this.occurred.add(token);
    this.counts.set(token, (this.counts.get(token) ?? 0) + 1);
  }

  pop(): void {
    const token = this.ids.pop()!;
    const count = this.counts.get(token)! - 1;
    if (count > 0) this.counts.set(token, count);
    else {
      this.counts.delete(token);
      if (!this.ids.includes(token)) this.occurred.delete(token);
    }
  }
}
