import type { InputKind, SearchResult } from "@nacre/tasks";
import { useSignal } from "@preact/signals";
import { useEffect } from "preact/hooks";
import { number, text } from "../i18n/text.ts";
import { Curl, usePredictions } from "./prediction.tsx";

type SearchKind = Extract<InputKind, { kind: "search" }>;

const shown = 10;

/** A query, and what means the same: among the model's own texts, or those that one brings, one a line. */
export function SearchPlayground({ id, input }: { id: string; input: SearchKind }) {
  const query = useSignal(input.example);
  const own = useSignal("");
  const predictions = usePredictions<SearchResult>(id, { delay: 120 });
  const { latest, fault } = predictions;
  const texts = own.value.split("\n").filter((line) => line.trim() !== "");
  const request = { query: query.value, count: shown, ...(texts.length > 0 ? { texts } : {}) };

  useEffect(() => {
    if (query.value.trim() === "" || (texts.length === 0 && input.candidates === 0)) predictions.callOff();
    else predictions.ask(request);
  }, [query.value, own.value]);

  return (
    <div class="playground">
      <form class="row-form" onSubmit={(event) => event.preventDefault()}>
        <label class="prompt">
          <h3>{text("searchQuery")}</h3>
          <input
            type="search"
            value={query.value}
            onInput={({ currentTarget }) => (query.value = currentTarget.value)}
          />
        </label>
        <label class="prompt">
          <h3>{text("searchTexts")}</h3>
          <textarea
            rows={5}
            value={own.value}
            placeholder={input.candidates === 0 ? "" : text("searchOwn", number(input.candidates))}
            onInput={({ currentTarget }) => (own.value = currentTarget.value)}
          />
        </label>
        <div class="actions">
          <button type="button" onClick={() => (query.value = input.example)}>
            {text("example")}
          </button>
        </div>
      </form>
      <section class="answer" aria-live="polite" aria-label={text("hits")}>
        <h3>{text("hits")}</h3>
        {fault.value !== undefined && <p class="problem">{fault.value}</p>}
        {latest.value === undefined ? <p class="empty">…</p> : <Hits result={latest.value} />}
        <p class="hint">{text("hitsHint")}</p>
      </section>
      <Curl id={id} body={JSON.stringify({ inputs: [request] }).replaceAll("'", "\\u0027")} />
    </div>
  );
}

function Hits({ result: { hits } }: { result: SearchResult }) {
  return (
    <ol class="hits">
      {hits.map(({ index, text: found, score }, place) => (
        <li key={index} class={place === 0 ? "strong" : ""}>
          <span class="hit-text">{found}</span>
          <span class="bar-room" aria-hidden="true">
            <span class="bar" style={{ width: `${Math.max(0, 100 * score)}%` }} />
          </span>
          <span class="bar-value">{number(score, 3)}</span>
        </li>
      ))}
    </ol>
  );
}
