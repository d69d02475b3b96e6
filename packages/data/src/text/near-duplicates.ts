import { builtin } from "../builtin.ts";
import type { Dataset, Position } from "../dataset.ts";
import { joinBand } from "./band-candidates.ts";
import { DisjointSets } from "./disjoint-sets.ts";
import { chooseBands, type LshBands, type LshError, lshError } from "./lsh-bands.ts";
import { NearDuplicateOptions } from "./near-duplicate-options.ts";
import { SignatureStore } from "./signature-store.ts";
import { startSigningThreads } from "./signing-threads.ts";
import type { TextDocument } from "./text-cleaning.ts";

export interface NearDuplicateProgress {
  readonly stage: "signing" | "comparing";
  /** Documents signed, or bands compared. */
  readonly done: number;
  readonly total?: number;
}

export interface NearDuplicateRun {
  /** Where signatures and the state of the run are kept; a run that was stopped goes on there. A temporary folder unless given. */
  readonly folder?: string;
  /** Worker threads; 0 computes in this one. Default: processors less one, at least 1. */
  readonly workers?: number;
  /** Bytes that comparing may hold, beside 4 for each document. Default 2³⁰. */
  readonly memory?: number;
  readonly signal?: AbortSignal;
  readonly progress?: (progress: NearDuplicateProgress) => void;
}

/** Which documents are near-duplicates of which. Documents are named by their number, from 0. */
export interface NearDuplicates extends LshBands, LshError {
  readonly documents: number;
  /** Documents that are near-duplicates of an earlier one. */
  readonly duplicates: number;
  /** Groups of two documents or more. */
  readonly clusters: number;
  /** The first document of the group. */
  keeperOf(document: number): number;
  isDuplicate(document: number): boolean;
  /** Groups of two or more, each in order, by their first. */
  groups(): number[][];
  /** The documents without those that are near-duplicates of an earlier one. */
  unique<D>(documents: Dataset<D>): Dataset<D>;
}

interface State {
  readonly version: 1;
  readonly options: string;
  readonly documents: number;
  readonly position: Position;
  readonly signed: boolean;
  readonly compared: number;
}

const batchSize = 500;
const batchesBetweenSaves = 40;

/**
 * Finds near-duplicates: MinHash signatures (Broder 1997), candidates by bands (Indyk & Motwani 1998), candidates compared by their
 * signatures, groups by union. The first of each group is the one to keep. The same result for any number of workers, and after a stop.
 *
 * A pair of Jaccard similarity s is found with the chance `candidateChance(s, bands) · P(estimate ≥ threshold)`, where the estimate
 * from signatures has the standard error √(s (1 - s) / permutations). With the defaults (16 bands of 8) a pair of 0.9 is missed with chance
 * 0.0002, one of 0.65 joined with chance 0.0001, one of 0.8 found every other time. A group joins what chains of pairs join.
 * Without `verify`, candidates are joined as they are and the bands weigh both errors alike.
 *
 * On disk: `12 · bands + 2 · permutations` bytes a document (448 with the defaults). In memory: 4 bytes a document, `memory`, and the batches under
 * way. Node only.
 *
 * @throws Error for a folder of another run; what reading the documents throws; the signal's reason.
 */
export async function findNearDuplicates(
  documents: Dataset<TextDocument>,
  options: NearDuplicateOptions = {},
  run: NearDuplicateRun = {},
): Promise<NearDuplicates> {
  const parsed = NearDuplicateOptions.parse(options);
  const { threshold, permutations, size, seed, verify } = parsed;
  const bands: LshBands =
    parsed.bands === undefined
      ? chooseBands(threshold, permutations, verify ? 0.95 : 0.5)
      : { bands: parsed.bands, rows: parsed.rows! };
  const cut = { bands: bands.bands, rows: bands.rows };
  const { memory = 2 ** 30, signal } = run;
  const { mkdtemp, rm } = builtin("node:fs/promises");
  const folder =
    run.folder ?? (await mkdtemp(builtin("node:path").join(builtin("node:os").tmpdir(), "nacre-signatures-")));
  const store = new SignatureStore(folder, { ...cut, permutations });
  try {
    const described = JSON.stringify({ size, permutations, seed, ...cut, threshold, verify });
    let state = (await readState(store, described)) ?? {
      version: 1,
      options: described,
      documents: 0,
      position: null,
      signed: false,
      compared: 0,
    };
    store.open(state.documents);
    if (!state.signed) {
      state = await signAll(documents, store, { state, run, signer: { permutations, size, seed, ...cut } });
    }
    const saved = state.compared === 0 ? undefined : await readParents(store);
    const sets = new DisjointSets(state.documents, saved);
    const agreement = verify ? store.comparison(state.documents, memory / 2) : undefined;
    const similar = (left: number, right: number): boolean =>
      agreement === undefined || agreement(left, right) >= threshold;
    for (let band = state.compared; band < cut.bands; band++) {
      signal?.throwIfAborted();
      run.progress?.({ stage: "comparing", done: band, total: cut.bands });
      joinBand(store, { band, documents: state.documents, sets, similar, memory: memory / 2 });
      state = { ...state, compared: band + 1 };
      if (run.folder !== undefined) {
        await writeWhole(store.path("parents.bin"), new Uint8Array(sets.parents.buffer));
        await writeState(store, state);
      }
    }
    run.progress?.({ stage: "comparing", done: cut.bands, total: cut.bands });
    return describe(sets, state.documents, { ...cut, ...lshError(threshold, cut) });
  } finally {
    store.close();
    if (run.folder === undefined) await rm(folder, { recursive: true, force: true });
  }
}

async function signAll(
  documents: Dataset<TextDocument>,
  store: SignatureStore,
  {
    state: started,
    run,
    signer,
  }: { state: State; run: NearDuplicateRun; signer: Parameters<typeof startSigningThreads>[1] },
): Promise<State> {
  const { signal, workers = Math.max(1, builtin("node:os").availableParallelism() - 1) } = run;
  const total = documents.size;
  const threads = startSigningThreads(workers, signer);
  const cursor = started.documents === 0 ? documents.open() : documents.open(started.position);
  const underWay: { readonly position: Position; readonly signed: ReturnType<typeof threads.sign> }[] = [];
  let state = started;
  let sinceSave = 0;
  const settle = async (): Promise<void> => {
    const { position, signed } = underWay.shift()!;
    const { bandHashes, signatures } = await signed;
    store.append(state.documents, bandHashes, signatures);
    state = { ...state, documents: state.documents + signatures.length / signer.permutations, position };
    run.progress?.({ stage: "signing", done: state.documents, ...(total === undefined ? {} : { total }) });
    if (run.folder !== undefined && ++sinceSave >= batchesBetweenSaves) {
      sinceSave = 0;
      await writeState(store, state);
    }
  };
  try {
    for (let ended = false; !ended; ) {
      signal?.throwIfAborted();
      const texts: string[] = [];
      while (texts.length < batchSize && !ended) {
        const next = cursor.next();
        const result = next instanceof Promise ? await next : next;
        if (result.done) ended = true;
        else texts.push(result.value.text);
      }
      if (texts.length > 0) {
        const signed = threads.sign(texts);
        // Awaited in its turn; an earlier failure must not leave this one unheard.
        signed.catch(() => {});
        underWay.push({ position: cursor.position(), signed });
      }
      while (underWay.length > 0 && (ended || underWay.length >= threads.width)) await settle();
    }
    state = { ...state, signed: true };
    if (run.folder !== undefined) await writeState(store, state);
    return state;
  } finally {
    await cursor.close();
    await threads.close();
  }
}

function describe(sets: DisjointSets, documents: number, bands: LshBands & LshError): NearDuplicates {
  const sizes = new Map<number, number>();
  let duplicates = 0;
  for (let document = 0; document < documents; document++) {
    const keeper = sets.find(document);
    if (keeper === document) continue;
    duplicates++;
    sizes.set(keeper, (sizes.get(keeper) ?? 1) + 1);
  }
  return {
    ...bands,
    documents,
    duplicates,
    clusters: sizes.size,
    keeperOf: (document) => sets.find(document),
    isDuplicate: (document) => sets.find(document) !== document,
    groups() {
      const groups = new Map<number, number[]>();
      for (let document = 0; document < documents; document++) {
        const keeper = sets.find(document);
        if (!sizes.has(keeper)) continue;
        if (!groups.has(keeper)) groups.set(keeper, []);
        groups.get(keeper)!.push(document);
      }
      return [...groups.values()];
    },
    unique: (dataset) => dataset.filter((_, { index }) => sets.find(index) === index),
  };
}

async function readState(store: SignatureStore, options: string): Promise<State | undefined> {
  const { readFile } = builtin("node:fs/promises");
  const path = store.path("state.json");
  const text = await readFile(path, "utf8").catch((error: NodeJS.ErrnoException) => {
    if (error.code === "ENOENT") return undefined;
    throw error;
  });
  if (text === undefined) return undefined;
  const state = JSON.parse(text) as State;
  if (state.version === 1 && state.options === options) return state;
  throw new Error(
    `Expected the folder of a run with the options ${options}. ${path} is of one with ${state.options}. Use another folder.`,
  );
}

async function readParents(store: SignatureStore): Promise<Int32Array> {
  const { readFile } = builtin("node:fs/promises");
  const bytes = new Uint8Array(await readFile(store.path("parents.bin")));
  return new Int32Array(bytes.buffer);
}

async function writeState(store: SignatureStore, state: State): Promise<void> {
  await writeWhole(store.path("state.json"), new TextEncoder().encode(JSON.stringify(state)));
}

async function writeWhole(path: string, bytes: Uint8Array): Promise<void> {
  const { rename, writeFile } = builtin("node:fs/promises");
  await writeFile(`${path}.tmp`, bytes);
  await rename(`${path}.tmp`, path);
}
