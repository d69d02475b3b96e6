import { Random } from "@nacre/random";
import type { GenerationConfig } from "./config.ts";
import type { Decoder, DecodingSession } from "./decoder.ts";
import { History } from "./history.ts";
import type { Proposal } from "./row.ts";
import { Sampler } from "./sampler.ts";

/** Guesses how a text goes on. */
export interface Drafter {
  /** At most `count` tokens; fewer or none when it has no idea. */
  propose(history: History, count: number): Promise<Proposal[]>;
  dispose(): void;
}

/** What followed the last occurrence of the last n tokens, n as great as possible up to `longest`. */
export class LookupDrafter implements Drafter {
  readonly #longest: number;

  constructor(longest: number) {
    this.#longest = longest;
  }

  async propose({ ids }: History, count: number): Promise<Proposal[]> {
    for (let size = Math.min(this.#longest, ids.length - 1); size > 0; size--) {
      for (let at = ids.length - size - 1; at >= 0; at--) {
        let same = 0;
        while (same < size && ids[at + same] === ids[ids.length - size + same]) same++;
        if (same < size) continue;
        return ids.slice(at + size, at + size + count).map((token) => ({ token, distribution: undefined }));
      }
    }
    return [];
  }

  dispose(): void {}
}

/** Draws from a smaller model, with the same settings as the model's own draws. */
export class ModelDrafter implements Drafter {
  readonly #decoder: Decoder;
  readonly #sampler: Sampler;
  readonly #random: Random;
  readonly #tokens: number;
  #session: DecodingSession | undefined;
  /** What the session has read. */
  #known: number[] = [];

  constructor(decoder: Decoder, { config, tokens }: { config: GenerationConfig; tokens: number }) {
    this.#decoder = decoder;
    this.#sampler = new Sampler(config, decoder.vocabulary);
    this.#random = new Random(config.seed).fork("draft");
    this.#tokens = tokens;
  }

  async propose(history: History, count: number): Promise<Proposal[]> {
    const room = this.#decoder.context - history.ids.length;
    const proposals: Proposal[] = [];
    if (Math.min(count, room) <= 0) return proposals;
    const session = (this.#session ??= this.#decoder.open({
      padding: [0],
      capacity: Math.min(this.#decoder.context, history.ids.length + this.#sampler.config.maxNewTokens + this.#tokens),
      rewind: this.#tokens + 1,
    }));
    const ids = history.ids;
    let same = 0;
    while (same < this.#known.length && same < ids.length - 1 && this.#known[same] === ids[same]) same++;
    if (same < this.#known.length) session.truncate(same);
    let fresh = ids.slice(same);
    this.#known = [...ids];
    const guessed = new History(ids.slice(0, history.promptLength), ids.slice(history.promptLength));
    const random = this.#random.fork("step", history.generated);
    for (let at = 0; at < Math.min(count, room); at++) {
      const logits = await session.advance(Int32Array.from(fresh));
      this.#sampler.process(logits, guessed);
      const candidates = this.#sampler.weigh(logits);
      const token = candidates.draw(random.uniform());
      const own = candidates.count;
      const distribution = {
        ids: candidates.ids.slice(0, own),
        probabilities: candidates.weights.slice(0, own).map((weight) => weight / candidates.total),
      };
      proposals.push({ token, distribution });
      guessed.push(token);
      fresh = [token];
      // The last guess is not read: nothing is asked behind it.
      if (at + 1 < Math.min(count, room)) this.#known.push(token);
    }
    return proposals;
  }

  dispose(): void {
    this.#session?.dispose();
  }
}
