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

/** Number of elements of a shape; 1 for a scalar's empty shape. */
export function sizeOf(shape: readonly number[]): number {
  return shape.reduce((product, size) => product * size, 1);
}
