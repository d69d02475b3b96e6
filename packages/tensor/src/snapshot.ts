import * as tf from "@tensorflow/tfjs-core";
import { type Model, parameters } from "./parameters.ts";
import { toFloat32 } from "./safetensors/values.ts";
import { dtypeBytes, type NamedTensorData, sizeOf, type TensorData } from "./safetensors.ts";

/**
 * Every parameter of a model as bytes, in the order of `parameters(model)`: float32 as F32, int32 as I32, bool as BOOL. The
 * bytes are copies: training on does not change them.
 *
 * @throws Error for parameters of another type (complex64, string).
 */
export async function snapshot(model: Model): Promise<NamedTensorData[]> {
  return Promise.all(
    [...parameters(model)].map(async ([name, variable]) => {
      const dtype = storedAs[variable.dtype];
      if (dtype === undefined) {
        throw new Error(`Expected parameters of float32, int32 or bool. Received ${variable.dtype} at "${name}".`);
      }
      const values = await variable.data();
      const data = new Uint8Array(values.buffer, values.byteOffset, values.byteLength).slice();
      return { name, dtype, shape: [...variable.shape], data };
    }),
  );
}

/**
 * Puts stored tensors into a model's parameters. Names and shapes must be exactly the model's; float types of any width are
 * converted to float32.
 *
 * On a backend that computes on JavaScript's memory (cpu), F32 data that is aligned to 4 bytes is used where it lies: models
 * in several threads over one SharedArrayBuffer share one copy. Do not change the bytes afterwards. On the others (wasm,
 * WebGPU) every model has its copy in the backend's memory.
 *
 * @throws Error that lists missing and unexpected names, shapes and types that differ. The model is then unchanged.
 */
export function restore(model: Model, tensors: ReadonlyMap<string, TensorData>): void {
  const wanted = parameters(model);
  const problems = differences(wanted, tensors);
  if (problems.length > 0) {
    throw new Error(
      `Expected the ${wanted.size} tensors of the model. Received ${tensors.size} that differ:\n${problems.join("\n")}`,
    );
  }
  for (const [name, variable] of wanted) {
    const value = tf.tensor(valuesFor(variable, tensors.get(name)!), [...variable.shape], variable.dtype as "float32");
    variable.assign(value);
    value.dispose();
  }
}

const storedAs: Partial<Record<tf.DataType, "F32" | "I32" | "BOOL">> = { float32: "F32", int32: "I32", bool: "BOOL" };

const acceptedFor: Partial<Record<tf.DataType, readonly string[]>> = {
  float32: ["F32", "F16", "BF16", "F64"],
  int32: ["I32", "I16", "I8", "U16", "U8"],
  bool: ["BOOL"],
};

function valuesFor(variable: tf.Variable, tensor: TensorData): Float32Array | Int32Array | Uint8Array {
  if (variable.dtype === "bool") return tensor.data;
  if (variable.dtype === "float32") return toFloat32(tensor);
  if (tensor.dtype !== "I32") return Int32Array.from(toFloat32(tensor));
  const bytes = tensor.data.byteOffset % 4 === 0 ? tensor.data : tensor.data.slice();
  return new Int32Array(bytes.buffer, bytes.byteOffset, bytes.byteLength / 4);
}

function differences(wanted: Map<string, tf.Variable>, tensors: ReadonlyMap<string, TensorData>): string[] {
  const problems: string[] = [];
  for (const [name, variable] of wanted) {
    const tensor = tensors.get(name);
    if (tensor === undefined) {
      problems.push(`  missing "${name}" [${variable.shape}]`);
      continue;
    }
    if (
      tensor.shape.length !== variable.shape.length ||
      tensor.shape.some((size, axis) => size !== variable.shape[axis])
    ) {
      problems.push(`  "${name}": expected shape [${variable.shape}], received [${tensor.shape}]`);
    } else if (!acceptedFor[variable.dtype]?.includes(tensor.dtype)) {
      problems.push(`  "${name}": expected ${acceptedFor[variable.dtype]?.join(" or ")}, received ${tensor.dtype}`);
    } else if (tensor.data.byteLength !== sizeOf(tensor.shape) * dtypeBytes[tensor.dtype]) {
      const expected = sizeOf(tensor.shape) * dtypeBytes[tensor.dtype];
      problems.push(`  "${name}": expected ${expected} bytes, received ${tensor.data.byteLength}`);
    }
  }
  for (const [name, tensor] of tensors)
    if (!wanted.has(name)) problems.push(`  unexpected "${name}" [${tensor.shape}]`);
  return problems;
}
