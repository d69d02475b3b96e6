import type { ClassReport } from "./data-report.ts";
import { escapeHtml, readable } from "./html.ts";

/** The colour class of the split at this place. */
export function colour(index: number): string {
  return `c${index % 4}`;
}

/** Bars side by side on a common base line, for counts or shares in equal steps. */
export function histogram(
  values: readonly number[],
  options: { label: string; from: string; to: string; width?: number; height?: number },
): string {
  const { label, from, to, width = 200, height = 48 } = options;
  const most = Math.max(...values, Number.MIN_VALUE);
  const step = width / values.length;
  const bars = values.map((value, index) => {
    const tall = value === 0 ? 0 : Math.max(1, (value / most) * height);
    return `<rect x="${round(index * step)}" y="${round(height - tall)}" width="${round(step * 0.9)}" height="${round(tall)}"/>`;
  });
  return (
    `<svg role="img" aria-label="${escapeHtml(label)}" width="${width}" height="${height + 18}" ` +
    `viewBox="0 0 ${width} ${height + 18}"><g class="c0">${bars.join("")}</g>` +
    `<text x="0" y="${height + 14}">${escapeHtml(from)}</text>` +
    `<text x="${width}" y="${height + 14}" text-anchor="end">${escapeHtml(to)}</text></svg>`
  );
}

/** One line a class: its count in every split, as bars of a common scale. */
export function classBars(classes: readonly ClassReport[], splits: readonly string[]): string {
  const left = 160;
  const right = 20 + 70 * splits.length;
  const width = 760;
  const thick = splits.length > 1 ? 9 : 14;
  const tall = splits.length * thick + 10;
  const most = Math.max(1, ...classes.flatMap(({ counts }) => Object.values(counts)));
  const lines = classes.map(({ label, counts }, line) => {
    const top = line * tall;
    const bars = splits.map((split, index) => {
      const count = counts[split] ?? 0;
      const long = ((width - left - right) * count) / most;
      const y = top + index * thick;
      return (
        `<rect class="${colour(index)}" x="${left}" y="${y}" width="${round(long)}" height="${thick - 1}">` +
        `<title>${escapeHtml(`${label}, ${split}: ${count}`)}</title></rect>`
      );
    });
    const middle = top + (splits.length * thick) / 2 + 4;
    const numbers = splits.map((split) => readable(counts[split] ?? 0)).join(" · ");
    const far = left + ((width - left - right) * Math.max(...splits.map((split) => counts[split] ?? 0))) / most;
    return (
      `<text x="${left - 8}" y="${middle}" text-anchor="end">${escapeHtml(shorten(label, 22))}</text>${bars.join("")}` +
      `<text x="${round(far + 6)}" y="${middle}">${numbers}</text>`
    );
  });
  const height = classes.length * tall;
  return (
    `<svg role="img" aria-label="records by class" width="${width}" height="${height}" ` +
    `viewBox="0 0 ${width} ${height}">${lines.join("")}</svg>`
  );
}

/** The most frequent values of a category column, as one bar each. */
export function categoryBars(categories: readonly { value: string; count: number }[], others: number): string {
  const shown = categories.slice(0, 6);
  const rest = others + categories.slice(6).reduce((sum, { count }) => sum + count, 0);
  const lines = rest > 0 ? [...shown, { value: "others", count: rest }] : shown;
  const most = Math.max(1, ...lines.map(({ count }) => count));
  const drawn = lines.map(({ value, count }, line) => {
    const y = line * 15;
    const long = Math.max(1, (count / most) * 90);
    return (
      `<rect class="${line < shown.length ? "c0" : "c3"}" x="0" y="${y + 2}" width="${round(long)}" height="11"/>` +
      `<text x="${round(long + 5)}" y="${y + 12}">${escapeHtml(shorten(value, 24))} (${readable(count)})</text>`
    );
  });
  const height = Math.max(1, lines.length) * 15;
  return (
    `<svg role="img" aria-label="most frequent values" width="300" height="${height}" ` +
    `viewBox="0 0 300 ${height}">${drawn.join("")}</svg>`
  );
}

function shorten(text: string, length: number): string {
  const characters = [...text];
  return characters.length <= length ? text : `${characters.slice(0, length - 1).join("")}…`;
}

function round(value: number): number {
  return Math.round(value * 100) / 100;
}
