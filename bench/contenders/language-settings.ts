/** What a language contender is started with, as its last argument in JSON. */
export interface LanguageSettings {
  readonly seconds: number;
  readonly batch: number;
  /** Tokens of each sequence. */
  readonly time: number;
  readonly vocabulary: number;
  readonly layers: number;
  readonly heads: number;
  readonly width: number;
  readonly shape: "gpt" | "bert";
  /** Of generation: tokens per second of a prompt of `time`, or of what follows it one by one. */
  readonly phase: "prefill" | "decode";
  /** The weights': 32 for floats. */
  readonly bits: 32 | 8 | 4;
}

export const settings = JSON.parse(process.argv.at(-1) ?? "{}") as LanguageSettings;

/** Tokens that a decoding contender writes after its prompt before it begins again. */
export const written = 128;

/**
 * Prints tokens per second of a model of whatever kind: `start` takes the prompt, `next` one token more. Prompts that come before
 * decoding are not counted.
 */
export async function printTokenRate(model: {
  readonly start: (prompt: number[]) => Promise<void>;
  readonly next: (token: number) => Promise<void>;
}): Promise<void> {
  const { phase, time, seconds, vocabulary } = settings;
  const token = (at: number) => 3 + ((at * 37) % (vocabulary - 3));
  const prompt = Array.from({ length: time }, (_, at) => token(at));
  let milliseconds = 0;
  let tokens = 0;
  for (let turn = 0; turn < 2 || milliseconds < seconds * 1000; turn++) {
    let began = performance.now();
    await model.start(prompt);
    if (phase === "decode") {
      began = performance.now();
      for (let at = 0; at < written; at++) await model.next(token(time + at));
    }
    if (turn === 0) continue; // to warm up
    milliseconds += performance.now() - began;
    tokens += phase === "decode" ? written : time;
  }
  console.log((tokens * 1000) / milliseconds);
}
