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
  /** The weights': 32 for floats. */
  readonly bits: 32 | 8 | 4;
  /** Of peers, which tell no best number by themselves. */
  readonly threads: number;
}

export const settings = JSON.parse(process.argv.at(-1) ?? "{}") as LanguageSettings;

/** Tokens that a decoding contender writes after its prompt before it begins again. */
export const written = 128;

/**
 * Prints tokens per second of a prompt of `time` and of `written` tokens after it, one by one, by a model of whatever kind: `start`
 * takes the prompt, `next` one token more.
 */
export async function printTokenRates(model: {
  readonly start: (prompt: number[]) => Promise<void>;
  readonly next: (token: number) => Promise<void>;
}): Promise<void> {
  const { time, seconds, vocabulary } = settings;
  const token = (at: number) => 3 + ((at * 37) % (vocabulary - 3));
  const prompt = Array.from({ length: time }, (_, at) => token(at));
  const spent = { prompts: 0, tokens: 0 };
  async function turn(length: number): Promise<void> {
    const began = performance.now();
    await model.start(prompt);
    const between = performance.now();
    for (let at = 0; at < length; at++) await model.next(token(time + at));
    spent.prompts += between - began;
    spent.tokens += performance.now() - between;
  }
  await turn(8); // to warm up
  Object.assign(spent, { prompts: 0, tokens: 0 });
  let turns = 0;
  for (; spent.prompts + spent.tokens < seconds * 1000; turns++) await turn(written);
  console.log((turns * time * 1000) / spent.prompts, (turns * written * 1000) / spent.tokens);
}
