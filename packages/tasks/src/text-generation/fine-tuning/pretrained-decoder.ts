import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { openTokenizer, type Tokenizer } from "@nacre/data";
import { chatTemplates } from "@nacre/data/text";
import { languageModelFromPretrained } from "@nacre/models";
import { digestOf, type FolderDigest, findPretrained } from "../../pretrained-folder.ts";
import type { TaskContext } from "../../task.ts";
import type { Decoder } from "../decoder.ts";
import type { FineTuningRecipe } from "./recipe.ts";

/** A folder with a decoder that is to learn conversations. */
export interface PretrainedDecoder {
  readonly base: FolderDigest;
  readonly path: string;
  readonly tokenizer: Tokenizer;
  /** Jinja. */
  readonly template: string;
  /** Ids that end what it writes, by the folder. */
  readonly end: readonly number[];
  readonly padding: number;
  /** Most tokens that it sees at once. */
  readonly context: number;
  /** `generation_config.json`. */
  readonly generation: Readonly<Record<string, unknown>>;
  open(): Promise<Decoder>;
}

type Json = Readonly<Record<string, unknown>>;

/** @throws Error for a folder that is not there, or has no chat template where the recipe has none either. */
export async function openPretrainedDecoder(
  { pretrained, template: own }: FineTuningRecipe["model"],
  context: TaskContext,
): Promise<PretrainedDecoder> {
  const path = await findPretrained(pretrained, context, "Download one, with its tokenizer, or name another.");
  const tokenizer = await openTokenizer(path);
  const [config, generation] = [await readJson(path, "config.json"), await readJson(path, "generation_config.json")];
  const end = [config, generation].flatMap(({ eos_token_id: ids }) => (ids == null ? [] : [ids].flat())) as number[];
  const named = tokenizer.config.eos_token;
  if (typeof named === "string") end.push(...[tokenizer.tokenToId(named) ?? []].flat());
  const pad = tokenizer.config.pad_token;
  const longest = config.max_position_embeddings ?? config.n_positions ?? config.n_ctx;
  return {
    base: { name: pretrained, digest: await digestOf(path) },
    path,
    tokenizer,
    template: await templateOf(path, tokenizer, own),
    end: [...new Set(end)],
    padding: (typeof pad === "string" ? tokenizer.tokenToId(pad) : undefined) ?? end[0] ?? 0,
    context: typeof longest === "number" ? longest : Number.POSITIVE_INFINITY,
    generation,
    async open() {
      return (await languageModelFromPretrained(path)) as Decoder;
    },
  };
}

async function templateOf(path: string, { config }: Tokenizer, own: string | undefined): Promise<string> {
  if (own !== undefined) return Object.hasOwn(chatTemplates, own) ? chatTemplates[own as "chatml"] : own;
  const file = await readOptional(join(path, "chat_template.jinja"));
  if (file !== undefined) return file;
  const named = config.chat_template as string | readonly { name: string; template: string }[] | undefined;
  const found = typeof named === "string" ? named : named?.find(({ name }) => name === "default")?.template;
  if (found !== undefined) return found;
  throw new Error(
    `Expected a chat template in ${path}: chat_template.jinja, or chat_template in tokenizer_config.json. There is none. ` +
      `Give the recipe one, as \`model: { template: chatml }\`; there are ${Object.keys(chatTemplates).join(", ")}.`,
  );
}

async function readJson(path: string, name: string): Promise<Json> {
  return JSON.parse((await readOptional(join(path, name))) ?? "{}") as Json;
}

async function readOptional(path: string): Promise<string | undefined> {
  return readFile(path, "utf8").catch((error: NodeJS.ErrnoException) => {
    if (error.code === "ENOENT") return undefined;
    throw error;
  });
}
