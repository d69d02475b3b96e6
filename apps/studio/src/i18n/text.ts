import { signal } from "@preact/signals";
import { en, type TextKey } from "./en.ts";
import { zh } from "./zh.ts";

export type Language = "en" | "zh";

const stored = localStorage.getItem("nacre.language");
const preferred: Language = navigator.language.toLowerCase().startsWith("zh") ? "zh" : "en";

/** The language of the page; remembered. */
export const language = signal<Language>(stored === "en" || stored === "zh" ? stored : preferred);

language.subscribe((value) => {
  localStorage.setItem("nacre.language", value);
  document.documentElement.lang = value === "zh" ? "zh-CN" : "en";
});

/** A text in the page's language; `{0}`, `{1}` … are filled in. */
export function text(key: TextKey, ...values: readonly (string | number)[]): string {
  const template: string = language.value === "zh" ? zh[key] : en[key];
  return template.replace(/\{(\d)\}/g, (_, index) => String(values[Number(index)] ?? ""));
}

/** A number in the page's language; a dash for what has no value. */
export function number(value: number | null, digits = 0): string {
  if (value === null) return "–";
  return value.toLocaleString(language.value === "zh" ? "zh-CN" : "en", {
    minimumFractionDigits: digits,
    maximumFractionDigits: digits,
  });
}

/** A language's name in the page's language, by its code. */
export function languageName(code: string): string {
  return new Intl.DisplayNames([language.value === "zh" ? "zh-CN" : "en"], { type: "language" }).of(code) ?? code;
}

export function duration(seconds: number): string {
  if (seconds < 60) return `${number(seconds, seconds < 10 ? 1 : 0)} s`;
  return `${Math.floor(seconds / 60)} min ${String(Math.round(seconds % 60)).padStart(2, "0")} s`;
}
