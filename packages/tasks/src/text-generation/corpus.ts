import { scoredText } from "@nacre/evaluate";
import type { CausalLanguageModel } from "@nacre/models";
import { Random } from "@nacre/random";
import { documentRows, randomCrops, type ScoredRow, scoredRows, scoreRows } from "../language-model-rows.ts";
import type { TextTokenizer } from "../text-tokenizer.ts";
import type { ScoredUnit } from "./evaluation.ts";
import type { TextPreparation } from "./predictor.ts";
import type { TextsRecipe } from "./recipe.ts";

/** How a recipe's texts become rows of tokens. */
export class Corpus {
  readonly #recipe: TextsRecipe;
  readonly #text: TextTokenizer;
  /** Whether there are many texts, each with an end, or one running text. */
  readonly separate: boolean;
  readonly preparation: TextPreparation;
  /** How far the window moves when the test part is scored. */
  readonly stride: number;

  constructor(recipe: TextsRecipe, text: TextTokenizer, separate: boolean) {
    this.#recipe = recipe;
    this.#text = text;
    this.separate = separate;
    const { prompts, samples: _, ...settings } = recipe.generate;
    const line = separate ? [] : [...text.tokenizer.encodeIds("\n", { special: false })];
    const start = line.length > 0 && text.normalize("\n") === "\n" ? line : [text.end];
    this.preparation = { task: "text-generation", start, always: separate, example: prompts[0]!, settings };
    this.stride = recipe.evaluate.stride ?? Math.max(1, Math.floor(recipe.data.context / 2));
  }

  training(texts: readonly string[]) {
    const { data, train, seed } = this.#recipe;
    const { context } = data;
    const { batch } = train;
    const all = texts.map((text) => this.#idsOf(text));
    if (data.rows === "documents") {
      const batches = documentRows(all, { context, batch, padding: this.#text.end, seed });
      return { batches, batchesPerEpoch: Math.ceil(batches.rows / batch) };
    }
    // Texts one after the other: the end of one is the start of the next.
    const ids = new Int32Array(all.reduce((sum, each) => sum + each.length - (this.separate ? 1 : 0), 1));
    let at = 0;
    for (const each of all) {
      ids.set(each, at);
      at += each.length - (this.separate ? 1 : 0);
    }
    const stream = this.separate ? ids : ids.subarray(0, at);
    const batches = randomCrops(stream, { context, batch, random: new Random(seed).fork("crops") });
    return { batches, batchesPerEpoch: Math.ceil(batches.size!) };
  }

  /** Rows that score each epoch: blocks of the context's length, apart from each other, up to a number of tokens. */
  watched(texts: readonly string[]) {
    const rows: ScoredRow[] = [];
    const most = this.#recipe.evaluate.validationTokens;
    let [tokens, characters, bytes] = [0, 0, 0];
    for (const text of texts) {
      if (tokens >= most) break;
      const ids = this.#idsOf(text);
      const all = this.#blocks(ids);
      const kept = all.slice(0, Math.ceil((most - tokens) / this.#recipe.data.context));
      const scored = kept.reduce((sum, row) => sum + row.ids.length - row.scored, 0);
      rows.push(...kept);
      tokens += scored;
      const share = scored / (ids.length - 1);
      characters += [...text].length * share;
      bytes += new TextEncoder().encode(text).length * share;
    }
    return { rows, tokens, characters, bytes };
  }

  async score(
    model: CausalLanguageModel,
    texts: readonly string[],
    { signal, tell }: { signal: AbortSignal | undefined; tell: (done: number, total: number) => void },
  ): Promise<{ units: ScoredUnit[]; blockLoss: number | undefined }> {
    const { context } = this.#recipe.data;
    const padding = this.#text.end;
    const all = texts.map((text) => this.#idsOf(text));
    const windows = all.map((ids) => scoredRows(ids, { context, stride: this.stride }));
    const rows = windows.flat();
    const sums = await scoreRows(model, rows, { padding, signal, onRows: (done) => tell(done, rows.length) });
    if (this.separate) {
      let at = 0;
      const units = texts.map((text, index): ScoredUnit => {
        const sum = windows[index]!.reduce((total) => total + sums[at++]!, 0);
        return { ...scoredText(text, sum, all[index]!.length - 1), text, before: "" };
      });
      return { units, blockLoss: undefined };
    }
    const blocks = all.flatMap((ids) => this.#blocks(ids));
    const apart = await scoreRows(model, blocks, { padding, signal });
    const tokens = blocks.reduce((sum, row) => sum + row.ids.length - row.scored, 0);
    const blockLoss = -apart.reduce((sum, value) => sum + value, 0) / tokens;
    return { units: this.#chunks(texts[0]!, windows[0]!, sums), blockLoss };
  }

  /** One long text in parts of about a thousand tokens, which resamples draw from. */
  #chunks(text: string, rows: readonly ScoredRow[], sums: Float64Array): ScoredUnit[] {
    const { places } = this.#text.tokenizer.encode(text, { special: false });
    const units: ScoredUnit[] = [];
    let [from, to, sum] = [0, 0, 0];
    rows.forEach((row, index) => {
      to += row.ids.length - row.scored;
      sum += sums[index]!;
      if (to - from < 1000 && index < rows.length - 1) return;
      const [start, end] = [from === 0 ? 0 : places[2 * from]!, places[2 * (to - 1) + 1]!];
      const part = text.slice(start, end);
      units.push({
        ...scoredText(part, sum, to - from),
        text: part,
        before: text.slice(Math.max(0, start - 8), start),
      });
      [from, sum] = [to, 0];
    });
    return units;
  }

  /** A row for each context's length of tokens, none seen twice but as the last one before. */
  #blocks(ids: Int32Array): ScoredRow[] {
    return scoredRows(ids, { context: this.#recipe.data.context, stride: this.#recipe.data.context });
  }

  #idsOf(text: string): Int32Array {
    const { tokenizer, end } = this.#text;
    const own = tokenizer.encodeIds(text, { special: false });
    const { start } = this.preparation;
    return Int32Array.from([...start, ...own, ...(this.separate ? [end] : [])]);
  }
}
