import { type Dtype, dtypeBytes, type TensorData } from "../safetensors.ts";

/** Where a tensor lies: `begin` and `end` count bytes from the end of the header. */
export interface TensorPlace {
  dtype: Dtype;
  shape: readonly number[];
  begin: number;
  end: number;
}

export interface Header {
  /** Free text by name, as the writer chose. */
  metadata: Readonly<Record<string, string>>;
  /** In the order of the header. */
  tensors: ReadonlyMap<string, TensorPlace>;
  /** Byte at which the tensors begin. */
  start: number;
}

/** The format's own limit, in bytes. */
const longestHeader = 100_000_000;

/**
 * The length of the header, from a file's first 8 bytes.
 *
 * @param size of the whole file in bytes.
 * @throws Error unless the header fits into the file and the format's limit.
 */
export function headerLength(first: Uint8Array, size: number, where: string): number {
  if (first.byteLength < 8) fail(where, "at least 8 bytes", `${first.byteLength}`);
  const length = new DataView(first.buffer, first.byteOffset, 8).getBigUint64(0, true);
  if (length > longestHeader) fail(where, `a header of at most ${longestHeader} bytes`, `a header length of ${length}`);
  if (8n + length > size) fail(where, `a header within the ${size} bytes of the file`, `a header length of ${length}`);
  if (length < 2n) fail(where, "a header of at least 2 bytes", `a header length of ${length}`);
  return Number(length);
}

/**
 * Reads and checks a header.
 *
 * @param bytes the header's JSON, without the 8 bytes of its length.
 * @param size of the whole file in bytes.
 * @throws Error unless it is right in every part: names, types, shapes, and offsets that cover the file without gaps.
 */
export function parseHeader(bytes: Uint8Array, size: number, where: string): Header {
  const entries = parseJson(bytes, where);
  const tensors = new Map<string, TensorPlace>();
  let metadata: Readonly<Record<string, string>> = {};
  for (const [name, value] of Object.entries(entries)) {
    if (name === "__metadata__") metadata = checkMetadata(value, where);
    else tensors.set(name, checkPlace(name, value, where));
  }
  const start = 8 + bytes.byteLength;
  checkCover(tensors, size - start, where);
  return { metadata, tensors, start };
}

/** A tensor to be written: its bytes may come later, its length is known. */
export type PlannedTensor = Omit<TensorData, "data"> & { name: string };

export interface Plan<T extends PlannedTensor> {
  /** The header's bytes, its length included. */
  header: Uint8Array;
  /** The tensors in the order in which their bytes follow: wide elements first, so that all are aligned. */
  order: readonly T[];
  /** Bytes of the whole file. */
  size: number;
}

/**
 * The header for some tensors, padded with spaces so that the tensors begin at a multiple of 8 bytes.
 *
 * @throws Error for names given twice, the name "__metadata__", unknown types and shapes that are none.
 */
export function planFile<T extends PlannedTensor>(
  tensors: readonly T[],
  metadata: Readonly<Record<string, string>>,
): Plan<T> {
  const where = "the tensors to write";
  const order = [...tensors].sort((left, right) => dtypeBytes[right.dtype] - dtypeBytes[left.dtype]);
  const offsets = new Map<string, [number, number]>();
  let at = 0;
  for (const { name, dtype, shape } of order) {
    if (name === "__metadata__") fail(where, 'names other than "__metadata__"', `"${name}"`);
    if (offsets.has(name)) fail(where, "each name once", `"${name}" twice`);
    checkDtype(name, dtype, where);
    const bytes = byteLength(name, dtype, shape, where);
    offsets.set(name, [at, (at += bytes)]);
  }
  const entries: [string, unknown][] = Object.keys(metadata).length > 0 ? [["__metadata__", metadata]] : [];
  for (const { name, dtype, shape } of tensors) entries.push([name, { dtype, shape, data_offsets: offsets.get(name) }]);
  // Built as text: a name such as "__proto__" or "7" must keep its place and its meaning.
  const text = `{${entries.map(([name, value]) => `${JSON.stringify(name)}:${JSON.stringify(value)}`).join(",")}}`;
  const json = new TextEncoder().encode(text);
  const length = Math.ceil(json.byteLength / 8) * 8;
  const header = new Uint8Array(8 + length).fill(0x20);
  new DataView(header.buffer).setBigUint64(0, BigInt(length), true);
  header.set(json, 8);
  return { header, order, size: header.byteLength + at };
}

/** @throws Error unless `received` is the number of bytes of this type and shape. */
export function checkLength({ name, dtype, shape }: PlannedTensor, received: number): void {
  const expected = byteLength(name, dtype, shape, "the tensors to write");
  if (received !== expected) {
    fail("the tensors to write", `${expected} bytes for "${name}" (${dtype} [${shape}])`, `${received}`);
  }
}

function parseJson(bytes: Uint8Array, where: string): Record<string, unknown> {
  let text: string;
  let value: unknown;
  try {
    // A copy: not every runtime decodes shared memory.
    text = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes.slice());
    value = JSON.parse(text);
  } catch (error) {
    return fail(where, "a header of JSON in UTF-8", error instanceof Error ? error.message : String(error));
  }
  if (!isRecord(value) || !text.startsWith("{"))
    return fail(where, "a header that is a JSON object", brief(text.slice(0, 40)));
  const twice = repeatedKey(text);
  if (twice !== undefined) fail(where, "each key of the header once", `${twice} twice`);
  return value;
}

/** The first key that an object of this (valid) JSON text holds twice. JSON.parse would keep the last one silently. */
function repeatedKey(text: string): string | undefined {
  const token = /"[^"\\]*(?:\\.[^"\\]*)*"(\s*:)?|[{}]/g;
  const open: Set<string>[] = [];
  for (let match = token.exec(text); match !== null; match = token.exec(text)) {
    if (match[0] === "{") open.push(new Set());
    else if (match[0] === "}") open.pop();
    else if (match[1] !== undefined) {
      const key = JSON.parse(match[0].slice(0, match[0].length - match[1].length)) as string;
      const keys = open.at(-1);
      if (keys?.has(key)) return brief(key);
      keys?.add(key);
    }
  }
  return undefined;
}

function checkMetadata(value: unknown, where: string): Record<string, string> {
  if (!isRecord(value) || !Object.values(value).every((text) => typeof text === "string")) {
    fail(where, "__metadata__ that maps text to text", brief(value));
  }
  return value as Record<string, string>;
}

function checkPlace(name: string, value: unknown, where: string): TensorPlace {
  if (!isRecord(value)) return fail(where, `an object for tensor ${brief(name)}`, brief(value));
  const { dtype, shape, data_offsets: offsets } = value;
  checkDtype(name, dtype, where);
  if (!Array.isArray(offsets) || offsets.length !== 2 || !offsets.every(isCount) || offsets[0]! > offsets[1]!) {
    return fail(where, `data_offsets [begin, end] of tensor ${brief(name)} with 0 ≤ begin ≤ end`, brief(offsets));
  }
  const [begin, end] = offsets as [number, number];
  const expected = byteLength(name, dtype, shape, where);
  if (end - begin !== expected) {
    fail(
      where,
      `${expected} bytes for tensor ${brief(name)} (${dtype} ${brief(shape)})`,
      `${end - begin} (${brief(offsets)})`,
    );
  }
  return { dtype, shape: shape as number[], begin, end };
}

function checkDtype(name: string, dtype: unknown, where: string): asserts dtype is Dtype {
  if (typeof dtype === "string" && Object.hasOwn(dtypeBytes, dtype)) return;
  fail(where, `a dtype of ${Object.keys(dtypeBytes).join(", ")} for tensor ${brief(name)}`, brief(dtype));
}

function byteLength(name: string, dtype: Dtype, shape: unknown, where: string): number {
  if (!Array.isArray(shape) || !shape.every(isCount)) {
    return fail(where, `a shape of integers from 0 to 2^53 - 1 for tensor ${brief(name)}`, brief(shape));
  }
  // A 0 anywhere makes the product 0, so overflow is looked for among the other sizes only.
  const product = (shape as number[]).reduce((total, size) => total * size, 1);
  const bytes = shape.includes(0) ? 0 : product * dtypeBytes[dtype];
  if (!Number.isSafeInteger(bytes))
    fail(where, `less than 2^53 bytes for tensor ${brief(name)}`, `shape ${brief(shape)}`);
  return bytes;
}

/** The tensors must fill the file: no gap, no overlap, nothing after the last. */
function checkCover(tensors: ReadonlyMap<string, TensorPlace>, size: number, where: string): void {
  const places = [...tensors].sort(([, left], [, right]) => left.begin - right.begin || left.end - right.end);
  let at = 0;
  for (const [name, { begin, end }] of places) {
    if (begin !== at)
      fail(where, `tensor ${brief(name)} to begin at byte ${at}, where the one before it ends`, `${begin}`);
    at = end;
  }
  if (at !== size) fail(where, `${size} bytes of tensors, as many as follow the header`, `offsets that end at ${at}`);
}

function isCount(value: unknown): value is number {
  return Number.isSafeInteger(value) && (value as number) >= 0;
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function brief(value: unknown): string {
  const text = JSON.stringify(value) ?? "nothing";
  return text.length <= 120 ? text : `${text.slice(0, 117)}…`;
}

function fail(where: string, expected: string, received: string): never {
  throw new Error(`Expected ${expected} in ${where}. Received ${received}.`);
}
