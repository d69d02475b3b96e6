import type { DataReport } from "@nacre/data";
import type { TextReport, TextsReport } from "@nacre/data/text";
import type { TextKey } from "../i18n/en.ts";
import { en } from "../i18n/en.ts";
import { language, number, text } from "../i18n/text.ts";
import { Bars, Histogram } from "../parts/bars.tsx";
import { Figure, Station } from "../parts/station.tsx";

export function DataStation({ id, report }: { id: string | undefined; report: DataReport | TextReport | null }) {
  return (
    <Station name="data">
      {report === null ? <p class="empty">{text("notYetData")}</p> : <Report id={id} report={report} />}
    </Station>
  );
}

function Report({ id, report }: { id: string | undefined; report: DataReport | TextReport }) {
  const splits = Object.entries(report.splits);
  const texts = "texts" in report ? report.texts : undefined;
  return (
    <>
      <dl class="facts">
        <Fact name={report.name} value={`${number(report.records)} ${text("records")}`} />
        {splits.map(([split, count]) => (
          <Fact key={split} name={splitName(split)} value={number(count)} />
        ))}
        {texts && <Fact name={text("characters")} value={number(texts.totalCharacters)} />}
        {texts && <Fact name={text("words")} value={number(texts.totalWords)} />}
        <Fact name={text("duplicates")} value={number(report.duplicates.within + report.duplicates.across)} />
        <Fact
          name={text("digest")}
          value={<code title={report.digest}>{report.digest.replace(/^sha256:/, "").slice(0, 12)}</code>}
        />
      </dl>
      {report.warnings.map((warning) => (
        <p key={warning} class="notice">
          {warning}
        </p>
      ))}
      <div class="columns">
        {report.classes && (
          <Figure title={text("classBalance")}>
            <Bars
              rows={report.classes.map(({ label, counts }) => ({
                label,
                value: Object.values(counts).reduce((sum, count) => sum + count, 0),
              }))}
              format={(value) => number(value)}
            />
          </Figure>
        )}
        {report.images && (
          <Figure title={text("brightness")}>
            <Histogram counts={report.images.histogram} label={text("brightness")} />
          </Figure>
        )}
        {texts && <Lengths texts={texts} />}
        <Figure title={text("cleaning")}>
          {report.cleaning.length === 0 ? (
            <p class="hint">{text("nothingCleaned")}</p>
          ) : (
            <ul class="plain">
              {report.cleaning.map(({ reason, count }) => (
                <li key={reason}>
                  <strong>{number(count)}</strong> {reason}
                </li>
              ))}
            </ul>
          )}
        </Figure>
      </div>
      <Samples report={report} />
      {report.columns && <Columns report={report} />}
      {id !== undefined && (
        <p>
          <a
            class="button"
            href={`/api/runs/${encodeURIComponent(id)}/data-report?language=${language.value}`}
            target="_blank"
            rel="noreferrer"
          >
            {text("dataReport")} ↗
          </a>
        </p>
      )}
    </>
  );
}

function Lengths({ texts }: { texts: TextsReport }) {
  const { minimum, maximum, quantiles, histogram } = texts.characters;
  const ends = [minimum, quantiles["0.5"] ?? minimum, maximum].map((value) => number(value)) as [
    string,
    string,
    string,
  ];
  return (
    <Figure title={text("textLengths")}>
      <Histogram counts={histogram} label={text("textLengths")} />
      <p class="hint">{text("textLengthsRange", ...ends)}</p>
    </Figure>
  );
}

function Samples({ report }: { report: DataReport }) {
  const pictures = report.samples.filter(({ png }) => png !== undefined);
  const rows = report.samples.flatMap(({ row }) => (row === undefined ? [] : [row]));
  if (pictures.length + rows.length === 0) return null;
  const names = Object.keys(rows[0] ?? {});
  return (
    <Figure title={text("samples")}>
      {pictures.length > 0 && (
        <ul class="pictures">
          {pictures.map(({ label, png }, index) => (
            <li key={index}>
              <img src={png} alt={label} title={label} width="40" height="40" />
            </li>
          ))}
        </ul>
      )}
      {rows.length > 0 && (
        <div class="scroll" tabIndex={0} role="region" aria-label={text("samples")}>
          <table>
            <thead>
              <tr>
                {names.map((name) => (
                  <th key={name} scope="col">
                    {name}
                  </th>
                ))}
              </tr>
            </thead>
            <tbody>
              {rows.map((row, index) => (
                <tr key={index}>
                  {names.map((name) => (
                    <td key={name}>{row[name] === null ? <span class="missing">–</span> : String(row[name])}</td>
                  ))}
                </tr>
              ))}
            </tbody>
          </table>
        </div>
      )}
    </Figure>
  );
}

function Columns({ report }: { report: DataReport }) {
  return (
    <Figure title={text("columns")}>
      <div class="scroll" tabIndex={0} role="region" aria-label={text("columns")}>
        <table>
          <thead>
            <tr>
              {(["column", "type", "missing", "distinct", "distribution"] as const).map((key) => (
                <th key={key} scope="col">
                  {text(key)}
                </th>
              ))}
            </tr>
          </thead>
          <tbody>
            {report.columns!.map(({ name, type, missing, distinct, number: numbers, categories }) => (
              <tr key={name}>
                <th scope="row">{name}</th>
                <td>{type}</td>
                <td class="figure-cell">{number(missing)}</td>
                <td class="figure-cell">{number(distinct)}</td>
                <td>
                  {numbers !== undefined && (
                    <Histogram counts={numbers.histogram} label={`${name}: ${text("distribution")}`} />
                  )}
                  {categories?.slice(0, 4).map(({ value, count }) => (
                    <span key={value} class="chip">
                      {value} <small>{number(count)}</small>
                    </span>
                  ))}
                </td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
    </Figure>
  );
}

function Fact({ name, value }: { name: string; value: preact.ComponentChildren }) {
  return (
    <div>
      <dt>{name}</dt>
      <dd>{value}</dd>
    </div>
  );
}

function splitName(split: string): string {
  const key = `${split}_split`;
  return key in en ? text(key as TextKey) : split;
}
