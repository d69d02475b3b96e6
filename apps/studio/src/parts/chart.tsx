import { useEffect, useRef } from "preact/hooks";
import uPlot from "uplot";
import type { Columns } from "../curves.ts";
import { text } from "../i18n/text.ts";
import { theme } from "./header.tsx";

export interface ChartProps {
  readonly title: string;
  readonly columns: Columns;
  /** Another number means other columns. */
  readonly version: number;
  readonly digits: number;
  readonly points?: boolean;
  readonly fromZero?: boolean;
}

const height = 190;

/** One curve over the updates. */
export function Chart({ title, columns, version, digits, points = false, fromZero = false }: ChartProps) {
  const room = useRef<HTMLDivElement>(null);
  const plot = useRef<uPlot>();
  const look = theme();

  useEffect(() => {
    const style = getComputedStyle(document.documentElement);
    const color = (name: string): string => style.getPropertyValue(name).trim();
    const axis = { stroke: color("--text-soft"), grid: { stroke: color("--line"), width: 1 }, ticks: { show: false } };
    const created = new uPlot(
      {
        width: room.current!.clientWidth,
        height,
        legend: { show: false },
        cursor: { y: false, points: { size: 7 } },
        scales: { x: { time: false }, y: fromZero ? { range: (_, __, most) => [0, (most || 1) * 1.1] } : {} },
        axes: [
          { ...axis, size: 28 },
          {
            ...axis,
            size: 54,
            values: (_, ticks) => ticks.map((tick) => tick.toLocaleString("en", { maximumFractionDigits: digits })),
          },
        ],
        series: [
          {},
          {
            stroke: color("--accent"),
            width: 2,
            spanGaps: true,
            fill: `${color("--accent")}18`,
            points: { show: points, size: 6, fill: color("--accent") },
          },
        ],
      },
      columns as unknown as uPlot.AlignedData,
      room.current!,
    );
    plot.current = created;
    const sizes = new ResizeObserver(() => created.setSize({ width: room.current!.clientWidth, height }));
    sizes.observe(room.current!);
    return () => {
      sizes.disconnect();
      created.destroy();
    };
  }, [look, digits, points, fromZero]);

  useEffect(() => {
    // At most one drawing a frame, however many steps arrive.
    const frame = requestAnimationFrame(() => plot.current?.setData(columns as unknown as uPlot.AlignedData));
    return () => cancelAnimationFrame(frame);
  }, [version]);

  const last = columns[1]?.at(-1);
  const spoken =
    last === null || last === undefined
      ? title
      : `${title}: ${last.toFixed(digits)} (${text("step")} ${columns[0].at(-1)})`;
  return (
    <figure class="figure chart">
      <figcaption>
        <h3>{title}</h3>
        {typeof last === "number" && <strong>{last.toLocaleString("en", { maximumFractionDigits: digits })}</strong>}
      </figcaption>
      <div ref={room} role="img" aria-label={spoken} />
    </figure>
  );
}
