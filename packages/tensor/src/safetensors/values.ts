import { type Dtype, dtypeBytes, sizeOf, type TensorData } from "../safetensors.ts";

/**
 * A tensor's values as Float32Array; other types are converted (64-bit values round). Where the bytes are F32 and aligned, the
 * result is a view of the same memory, no copy.
 *
 * @throws Error when the byte length does not fit the shape and type, or for F8 types, which are kept as raw bytes only.
 */
export function toFloat32(tensor: TensorData): Float32Array {
  const { dtype, shape, data } = tensor;
  const size = sizeOf(shape);
  if (data.byteLength !== size * dtypeBytes[dtype]) {
    throw new Error(
      `Expected ${size * dtypeBytes[dtype]} bytes for ${dtype} of shape [${shape}]. Received ${data.byteLength} bytes.`,
    );
  }
  switch (dtype) {
    case "F32":
      return data.byteOffset % 4 === 0 ? view(Float32Array, data, size) : view(Float32Array, data.slice(), size);
    case "BF16":
      return bfloat16ToFloat32(aligned(Uint16Array, data, size));
    case "F16":
      return float16ToFloat32(aligned(Uint16Array, data, size));
    case "F64":
      return Float32Array.from(aligned(Float64Array, data, size));
    case "I64":
      return Float32Array.from(aligned(BigInt64Array, data, size), Number);
    case "U64":
      return Float32Array.from(aligned(BigUint64Array, data, size), Number);
    case "I32":
      return Float32Array.from(aligned(Int32Array, data, size));
    case "U32":
      return Float32Array.from(aligned(Uint32Array, data, size));
    case "I16":
      return Float32Array.from(aligned(Int16Array, data, size));
    case "U16":
      return Float32Array.from(aligned(Uint16Array, data, size));
    case "I8":
      return Float32Array.from(aligned(Int8Array, data, size));
    case "U8":
    case "BOOL":
      return Float32Array.from(data);
    default:
      throw new Error(`Expected a type that converts to F32. Received ${dtype}, whose bytes are only kept.`);
  }
}

/**
 * Bytes of `values` in another type. F16 and BF16 round to nearest, ties to even; integer types round half to even and clamp
 * to their range (NaN becomes 0); BOOL is 1 for whatever is not 0.
 *
 * @throws Error for F8 types.
 */
export function fromFloat32(values: Float32Array, dtype: Dtype): Uint8Array {
  switch (dtype) {
    case "F32":
      return bytesOf(values.slice());
    case "F64":
      return bytesOf(Float64Array.from(values));
    case "BF16":
      return bytesOf(float32ToBfloat16(values));
    case "F16":
      return bytesOf(float32ToFloat16(values));
    case "BOOL":
      return Uint8Array.from(values, (value) => (value !== 0 ? 1 : 0));
    case "I64":
      return bytesOf(
        BigInt64Array.from(values, (value) => BigInt.asIntN(64, big(value, -(2n ** 63n), 2n ** 63n - 1n))),
      );
    case "U64":
      return bytesOf(BigUint64Array.from(values, (value) => big(value, 0n, 2n ** 64n - 1n)));
    case "I32":
      return bytesOf(Int32Array.from(values, (value) => integer(value, -(2 ** 31), 2 ** 31 - 1)));
    case "U32":
      return bytesOf(Uint32Array.from(values, (value) => integer(value, 0, 2 ** 32 - 1)));
    case "I16":
      return bytesOf(Int16Array.from(values, (value) => integer(value, -32768, 32767)));
    case "U16":
      return bytesOf(Uint16Array.from(values, (value) => integer(value, 0, 65535)));
    case "I8":
      return bytesOf(Int8Array.from(values, (value) => integer(value, -128, 127)));
    case "U8":
      return Uint8Array.from(values, (value) => integer(value, 0, 255));
    default:
      throw new Error(`Expected a type that F32 converts to. Received ${dtype}, whose bytes are only kept.`);
  }
}

function bytesOf(values: ArrayBufferView): Uint8Array {
  return new Uint8Array(values.buffer, values.byteOffset, values.byteLength);
}

interface View<T> {
  new (buffer: ArrayBufferLike, byteOffset: number, length: number): T;
  readonly BYTES_PER_ELEMENT: number;
}

function view<T>(type: View<T>, data: Uint8Array, size: number): T {
  return new type(data.buffer, data.byteOffset, size);
}

function aligned<T>(type: View<T>, data: Uint8Array, size: number): T {
  return view(type, data.byteOffset % type.BYTES_PER_ELEMENT === 0 ? data : data.slice(), size);
}

function bfloat16ToFloat32(halves: Uint16Array): Float32Array {
  const words = new Uint32Array(halves.length);
  for (let i = 0; i < halves.length; i++) words[i] = halves[i]! << 16;
  return new Float32Array(words.buffer);
}

/** Rounds to nearest, ties to even; a NaN stays one. */
function float32ToBfloat16(values: Float32Array): Uint16Array {
  const words = new Uint32Array(values.slice().buffer);
  const halves = new Uint16Array(values.length);
  for (let i = 0; i < halves.length; i++) {
    const word = words[i]!;
    const notANumber = (word & 0x7fffffff) > 0x7f800000;
    halves[i] = notANumber ? (word >>> 16) | 0x40 : (word + 0x7fff + ((word >>> 16) & 1)) >>> 16;
  }
  return halves;
}

function float16ToFloat32(halves: Uint16Array): Float32Array {
  const values = new Float32Array(halves.length);
  for (let i = 0; i < halves.length; i++) {
    const half = halves[i]!;
    const sign = half & 0x8000 ? -1 : 1;
    const exponent = (half >>> 10) & 31;
    const fraction = half & 1023;
    if (exponent === 31) values[i] = fraction === 0 ? sign * Number.POSITIVE_INFINITY : Number.NaN;
    else if (exponent === 0) values[i] = sign * fraction * 2 ** -24;
    else values[i] = sign * (1024 + fraction) * 2 ** (exponent - 25);
  }
  return values;
}

/** Rounds to nearest, ties to even (IEEE 754-2019, section 4.3.1), subnormal numbers included. */
function float32ToFloat16(values: Float32Array): Uint16Array {
  const words = new Uint32Array(values.slice().buffer);
  const halves = new Uint16Array(values.length);
  for (let i = 0; i < halves.length; i++) {
    const word = words[i]!;
    const sign = (word >>> 16) & 0x8000;
    const magnitude = word & 0x7fffffff;
    if (magnitude > 0x7f800000) halves[i] = sign | 0x7e00;
    else if (magnitude >= 0x477ff000) halves[i] = sign | 0x7c00;
    else if (magnitude >= 0x38800000) {
      halves[i] = sign | ((magnitude - 0x38000000 + 0xfff + ((magnitude >>> 13) & 1)) >>> 13);
    } else halves[i] = sign | roundEven(Math.abs(values[i]!) * 2 ** 24);
  }
  return halves;
}

function roundEven(value: number): number {
  const floor = Math.floor(value);
  const rest = value - floor;
  return rest > 0.5 || (rest === 0.5 && floor % 2 !== 0) ? floor + 1 : floor;
}

function integer(value: number, minimum: number, maximum: number): number {
  if (Number.isNaN(value)) return 0;
  return roundEven(Math.min(Math.max(value, minimum), maximum));
}

function big(value: number, minimum: bigint, maximum: bigint): bigint {
  if (Number.isNaN(value)) return 0n;
  if (value === Number.POSITIVE_INFINITY) return maximum;
  if (value === Number.NEGATIVE_INFINITY) return minimum;
  const rounded = BigInt(roundEven(value));
  return rounded < minimum ? minimum : rounded > maximum ? maximum : rounded;
}
