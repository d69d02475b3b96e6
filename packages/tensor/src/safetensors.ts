import { checkLength, headerLength, parseHeader, planFile } from "./safetensors/header.ts";

/**
 * Tensors on disk: the safetensors format (https://huggingface.co/docs/safetensors), an 8-byte little-endian header length, a
 * JSON header, then the tensors' bytes, row-major and little-endian.
 */

/** Bytes of one element. */
export const dtypeBytes = {
  F64: 8,
  F32: 4,
  F16: 2,
  BF16: 2,
  F8_E4M3: 1,
  F8_E5M2: 1,
  F8_E8M0: 1,
  I64: 8,
  I32: 4,
  I16: 2,
  I8: 1,
  U64: 8,
  U32: 4,
  U16: 2,
  U8: 1,
  BOOL: 1,
} as const;

export type Dtype = keyof typeof dtypeBytes;

export interface TensorData {
  dtype: Dtype;
  shape: readonly number[];
  /** The raw bytes: row-major, little-endian. */
  data: Uint8Array;
}

export interface NamedTensorData extends TensorData {
  name: string;
}

export interface Safetensors {
  /** Free text by name, as the writer chose. */
  metadata: Readonly<Record<string, string>>;
  tensors: Map<string, TensorData>;
}

/**
 * Reads a whole safetensors file that is in memory. The tensors' data are views of `bytes`, no copies; `bytes` may lie in a
 * SharedArrayBuffer.
 *
 * @throws Error that says what is wrong when the bytes are no valid file.
 */
export function parseSafetensors(bytes: Uint8Array): Safetensors {
  const where = "the safetensors bytes";
  const length = headerLength(bytes.subarray(0, 8), bytes.byteLength, where);
  const { metadata, tensors, start } = parseHeader(bytes.subarray(8, 8 + length), bytes.byteLength, where);
  const views = [...tensors].map(([name, { dtype, shape, begin, end }]): [string, TensorData] => [
    name,
    { dtype, shape, data: bytes.subarray(start + begin, start + end) },
  ]);
  return { metadata, tensors: new Map(views) };
}

/**
 * The bytes of a safetensors file with these tensors.
 *
 * @throws Error for names given twice and for bytes that do not fit their shape and type.
 */
export function encodeSafetensors(
  tensors: Iterable<NamedTensorData>,
  metadata: Readonly<Record<string, string>> = {},
): Uint8Array {
  const { header, order, size } = planFile([...tensors], metadata);
  const bytes = new Uint8Array(size);
  bytes.set(header);
  let at = header.byteLength;
  for (const tensor of order) {
    checkLength(tensor, tensor.data.byteLength);
    bytes.set(tensor.data, at);
    at += tensor.data.byteLength;
  }
  return bytes;
}

/** Number of elements of a shape; 1 for a scalar's empty shape. */
export function sizeOf(shape: readonly number[]): number {
  return shape.reduce((product, size) => product * size, 1);
}
