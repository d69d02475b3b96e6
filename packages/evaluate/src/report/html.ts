/** Text as HTML: nothing in it is markup. */
export function escapeHtml(text: string | number): string {
  return String(text).replace(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`);
}

/** A value as people read it; `–` for none. */
export function figure(value: number | null | undefined, digits = 4): string {
  return value === null || value === undefined || Number.isNaN(value) ? "–" : value.toFixed(digits);
}

export function percent(value: number, digits = 1): string {
  return `${(100 * value).toFixed(digits)} %`;
}

export interface Column<Row> {
  readonly title: string;
  /** HTML of a cell. */
  readonly cell: (row: Row) => string;
  readonly number?: boolean;
}

/** A table; the first column names the rows. */
export function table<Row>(
  rows: readonly Row[],
  columns: readonly Column<Row>[],
  emphasise?: (row: Row) => boolean,
): string {
  const head = columns.map(
    ({ title, number }) => `<th scope="col"${number ? ' class="number"' : ""}>${escapeHtml(title)}</th>`,
  );
  const body = rows.map((row) => {
    const cells = columns.map(({ cell, number }, index) =>
      index === 0 ? `<th scope="row">${cell(row)}</th>` : `<td${number ? ' class="number"' : ""}>${cell(row)}</td>`,
    );
    return `<tr${emphasise?.(row) ? ' class="own"' : ""}>${cells.join("")}</tr>`;
  });
  return `<div class="scroll"><table><thead><tr>${head.join("")}</tr></thead><tbody>${body.join("")}</tbody></table></div>`;
}

/** A titled part of the page. */
export function section(title: string, hint: string, content: string): string {
  return `<section><h2>${escapeHtml(title)}</h2>${hint === "" ? "" : `<p class="hint">${escapeHtml(hint)}</p>`}${content}</section>`;
}
