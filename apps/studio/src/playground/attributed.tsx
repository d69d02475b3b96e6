import type { TokenAttribution } from "@nacre/tasks";
import type { Prediction } from "../api.ts";
import { number, text } from "../i18n/text.ts";

/** A text whose words are coloured by what they did for the predicted class. */
export function Attributed({ prediction }: { prediction: Prediction }) {
  const { attributions = [], label } = prediction;
  if (attributions.length === 0) return null;
  const most = Math.max(...attributions.map(({ value }) => Math.abs(value)), 1e-9);
  return (
    <section class="attributed" aria-label={text("attributions")}>
      <h3>{text("attributions")}</h3>
      <p class="written">
        {attributions.map((token, index) => (
          <span key={index}>
            {spaceBefore(attributions, index)}
            <Token token={token} label={label} most={most} />
          </span>
        ))}
      </p>
      <p class="hint">{text("attributionHint")}</p>
    </section>
  );
}

function Token({
  token: { text: shown, value },
  label,
  most,
}: {
  token: TokenAttribution;
  label: string;
  most: number;
}) {
  const title = `${shown}: ${value < 0 ? "−" : "+"}${number(Math.abs(value), 3)} ${label}`;
  return (
    <span
      class={value < 0 ? "token against" : "token for"}
      tabIndex={0}
      title={title}
      role="note"
      aria-label={title}
      style={{ "--sure": Math.abs(value) / most }}
    >
      {shown}
    </span>
  );
}

/** What the text has between two tokens is white space, or what the tokenizer passes over. */
function spaceBefore(attributions: readonly TokenAttribution[], index: number): string {
  return index > 0 && attributions[index]!.start > attributions[index - 1]!.end ? " " : "";
}
