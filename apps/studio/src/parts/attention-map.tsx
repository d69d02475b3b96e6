import { useSignal } from "@preact/signals";
import { number, text } from "../i18n/text.ts";

export interface AttentionMapProps {
  readonly source: readonly string[];
  readonly target: readonly string[];
  /** For each target token, how much it attended to each source token. */
  readonly weights: readonly (readonly number[])[];
}

/** Written tokens in rows, read tokens in columns; the darker, the more one attended to the other. Pointing says how much. */
export function AttentionMap({ source, target, weights }: AttentionMapProps) {
  const pointed = useSignal<{ readonly row: number; readonly column: number } | undefined>(undefined);
  const { row, column } = pointed.value ?? {};
  const said =
    row === undefined || column === undefined
      ? text("attentionHint")
      : `${visible(target[row]!)} ← ${visible(source[column]!)}: ${share(weights[row]![column]!)}`;
  return (
    <>
      <div class="scroll">
        <table class="attention" onPointerLeave={() => (pointed.value = undefined)}>
          <thead>
            <tr>
              <td />
              {source.map((token, index) => (
                <th key={index} scope="col" class={index === column ? "pointed" : ""}>
                  {visible(token)}
                </th>
              ))}
            </tr>
          </thead>
          <tbody>
            {target.map((token, at) => (
              <tr key={at}>
                <th scope="row" class={at === row ? "pointed" : ""}>
                  {visible(token)}
                </th>
                {source.map((from, index) => {
                  const weight = weights[at]?.[index] ?? 0;
                  return (
                    <td
                      key={index}
                      title={`${visible(token)} ← ${visible(from)}: ${share(weight)}`}
                      style={{ "--heat": `${100 * weight}%` }}
                      onPointerEnter={() => (pointed.value = { row: at, column: index })}
                    >
                      <span class="hidden">{share(weight)}</span>
                    </td>
                  );
                })}
              </tr>
            ))}
          </tbody>
        </table>
      </div>
      <p class="hint" aria-live="polite">
        {said}
      </p>
    </>
  );
}

function share(weight: number): string {
  return `${number(100 * weight, 1)} %`;
}

/** A token as it can be seen, without the space that it begins with. */
function visible(token: string): string {
  return token.trim() === "" ? "␣" : token.trim();
}
