export * as tf from "@tensorflow/tfjs-core";
export { disposeModel, type Model, parameters, trainable } from "./parameters.ts";
