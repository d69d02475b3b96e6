import type { InputKind } from "@nacre/tasks";
import { useSignal } from "@preact/signals";
import { useEffect } from "preact/hooks";
import { text } from "../i18n/text.ts";
import { Answer, Curl, usePredictions } from "./prediction.tsx";

type RowKind = Extract<InputKind, { kind: "row" }>;
type Row = Readonly<Record<string, string | number | null>>;

/** A form made from the model's columns, filled with a typical row. */
export function RowPlayground({ id, input }: { id: string; input: RowKind }) {
  const example: Row = Object.fromEntries(input.columns.map(({ name, example: value }) => [name, value ?? null]));
  const row = useSignal<Row>(example);
  const predictions = usePredictions(id);
  useEffect(() => predictions.ask(row.value), [row.value]);
  const set = (name: string, value: string | number | null): void => {
    row.value = { ...row.value, [name]: value };
  };
  return (
    <div class="playground">
      <form class="row-form" onSubmit={(event) => event.preventDefault()}>
        <h3>{text("fill")}</h3>
        <div class="fields">
          {input.columns.map(({ name, type, values }) => (
            <label key={name}>
              <span>{name}</span>
              {type === "number" ? (
                <input
                  type="number"
                  step="any"
                  value={row.value[name] ?? ""}
                  onInput={({ currentTarget }) =>
                    set(name, currentTarget.value === "" ? null : currentTarget.valueAsNumber)
                  }
                />
              ) : (
                <select
                  value={String(row.value[name] ?? "")}
                  onChange={({ currentTarget }) => set(name, currentTarget.value || null)}
                >
                  <option value="">–</option>
                  {values?.map((value) => (
                    <option key={value} value={value}>
                      {value}
                    </option>
                  ))}
                </select>
              )}
            </label>
          ))}
        </div>
        <div class="actions">
          <button type="button" onClick={() => (row.value = example)}>
            {text("example")}
          </button>
        </div>
      </form>
      <Answer predictions={predictions} empty="…" />
      <Curl id={id} body={JSON.stringify({ inputs: [row.value] }).replaceAll("'", "\\u0027")} />
    </div>
  );
}
