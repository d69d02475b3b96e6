import { term } from "@nacre/evaluate";
import type { TranslationEvaluation } from "../api.ts";
import { language, number, text } from "../i18n/text.ts";
import { AttentionMap } from "../parts/attention-map.tsx";
import { Figure } from "../parts/station.tsx";

/** How a translator did: scores, simple systems on the same text, translations side by side, and where it looked. */
export function TranslationResults({ id, results }: { id: string; results: TranslationEvaluation }) {
  const { evaluation, baselines, comparison, attention } = results;
  const rows = [
    { name: text("thisModel"), own: true, scores: evaluation.scores },
    ...baselines.map(({ name, scores }) => ({ name: term(name, language.value), own: false, scores })),
  ];
  return (
    <>
      {comparison !== null && <Verdict {...comparison} />}
      <div class="columns">
        <Figure title={text("scores")}>
          <table>
            <tbody>
              {evaluation.scores.map(({ name, value, low, high, signature }) => (
                <tr key={name} title={signature}>
                  <th scope="row">{name}</th>
                  <td class="figure-cell">{number(value, 2)}</td>
                  <td class="figure-cell soft">
                    {number(low, 1)} – {number(high, 1)}
                  </td>
                </tr>
              ))}
            </tbody>
          </table>
        </Figure>
        <Figure title={text("baselines")}>
          <table class="baselines">
            <thead>
              <tr>
                <th scope="col">{text("algorithm")}</th>
                {shown.map((name) => (
                  <th key={name} scope="col" class="figure-cell">
                    {name}
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
                      {number(scores.find((each) => each.name === score)?.value ?? 0, 2)}
                    </td>
                  ))}
                </tr>
              ))}
            </tbody>
          </table>
        </Figure>
      </div>
      <Figure title={text("sideBySide")}>
        <div class="scroll">
          <table>
            <thead>
              <tr>
                <th scope="col">{text("sourceText")}</th>
                <th scope="col">{text("translation")}</th>
                <th scope="col">{text("reference")}</th>
              </tr>
            </thead>
            <tbody>
              {evaluation.sample.slice(0, 8).map(({ index, source, hypothesis, references }) => (
                <tr key={index}>
                  <td>{source}</td>
                  <td>{hypothesis}</td>
                  <td class="soft">{references[0]}</td>
                </tr>
              ))}
            </tbody>
          </table>
        </div>
      </Figure>
      {attention.slice(0, 1).map((map, index) => (
        <Figure key={index} title={text("attention")}>
          <AttentionMap {...map} />
        </Figure>
      ))}
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
    </>
  );
}

const shown = ["BLEU", "chrF2"] as const;

function Verdict({ against, rows }: NonNullable<TranslationEvaluation["comparison"]>) {
  const { difference, low, high } = rows.find(({ name }) => name === "BLEU")!;
  const answer = low > 0 ? "no" : high < 0 ? "yes" : "undecided";
  const points = number(Math.abs(difference), 1);
  return (
    <p class={`verdict ${answer}`}>{text(`translationVerdict_${answer}`, points, term(against, language.value))}</p>
  );
}
