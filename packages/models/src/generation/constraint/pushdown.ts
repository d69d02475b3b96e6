import type { Automaton } from "./automaton.ts";

/** Where a called rule goes back to. */
interface Frame {
  readonly id: number;
  readonly back: number;
  readonly below: Frame | undefined;
  /** Fewest bytes from the end of the called rule to the end of the text. */
  readonly distance: number;
}

/** Everything the automaton may be doing after the bytes so far. Immutable: keep it, go back to it. */
export interface PushdownState {
  /** Whether the text may end here. */
  readonly accepting: boolean;
  /** Fewest bytes to a text that may end. */
  readonly distance: number;
}

class State implements PushdownState {
  readonly places: readonly (readonly [state: number, frame: Frame | undefined])[];
  readonly accepting: boolean;
  readonly distance: number;
  readonly next: (State | null | undefined)[] = [];

  constructor(places: State["places"], accepting: boolean, distance: number) {
    this.places = places;
    this.accepting = accepting;
    this.distance = distance;
  }
}

const mostPlaces = 20_000;
const mostStates = 20_000;

/**
 * Runs an automaton with calls on bytes. All ways of reading the bytes are followed at once; equal sets of places are one
 * state whose transitions are remembered, so that a regular expression runs as its (lazily built) deterministic automaton.
 */
export class Pushdown {
  readonly start: PushdownState;
  readonly #automaton: Automaton;
  readonly #tails: Uint8Array;
  #frames = new Map<string, Frame>();
  #states = new Map<string, State>();
  #frameCount = 0;

  constructor(automaton: Automaton) {
    this.#automaton = automaton;
    this.#tails = tailsOf(automaton);
    this.start = this.#close([[automaton.start, undefined]])!;
  }

  /** After one more byte, or null when no text goes on like this. */
  next(state: PushdownState, byte: number): PushdownState | null {
    const from = state as State;
    const known = from.next[byte];
    if (known !== undefined) return known;
    const targets: [number, Frame | undefined][] = [];
    for (const [at, frame] of from.places) {
      for (const [first, last, target] of this.#automaton.bytes[at]!) {
        if (first <= byte && byte <= last) targets.push([target, frame]);
      }
    }
    const next = targets.length === 0 ? null : this.#close(targets);
    // A full table, so that the engine keeps the array packed.
    if (from.next.length === 0) for (let i = 0; i < 256; i++) from.next.push(undefined);
    from.next[byte] = next;
    return next;
  }

  /** Follows silent steps, calls and returns; keeps the places that wait for a byte. */
  #close(places: [number, Frame | undefined][]): State | null {
    const { silent, bytes, calls, ends, distances } = this.#automaton;
    const seen = new Map<string, readonly [number, Frame | undefined]>();
    const waiting: (readonly [number, Frame | undefined])[] = [];
    let accepting = false;
    let distance = Number.POSITIVE_INFINITY;
    const keys: string[] = [];
    while (places.length > 0) {
      const place = places.pop()!;
      const [state, frame] = place;
      if (distances[state] === Number.POSITIVE_INFINITY) continue;
      const key = `${state}:${frame?.id ?? 0}`;
      if (seen.has(key)) continue;
      seen.set(key, place);
      if (seen.size > mostPlaces)
        throw new Error("The grammar is too ambiguous: too many ways to read the text so far.");
      distance = Math.min(distance, distances[state]! + (frame?.distance ?? 0));
      if (bytes[state]!.length > 0) {
        waiting.push(place);
        keys.push(key);
      }
      for (const next of silent[state]!) places.push([next, frame]);
      for (const [enter, back] of calls[state]!) {
        if (distances[enter]! + distances[back]! < Number.POSITIVE_INFINITY)
          places.push([enter, this.#frame(back, frame)]);
      }
      if (ends[state] === 1) {
        if (frame === undefined) accepting = true;
        else places.push([frame.back, frame.below]);
      }
    }
    if (distance === Number.POSITIVE_INFINITY) return null;
    const key = `${accepting ? "." : ""}${keys.sort().join(" ")}`;
    let state = this.#states.get(key);
    if (state === undefined) {
      if (this.#states.size >= mostStates) this.#forget();
      state = new State(waiting, accepting, distance);
      this.#states.set(key, state);
    }
    return state;
  }

  /** A call whose caller has nothing left to do goes back to the caller's caller, so that lists do not pile up frames. */
  #frame(back: number, below: Frame | undefined): Frame | undefined {
    if (this.#tails[back] === 1) return below;
    const key = `${back}:${below?.id ?? 0}`;
    let frame = this.#frames.get(key);
    if (frame === undefined) {
      const distance = this.#automaton.distances[back]! + (below?.distance ?? 0);
      frame = { id: ++this.#frameCount, back, below, distance };
      this.#frames.set(key, frame);
    }
    return frame;
  }

  /** States that callers hold stay valid; only what was remembered about others goes. */
  #forget(): void {
    this.#states = new Map();
    this.#frames = new Map();
    (this.start as State).next.length = 0;
  }
}

/** 1 for states from which silent steps lead only to the end of the rule. */
function tailsOf({ silent, bytes, calls, ends, states }: Automaton): Uint8Array {
  const tails = new Uint8Array(states);
  const visit = (state: number): boolean => {
    let steps = 0;
    let at = state;
    while (ends[at] !== 1) {
      if (bytes[at]!.length > 0 || calls[at]!.length > 0 || silent[at]!.length !== 1 || ++steps > 16) return false;
      at = silent[at]![0]!;
    }
    // An end that has steps of its own does not exist: rules end where nothing begins.
    return true;
  };
  for (let state = 0; state < states; state++) tails[state] = visit(state) ? 1 : 0;
  return tails;
}
