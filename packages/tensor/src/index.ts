import "./gradients/register.ts";

export * as tf from "@tensorflow/tfjs-core";
export { type DoctorReport, doctor } from "./backend/doctor.ts";
export type { WasmPath } from "./backend/probes.ts";
export { type ReadyOptions, ready } from "./backend/ready.ts";
export { type BackendCandidate, type BackendName, type BackendReport, describeBackend } from "./backend/report.ts";
export { shareProcessors } from "./backend/share-processors.ts";
export { type CheckpointOptions, checkpoint } from "./checkpoint.ts";
export * from "./fused/index.ts";
export { type TensorMemory, tensorMemory } from "./memory.ts";
export { disposeModel, type Model, parameters, trainable } from "./parameters.ts";
export { randomNormal, randomUniform, truncatedNormal } from "./random.ts";
export { openSafetensors, type SafetensorsFile, type WritableTensor, writeSafetensors } from "./safetensors/file.ts";
export type { TensorPlace } from "./safetensors/header.ts";
export { fromFloat32, toFloat32 } from "./safetensors/values.ts";
export {
  type Dtype,
  encodeSafetensors,
  type NamedTensorData,
  parseSafetensors,
  type Safetensors,
  type TensorData,
} from "./safetensors.ts";
export { type SettleOptions, settleParameters, settleQuantized } from "./settle.ts";
export { restore, snapshot } from "./snapshot.ts";
export { withoutGradient } from "./tape.ts";
export { type ValueAndGradients, valueAndGradients } from "./value-and-gradients.ts";
