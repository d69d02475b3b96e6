/** Labelled horizontal bars, the longest as wide as there is room. */
export function Bars({
  rows,
  format,
}: {
  rows: readonly { label: string; value: number; strong?: boolean }[];
  format: (value: number) => string;
}) {
  const most = Math.max(...rows.map(({ value }) => value), Number.MIN_VALUE);
  return (
    <ul class="bars">
      {rows.map(({ label, value, strong }) => (
        <li key={label} class={strong ? "strong" : ""}>
          <span class="bar-label">{label}</span>
          <span class="bar-room" aria-hidden="true">
            <span class="bar" style={{ width: `${(100 * value) / most}%` }} />
          </span>
          <span class="bar-value">{format(value)}</span>
        </li>
      ))}
    </ul>
  );
}

/** Counts in equal steps. */
export function Histogram({ counts, label }: { counts: readonly number[]; label: string }) {
  const most = Math.max(...counts, Number.MIN_VALUE);
  const width = 100 / counts.length;
  return (
    <svg class="histogram" viewBox="0 0 100 40" preserveAspectRatio="none" role="img" aria-label={label}>
      {counts.map((count, index) => (
        <rect
          key={index}
          x={index * width}
          y={40 - (38 * count) / most}
          width={width * 0.86}
          height={(38 * count) / most}
        />
      ))}
    </svg>
  );
}
