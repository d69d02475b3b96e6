import { type ClassificationEvaluation, term } from "@nacre/evaluate";
import type { AnswerEvaluation, Evaluation, RunDetails, SearchEvaluation } from "../api.ts";
import { duration, language, number, text } from "../i18n/text.ts";
import { ReportLink } from "../parts/results.tsx";
import { Figure, Station } from "../parts/station.tsx";
import { AnswerResults } from "./answer-results.tsx";
import { SearchResults } from "./search-results.tsx";
import { TextResults } from "./text-results.tsx";
import { TranslationResults } from "./translation-results.tsx";

export function EvaluateStation({ id, evaluation }: { id: string; evaluation: RunDetails["evaluation"] }) {
  return <Station name="evaluate">{content(id, evaluation)}</Station>;
}

function content(id: string, evaluation: RunDetails["evaluation"]) {
  if (evaluation === null) return <p class="empty">{text("notYetEvaluate")}</p>;
  if (isAnswers(evaluation)) return <AnswerResults id={id} results={evaluation} />;
  if (isSearch(evaluation)) return <SearchResults id={id} results={evaluation} />;
  if ("samples" in evaluation) return <TextResults id={id} results={evaluation} />;
  if ("attention" in evaluation) return <TranslationResults id={id} results={evaluation} />;
  return <Results id={id} results={evaluation} />;
}

function isAnswers(evaluation: NonNullable<RunDetails["evaluation"]>): evaluation is AnswerEvaluation {
  return "kind" in evaluation.evaluation && evaluation.evaluation.kind === "answers";
}

function isSearch(evaluation: NonNullable<RunDetails["evaluation"]>): evaluation is SearchEvaluation {
  return "kind" in evaluation.evaluation && evaluation.evaluation.kind === "retrieval";
}

function Results({ id, results }: { id: string; results: Evaluation }) {
  const { evaluation, comparison } = results;
  return (
    <>
      {comparison !== null && <p class={`verdict ${comparison.answer}`}>{verdict(comparison)}</p>}
      <div class="columns">
        <Scores evaluation={evaluation} />
        <Baselines results={results} />
      </div>
      <div class="columns">
        <Confusion evaluation={evaluation} />
        <Calibration evaluation={evaluation} />
      </div>
      <Worst results={results} />
      <details>
        <summary>{text("perClass")}</summary>
        <PerClass evaluation={evaluation} />
      </details>
      <ReportLink id={id} />
    </>
  );
}

/** In words, in the page's language. */
function verdict({ answer, best, comparison }: NonNullable<Evaluation["comparison"]>): string {
  const points = number(Math.abs(100 * comparison.difference), 1);
  const chance = comparison.pValue < 0.001 ? "p < 0.001" : `p = ${comparison.pValue.toFixed(3)}`;
  return text(`verdict_${answer}`, points, term(best, language.value), chance);
}

function Scores({ evaluation }: { evaluation: ClassificationEvaluation }) {
  return (
    <Figure title={text("scores")}>
      <table>
        <thead>
          <tr>
            <th scope="col">{text("score")}</th>
            <th scope="col" class="figure-cell">
              {text("value")}
            </th>
            <th scope="col" class="figure-cell">
              {text("interval")}
            </th>
          </tr>
        </thead>
        <tbody>
          {evaluation.scores.map(({ name, value, low, high, signature }) => (
            <tr key={name} title={signature}>
              <th scope="row">{term(name, language.value)}</th>
              <td class="figure-cell">{number(value, 4)}</td>
              <td class="figure-cell soft">
                {number(low, 3)} – {number(high, 3)}
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </Figure>
  );
}

function Baselines({ results: { evaluation, baselines } }: { results: Evaluation }) {
  const accuracyOf = (scores: readonly { name: string; value: number; low: number; high: number }[]) =>
    scores.find(({ name }) => name === "accuracy")!;
  const rows = [
    {
      name: text("thisModel"),
      own: true,
      accuracy: accuracyOf(evaluation.scores),
      seconds: undefined,
      note: undefined,
    },
    ...baselines.map(({ name, scores, seconds, note }) => ({
      name: term(name, language.value),
      own: false,
      accuracy: accuracyOf(scores),
      seconds,
      note: note === undefined ? undefined : term(note, language.value),
    })),
  ].sort((left, right) => right.accuracy.value - left.accuracy.value);
  return (
    <Figure title={text("baselines")}>
      <table class="baselines">
        <thead>
          <tr>
            <th scope="col">{text("algorithm")}</th>
            <th scope="col">{text("accuracyShort")}</th>
            <th scope="col" class="figure-cell">
              {text("time")}
            </th>
          </tr>
        </thead>
        <tbody>
          {rows.map(({ name, own, accuracy, seconds, note }) => (
            <tr key={name} class={own ? "own" : ""}>
              <th scope="row">
                {name}
                {note !== undefined && <small class="note">{note}</small>}
              </th>
              <td>
                <span class="whisker" aria-hidden="true">
                  <span class="bar" style={{ width: `${100 * accuracy.value}%` }} />
                  <span
                    class="range"
                    style={{ left: `${100 * accuracy.low}%`, width: `${100 * (accuracy.high - accuracy.low)}%` }}
                  />
                </span>
                {number(100 * accuracy.value, 1)} %
              </td>
              <td class="figure-cell soft">{seconds === undefined ? "" : duration(seconds)}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </Figure>
  );
}

function Confusion({ evaluation: { classes, confusion } }: { evaluation: ClassificationEvaluation }) {
  const most = Math.max(...confusion.flat(), 1);
  const numbers = classes.length <= 12;
  return (
    <Figure title={text("confusion")} hint={text("confusionHint")}>
      <div class="scroll" tabIndex={0} role="region" aria-label={text("confusion")}>
        <table class="confusion">
          <thead>
            <tr>
              <td />
              {classes.map((name) => (
                <th key={name} scope="col">
                  {name}
                </th>
              ))}
            </tr>
          </thead>
          <tbody>
            {confusion.map((row, label) => (
              <tr key={classes[label]}>
                <th scope="row">{classes[label]}</th>
                {row.map((count, predicted) => (
                  <td
                    key={classes[predicted]}
                    class={label === predicted ? "hit" : "miss"}
                    style={{ "--heat": heat(count, most) }}
                    title={`${text("trueClass")} ${classes[label]}, ${text("predictedClass")} ${classes[predicted]}: ${count}`}
                  >
                    {numbers && count > 0 ? count : ""}
                  </td>
                ))}
              </tr>
            ))}
          </tbody>
        </table>
      </div>
    </Figure>
  );
}

/** Single mistakes must stay visible beside hundreds of hits. */
function heat(count: number, most: number): string {
  return (Math.log1p(count) / Math.log1p(most)).toFixed(3);
}

function Calibration({ evaluation: { calibration, scores } }: { evaluation: ClassificationEvaluation }) {
  const ece = scores.find(({ name }) => name === "ECE");
  const bins = calibration.filter(({ count }) => count > 0);
  const most = Math.max(...bins.map(({ count }) => count), 1);
  const summary = bins
    .map(({ confidence, accuracy }) => `${confidence!.toFixed(2)} → ${accuracy!.toFixed(2)}`)
    .join(", ");
  return (
    <Figure
      title={`${text("calibration")}${ece ? ` · ECE ${number(ece.value, 3)}` : ""}`}
      hint={text("calibrationHint")}
    >
      <svg class="calibration" viewBox="-12 -4 120 118" role="img" aria-label={`${text("calibration")}: ${summary}`}>
        <path d="M0 100V0M0 100H100" class="axis" />
        <path d="M0 100 100 0" class="diagonal" />
        {bins.map(({ low, high, count }) => (
          <rect
            key={low}
            x={low * 100 + 1}
            width={(high - low) * 100 - 2}
            y={100 - (18 * count) / most}
            height={(18 * count) / most}
            class="counts"
          />
        ))}
        <polyline
          points={bins.map(({ confidence, accuracy }) => `${confidence! * 100},${100 - accuracy! * 100}`).join(" ")}
          class="line"
        />
        {bins.map(({ low, confidence, accuracy, count }) => (
          <circle key={low} cx={confidence! * 100} cy={100 - accuracy! * 100} r="2.400">
            <title>{`${text("confidence")} ${confidence!.toFixed(2)}, ${text("rightShare")} ${accuracy!.toFixed(2)}, ${count}`}</title>
          </circle>
        ))}
        <text x="50" y="112" text-anchor="middle">
          {text("confidence")}
        </text>
        <text x="-50" y="-5" text-anchor="middle" transform="rotate(-90)">
          {text("rightShare")}
        </text>
      </svg>
    </Figure>
  );
}

function Worst({ results: { worst } }: { results: Evaluation }) {
  const shown = worst.filter(({ label, predicted }) => label !== predicted).slice(0, 16);
  if (shown.length === 0) return null;
  return (
    <Figure title={text("worst")}>
      <ul class="worst">
        {shown.map(({ index, label, predicted, probability, png, row }) => (
          <li key={index}>
            {png !== undefined && (
              <img src={png} width="56" height="56" alt={text("worstItem", label, predicted, probability.toFixed(2))} />
            )}
            {row !== undefined && (
              <details>
                <summary>#{index}</summary>
                <dl>
                  {Object.entries(row).map(([name, value]) => (
                    <div key={name}>
                      <dt>{name}</dt>
                      <dd>{value === null ? "–" : String(value)}</dd>
                    </div>
                  ))}
                </dl>
              </details>
            )}
            <span>
              <b>{label}</b> → <b class="wrong">{predicted}</b>
            </span>
          </li>
        ))}
      </ul>
    </Figure>
  );
}

function PerClass({ evaluation: { perClass } }: { evaluation: ClassificationEvaluation }) {
  return (
    <table>
      <thead>
        <tr>
          <th scope="col">{text("class")}</th>
          {(["precision", "recall"] as const).map((key) => (
            <th key={key} scope="col" class="figure-cell">
              {text(key)}
            </th>
          ))}
          <th scope="col" class="figure-cell">
            F1
          </th>
          <th scope="col" class="figure-cell">
            ROC-AUC
          </th>
          <th scope="col" class="figure-cell">
            {text("support")}
          </th>
        </tr>
      </thead>
      <tbody>
        {perClass.map(({ label, precision, recall, f1, rocAuc, support }) => (
          <tr key={label}>
            <th scope="row">{label}</th>
            {[precision, recall, f1].map((value, index) => (
              <td key={index} class="figure-cell">
                {number(value, 3)}
              </td>
            ))}
            <td class="figure-cell">{rocAuc === null ? "–" : number(rocAuc, 4)}</td>
            <td class="figure-cell">{number(support)}</td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}
