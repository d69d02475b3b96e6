import type { ComponentChildren } from "preact";
import type { TextKey } from "../i18n/en.ts";
import { text } from "../i18n/text.ts";

/** One station's part of the page. */
export function Station({ name, children }: { name: TextKey; children: ComponentChildren }) {
  return (
    <section class="card station" id={`station-${name}`} tabIndex={-1} aria-labelledby={`title-${name}`}>
      <h2 id={`title-${name}`}>{text(name)}</h2>
      {children}
    </section>
  );
}

/** A heading with what belongs to it. */
export function Figure({ title, hint, children }: { title: string; hint?: string; children: ComponentChildren }) {
  return (
    <figure class="figure">
      <figcaption>
        <h3>{title}</h3>
        {hint !== undefined && <p class="hint">{hint}</p>}
      </figcaption>
      {children}
    </figure>
  );
}
