import type { CalibrationBin, Curve } from "../classification.ts";
import { escapeHtml } from "./html.ts";

const size = 200;
const colors = 10;

/** Axes from 0 to 1 with a grid, what is in them, and their names. */
function frame(content: string, { x, y, title }: { x: string; y: string; title: string }): string {
  const lines = [0, 0.25, 0.5, 0.75, 1].map((share) => {
    const at = share * size;
    return (
      `<path d="M0 ${size - at}H${size}M${at} 0V${size}" class="grid"/>` +
      `<text x="-6" y="${size - at + 3}" text-anchor="end">${share}</text>` +
      `<text x="${at}" y="${size + 14}" text-anchor="middle">${share}</text>`
    );
  });
  return (
    `<svg viewBox="-42 -8 ${size + 52} ${size + 44}" role="img"><title>${escapeHtml(title)}</title>${lines.join("")}${content}` +
    `<text x="${size / 2}" y="${size + 30}" text-anchor="middle">${escapeHtml(x)}</text>` +
    `<text x="${-size / 2}" y="-30" text-anchor="middle" transform="rotate(-90)">${escapeHtml(y)}</text></svg>`
  );
}

const point = ({ x, y }: { x: number; y: number }): string => `${(x * size).toFixed(1)},${((1 - y) * size).toFixed(1)}`;

/** Curves in the unit square, a colour each, with a key. */
export function curvesPlot(curves: readonly Curve[], axes: { x: string; y: string; title: string }): string {
  const lines = curves.map(
    ({ label, points }, index) =>
      `<polyline class="c${index % colors}" points="${points.map(point).join(" ")}"><title>${escapeHtml(label)}</title></polyline>`,
  );
  const key = curves.map(({ label }, index) => `<li><i class="c${index % colors}"></i>${escapeHtml(label)}</li>`);
  return `<figure>${frame(lines.join(""), axes)}<ul class="key">${curves.length > 1 ? key.join("") : ""}</ul></figure>`;
}

/** Confidence against the share of hits, and how many examples are behind each point. */
export function reliabilityPlot(
  bins: readonly CalibrationBin[],
  axes: { x: string; y: string; title: string },
): string {
  const filled = bins.filter((bin) => bin.count > 0);
  const most = Math.max(...filled.map(({ count }) => count), 1);
  const bars = filled.map(({ low, high, count }) => {
    const height = (40 * count) / most;
    return `<rect class="count" x="${low * size + 1}" width="${(high - low) * size - 2}" y="${size - height}" height="${height}"><title>${count}</title></rect>`;
  });
  const points = filled.map(({ confidence, accuracy }) => ({ x: confidence!, y: accuracy! }));
  const dots = points.map((each, index) => {
    const [x, y] = point(each).split(",");
    return `<circle cx="${x}" cy="${y}" r="3.5"><title>${each.x.toFixed(3)} → ${each.y.toFixed(3)} (${filled[index]!.count})</title></circle>`;
  });
  const line = `<polyline class="c0" points="${points.map(point).join(" ")}"/>`;
  return `<figure>${frame(`<path d="M0 ${size}L${size} 0" class="diagonal"/>${bars.join("")}${line}${dots.join("")}`, axes)}</figure>`;
}

/** A dot with its interval, on a line from 0 to 1. */
export function whisker({ value, low, high }: { value: number; low: number; high: number }): string {
  const at = (share: number): string => `${(100 * Math.min(1, Math.max(0, share))).toFixed(2)}%`;
  const range = `left:${at(low)};width:${at(Math.max(0.002, Math.min(1, high) - Math.max(0, low)))}`;
  return `<span class="whisker" aria-hidden="true"><i style="${range}"></i><b style="left:${at(value)}"></b></span>`;
}

/** The confusion matrix as a heat map; counts in the cells as long as there is room. */
export function confusionTable(
  classes: readonly string[],
  confusion: readonly (readonly number[])[],
  words: { is: string; predicted: string },
): string {
  const most = Math.max(...confusion.flat(), 1);
  const head = classes.map((name) => `<th scope="col">${escapeHtml(name)}</th>`).join("");
  const rows = confusion.map((row, label) => {
    const cells = row.map((count, predicted) => {
      // Single mistakes must stay visible beside thousands of hits.
      const heat = ((100 * Math.log1p(count)) / Math.log1p(most)).toFixed(0);
      const title = `${words.is} ${classes[label]}, ${words.predicted} ${classes[predicted]}: ${count}`;
      const shown = count > 0 && classes.length <= 20 ? count : "";
      return `<td class="${label === predicted ? "hit" : "miss"}" style="--heat:${heat}%" title="${escapeHtml(title)}">${shown}</td>`;
    });
    return `<tr><th scope="row">${escapeHtml(classes[label]!)}</th>${cells.join("")}</tr>`;
  });
  return `<div class="scroll"><table class="confusion"><thead><tr><td></td>${head}</tr></thead><tbody>${rows.join("")}</tbody></table></div>`;
}
