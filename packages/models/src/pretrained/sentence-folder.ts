import { disposeModel } from "@nacre/tensor";
import { z } from "zod";
import { Bert } from "../bert.ts";
import { builtin } from "../builtin.ts";
import { SentenceEncoder } from "../sentence-encoder.ts";
import type { SentencePooling } from "../sentence-pooling.ts";
import { fromPretrained } from "./read.ts";
import { type SavePretrainedOptions, savePretrained, writeJson } from "./write.ts";

/** The folders of the Python library sentence-transformers: an encoder's, and what is done with its output. */

const Modules = z.array(z.looseObject({ idx: z.int(), path: z.string(), type: z.string() })).min(1);

const PoolingConfig = z.looseObject({
  pooling_mode: z.union([z.string(), z.array(z.string())]).optional(),
  pooling_mode_cls_token: z.boolean().optional(),
  pooling_mode_max_tokens: z.boolean().optional(),
  pooling_mode_mean_tokens: z.boolean().optional(),
  pooling_mode_mean_sqrt_len_tokens: z.boolean().optional(),
  pooling_mode_weightedmean_tokens: z.boolean().optional(),
  pooling_mode_lasttoken: z.boolean().optional(),
  include_prompt: z.literal(true).default(true),
});

/** Our names of its ways to pool, and the fields that older folders have for them. */
const ways: Record<SentencePooling, { name: string; field: keyof z.infer<typeof PoolingConfig> }> = {
  mean: { name: "mean", field: "pooling_mode_mean_tokens" },
  cls: { name: "cls", field: "pooling_mode_cls_token" },
  max: { name: "max", field: "pooling_mode_max_tokens" },
  meanSquareRoot: { name: "mean_sqrt_len_tokens", field: "pooling_mode_mean_sqrt_len_tokens" },
  last: { name: "lasttoken", field: "pooling_mode_lasttoken" },
};

/**
 * The sentence encoder of a folder that sentence-transformers wrote (Node only), as all-MiniLM-L6-v2; a folder without
 * `modules.json` gets mean pooling, as there.
 *
 * @throws Error as `fromPretrained`, and for steps or ways to pool that are not computed here.
 */
export async function sentenceEncoderFromPretrained(folder: string): Promise<SentenceEncoder> {
  const { join } = builtin("node:path");
  const listed = await readJson(join(folder, "modules.json"));
  const modules = listed === undefined ? [] : parse(Modules, listed, join(folder, "modules.json"));
  const steps = modules.map(({ type, path }) => ({ type: type.split(".").at(-1)!, path }));
  const kinds = steps.map(({ type }) => type);
  if (steps.length > 0 && !/^Transformer,Pooling(,Normalize)?$/.test(kinds.join())) {
    throw new Error(
      `Expected the modules Transformer, Pooling and perhaps Normalize in ${folder}. Received ${kinds.join(", ")}.`,
    );
  }
  const place = join(folder, steps[0]?.path ?? "");
  const limits = parse(
    z.looseObject({ max_seq_length: z.int().positive().nullish() }),
    (await readJson(join(place, "sentence_bert_config.json"))) ?? {},
    join(place, "sentence_bert_config.json"),
  );
  const pooling = steps[1] ? await readPooling(join(folder, steps[1].path, "config.json")) : "mean";
  return new SentenceEncoder(await readEncoder(place), {
    pooling,
    normalize: kinds.includes("Normalize"),
    longest: limits.max_seq_length ?? undefined,
  });
}

/**
 * Writes a folder that Python's `SentenceTransformer(folder)` opens, once a tokenizer lies beside it, and
 * `sentenceEncoderFromPretrained` (Node only).
 */
export async function saveSentenceEncoder(
  model: SentenceEncoder,
  folder: string,
  options?: SavePretrainedOptions,
): Promise<void> {
  const { mkdir } = builtin("node:fs/promises");
  const { join } = builtin("node:path");
  const types = ["Transformer", "Pooling", ...(model.normalize ? ["Normalize"] : [])];
  await mkdir(join(folder, "1_Pooling"), { recursive: true });
  if (model.normalize) await mkdir(join(folder, "2_Normalize"), { recursive: true });
  const fields = Object.entries(ways).map(([way, { field }]) => [field, way === model.pooling]);
  await writeJson(join(folder, "1_Pooling", "config.json"), {
    word_embedding_dimension: model.encoder.config.width,
    ...Object.fromEntries(fields),
  });
  await writeJson(join(folder, "sentence_bert_config.json"), { max_seq_length: model.longest, do_lower_case: false });
  await writeJson(
    join(folder, "modules.json"),
    types.map((type, idx) => ({
      idx,
      name: `${idx}`,
      path: idx === 0 ? "" : `${idx}_${type}`,
      type: `sentence_transformers.models.${type}`,
    })),
  );
  await savePretrained(model.encoder, folder, options);
}

async function readEncoder(folder: string): Promise<Bert> {
  const model = await fromPretrained(folder);
  const encoder = model instanceof Bert ? model : (model as { encoder?: unknown }).encoder;
  if (encoder instanceof Bert) return encoder;
  disposeModel(model);
  throw new Error(`Expected an encoder in ${folder}. Received a ${model.constructor.name}.`);
}

async function readPooling(path: string): Promise<SentencePooling> {
  const config = parse(PoolingConfig, await readJson(path), path);
  const given =
    config.pooling_mode ?? Object.keys(config).filter((field) => config[field as keyof typeof config] === true);
  const names = [given].flat().filter((name) => name !== "include_prompt");
  const found = Object.entries(ways).find(([, { name, field }]) => names[0] === name || names[0] === field);
  if (names.length === 1 && found) return found[0] as SentencePooling;
  const known = Object.values(ways).map(({ name }) => name);
  throw new Error(
    `Expected one way to pool of ${known.join(", ")} in ${path}. Received ${names.join(", ") || "none"}.`,
  );
}

async function readJson(path: string): Promise<unknown> {
  const { readFile } = builtin("node:fs/promises");
  try {
    return JSON.parse(await readFile(path, "utf8"));
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return undefined;
    throw new Error(`Expected JSON in ${path}: ${(error as Error).message}`);
  }
}

function parse<Schema extends z.ZodType>(schema: Schema, value: unknown, path: string): z.output<Schema> {
  const parsed = schema.safeParse(value);
  if (parsed.success) return parsed.data;
  throw new Error(`${path}: ${z.prettifyError(parsed.error)}`);
}
