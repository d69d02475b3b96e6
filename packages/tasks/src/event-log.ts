import { type FileHandle, open } from "node:fs/promises";
import type { RunEvent } from "./events.ts";

/**
 * Appends events to a file of JSON lines, in the order they are told in, without making the teller wait: what comes while a
 * write is under way goes with the next one. A fault of the disk is thrown by `flush` and `close`.
 */
export class EventLog {
  readonly #path: string;
  #file: FileHandle | undefined;
  #waiting = "";
  #writing: Promise<void> | undefined;
  #fault: unknown;

  constructor(path: string) {
    this.#path = path;
  }

  write(event: RunEvent): void {
    this.#waiting += `${JSON.stringify(event)}\n`;
    this.#writing ??= this.#drain();
  }

  /** Resolves when everything told so far is in the file. */
  async flush(): Promise<void> {
    await this.#writing;
    if (this.#fault !== undefined) throw this.#fault;
  }

  async close(): Promise<void> {
    try {
      await this.flush();
    } finally {
      await this.#file?.close();
      this.#file = undefined;
    }
  }

  async #drain(): Promise<void> {
    try {
      this.#file ??= await open(this.#path, "a");
      while (this.#waiting !== "") {
        const text = this.#waiting;
        this.#waiting = "";
        await this.#file.appendFile(text);
      }
    } catch (error) {
      this.#fault ??= error;
    } finally {
      this.#writing = undefined;
    }
  }
}
