import type { Dataset } from "../dataset.ts";
import { type ByteSource, nameOf } from "./bytes.ts";
import { linesOf, sequential } from "./line-stream.ts";

/**
 * Values of a JSON Lines file, one a line; empty lines are passed over; gzip is unpacked.
 *
 * Errors while reading name file and line.
 */
export function readJsonLines(source: ByteSource): Dataset<unknown> {
  return sequential(() => values(source));
}

async function* values(source: ByteSource): AsyncGenerator<unknown, void> {
  const name = nameOf(source);
  let number = 0;
  for await (const line of linesOf(source, name)) {
    number++;
    if (line.trim() === "") continue;
    try {
      yield JSON.parse(line);
    } catch (error) {
      throw new Error(`${name}, line ${number}: expected JSON. ${(error as Error).message}.`, { cause: error });
    }
  }
}

/** Lines of a text file in UTF-8, without their ends; gzip is unpacked. */
export function readText(source: ByteSource): Dataset<string> {
  return sequential(() => linesOf(source, nameOf(source)));
}
