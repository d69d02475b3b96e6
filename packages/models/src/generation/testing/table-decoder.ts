import { Random } from "@nacre/random";
import type { Decoder, DecodingSession, OpenOptions } from "../decoder.ts";

/** A model for tests: logits are a function of the last `order` tokens. Counts what it is asked. */
export class TableDecoder implements Decoder {
  readonly vocabulary: number;
  readonly context: number;
  readonly #order: number;
  readonly #scale: number;
  readonly #random: Random;
  readonly #known = new Map<string, Float32Array>();
  /** Tokens read, over all rows. */
  read = 0;
  /** Calls of `advance`. */
  calls = 0;
  /** Sessions that are not disposed. */
  sessions = 0;

  constructor(options: { vocabulary: number; order?: number; seed?: number; context?: number; scale?: number }) {
    this.vocabulary = options.vocabulary;
    this.context = options.context ?? 1000;
    this.#order = options.order ?? 2;
    this.#scale = options.scale ?? 2;
    this.#random = new Random(options.seed ?? 1);
  }

  /** Logits after these tokens: a copy. */
  logits(ids: readonly number[]): Float32Array {
    const last = ids.slice(-this.#order);
    const key = last.join(" ");
    let row = this.#known.get(key);
    if (row === undefined) {
      row = this.#random.fork("after", ...last).fillNormal(new Float32Array(this.vocabulary), 0, this.#scale);
      this.#known.set(key, row);
    }
    return row.slice();
  }

  open({ padding, capacity }: OpenOptions): DecodingSession {
    this.sessions++;
    const decoder = this;
    let rows: { ids: number[]; padding: number }[] = padding.map((count) => ({ ids: [], padding: count }));
    return {
      get length() {
        return rows[0]!.ids.length;
      },
      async advance(ids: Int32Array, wanted = 1): Promise<Float32Array> {
        decoder.calls++;
        decoder.read += ids.length;
        const time = ids.length / rows.length;
        if (!Number.isInteger(time)) throw new Error(`${ids.length} ids for ${rows.length} rows`);
        const out: number[] = [];
        rows.forEach((row, at) => {
          row.ids.push(...ids.subarray(at * time, (at + 1) * time));
          if (row.ids.length > capacity) throw new Error(`${row.ids.length} tokens in room for ${capacity}`);
          for (let back = wanted - 1; back >= 0; back--) {
            out.push(...decoder.logits(row.ids.slice(row.padding, row.ids.length - back)));
          }
        });
        return Float32Array.from(out);
      },
      reorder(order) {
        rows = order.map((at) => ({ ids: [...rows[at]!.ids], padding: rows[at]!.padding }));
      },
      truncate(length) {
        for (const row of rows) row.ids.length = length;
      },
      dispose() {
        decoder.sessions--;
      },
    };
  }
}
