// What is bundled and run: TensorFlow.js's own specs, on the backend that the environment variable names, as this package
// sets it up.
import "@tensorflow/tfjs-core/dist/public/chained_ops/register_all_chained_ops";
import { type BackendName, ready, tf } from "@nacre/tensor";
import { setTestEnvs } from "@tensorflow/tfjs-core/dist/jasmine_util";

const backend = process.env.NACRE_CONFORMANCE_BACKEND as BackendName;
// The native backend is in the bundle, so that it meets the one copy of TensorFlow.js; `ready` would look for the package.
await ready({ backend: backend === "native" ? "cpu" : backend });
await tf.setBackend(backend);
setTestEnvs([{ name: backend, backendName: backend, isDataSync: true }]);
await import("@tensorflow/tfjs-core/dist/tests");
