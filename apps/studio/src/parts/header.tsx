import { signal } from "@preact/signals";
import { language, text } from "../i18n/text.ts";
import { page, show } from "../state.ts";

type Theme = "light" | "dark";
const stored = localStorage.getItem("nacre.theme");
const systemDark = matchMedia("(prefers-color-scheme: dark)");
const chosen = signal<Theme | undefined>(stored === "light" || stored === "dark" ? stored : undefined);
const system = signal<Theme>(systemDark.matches ? "dark" : "light");
systemDark.addEventListener("change", ({ matches }) => (system.value = matches ? "dark" : "light"));

/** What the page looks like now: as chosen, else as the system has it. */
export const theme = () => chosen.value ?? system.value;

chosen.subscribe((value) => {
  if (value === undefined) return;
  localStorage.setItem("nacre.theme", value);
  document.documentElement.dataset.theme = value;
});

export function Header() {
  const other: Theme = theme() === "dark" ? "light" : "dark";
  return (
    <header class="header">
      <div class="brand">
        <svg viewBox="0 0 32 32" width="34" height="34" aria-hidden="true">
          <defs>
            <linearGradient id="pearl" x1="0" y1="0" x2="1" y2="1">
              <stop offset="0" class="pearl-1" />
              <stop offset=".5" class="pearl-2" />
              <stop offset="1" class="pearl-3" />
            </linearGradient>
          </defs>
          <path d="M16 29C6 25 2.500 17 4 9c5-4.500 19-4.500 24 0 1.500 8-2 16-12 20Z" fill="url(#pearl)" />
          <path d="M16 27V8M16 27 9.500 8.500M16 27 22.500 8.500" class="ribs" />
        </svg>
        <div>
          <h1>Nacre</h1>
          <p>{text("tagline")}</p>
        </div>
      </div>
      <nav class="switches">
        {(["runs", "tokenizers"] as const).map((name) => (
          <a
            key={name}
            class="button quiet"
            href={`#/${name}`}
            aria-current={page.value === name ? "page" : undefined}
            onClick={(event) => {
              event.preventDefault();
              show(name);
            }}
          >
            {text(name === "runs" ? "earlier" : name)}
          </a>
        ))}
        <button
          type="button"
          class="quiet"
          lang={language.value === "en" ? "zh-CN" : "en"}
          aria-label={text("languageLabel")}
          onClick={() => (language.value = language.value === "en" ? "zh" : "en")}
        >
          {text("language")}
        </button>
        <button type="button" class="quiet" aria-label={text("themeLabel")} onClick={() => (chosen.value = other)}>
          {other === "dark" ? `☾ ${text("dark")}` : `☀ ${text("light")}`}
        </button>
      </nav>
    </header>
  );
}
