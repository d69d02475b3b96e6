import { text as readAll } from "node:stream/consumers";
import { generate, isCausalLanguageModel, sequenceDecoder } from "@nacre/models";
import type { Command } from "commander";
import {
  addGenerationFlags,
  type ConstraintFlags,
  constraintOf,
  type LanguageFolder,
  openLanguageFolder,
  settingsOf,
} from "../language-folder.ts";
import type { Surroundings } from "../program.ts";
import { count, UsageError } from "../terminal.ts";

interface GenerateFlags extends ConstraintFlags {
  readonly beams?: string;
  readonly samples?: string;
  readonly lookup?: boolean;
  readonly json?: boolean;
}

export function addGenerate(nacre: Command, { terminal, signal }: Surroundings): void {
  const command = nacre
    .command("generate")
    .description("Let a language model go on with a text, or an encoder-decoder model answer one.")
    .argument("<model>", "a folder as Hugging Face has them: config.json, weights, tokenizer.json")
    .argument("[prompt]", "the text; read from standard input when left out");
  addGenerationFlags(command);
  command
    .option("--samples <number>", "texts to write")
    .option("--beams <number>", "search for the likeliest text with so many beams instead of drawing")
    .option("--lookup", "guess ahead from what was said before: faster where the text repeats its prompt")
    .option("--json", "a line for each piece: row, text, ids, logProbabilities, topAlternatives, finishReason")
    .addHelpText(
      "after",
      `
Settings come from the folder's generation_config.json; flags go before. Which to turn: --temperature 0 is exact and may repeat
itself; 0.7 with --top-p 0.9 is a usual start for free text; raise --min-p (0.05) before lowering the temperature further.

Examples
  nacre generate gpt2 "Once upon a time" --temperature 0.8 --top-p 0.9 --max-new-tokens 100
  nacre generate qwen3 "A person as JSON:" --schema person.json
  nacre generate gpt2 "The date is " --regex "\\d{4}-\\d{2}-\\d{2}" --temperature 0
  nacre generate marian-de-en "Guten Morgen." --beams 4`,
    )
    .action(async (path: string, given: string | undefined, flags: GenerateFlags) => {
      const prompt = given ?? (await readAll(process.stdin));
      const folder = await openLanguageFolder(path, flags);
      try {
        await write(folder, { prompt, flags, command });
      } finally {
        folder.dispose();
      }
    });

  async function write(
    folder: LanguageFolder,
    { prompt, flags, command: used }: { prompt: string; flags: GenerateFlags; command: Command },
  ): Promise<void> {
    const { model, tokenizer } = folder;
    const source = [...tokenizer.encodeIds(prompt)];
    const causal = isCausalLanguageModel(model);
    if (source.length === 0 && causal && model.specialTokens.begin !== undefined)
      source.push(model.specialTokens.begin);
    if (source.length === 0) throw new UsageError("Expected a prompt of at least one token. Received an empty one.");
    const config = {
      ...settingsOf(used, folder),
      ...(flags.samples !== undefined && { samples: number("samples", flags.samples) }),
      ...(flags.beams !== undefined && { beams: number("beams", flags.beams) }),
      ...(flags.json && { logProbabilities: true }),
    };
    const options = {
      prompts: causal ? [source] : [[model.start]],
      config,
      constraint: await constraintOf(flags, folder),
      decode: (ids: readonly number[]) => tokenizer.decode(ids),
      ...(flags.lookup && { speculation: { lookup: {} } }),
      signal,
    };
    const texts = new Map<number, string>();
    let tokens = 0;
    const started = performance.now();
    for await (const piece of generate(causal ? model : sequenceDecoder(model, [source]), options)) {
      tokens += piece.ids.length;
      if (flags.json) terminal.out.write(`${JSON.stringify(piece)}\n`);
      else if (flags.samples === undefined) terminal.out.write(piece.text);
      else texts.set(piece.row, (texts.get(piece.row) ?? "") + piece.text);
    }
    if (flags.json) return;
    // Several texts come at once: whole, in order.
    const whole = [...texts].sort(([a], [b]) => a - b).map(([row, text]) => `── ${row + 1}\n${text}\n`);
    terminal.out.write(flags.samples === undefined ? "\n" : whole.join(""));
    const seconds = (performance.now() - started) / 1000;
    if (terminal.error.isTTY) terminal.error.write(`${tokens} tokens, ${count(tokens / seconds)} a second\n`);
  }
}

function number(name: string, text: string): number {
  const value = Number(text);
  if (Number.isInteger(value) && value > 0) return value;
  throw new UsageError(`Expected --${name} to be a whole number of at least 1. Received ${text}.`);
}
