/**
 * Lets a text through up to the first of some strings, however it is cut into pieces: an end that could be the beginning of
 * one is held back until more is known.
 */
export class StopStrings {
  readonly #stops: readonly string[];
  #held = "";

  constructor(stops: readonly string[]) {
    this.#stops = stops;
  }

  /** What may be shown, and whether a stop string was found behind it. */
  push(piece: string): { text: string; stopped: boolean } {
    const text = this.#held + piece;
    const at = this.#find(text);
    if (at >= 0) {
      this.#held = "";
      return { text: text.slice(0, at), stopped: true };
    }
    const held = this.#possibleStart(text);
    this.#held = text.slice(text.length - held);
    return { text: text.slice(0, text.length - held), stopped: false };
  }

  /** What was held back, when the text ends without a stop string. */
  end(): string {
    const held = this.#held;
    this.#held = "";
    return held;
  }

  #find(text: string): number {
    const places = this.#stops.map((stop) => text.indexOf(stop)).filter((at) => at >= 0);
    return places.length > 0 ? Math.min(...places) : -1;
  }

  /** Length of the longest end of the text that begins a stop string. */
  #possibleStart(text: string): number {
    let longest = 0;
    for (const stop of this.#stops) {
      for (let length = Math.min(stop.length - 1, text.length); length > longest; length--) {
        if (text.endsWith(stop.slice(0, length))) longest = length;
      }
    }
    return longest;
  }
}
