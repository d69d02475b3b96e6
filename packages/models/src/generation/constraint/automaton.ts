import type { Expression, Grammar } from "./expression.ts";
import { type ByteRange, utf8Sequences } from "./utf8.ts";

/** States of all rules: Thompson's construction (1968) over bytes, with calls from rule to rule. */
export interface Automaton {
  readonly start: number;
  readonly states: number;
  readonly silent: readonly (readonly number[])[];
  readonly bytes: readonly (readonly (readonly [first: number, last: number, target: number])[])[];
  /** A rule is entered at `enter`; where it ends, the caller goes on at `back`. */
  readonly calls: readonly (readonly (readonly [enter: number, back: number])[])[];
  /** 1 for the last state of the root and of each rule. */
  readonly ends: Uint8Array;
  /** Fewest bytes from a state to the end of its rule; Infinity where nothing can match any more. */
  readonly distances: Float64Array;
}

const mostStates = 500_000;

/**
 * @throws Error when no text matches, when a rule calls itself before its first byte, or when the automaton would have more
 *   than half a million states.
 */
export function compile(grammar: Grammar): Automaton {
  return new Compiler(grammar).compile();
}

class Compiler {
  readonly #grammar: Grammar;
  readonly #silent: number[][] = [];
  readonly #bytes: [number, number, number][][] = [];
  readonly #calls: [number, number][][] = [];
  readonly #entries = new Map<string, readonly [enter: number, end: number]>();
  readonly #pending: string[] = [];

  constructor(grammar: Grammar) {
    this.#grammar = grammar;
  }

  compile(): Automaton {
    const [start, end] = [this.#state(), this.#state()];
    const ends = [end];
    this.#build(this.#grammar.root, start, end);
    for (let name = this.#pending.pop(); name !== undefined; name = this.#pending.pop()) {
      const [enter, last] = this.#entries.get(name)!;
      ends.push(last);
      this.#build(this.#grammar.rules.get(name)!, enter, last);
    }
    const states = this.#silent.length;
    const automaton = {
      start,
      states,
      silent: this.#silent,
      bytes: this.#bytes,
      calls: this.#calls,
      ends: new Uint8Array(states),
      distances: new Float64Array(states).fill(Number.POSITIVE_INFINITY),
    };
    for (const last of ends) automaton.ends[last] = 1;
    measure(automaton);
    if (automaton.distances[start] === Number.POSITIVE_INFINITY)
      throw new Error("Expected a grammar that some text matches. None does.");
    this.#checkRecursion(automaton);
    return automaton;
  }

  #state(): number {
    if (this.#silent.length === mostStates) {
      throw new Error(`The grammar needs more than ${mostStates} states. Lower its repeat counts or lengths.`);
    }
    this.#silent.push([]);
    this.#bytes.push([]);
    return this.#calls.push([]) - 1;
  }

  #build(expression: Expression, from: number, to: number): void {
    switch (expression.kind) {
      case "characters":
        this.#buildCharacters(expression.ranges, from, to);
        return;
      case "sequence": {
        let at = from;
        for (const item of expression.items) {
          const next = this.#state();
          this.#build(item, at, next);
          at = next;
        }
        this.#silent[at]!.push(to);
        return;
      }
      case "choice":
        for (const item of expression.items) this.#build(item, from, to);
        return;
      case "repeat":
        this.#buildRepeat(expression, from, to);
        return;
      case "rule":
        this.#calls[from]!.push([this.#enter(expression.name), to]);
    }
  }

  #buildRepeat({ item, minimum, maximum }: Expression & { kind: "repeat" }, from: number, to: number): void {
    let at = from;
    for (let count = 0; count < minimum; count++) {
      const next = this.#state();
      this.#build(item, at, next);
      at = next;
    }
    if (maximum === Number.POSITIVE_INFINITY) {
      const loop = this.#state();
      const again = this.#state();
      this.#silent[at]!.push(loop);
      this.#build(item, loop, again);
      this.#silent[again]!.push(loop);
      this.#silent[loop]!.push(to);
      return;
    }
    for (let count = minimum; count < maximum; count++) {
      const next = this.#state();
      this.#silent[at]!.push(to);
      this.#build(item, at, next);
      at = next;
    }
    this.#silent[at]!.push(to);
  }

  /** Continuations that sequences share become shared states. */
  #buildCharacters(ranges: readonly (readonly [number, number])[], from: number, to: number): void {
    const tails = new Map<string, number>([["", to]]);
    const tail = (rest: readonly ByteRange[]): number => {
      const key = rest.join(" ");
      let state = tails.get(key);
      if (state === undefined) {
        state = this.#state();
        tails.set(key, state);
        this.#bytes[state]!.push([rest[0]![0], rest[0]![1], tail(rest.slice(1))]);
      }
      return state;
    };
    for (const range of ranges) {
      for (const [[first, last], ...rest] of utf8Sequences(range) as [ByteRange, ...ByteRange[]][]) {
        this.#bytes[from]!.push([first, last, tail(rest)]);
      }
    }
  }

  #enter(name: string): number {
    const known = this.#entries.get(name);
    if (known !== undefined) return known[0];
    if (!this.#grammar.rules.has(name))
      throw new Error(`Expected a rule named ${JSON.stringify(name)} in the grammar.`);
    const entry = [this.#state(), this.#state()] as const;
    this.#entries.set(name, entry);
    this.#pending.push(name);
    return entry[0];
  }

  /** A rule that can reach a call of itself without a byte would push calls for ever. */
  #checkRecursion({ calls, silent, distances }: Automaton): void {
    const names = new Map([...this.#entries].map(([name, [enter]]) => [enter, name]));
    const callees = (enter: number): Set<number> => {
      const found = new Set<number>();
      const seen = new Set([enter]);
      for (const state of seen) {
        for (const next of silent[state]!) seen.add(next);
        for (const [callee, back] of calls[state]!) {
          found.add(callee);
          if (distances[callee] === 0) seen.add(back);
        }
      }
      return found;
    };
    const done = new Set<number>();
    const visit = (enter: number, path: ReadonlySet<number>): void => {
      if (path.has(enter)) {
        throw new Error(
          `The rule ${names.get(enter)} refers to itself with nothing in between, so no text can decide it.`,
        );
      }
      if (done.has(enter)) return;
      const longer = new Set([...path, enter]);
      for (const callee of callees(enter)) visit(callee, longer);
      done.add(enter);
    };
    for (const enter of names.keys()) visit(enter, new Set());
  }
}

/** Least numbers of bytes to each rule's end, by relaxing what depends on a state whenever it improves. */
function measure({ silent, bytes, calls, ends, distances, states }: Automaton): void {
  const dependents: number[][] = Array.from({ length: states }, () => []);
  for (let state = 0; state < states; state++) {
    for (const next of silent[state]!) dependents[next]!.push(state);
    for (const [, , next] of bytes[state]!) dependents[next]!.push(state);
    for (const [enter, back] of calls[state]!) {
      dependents[enter]!.push(state);
      dependents[back]!.push(state);
    }
  }
  const queue: number[] = [];
  for (let state = 0; state < states; state++) {
    if (ends[state] !== 1) continue;
    distances[state] = 0;
    queue.push(state);
  }
  for (let at = 0; at < queue.length; at++) {
    for (const state of dependents[queue[at]!]!) {
      let best = distances[state]!;
      for (const next of silent[state]!) best = Math.min(best, distances[next]!);
      for (const [, , next] of bytes[state]!) best = Math.min(best, 1 + distances[next]!);
      for (const [enter, back] of calls[state]!) best = Math.min(best, distances[enter]! + distances[back]!);
      if (best < distances[state]!) {
        distances[state] = best;
        queue.push(state);
      }
    }
  }
}
