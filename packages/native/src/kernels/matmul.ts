import * as tf from "@tensorflow/tfjs-core";
import type { NativeBackend } from "../backend.ts";
import { type Attributes, type Inputs, type Kernel, mostly } from "../kernel.ts";
import { activationCode, epilogue } from "./activation.ts";

interface Product {
  readonly batch: number[];
  readonly batchA: number;
  readonly batchB: number;
  readonly m: number;
  readonly n: number;
  readonly k: number;
}

function product(a: tf.TensorInfo, b: tf.TensorInfo, transposeA: boolean, transposeB: boolean): Product {
  const [rows, inner] = transposeA ? [a.shape.at(-1)!, a.shape.at(-2)!] : [a.shape.at(-2)!, a.shape.at(-1)!];
  const [other, columns] = transposeB ? [b.shape.at(-1)!, b.shape.at(-2)!] : [b.shape.at(-2)!, b.shape.at(-1)!];
  tf.util.assert(
    inner === other,
    () =>
      `Error in matMul: inner shapes (${inner}) and (${other}) of Tensors with shapes ${a.shape} and ${b.shape} and ` +
      `transposeA=${transposeA} and transposeB=${transposeB} must match.`,
  );
  const outerA = a.shape.slice(0, -2);
  const outerB = b.shape.slice(0, -2);
  const batch = tf.backend_util.assertAndGetBroadcastShape(outerA, outerB);
  return {
    batch,
    batchA: tf.util.sizeFromShape(outerA),
    batchB: tf.util.sizeFromShape(outerB),
    m: rows,
    n: columns,
    k: inner,
  };
}

function multiply(inputs: Inputs, attributes: Attributes, backend: NativeBackend): tf.TensorInfo | undefined {
  const a = inputs.a!;
  const b = inputs.b!;
  if (a.dtype !== "float32" || b.dtype !== "float32") return undefined;
  const transposeA = attributes.transposeA === true;
  const transposeB = attributes.transposeB === true;
  const { batch, batchA, batchB, m, n, k } = product(a, b, transposeA, transposeB);
  const { fused, rest } = epilogue(inputs.bias, attributes, n);
  const count = tf.util.sizeFromShape(batch);
  const left = backend.floats(a);
  const turned = transposeA ? undefined : backend.turnedFloats(b);
  const right = turned ?? backend.floats(b);
  const bias = fused.bias && backend.floats(fused.bias);
  const result = backend.output([...batch, m, n], "float32");
  const out = result.dataId.array as Float32Array;
  const code = activationCode(fused.activation);
  if (turned !== undefined) {
    const [rows, columns] = b.shape.slice(-2);
    backend.addon.matmulTurned(left, turned, out, count * m, rows, columns, transposeB, bias, code, fused.slope);
    return rest(result, inputs, attributes, backend);
  }
  const call = (x: Float32Array, y: Float32Array, to: Float32Array, xs: number, ys: number, zs: number): void =>
    backend.addon.matmul(x, y, to, xs, ys, zs, m, n, k, transposeA, transposeB, bias, code, fused.slope);
  const simple = (size: number, outer: number[]): boolean =>
    size === 1 ||
    (size === count && outer.length === batch.length) ||
    outer.join() === batch.slice(-outer.length).join();
  if (simple(batchA, a.shape.slice(0, -2)) && simple(batchB, b.shape.slice(0, -2))) {
    call(left, right, out, batchA, batchB, count);
  } else {
    const [stepsA, stepsB] = [a, b].map(({ shape }) => batchSteps(shape.slice(0, -2), batch)) as [number[], number[]];
    for (let each = 0; each < count; each++) {
      const x = stepsA[each]! * m * k;
      const y = stepsB[each]! * k * n;
      call(
        left.subarray(x, x + m * k),
        right.subarray(y, y + k * n),
        out.subarray(each * m * n, (each + 1) * m * n),
        1,
        1,
        1,
      );
    }
  }
  return rest(result, inputs, attributes, backend);
}

/** For each product of a batch, which matrix of an operand it takes. */
function batchSteps(outer: number[], batch: number[]): number[] {
  const sizes = [...new Array(batch.length - outer.length).fill(1), ...outer] as number[];
  const strides = tf.util.computeStrides([...sizes, 1]);
  return Array.from({ length: tf.util.sizeFromShape(batch) }, (_, each) => {
    let rest = each;
    let place = 0;
    for (let axis = batch.length - 1; axis >= 0; axis--) {
      const index = rest % batch[axis]!;
      rest = (rest - index) / batch[axis]!;
      if (sizes[axis]! > 1) place += index * strides[axis]!;
    }
    return place;
  });
}

export const matmulKernels: readonly Kernel[] = [mostly("BatchMatMul", multiply), mostly("_FusedMatMul", multiply)];
