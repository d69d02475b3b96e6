import { wholeNumber } from "../dataset/cursor.ts";
import { Dataset, type Position } from "../dataset.ts";
import { type ByteSource, streamBytes } from "./bytes.ts";

/**
 * A data set whose items come from reading a source from its start. It knows no places inside, so a position is the number
 * of items read, and reopening it reads up to there again.
 */
export function sequential<T>(read: () => AsyncIterator<T>): Dataset<T> {
  return new Dataset<T>({
    size: undefined,
    stable: true,
    open(position: Position | undefined) {
      let skip = position === undefined ? 0 : wholeNumber(position);
      let at = skip;
      let items: AsyncIterator<T> | undefined;
      return {
        async next() {
          items ??= read();
          for (; skip > 0; skip--) if ((await items.next()).done) return { done: true, value: undefined };
          const item = await items.next();
          if (item.done) return { done: true, value: undefined };
          at++;
          return { done: false, value: item.value };
        },
        position: () => at,
        async close() {
          await items?.return?.(undefined);
        },
      };
    },
  });
}

/** Text decoded as UTF-8, a piece at a time; an invalid byte is an error that names the file and `place()`. */
export async function* textOf(source: ByteSource, name: string, place: () => string): AsyncGenerator<string, void> {
  const decoder = new TextDecoder("utf-8", { fatal: true });
  const decode = (bytes?: Uint8Array): string => {
    try {
      return bytes === undefined ? decoder.decode() : decoder.decode(bytes, { stream: true });
    } catch (error) {
      throw new Error(`${name}, after ${place()}: expected UTF-8. Convert the file first.`, { cause: error });
    }
  };
  for await (const chunk of streamBytes(source)) yield decode(chunk);
  yield decode();
}

/** Lines without their ends (\n or \r\n), decoded as UTF-8; an invalid byte is an error. */
export async function* linesOf(source: ByteSource, name: string): AsyncGenerator<string, void> {
  let rest = "";
  let line = 0;
  for await (const text of textOf(source, name, () => `line ${line}`)) {
    const parts = (rest + text).split("\n");
    rest = parts.pop()!;
    for (const part of parts) {
      line++;
      yield part.endsWith("\r") ? part.slice(0, -1) : part;
    }
  }
  if (rest !== "") yield rest;
}
