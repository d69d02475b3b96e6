import { readFileSync } from "node:fs";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { fromFloat32, toFloat32 } from "./safetensors/values.ts";
import {
  type Dtype,
  dtypeBytes,
  encodeSafetensors,
  type NamedTensorData,
  parseSafetensors,
  sizeOf,
} from "./safetensors.ts";

const fixture = (name: string) => readFileSync(new URL(`./fixtures/${name}`, import.meta.url));

/** A file with any header text, of honest length, and `size` bytes of tensors. */
function fileOf(header: string | Uint8Array, size = 0): Uint8Array {
  const json = typeof header === "string" ? new TextEncoder().encode(header) : header;
  const bytes = new Uint8Array(8 + json.byteLength + size);
  new DataView(bytes.buffer).setBigUint64(0, BigInt(json.byteLength), true);
  bytes.set(json, 8);
  return bytes;
}

const tensorArbitrary = fc
  .record({
    dtype: fc.constantFrom(...(Object.keys(dtypeBytes) as Dtype[])),
    shape: fc.array(fc.nat(4), { maxLength: 4 }),
  })
  .chain(({ dtype, shape }) => {
    const length = sizeOf(shape) * dtypeBytes[dtype];
    return fc.uint8Array({ minLength: length, maxLength: length }).map((data) => ({ dtype, shape, data }));
  });

const fileArbitrary = fc
  .uniqueArray(fc.tuple(fc.string({ unit: "binary" }), tensorArbitrary), { selector: ([name]) => name, maxLength: 6 })
  .map((tensors): NamedTensorData[] =>
    tensors.filter(([name]) => name !== "__metadata__").map(([name, tensor]) => ({ name, ...tensor })),
  );

describe("encodeSafetensors and parseSafetensors", () => {
  it("gives back any tensors under any names, in order", () => {
    fc.assert(
      fc.property(fileArbitrary, fc.dictionary(fc.string(), fc.string()), (tensors, metadata) => {
        const file = parseSafetensors(encodeSafetensors(tensors, metadata));
        expect([...file.tensors].map(([name, tensor]) => ({ name, ...tensor }))).toEqual(tensors);
        expect(Object.entries(file.metadata).sort()).toEqual(Object.entries(metadata).sort());
      }),
    );
  });

  it("aligns every tensor to its element size, after a header of a multiple of 8 bytes", () => {
    const tensors = (["U8", "F64", "BF16", "F32"] as const).map((dtype) => ({
      name: dtype,
      dtype,
      shape: [3],
      data: new Uint8Array(3 * dtypeBytes[dtype]),
    }));
    const bytes = encodeSafetensors(tensors);
    expect(new DataView(bytes.buffer).getUint32(0, true) % 8).toBe(0);
    for (const { dtype, data } of parseSafetensors(bytes).tensors.values()) {
      expect(data.byteOffset % dtypeBytes[dtype]).toBe(0);
    }
  });

  it("gives views of shared memory", () => {
    const bytes = encodeSafetensors([
      { name: "a", dtype: "F32", shape: [1], data: fromFloat32(Float32Array.of(4), "F32") },
    ]);
    const shared = new Uint8Array(new SharedArrayBuffer(bytes.byteLength));
    shared.set(bytes);
    const tensor = parseSafetensors(shared).tensors.get("a")!;
    expect(tensor.data.buffer).toBe(shared.buffer);
    expect(toFloat32(tensor).buffer).toBe(shared.buffer);
  });

  it("refuses what it could not read again", () => {
    const tensor = { name: "a", dtype: "F32", shape: [2], data: new Uint8Array(8) } as const;
    expect(() => encodeSafetensors([tensor, tensor])).toThrow(
      'Expected each name once in the tensors to write. Received "a" twice.',
    );
    expect(() => encodeSafetensors([{ ...tensor, name: "__metadata__" }])).toThrow("__metadata__");
    expect(() => encodeSafetensors([{ ...tensor, shape: [3] }])).toThrow('Expected 12 bytes for "a" (F32 [3])');
    expect(() => encodeSafetensors([{ ...tensor, shape: [-1] }])).toThrow("a shape of integers from 0");
    expect(() => encodeSafetensors([{ ...tensor, dtype: "F31" as Dtype }])).toThrow("a dtype of F64, F32");
  });
});

describe("a malformed file", () => {
  const one = (fields: string) => `{"a":{${fields}}}`;
  const good = '"dtype":"F32","shape":[1],"data_offsets":[0,4]';
  const huge = new Uint8Array(16).fill(255);
  it.each<[string, Uint8Array, string]>([
    ["an empty file", new Uint8Array(0), "Expected at least 8 bytes"],
    ["7 bytes", new Uint8Array(7), "Expected at least 8 bytes"],
    ["a header longer than the limit", huge, "a header of at most 100000000 bytes"],
    ["a header longer than the file", fileOf("{}").subarray(0, 9), "a header within the 9 bytes"],
    ["a header of no bytes", new Uint8Array(8), "a header of at least 2 bytes"],
    ["no JSON", fileOf("{]"), "a header of JSON in UTF-8"],
    ["no UTF-8", fileOf(Uint8Array.of(0x7b, 0x22, 0xff, 0x22, 0x3a, 0x31, 0x7d)), "a header of JSON in UTF-8"],
    ["a byte order mark", fileOf("\ufeff{}"), "a header of JSON in UTF-8"],
    ["deep nesting", fileOf("[".repeat(1_000_000)), "a header of JSON in UTF-8"],
    ["an array", fileOf("[]"), "a header that is a JSON object"],
    ["leading space", fileOf(" {}"), "a header that is a JSON object"],
    ["a tensor that is none", fileOf('{"a":1}'), 'an object for tensor "a"'],
    ["an unknown dtype", fileOf(one('"dtype":"F31","shape":[1],"data_offsets":[0,4]'), 4), "a dtype of F64"],
    ["a dtype from the prototype", fileOf(one('"dtype":"toString","shape":[],"data_offsets":[0,4]'), 4), "a dtype of"],
    ["a negative size", fileOf(one('"dtype":"F32","shape":[-1],"data_offsets":[0,4]'), 4), "a shape of integers"],
    ["a broken size", fileOf(one('"dtype":"F32","shape":[0.5],"data_offsets":[0,4]'), 4), "a shape of integers"],
    [
      "an unsafe size",
      fileOf(one('"dtype":"U8","shape":[9007199254740993],"data_offsets":[0,4]'), 4),
      "a shape of integers",
    ],
    [
      "an overflowing shape",
      fileOf(one('"dtype":"U8","shape":[4294967296,4294967296],"data_offsets":[0,0]')),
      "less than 2^53 bytes",
    ],
    ["no shape", fileOf(one('"dtype":"F32","data_offsets":[0,4]'), 4), "a shape of integers"],
    ["no offsets", fileOf(one('"dtype":"F32","shape":[1]'), 4), "data_offsets [begin, end]"],
    ["reversed offsets", fileOf(one('"dtype":"F32","shape":[1],"data_offsets":[4,0]'), 4), "data_offsets [begin, end]"],
    ["too few bytes", fileOf(one('"dtype":"F32","shape":[2],"data_offsets":[0,4]'), 4), "Expected 8 bytes for tensor"],
    ["an end beyond the file", fileOf(one(good), 3), "Expected 3 bytes of tensors"],
    ["trailing bytes", fileOf(one(good), 5), "Expected 5 bytes of tensors"],
    ["a gap before", fileOf(one('"dtype":"F32","shape":[1],"data_offsets":[4,8]'), 8), "to begin at byte 0"],
    ["an overlap", fileOf(`{"a":{${good}},"b":{${good}}}`, 8), "to begin at byte 4"],
    [
      "a name twice",
      fileOf(`{"a":{${good}},"\\u0061":{${good}}}`, 4),
      'each key of the header once in the safetensors bytes. Received "a" twice',
    ],
    ["a field twice", fileOf(one(`${good},"shape":[1]`), 4), 'Received "shape" twice'],
    ["metadata of numbers", fileOf('{"__metadata__":{"a":1}}'), "__metadata__ that maps text to text"],
  ])("is refused: %s", (_, bytes, message) => {
    expect(() => parseSafetensors(bytes)).toThrow(message);
  });

  it("is never anything but read or refused with our error", () => {
    const mutation = fc.tuple(fc.nat(), fc.constantFrom(...'0123456789-{}[]",:.eF \u0000\u00ff'), fc.nat(2));
    fc.assert(
      fc.property(fileArbitrary, fc.array(mutation, { minLength: 1, maxLength: 4 }), (tensors, mutations) => {
        let bytes = [...encodeSafetensors(tensors)];
        for (const [place, letter, kind] of mutations) {
          const at = place % bytes.length;
          bytes = [
            ...bytes.slice(0, at),
            ...(kind === 1 ? [] : [letter.charCodeAt(0)]),
            ...bytes.slice(at + (kind === 2 ? 0 : 1)),
          ];
        }
        try {
          parseSafetensors(Uint8Array.from(bytes));
        } catch (error) {
          expect((error as Error).message).toMatch(/^Expected .* in the safetensors bytes\. Received .*\.$/s);
        }
      }),
      { numRuns: 2000 },
    );
  });
});

describe("values", () => {
  const { tensors, metadata } = parseSafetensors(fixture("python.safetensors"));
  const expected = JSON.parse(fixture("python.json").toString()) as Record<string, number[]>;

  it("are read as Python wrote them", () => {
    expect(metadata).toEqual({ framework: "pt", 语: "值" });
    for (const [name, bits] of Object.entries(expected)) {
      const values = toFloat32(tensors.get(name)!);
      expect([...new Uint32Array(values.slice().buffer)], name).toEqual(bits);
    }
    expect(tensors.get("f8")).toMatchObject({ dtype: "F8_E4M3", shape: [3], data: { byteLength: 3 } });
    expect(() => toFloat32(tensors.get("f8")!)).toThrow("F8_E4M3");
  });

  it("are rounded to narrow types as torch rounds them", () => {
    const floats = toFloat32(tensors.get("f32")!);
    for (const [name, dtype] of [
      ["f16", "F16"],
      ["bf16", "BF16"],
      ["f64", "F64"],
      ["f32", "F32"],
    ] as const) {
      expect(fromFloat32(floats, dtype), name).toEqual(new Uint8Array(tensors.get(name)!.data));
    }
  });

  it("survive every 16-bit float", () => {
    for (const dtype of ["F16", "BF16"] as const) {
      const all = Uint16Array.from({ length: 65536 }, (_, index) => index);
      const values = toFloat32({ dtype, shape: [65536], data: new Uint8Array(all.buffer) });
      const back = new Uint16Array(fromFloat32(values, dtype).buffer);
      const wrong = all.filter((half, index) => !Number.isNaN(values[index]!) && back[index] !== half);
      expect([...wrong]).toEqual([]);
    }
    expect(toFloat32({ dtype: "F16", shape: [1], data: fromFloat32(Float32Array.of(Number.NaN), "F16") })[0]).toBeNaN();
    expect(
      toFloat32({ dtype: "BF16", shape: [1], data: fromFloat32(Float32Array.of(Number.NaN), "BF16") })[0],
    ).toBeNaN();
  });

  it("clamp to integer types", () => {
    const values = Float32Array.of(-1e30, -128.5, 2.5, 3.5, 1e30, Number.NaN);
    const through = (dtype: Dtype) => [...toFloat32({ dtype, shape: [6], data: fromFloat32(values, dtype) })];
    expect(through("I8")).toEqual([-128, -128, 2, 4, 127, 0]);
    expect(through("U8")).toEqual([0, 0, 2, 4, 255, 0]);
    expect(through("I64")).toEqual([-(2 ** 63), -128, 2, 4, 2 ** 63, 0]);
    expect(through("BOOL")).toEqual([1, 1, 1, 1, 1, 1]);
  });

  it("are checked for their length", () => {
    expect(() => toFloat32({ dtype: "F32", shape: [2], data: new Uint8Array(4) })).toThrow(
      "Expected 8 bytes for F32 of shape [2]. Received 4 bytes.",
    );
  });
});
