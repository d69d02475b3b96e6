import type { InputKind } from "@nacre/tasks";
import { useSignal } from "@preact/signals";
import { useEffect } from "preact/hooks";
import { text } from "../i18n/text.ts";
import { Attributed } from "./attributed.tsx";
import { Answer, Curl, usePredictions } from "./prediction.tsx";

type TextKind = Extract<InputKind, { kind: "text" }>;

/** A box for a text, filled with a typical one; the answer comes while one writes, with what each word did for it. */
export function TextPlayground({ id, input }: { id: string; input: TextKind }) {
  const written = useSignal(input.example);
  const predictions = usePredictions(id);
  useEffect(() => {
    if (written.value !== "") predictions.ask({ text: written.value, attributions: true });
  }, [written.value]);
  const request = { text: written.value, attributions: true };
  const latest = predictions.latest.value;
  return (
    <div class="playground">
      <form class="row-form" onSubmit={(event) => event.preventDefault()}>
        <label>
          <h3>{text("writeText")}</h3>
          <textarea
            rows={4}
            value={written.value}
            onInput={({ currentTarget }) => (written.value = currentTarget.value)}
          />
        </label>
        <div class="actions">
          <button type="button" onClick={() => (written.value = input.example)}>
            {text("example")}
          </button>
        </div>
      </form>
      <Answer predictions={predictions} empty="…" />
      {latest !== undefined && <Attributed prediction={latest} />}
      <Curl id={id} body={JSON.stringify({ inputs: [request] }).replaceAll("'", "\\u0027")} />
    </div>
  );
}
