import { useSignal } from "@preact/signals";
import { useEffect, useRef } from "preact/hooks";
import { cutText, listTokenizers, type TokenCut, type TokenizedText, type TokenizerEntry } from "../api.ts";
import { language, number, text } from "../i18n/text.ts";

const examples = {
  en: "The tokenizer cuts text into pieces: unbelievable, 3.14159, naïve café — 😀!",
  zh: "词元化把文本切成小块：不可思议，3.14159，珠母在贝壳里生长。😀",
} as const;
const longest = 20_000;

/** How the tokenizers of finished runs cut a text that one types, two beside each other. */
export function TokenizerPage() {
  const entries = useSignal<readonly TokenizerEntry[] | undefined>(undefined);
  const chosen = useSignal<readonly (string | undefined)[]>([]);
  const written = useSignal<string>(`${examples.en}\n${examples.zh}`);
  const fault = useSignal<string | undefined>(undefined);

  useEffect(() => {
    void listTokenizers()
      .then((found) => {
        entries.value = found;
        chosen.value = [found[0]?.run, found[1]?.run];
      })
      .catch((error: Error) => (fault.value = error.message));
  }, []);

  const found = entries.value;
  return (
    <section class="card station tokenizers" aria-labelledby="tokenizers">
      <h2 id="tokenizers">{text("tokenizers")}</h2>
      <p class="hint">{text("tokenizersHint")}</p>
      {fault.value !== undefined && (
        <p class="problem" role="alert">
          {fault.value}
        </p>
      )}
      {found?.length === 0 && <p class="empty">{text("noTokenizers")}</p>}
      {found !== undefined && found.length > 0 && (
        <>
          <label class="prompt">
            <h3>{text("writeText")}</h3>
            <textarea
              rows={4}
              maxLength={longest}
              value={written.value}
              onInput={({ currentTarget }) => (written.value = currentTarget.value)}
            />
          </label>
          <div class="actions">
            {(["en", "zh"] as const).map((key) => (
              <button key={key} type="button" lang={key} onClick={() => (written.value = examples[key])}>
                {key === "en" ? "English" : "中文"}
              </button>
            ))}
          </div>
          <div class="cuts">
            {[0, 1].map((place) => (
              <section key={place} class="cut" aria-label={`${text("tokenizer")} ${place + 1}`}>
                <label class="picker">
                  <span>{`${text("tokenizer")} ${place + 1}`}</span>
                  <select
                    value={chosen.value[place] ?? ""}
                    onChange={({ currentTarget }) => {
                      const run = currentTarget.value || undefined;
                      chosen.value = chosen.value.map((old, index) => (index === place ? run : old));
                    }}
                  >
                    {place === 1 && <option value="">{text("noComparison")}</option>}
                    {found.map(({ run, title }) => (
                      <option key={run} value={run}>
                        {`${title[language.value]} · ${run}`}
                      </option>
                    ))}
                  </select>
                </label>
                {chosen.value[place] !== undefined && <Cut run={chosen.value[place]} written={written.value} />}
              </section>
            ))}
          </div>
        </>
      )}
    </section>
  );
}

const delay = 60;
const colours = 6;

function Cut({ run, written }: { run: string; written: string }) {
  const result = useSignal<TokenizedText | undefined>(undefined);
  const fault = useSignal<string | undefined>(undefined);
  const pointed = useSignal<number | undefined>(undefined);
  const pending = useRef<{ abort: AbortController; timer: number }>();
  useEffect(() => {
    const abort = new AbortController();
    const timer = window.setTimeout(async () => {
      try {
        result.value = await cutText(run, written, abort.signal);
        pointed.value = undefined;
        fault.value = undefined;
      } catch (error) {
        if (!abort.signal.aborted) fault.value = (error as Error).message;
      }
    }, delay);
    pending.current = { abort, timer };
    return () => {
      clearTimeout(timer);
      abort.abort();
    };
  }, [run, written]);

  if (fault.value !== undefined) return <p class="problem">{fault.value}</p>;
  const cut = result.value;
  if (cut === undefined) return <p class="empty">…</p>;
  const count = cut.tokens.length;
  const facts = [
    [text("tokens"), number(count)],
    [text("charactersPerToken"), count === 0 ? "–" : number(cut.characters / count, 2)],
    [text("bytesPerToken"), count === 0 ? "–" : number(cut.bytes / count, 2)],
    [text("vocabulary"), `${number(cut.vocabulary)} · ${cut.type}`],
  ] as const;
  const shown = pointed.value === undefined ? undefined : cut.tokens[pointed.value];
  return (
    <>
      <dl class="facts">
        {facts.map(([name, value]) => (
          <div key={name}>
            <dt>{name}</dt>
            <dd>{value}</dd>
          </div>
        ))}
      </dl>
      <p class="pieces">
        {cut.tokens.map((token, index) => (
          <span
            key={index}
            class={`piece${token.partial ? " partial" : ""}${index === pointed.value ? " pointed" : ""}`}
            style={{ "--hue": index % colours }}
            tabIndex={0}
            role="note"
            title={about(token)}
            aria-label={about(token)}
            onMouseEnter={() => (pointed.value = index)}
            onFocus={() => (pointed.value = index)}
          >
            {token.partial ? token.text : visible(token.text)}
          </span>
        ))}
      </p>
      <p class="hint piece-facts">{shown === undefined ? text("piecesHint") : about(shown)}</p>
    </>
  );
}

function about({ id, token, bytes: [start, end] }: TokenCut): string {
  return `${token} · ${text("tokenId")} ${id} · ${text("bytes")} ${start}–${end}`;
}

/** White space that can be seen; line ends still break the line. */
function visible(piece: string): string {
  return piece.replaceAll("\n", "↵\n").replaceAll(" ", "·").replaceAll("\t", "⇥");
}
