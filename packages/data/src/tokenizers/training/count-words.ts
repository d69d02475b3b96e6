import { toByteCharacters } from "../byte-characters.ts";
import { countInThreads, threadsHere } from "./count-threads.ts";
import { type Cutting, countsBytes, createCounter, type WordCounts } from "./cutting.ts";
import { breathe, type TrainingWatch } from "./progress.ts";

/** So many units are read before threads are started: less is not worth it. */
const worthThreads = 2 ** 23;
/** Units that a thread gets at a time. */
const portion = 2 ** 20;

export interface Counting extends Cutting, TrainingWatch {
  /** Threads that count; 1 counts here. */
  readonly threads?: number | undefined;
  /** Bytes of all texts, where it is known. */
  readonly bytes?: number | undefined;
}

/**
 * Counts the words of a stream of texts: the most frequent first, equals by their text. The result does not depend on the
 * number of threads.
 */
export async function countWords(
  texts: Iterable<string> | AsyncIterable<string>,
  options: Counting,
): Promise<[word: string, count: number][]> {
  const counts: WordCounts = new Map();
  const count = createCounter(options);
  const threads = options.threads ?? threadsHere();
  const iterator = portions(texts, options);
  let units = 0;
  for (let next = await iterator.next(); !next.done; next = await iterator.next()) {
    for (const text of next.value) count(text, counts);
    units += portion;
    if (threads > 1 && units >= worthThreads) await countInThreads(iterator, { ...options, threads }, counts);
  }
  const words = [...(countsBytes(options) ? asBytes(counts) : counts)];
  return words.sort((one, other) => other[1] - one[1] || (one[0] < other[0] ? -1 : 1));
}

function asBytes(counts: WordCounts): WordCounts {
  return new Map(Array.from(counts, ([word, count]) => [toByteCharacters(word), count]));
}

async function* portions(
  texts: Iterable<string> | AsyncIterable<string>,
  watch: Counting,
): AsyncGenerator<string[], void> {
  let held: string[] = [];
  let size = 0;
  let bytes = 0;
  for await (const text of texts) {
    if (typeof text !== "string") throw new Error(`Expected texts to train on, got ${typeof text}.`);
    held.push(text);
    size += text.length;
    if (size < portion) continue;
    bytes += size;
    watch.progress?.({ stage: "read", done: bytes, total: watch.bytes, unit: "bytes" });
    yield held;
    await breathe(watch);
    held = [];
    size = 0;
  }
  yield held;
  watch.progress?.({ stage: "read", done: bytes + size, total: bytes + size, unit: "bytes" });
}
