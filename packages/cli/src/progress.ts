import { count, duration, type Terminal } from "./terminal.ts";

export interface Progress {
  readonly label: string;
  readonly done: number;
  readonly total: number;
  readonly unit: string;
  readonly detail?: string | undefined;
}

const barWidth = 24;
const plainInterval = 5_000;
const drawInterval = 66;

/**
 * Progress with rate and time left: a bar that redraws itself on a terminal, a plain line every five seconds elsewhere.
 * Time comes from `now` in milliseconds.
 */
export class ProgressPrinter {
  readonly #terminal: Terminal;
  readonly #now: () => number;
  #label = "";
  #started = 0;
  #startDone = 0;
  #printed = 0;
  #drawn = false;

  constructor(terminal: Terminal, now: () => number = Date.now) {
    this.#terminal = terminal;
    this.#now = now;
  }

  show(progress: Progress): void {
    const now = this.#now();
    if (progress.label !== this.#label) {
      this.#label = progress.label;
      this.#started = now;
      this.#startDone = progress.done;
      this.#printed = 0;
    }
    const terminal = this.#terminal.error.isTTY === true;
    const finished = progress.done >= progress.total;
    if (!finished && now - this.#printed < (terminal ? drawInterval : plainInterval)) return;
    this.#printed = now;
    const line = this.#line(progress, now);
    if (!terminal) {
      this.#terminal.error.write(`${line}\n`);
      return;
    }
    const columns = this.#terminal.error.columns ?? 100;
    this.#terminal.error.write(`\r\u001b[2K${line.slice(0, columns - 1)}`);
    this.#drawn = true;
  }

  /** Prints a line of its own, above the bar. */
  line(text: string): void {
    this.clear();
    this.#terminal.error.write(`${text}\n`);
  }

  /** Takes the bar away. */
  clear(): void {
    if (this.#drawn) this.#terminal.error.write("\r\u001b[2K");
    this.#drawn = false;
  }

  #line({ label, done, total, unit, detail }: Progress, now: number): string {
    const share = total > 0 ? Math.min(1, done / total) : 0;
    const seconds = (now - this.#started) / 1000;
    const rate = seconds > 0 ? (done - this.#startDone) / seconds : 0;
    const filled = Math.round(share * barWidth);
    const bar = "█".repeat(filled) + "░".repeat(barWidth - filled);
    const parts = [`${label.padEnd(9)} ${bar} ${`${Math.floor(share * 100)} %`.padStart(5)}`];
    if (rate > 0) parts.push(`${count(rate)} ${unit}/s`);
    if (rate > 0 && done < total) parts.push(`${duration((total - done) / rate)} left`);
    if (detail !== undefined && detail !== "") parts.push(detail);
    return parts.join("  ");
  }
}
