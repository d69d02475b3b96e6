import { open } from "node:fs/promises";

/** Lines of a growing file, from line `first` on (0 is the first line); ends when `signal` says so. */
export async function* followLines(
  path: string,
  { first, signal, interval = 150 }: { first: number; signal: AbortSignal; interval?: number },
): AsyncGenerator<{ readonly number: number; readonly text: string }, void> {
  let offset = 0;
  let number = 0;
  let rest = Buffer.alloc(0);
  const chunk = Buffer.alloc(2 ** 16);
  while (!signal.aborted) {
    const file = await open(path, "r").catch(() => undefined);
    try {
      while (file !== undefined && !signal.aborted) {
        const { bytesRead } = await file.read(chunk, 0, chunk.length, offset);
        if (bytesRead === 0) break;
        offset += bytesRead;
        rest = Buffer.concat([rest, chunk.subarray(0, bytesRead)]);
        for (let end = rest.indexOf(10); end >= 0; end = rest.indexOf(10)) {
          if (signal.aborted) return;
          const text = rest.subarray(0, end).toString("utf8");
          rest = rest.subarray(end + 1);
          if (number >= first) yield { number, text };
          number++;
        }
      }
    } finally {
      await file?.close();
    }
    await pause(interval, signal);
  }
}

function pause(milliseconds: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) return resolve();
    const timer = setTimeout(done, milliseconds);
    function done(): void {
      clearTimeout(timer);
      signal.removeEventListener("abort", done);
      resolve();
    }
    signal.addEventListener("abort", done);
  });
}
