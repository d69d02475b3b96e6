import type { Writable } from "node:stream";

/** Where a command writes: results to `out`, progress and complaints to `error`. */
export interface Terminal {
  readonly out: Writable;
  readonly error: Writable & { readonly isTTY?: boolean; readonly columns?: number };
}

export const processTerminal: Terminal = { out: process.stdout, error: process.stderr };

/** A fault of the user's making: the message is all they need to see. Ends with exit code 2. */
export class UsageError extends Error {
  override readonly name = "UsageError";
}

/** `12.3 s`, `4 min 05 s`, `1 h 02 min`. */
export function duration(seconds: number): string {
  if (seconds < 59.95) return `${seconds.toFixed(1)} s`;
  const whole = Math.round(seconds);
  if (whole < 3600) return `${Math.floor(whole / 60)} min ${String(whole % 60).padStart(2, "0")} s`;
  return `${Math.floor(whole / 3600)} h ${String(Math.floor((whole % 3600) / 60)).padStart(2, "0")} min`;
}

/** `1,234`, `12.3k`, `4.56M`: three figures are enough for a rate. */
export function count(value: number): string {
  if (value >= 1e6) return `${(value / 1e6).toPrecision(3)}M`;
  if (value >= 1e4) return `${(value / 1e3).toPrecision(3)}k`;
  return value >= 100 ? Math.round(value).toLocaleString("en") : value.toPrecision(3);
}

/** 123456789 → "123 MB", 2500000000 → "2.5 GB". */
export function bytes(count: number): string {
  return count < 1e9 ? `${(count / 1e6).toFixed(count < 1e7 ? 1 : 0)} MB` : `${(count / 1e9).toFixed(1)} GB`;
}

/** Columns padded to the widest cell; numbers to the right. */
export function table(header: readonly string[], rows: readonly (readonly string[])[]): string {
  const numeric = header.map((_, column) => rows.every((row) => /^[-+–]?[\d.,]+( ?%| s)?$/.test(row[column] ?? "")));
  const widths = header.map((cell, column) => Math.max(width(cell), ...rows.map((row) => width(row[column] ?? ""))));
  const line = (row: readonly string[]): string =>
    row
      .map((cell, column) => {
        const space = " ".repeat(widths[column]! - width(cell));
        return numeric[column] ? space + cell : cell + space;
      })
      .join("  ")
      .trimEnd();
  return [line(header), widths.map((size) => "─".repeat(size)).join("  "), ...rows.map(line)].join("\n");
}

/** Cells on a terminal: East Asian characters take two. */
function width(text: string): number {
  let cells = 0;
  for (const character of text)
    cells += /[\u1100-\u115f\u2e80-\ua4cf\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff00-\uff60]/.test(character) ? 2 : 1;
  return cells;
}
