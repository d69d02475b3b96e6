import type { InputKind, SearchResult } from "@nacre/tasks";
import { useSignal } from "@preact/signals";
import { useEffect, useRef } from "preact/hooks";
import { searchTexts } from "../api.ts";
import { number, text } from "../i18n/text.ts";
import { Curl } from "./prediction.tsx";

type SearchKind = Extract<InputKind, { kind: "search" }>;

const delay = 120;
const shown = 10;

/** A query, and what means the same: among the model's own texts, or those that one brings, one a line. */
export function SearchPlayground({ id, input }: { id: string; input: SearchKind }) {
  const query = useSignal(input.example);
  const own = useSignal("");
  const result = useSignal<SearchResult | undefined>(undefined);
  const fault = useSignal<string | undefined>(undefined);
  const pending = useRef<{ abort: AbortController; timer: number }>();
  const texts = own.value.split("\n").filter((line) => line.trim() !== "");
  const request = { query: query.value, count: shown, ...(texts.length > 0 ? { texts } : {}) };

  useEffect(() => {
    clearTimeout(pending.current?.timer);
    pending.current?.abort.abort();
    if (query.value.trim() === "" || (texts.length === 0 && input.candidates === 0)) return;
    const abort = new AbortController();
    const timer = window.setTimeout(async () => {
      try {
        result.value = await searchTexts(id, request, abort.signal);
        fault.value = undefined;
      } catch (error) {
        if (!abort.signal.aborted) fault.value = (error as Error).message;
      }
    }, delay);
    pending.current = { abort, timer };
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
        {result.value === undefined ? <p class="empty">…</p> : <Hits result={result.value} />}
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
