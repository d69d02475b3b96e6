import { escapeHtml, section } from "./html.ts";
import type { LanguageText } from "./language-text.ts";

/** How much each written token attended to each one that was read. */
export interface AttentionMap {
  readonly source: readonly string[];
  readonly target: readonly string[];
  /** A row for each target token, with a weight from 0 to 1 for each source token. */
  readonly weights: readonly (readonly number[])[];
}

/** A table each, in shades. */
export function attentionMaps(maps: readonly AttentionMap[], words: LanguageText): string {
  if (maps.length === 0) return "";
  const tables = maps.map(({ source, target, weights }) => {
    const head = source.map((token) => `<th>${escapeHtml(token)}</th>`).join("");
    const rows = target.map((token, row) => {
      const cells = source.map((from, column) => {
        const share = Math.round(100 * (weights[row]?.[column] ?? 0));
        return `<td style="--heat:${share}%" title="${escapeHtml(`${token} ← ${from}: ${share} %`)}"></td>`;
      });
      return `<tr><th>${escapeHtml(token)}</th>${cells.join("")}</tr>`;
    });
    return `<table class="attention"><thead><tr><td></td>${head}</tr></thead><tbody>${rows.join("")}</tbody></table>`;
  });
  return section(words.attention, words.attentionHint, `<div class="scroll">${tables.join("")}</div>`);
}
