import { createHash } from "node:crypto";
import { access, readFile } from "node:fs/promises";
import { join } from "node:path";
import { openTokenizer, type Tokenizer } from "@nacre/data";
import type { FastifyInstance } from "fastify";
import { z } from "zod";
import { RunError, type Runs } from "./runs.ts";
import { type CutText, cutText } from "./token-cuts.ts";

/** A finished run's tokenizer. */
export interface TokenizerEntry {
  readonly run: string;
  readonly title: { readonly en: string; readonly zh: string };
}

/** A text cut by the tokenizer of a run. */
export interface TokenizedText extends CutText {
  /** BPE, WordPiece, Unigram or WordLevel. */
  readonly type: string;
  readonly vocabulary: number;
}

/** A few milliseconds at most; more text would keep the server's thread. */
const longest = 20_000;
const kept = 8;

const Body = z.strictObject({ text: z.string().max(longest, `expected at most ${longest} characters`) });

/** The tokenizers in the bundles of finished runs, under /api; where several runs have the same, the newest stands for it. */
export async function tokenizerRoutes(app: FastifyInstance, { runs }: { readonly runs: Runs }): Promise<void> {
  const opened = new Map<string, Promise<Tokenizer>>();

  const fileOf = (id: string): string => join(runs.run(id).bundle, "tokenizer.json");
  const exists = (path: string): Promise<boolean> =>
    access(path).then(
      () => true,
      () => false,
    );

  /** By run: what a finished run wrote stays as it is. */
  const digests = new Map<string, string>();
  const digestOf = async (id: string): Promise<string | undefined> => {
    if (!(await exists(fileOf(id)))) return undefined;
    if (!digests.has(id)) {
      const content = await readFile(fileOf(id));
      digests.set(id, createHash("sha256").update(content).digest("hex"));
    }
    return digests.get(id);
  };

  app.get("/tokenizers", async (): Promise<TokenizerEntry[]> => {
    const done = (await runs.list()).filter(({ state }) => state === "done");
    const found = await Promise.all(done.map(({ id }) => digestOf(id)));
    const first = (digest: string | undefined, index: number) =>
      digest !== undefined && found.indexOf(digest) === index;
    return done.filter((_, index) => first(found[index], index)).map(({ id, title }) => ({ run: id, title }));
  });

  app.post<{ Params: { id: string } }>("/tokenizers/:id", async ({ params, body }): Promise<TokenizedText> => {
    const parsed = Body.safeParse(body);
    if (!parsed.success) throw new RunError(400, `Expected { text }: ${parsed.error.issues[0]!.message}.`);
    const { id } = params;
    const file = fileOf(id);
    if (!(await exists(file))) throw new RunError(404, `The run ${id} has no tokenizer.`);
    let tokenizer = opened.get(id);
    if (tokenizer === undefined) {
      for (const old of [...opened.keys()].slice(0, Math.max(0, opened.size - kept + 1))) opened.delete(old);
      tokenizer = openTokenizer(file);
      opened.set(id, tokenizer);
      tokenizer.catch(() => opened.delete(id));
    }
    const ready = await tokenizer;
    return { ...cutText(ready, parsed.data.text), type: ready.type, vocabulary: ready.vocabularySize };
  });
}
