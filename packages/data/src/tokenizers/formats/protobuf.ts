/** A field of a message: its number, and its value as the wire has it. */
export interface Field {
  readonly number: number;
  /** Whole number of a varint (as far as 53 bits go), else undefined. */
  readonly whole: number | undefined;
  /** Bytes of a length-delimited or fixed field, else undefined. */
  readonly bytes: Uint8Array | undefined;
}

/**
 * The fields of a message in Protocol Buffers' wire format, in order.
 *
 * @throws Error naming the place when the bytes are no such message.
 */
export function* readFields(bytes: Uint8Array): Generator<Field, void> {
  let at = 0;
  const varint = (): number => {
    let value = 0;
    let factor = 1;
    for (;;) {
      const byte = bytes[at++];
      if (byte === undefined || factor > 2 ** 63) throw new Error(`a number is cut off at byte ${at}`);
      value += (byte & 0x7f) * factor;
      if (byte < 0x80) return value;
      factor *= 128;
    }
  };
  const take = (length: number): Uint8Array => {
    if (at + length > bytes.length) throw new Error(`a field of ${length} bytes is cut off at byte ${at}`);
    at += length;
    return bytes.subarray(at - length, at);
  };
  while (at < bytes.length) {
    const tag = varint();
    const number = Math.floor(tag / 8);
    const wire = tag % 8;
    if (number === 0) throw new Error(`a field without a number at byte ${at}`);
    if (wire === 0) yield { number, whole: varint(), bytes: undefined };
    else if (wire === 2) yield { number, whole: undefined, bytes: take(varint()) };
    else if (wire === 5) yield { number, whole: undefined, bytes: take(4) };
    else if (wire === 1) yield { number, whole: undefined, bytes: take(8) };
    else throw new Error(`an unknown kind of field, ${wire}, at byte ${at}`);
  }
}

/** The 32-bit float of a fixed field. */
export function floatOf(field: Field): number {
  const { bytes } = field;
  if (bytes?.length !== 4) throw new Error(`expected a 32-bit number in field ${field.number}`);
  return new DataView(bytes.buffer, bytes.byteOffset, 4).getFloat32(0, true);
}
