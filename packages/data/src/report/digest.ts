import { sha256 } from "@noble/hashes/sha2.js";
import { bytesToHex } from "@noble/hashes/utils.js";
import type { LabelledImage } from "../digits/labelled-image.ts";
import type { Row } from "../table.ts";

/**
 * sha256 over records in order. Every part is preceded by its length, so no two sequences of records look alike.
 *
 * A split is "S" and its name; an image "I", then label, height, width, channels as text, its key and its pixels; a row "R"
 * and the JSON of its [column, value] pairs. Text is UTF-8, lengths are unsigned 32-bit little-endian.
 */
export class RecordDigest {
  readonly #hash = sha256.create();

  split(name: string): this {
    return this.#part(`S${name}`);
  }

  image({ image, label, key }: LabelledImage): this {
    this.#part(`I${label} ${image.height} ${image.width} ${image.channels}`);
    return this.#part(key).#part(image.pixels);
  }

  row(row: Row): this {
    return this.#part(`R${JSON.stringify(Object.entries(row))}`);
  }

  /** The digest so far, 64 hexadecimal digits; more records may follow. */
  hex(): string {
    return bytesToHex(this.#hash.clone().digest());
  }

  #part(content: string | Uint8Array): this {
    const bytes = typeof content === "string" ? encoder.encode(content) : content;
    const length = new Uint8Array(4);
    new DataView(length.buffer).setUint32(0, bytes.length, true);
    this.#hash.update(length).update(bytes);
    return this;
  }
}

const encoder = new TextEncoder();

/** A short fingerprint for telling equal contents, 32 hexadecimal digits of sha256. */
export function fingerprint(content: string | Uint8Array): string {
  return bytesToHex(sha256(typeof content === "string" ? encoder.encode(content) : content)).slice(0, 32);
}
