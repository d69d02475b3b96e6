import type { Image } from "../image.ts";

/** How images are decoded: `sharp` when it is installed (Node), `plain` in JavaScript, everywhere. */
export type ImageDecoder = "sharp" | "plain";

/** Bytes up to which a PNG is decoded in JavaScript. */
const smallPng = 8192;

/**
 * A PNG or JPEG as pixels: grey (1), grey and alpha (2), RGB (3) or RGBA (4). 16-bit samples keep their upper byte. Uses
 * sharp where it is installed, except for PNGs so small that its start costs more than they do; else decoders in JavaScript.
 * PNGs are the same either way, JPEGs within 2 levels.
 *
 * @throws Error naming the picture when it is neither PNG nor JPEG, or damaged.
 */
export async function decodeImage(
  bytes: Uint8Array,
  {
    name = "image",
    decoder,
    maximumPixels = Number.POSITIVE_INFINITY,
  }: { readonly name?: string; readonly decoder?: ImageDecoder; readonly maximumPixels?: number } = {},
): Promise<Image> {
  const kind = kindOf(bytes);
  if (kind === undefined) {
    const start = [...bytes.subarray(0, 4)].map((byte) => byte.toString(16).padStart(2, "0")).join(" ");
    throw new Error(`${name}: expected a PNG or JPEG. Received bytes that start with ${start || "nothing"}.`);
  }
  const size = sizeOf(bytes, kind);
  if (size !== undefined && size.width * size.height > maximumPixels) {
    throw new Error(
      `${name}: expected at most ${maximumPixels} pixels. Received ${size.width} × ${size.height} of them.`,
    );
  }
  const plain = decoder === "plain" || (decoder === undefined && kind === "png" && bytes.length < smallPng);
  const sharp = plain ? undefined : await loadSharp();
  if (sharp === undefined && decoder === "sharp") throw new Error("Expected sharp to be installed: npm install sharp");
  try {
    if (sharp !== undefined) return await decodeWithSharp(sharp, bytes);
    return kind === "png" ? await decodePng(bytes) : await decodeJpeg(bytes);
  } catch (error) {
    throw new Error(`${name}: the ${kind.toUpperCase()} is damaged or cut off (${(error as Error).message}).`, {
      cause: error,
    });
  }
}

/** A PNG of an image. */
export async function encodePng({ width, height, channels, pixels }: Image): Promise<Uint8Array> {
  const { encode } = await import("fast-png");
  return encode({ width, height, channels, data: pixels, depth: 8 });
}

function kindOf(bytes: Uint8Array): "png" | "jpeg" | undefined {
  if (bytes[0] === 0x89 && bytes[1] === 0x50 && bytes[2] === 0x4e && bytes[3] === 0x47) return "png";
  return bytes[0] === 0xff && bytes[1] === 0xd8 ? "jpeg" : undefined;
}

type Sharp = typeof import("sharp")["default"];
let sharpModule: Promise<Sharp | undefined> | undefined;

function loadSharp(): Promise<Sharp | undefined> {
  if (typeof process === "undefined" || !process.versions?.node) return Promise.resolve(undefined);
  // The name is computed so that bundlers for browsers do not follow it.
  const name = "sharp";
  sharpModule ??= import(/* @vite-ignore */ name).then(
    (module: { default: Sharp }) => module.default,
    () => undefined,
  );
  return sharpModule;
}

async function decodeWithSharp(sharp: Sharp, bytes: Uint8Array): Promise<Image> {
  // A warning of libvips (a cut-off file) is a fault here.
  const picture = sharp(bytes, { failOn: "warning" });
  const { space } = await picture.metadata();
  const grey = space === "b-w" || space === "grey16";
  const colours = picture.toColourspace(grey ? "b-w" : "srgb");
  const { data, info } = await colours.raw({ depth: "uchar" }).toBuffer({ resolveWithObject: true });
  const { width, height, channels } = info;
  return { width, height, channels, pixels: new Uint8Array(data.buffer, data.byteOffset, data.length) };
}

async function decodePng(bytes: Uint8Array): Promise<Image> {
  const { convertIndexedToRgb, decode } = await import("fast-png");
  const png = decode(bytes, { checkCrc: true });
  const { width, height } = png;
  if (png.palette !== undefined) {
    const pixels = Uint8Array.from(convertIndexedToRgb(png));
    return { width, height, channels: pixels.length / (width * height), pixels };
  }
  const { data, depth, channels } = png;
  if (depth === 16) return { width, height, channels, pixels: Uint8Array.from(data, (value) => value >> 8) };
  if (depth === 8)
    return { width, height, channels, pixels: new Uint8Array(data.buffer, data.byteOffset, data.length) };
  return { width, height, channels, pixels: unpackBits(png) };
}

/** Grey of 1, 2 or 4 bits: rows start on whole bytes; the largest value is white. */
function unpackBits({
  width,
  height,
  depth,
  data,
}: {
  width: number;
  height: number;
  depth: number;
  data: ArrayLike<number>;
}): Uint8Array {
  const pixels = new Uint8Array(width * height);
  const rowBytes = Math.ceil((width * depth) / 8);
  const largest = 2 ** depth - 1;
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      const bit = x * depth;
      const byte = data[y * rowBytes + (bit >> 3)]!;
      pixels[y * width + x] = (((byte >> (8 - depth - (bit & 7))) & largest) * 255) / largest;
    }
  }
  return pixels;
}

async function decodeJpeg(bytes: Uint8Array): Promise<Image> {
  const jpeg = await import("jpeg-js");
  const { decode } = jpeg.default ?? jpeg;
  const { width, height, data } = decode(bytes, { useTArray: true, formatAsRGBA: false, maxMemoryUsageInMB: 1024 });
  const grey = frameOf(bytes)?.components === 1;
  const pixels = grey
    ? Uint8Array.from({ length: width * height }, (_, index) => data[index * 3]!)
    : new Uint8Array(data);
  return { width, height, channels: grey ? 1 : 3, pixels };
}

/** Size and colour components from the frame header of a JPEG (ITU-T T.81, B.2.2). */
function frameOf(bytes: Uint8Array): { height: number; width: number; components: number } | undefined {
  for (let at = 2; at + 9 < bytes.length; ) {
    const word = (offset: number): number => (bytes[at + offset]! << 8) | bytes[at + offset + 1]!;
    const marker = bytes[at + 1]!;
    const isFrame = marker >= 0xc0 && marker <= 0xcf && ![0xc4, 0xc8, 0xcc].includes(marker);
    if (isFrame) return { height: word(5), width: word(7), components: bytes[at + 9]! };
    at += 2 + word(2);
  }
  return undefined;
}

/** What a picture's header says of its size, before anything is unpacked. */
function sizeOf(bytes: Uint8Array, kind: "png" | "jpeg"): { height: number; width: number } | undefined {
  if (kind === "jpeg") return frameOf(bytes);
  if (bytes.length < 24) return undefined;
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  return { width: view.getUint32(16), height: view.getUint32(20) };
}
