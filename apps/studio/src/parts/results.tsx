import { term } from "@nacre/evaluate";
import { language, number, text } from "../i18n/text.ts";
import { Figure } from "./station.tsx";

interface Score {
  readonly name: string;
  readonly value: number;
  readonly low: number;
  readonly high: number;
  readonly signature: string;
}

type Scored = readonly Pick<Score, "name" | "value">[];

/** The model first, then the simple algorithms, by their names in the page's language. */
export function withBaselines<S>(scores: S, baselines: readonly { readonly name: string; readonly scores: S }[]) {
  return [
    { name: text("thisModel"), own: true, scores },
    ...baselines.map(({ name, scores: theirs }) => ({ name: term(name, language.value), own: false, scores: theirs })),
  ];
}

/** Scores with their intervals. `digits`: behind the point, of a value; an interval has one fewer. */
export function ScoreTable({ scores, digits }: { scores: readonly Score[]; digits: (value: number) => number }) {
  return (
    <Figure title={text("scores")}>
      <table>
        <tbody>
          {scores.map(({ name, value, low, high, signature }) => {
            const rough = Math.max(0, digits(high) - 1);
            return (
              <tr key={name} title={signature}>
                <th scope="row">{term(name, language.value)}</th>
                <td class="figure-cell">{number(value, digits(value))}</td>
                <td class="figure-cell soft">
                  {number(low, rough)} – {number(high, rough)}
                </td>
              </tr>
            );
          })}
        </tbody>
      </table>
    </Figure>
  );
}

interface BaselineTableProps {
  readonly rows: readonly { readonly name: string; readonly own: boolean; readonly scores: Scored }[];
  /** Names of the scores that are compared. */
  readonly shown: readonly string[];
  readonly digits: number;
  /** Default: whether a simple algorithm would do. */
  readonly title?: string;
}

export function BaselineTable({ rows, shown, digits, title = text("baselines") }: BaselineTableProps) {
  return (
    <Figure title={title}>
      <table class="baselines">
        <thead>
          <tr>
            <th scope="col">{text("algorithm")}</th>
            {shown.map((name) => (
              <th key={name} scope="col" class="figure-cell">
                {term(name, language.value)}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {rows.map(({ name, own, scores }) => (
            <tr key={name} class={own ? "own" : ""}>
              <th scope="row">{name}</th>
              {shown.map((score) => (
                <td key={score} class="figure-cell">
                  {number(scores.find((each) => each.name === score)?.value ?? 0, digits)}
                </td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
    </Figure>
  );
}

export function ReportLink({ id }: { id: string }) {
  return (
    <p>
      <a
        class="button"
        href={`/api/runs/${encodeURIComponent(id)}/report?language=${language.value}`}
        target="_blank"
        rel="noreferrer"
      >
        {text("report")} ↗
      </a>
    </p>
  );
}
