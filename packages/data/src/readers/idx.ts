import { type Dataset, from } from "../dataset.ts";
import { type ByteSource, nameOf, readBytes } from "./bytes.ts";

/** The types of the format, by their code: http://yann.lecun.com/exdb/mnist, "the IDX file format". */
const types = {
  8: { name: "unsigned byte", bytes: 1, Array: Uint8Array },
  9: { name: "signed byte", bytes: 1, Array: Int8Array },
  11: { name: "short", bytes: 2, Array: Int16Array },
  12: { name: "int", bytes: 4, Array: Int32Array },
  13: { name: "float", bytes: 4, Array: Float32Array },
  14: { name: "double", bytes: 8, Array: Float64Array },
} as const;

export type IdxArray = Uint8Array | Int8Array | Int16Array | Int32Array | Float32Array | Float64Array;

/** The whole of an IDX file. */
export interface IdxFile {
  /** Records first. */
  readonly shape: readonly number[];
  /** Row-major. */
  readonly values: IdxArray;
  /** One item per record: a view of its values, of shape `shape.slice(1)`. */
  readonly records: Dataset<IdxArray>;
}

/**
 * Reads an IDX file (MNIST), gzipped or not.
 *
 * @throws Error naming the file, when the header is none or the length does not fit it.
 */
export async function readIdx(source: ByteSource): Promise<IdxFile> {
  const name = nameOf(source);
  const bytes = await readBytes(source);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (bytes.length < 4 || bytes[0] !== 0 || bytes[1] !== 0 || !(bytes[2]! in types)) {
    const start = [...bytes.subarray(0, 4)].map((byte) => byte.toString(16).padStart(2, "0")).join(" ");
    throw new Error(
      `${name}: expected an IDX file, which starts with 00 00, a type and the number of dimensions. Received ${start || "nothing"}.`,
    );
  }
  const type = types[bytes[2] as keyof typeof types];
  const dimensions = bytes[3]!;
  const header = 4 + 4 * dimensions;
  if (dimensions === 0 || bytes.length < header) {
    throw new Error(
      `${name}: expected ${dimensions || "1 or more"} dimensions in the header. Received a file of ${bytes.length} bytes.`,
    );
  }
  const shape = Array.from({ length: dimensions }, (_, index) => view.getUint32(4 + 4 * index));
  const count = shape.reduce((product, size) => product * size, 1);
  if (bytes.length !== header + count * type.bytes) {
    throw new Error(
      `${name}: expected ${header + count * type.bytes} bytes for ${shape.join(" × ")} values of type ${type.name}. ` +
        `Received ${bytes.length}: the file is ${bytes.length < header + count * type.bytes ? "cut off" : "longer than it says"}.`,
    );
  }
  const values = decode(bytes.subarray(header), type);
  const [records = 0, ...rest] = shape;
  const size = rest.reduce((product, each) => product * each, 1);
  return {
    shape,
    values,
    records: from({ length: records, get: (index) => values.subarray(index * size, (index + 1) * size) }),
  };
}

/** Big-endian values. */
function decode(bytes: Uint8Array, type: (typeof types)[keyof typeof types]): IdxArray {
  if (type.bytes === 1)
    return type.Array === Uint8Array ? bytes : new Int8Array(bytes.buffer, bytes.byteOffset, bytes.length);
  const swapped = new Uint8Array(bytes.length);
  for (let at = 0; at < bytes.length; at += type.bytes) {
    for (let byte = 0; byte < type.bytes; byte++) swapped[at + byte] = bytes[at + type.bytes - 1 - byte]!;
  }
  return new type.Array(swapped.buffer);
}
