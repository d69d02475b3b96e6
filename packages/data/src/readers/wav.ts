import { type ByteSource, nameOf, readBytes } from "./bytes.ts";

/** Sound. */
export interface Audio {
  /** Samples a second. */
  readonly sampleRate: number;
  /** One array a channel, samples from -1 to 1. */
  readonly channels: readonly Float32Array[];
}

const pcm = 1;
const float = 3;
const extensible = 0xfffe;

/**
 * Reads a WAV file: PCM of 8, 16, 24 or 32 bits, floats of 32 or 64 (RIFF; Microsoft "Multiple Channel Audio Data and WAVE
 * Files"). Integers are divided by 2^(bits - 1).
 *
 * @throws Error naming the file, what was expected and what is there.
 */
export async function readWav(source: ByteSource): Promise<Audio> {
  const name = nameOf(source);
  const bytes = await readBytes(source);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const text = (at: number): string =>
    at + 4 <= bytes.length ? String.fromCharCode(...bytes.subarray(at, at + 4)) : "";
  if (text(0) !== "RIFF" || text(8) !== "WAVE") {
    throw new Error(
      `${name}: expected a WAV file, which starts with RIFF … WAVE. Received ${JSON.stringify(text(0))}.`,
    );
  }
  let format: Format | undefined;
  for (let at = 12; at + 8 <= bytes.length; ) {
    const id = text(at);
    const size = view.getUint32(at + 4, true);
    const end = at + 8 + size;
    if (end > bytes.length) {
      throw new Error(
        `${name}: expected ${size} bytes in chunk "${id}". Received ${bytes.length - at - 8}: the file is cut off.`,
      );
    }
    if (id === "fmt ") format = readFormat(new DataView(view.buffer, view.byteOffset + at + 8, size), name);
    if (id === "data") {
      if (format === undefined) throw new Error(`${name}: expected a "fmt " chunk before the data. There is none.`);
      return {
        sampleRate: format.sampleRate,
        channels: decode(new DataView(view.buffer, view.byteOffset + at + 8, size), format),
      };
    }
    at = end + (size % 2);
  }
  throw new Error(`${name}: expected a "data" chunk. There is none.`);
}

interface Format {
  readonly coding: number;
  readonly channels: number;
  readonly sampleRate: number;
  readonly bits: number;
}

function readFormat(chunk: DataView, name: string): Format {
  if (chunk.byteLength < 16)
    throw new Error(`${name}: expected 16 bytes or more in the "fmt " chunk. Received ${chunk.byteLength}.`);
  const tag = chunk.getUint16(0, true);
  const coding = tag === extensible && chunk.byteLength >= 26 ? chunk.getUint16(24, true) : tag;
  const format = {
    coding,
    channels: chunk.getUint16(2, true),
    sampleRate: chunk.getUint32(4, true),
    bits: chunk.getUint16(14, true),
  };
  const known = coding === pcm ? [8, 16, 24, 32] : coding === float ? [32, 64] : [];
  if (!known.includes(format.bits)) {
    throw new Error(
      `${name}: expected PCM of 8, 16, 24 or 32 bits or floats of 32 or 64. Received coding ${coding} of ${format.bits} bits.`,
    );
  }
  if (format.channels === 0 || format.sampleRate === 0) {
    throw new Error(
      `${name}: expected channels and a sample rate. Received ${format.channels} and ${format.sampleRate}.`,
    );
  }
  return format;
}

function decode(data: DataView, { coding, channels, bits }: Format): Float32Array[] {
  const width = bits / 8;
  const frames = Math.floor(data.byteLength / (width * channels));
  const read = sampleReader(data, coding, bits);
  return Array.from({ length: channels }, (_, channel) =>
    Float32Array.from({ length: frames }, (_, frame) => read((frame * channels + channel) * width)),
  );
}

function sampleReader(data: DataView, coding: number, bits: number): (at: number) => number {
  if (coding === float) return bits === 32 ? (at) => data.getFloat32(at, true) : (at) => data.getFloat64(at, true);
  switch (bits) {
    case 8:
      return (at) => (data.getUint8(at) - 128) / 2 ** 7;
    case 16:
      return (at) => data.getInt16(at, true) / 2 ** 15;
    case 24:
      return (at) => (data.getUint8(at) | (data.getInt16(at + 1, true) << 8)) / 2 ** 23;
    default:
      return (at) => data.getInt32(at, true) / 2 ** 31;
  }
}
