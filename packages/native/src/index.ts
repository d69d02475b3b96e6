// Importing the package is enough: TensorFlow.js chooses its backend by itself.
import { register } from "./register.ts";

export { NativeBackend, type NativeMemory } from "./backend.ts";
export { describeProfile, type ProfileReport } from "./profile.ts";
export { type NativeReport, profile, register } from "./register.ts";

try {
  register();
} catch (error) {
  console.warn(`${(error as Error).message} TensorFlow.js computes with the other backends there are.`);
}
