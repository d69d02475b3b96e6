import { builtin } from "./builtin.ts";
import type { Step } from "./step.ts";

/** Writes steps where TensorBoard reads them. */
export interface TensorBoard {
  write(step: Step): Promise<void>;
  close(): Promise<void>;
}

/**
 * An event file in `folder`, for `tensorboard --logdir folder`: scalars `train/loss`, `train/learning-rate`,
 * `train/gradient-norm`, `train/examples-per-second`, `train/peak-bytes`, what the loss tells (`train/…`) and `validation/…`. A resumed training adds a file; TensorBoard shows the
 * newer values where steps repeat.
 *
 * @param now milliseconds since 1970
 */
export function tensorBoard(folder: string, now: () => number = Date.now): TensorBoard {
  const started = (async () => {
    const { mkdir, open } = builtin("node:fs/promises");
    const { join } = builtin("node:path");
    const { hostname } = builtin("node:os");
    await mkdir(folder, { recursive: true });
    const name = `events.out.tfevents.${Math.floor(now() / 1000)}.${hostname()}.${process.pid}`;
    const file = await open(join(folder, name), "a");
    await file.appendFile(frame(message([double(1, now() / 1000), text(3, "brain.Event:2")])));
    return file;
  })();
  started.catch(() => {});
  let before = 0;
  return {
    async write(step) {
      const scalars: Record<string, number> = {
        "train/loss": step.loss,
        "train/learning-rate": step.learningRate,
        "train/gradient-norm": step.gradientNorm,
      };
      if (before > 0) scalars["train/examples-per-second"] = ((step.examples - before) * 1000) / step.milliseconds;
      before = step.examples;
      scalars["train/peak-bytes"] = step.peakBytes;
      for (const [name, value] of Object.entries(step.scalars ?? {})) scalars[`train/${name}`] = value;
      for (const [name, value] of Object.entries(step.validation ?? {})) scalars[`validation/${name}`] = value;
      await (await started).appendFile(frame(scalarEvent(step.step, now() / 1000, scalars)));
    },
    async close() {
      await (await started).close();
    },
  };
}

/** One scalar event: tensorflow/core/util/event.proto and summary.proto. */
function scalarEvent(step: number, seconds: number, scalars: Readonly<Record<string, number>>): Uint8Array {
  const values = Object.entries(scalars).map(([tag, value]) => bytes(1, message([text(1, tag), float(2, value)])));
  return message([double(1, seconds), varint(2, step), bytes(5, message(values))]);
}

/** A TFRecord: length, its masked CRC, data, its masked CRC. */
function frame(data: Uint8Array): Uint8Array {
  const out = new Uint8Array(16 + data.length);
  const view = new DataView(out.buffer);
  view.setBigUint64(0, BigInt(data.length), true);
  view.setUint32(8, maskedCrc32c(out.subarray(0, 8)), true);
  out.set(data, 12);
  view.setUint32(12 + data.length, maskedCrc32c(data), true);
  return out;
}

const table = Uint32Array.from({ length: 256 }, (_, byte) => {
  let value = byte;
  for (let bit = 0; bit < 8; bit++) value = value & 1 ? (value >>> 1) ^ 0x82f63b78 : value >>> 1;
  return value;
});

/** CRC-32C (Castagnoli; RFC 3720, appendix B.4), rotated and shifted as TFRecord files have it. */
function maskedCrc32c(data: Uint8Array): number {
  let crc = 0xffffffff;
  for (const byte of data) crc = table[(crc ^ byte) & 0xff]! ^ (crc >>> 8);
  crc = (crc ^ 0xffffffff) >>> 0;
  return (((crc >>> 15) | (crc << 17)) + 0xa282ead8) >>> 0;
}

// Protocol Buffers wire format: field number and wire type, then the value.
const encoder = new TextEncoder();

function message(fields: readonly Uint8Array[]): Uint8Array {
  const out = new Uint8Array(fields.reduce((sum, field) => sum + field.length, 0));
  let at = 0;
  for (const field of fields) {
    out.set(field, at);
    at += field.length;
  }
  return out;
}

function varintBytes(value: number): number[] {
  const out: number[] = [];
  let rest = value;
  for (; rest >= 128; rest = Math.floor(rest / 128)) out.push((rest % 128) | 128);
  return [...out, rest];
}

function varint(field: number, value: number): Uint8Array {
  return Uint8Array.from([field << 3, ...varintBytes(value)]);
}

function bytes(field: number, data: Uint8Array): Uint8Array {
  return message([Uint8Array.from([(field << 3) | 2, ...varintBytes(data.length)]), data]);
}

function text(field: number, value: string): Uint8Array {
  return bytes(field, encoder.encode(value));
}

function double(field: number, value: number): Uint8Array {
  const out = new DataView(new ArrayBuffer(9));
  out.setUint8(0, (field << 3) | 1);
  out.setFloat64(1, value, true);
  return new Uint8Array(out.buffer);
}

function float(field: number, value: number): Uint8Array {
  const out = new DataView(new ArrayBuffer(5));
  out.setUint8(0, (field << 3) | 5);
  out.setFloat32(1, value, true);
  return new Uint8Array(out.buffer);
}
