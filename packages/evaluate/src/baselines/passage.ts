/** A word, a Chinese character or a mark of a text. */
export interface Unit {
  /** In lower case. */
  readonly text: string;
  readonly start: number;
  readonly end: number;
  readonly isMark: boolean;
}

/** A text cut into units and sentences. */
export interface Passage {
  readonly text: string;
  readonly units: readonly Unit[];
  /** First unit and one past the last of each sentence. */
  readonly sentences: readonly (readonly [number, number])[];
}

const unit =
  /[\p{sc=Han}\p{sc=Hiragana}\p{sc=Katakana}]|\p{N}+(?:[.,:]\p{N}+)*|[\p{L}\p{M}\p{N}]+(?:['’-][\p{L}\p{M}\p{N}]+)*|[^\s\p{L}\p{N}]/gu;

export function passageOf(text: string): Passage {
  const units = [...text.matchAll(unit)].map(({ 0: found, index }): Unit => {
    const isMark = !/[\p{L}\p{N}]/u.test(found);
    return { text: found.toLowerCase(), start: index, end: index + found.length, isMark };
  });
  const sentences: [number, number][] = [];
  let from = 0;
  units.forEach((each, index) => {
    const last = index === units.length - 1;
    const stop = /^[.!?。！？；]$/u.test(each.text) && (last || /\s|[“"《「]|\p{sc=Han}/u.test(text[each.end] ?? " "));
    if (!stop && !last) return;
    sentences.push([from, index + 1]);
    from = index + 1;
  });
  return { text, units, sentences };
}

/** What of a question can be found in a passage: its words, without marks and question words. */
export function questionTerms(question: Passage): ReadonlySet<string> {
  return new Set(question.units.filter(({ text, isMark }) => !isMark && !askers.has(text)).map(({ text }) => text));
}

const askers = new Set(
  "who whom whose what which when where why how did does do is was were are 什 么 谁 哪 何 吗 呢 多 少 几".split(" "),
);

const kinds: readonly (readonly [RegExp, string])[] = [
  [/how (?:many|much|long|far|old|often)|多少|几[^乎]|多[大长高久远]/u, "number"],
  [/what (?:year|date|day|month|century|time)|when|何时|什么时候|哪[一]?[年天]|哪个?月/u, "time"],
  [/who|whom|whose|谁|哪位|何人/u, "person"],
  [/where|what (?:city|country|state|place)|which (?:city|country)|哪里|哪儿|何处|在哪|什么地方/u, "place"],
  [/why|为什么|为何|什么原因/u, "reason"],
  [/how|怎么|怎样|如何/u, "manner"],
  [/which|哪/u, "which"],
  [/what|什么|何/u, "what"],
];

/** What a question asks for. */
export function questionKind(question: string): string {
  const text = question.toLowerCase();
  return kinds.find(([pattern]) => pattern.test(text))?.[1] ?? "other";
}
