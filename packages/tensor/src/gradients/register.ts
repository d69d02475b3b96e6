import * as tf from "@tensorflow/tfjs-core";
import { elementwise } from "./elementwise.ts";
import { products } from "./products.ts";
import { reductions } from "./reductions.ts";
import { shapes } from "./shapes.ts";

/**
 * Registers the gradient of every operation that has one. TensorFlow.js keeps them in a module that its main file under Node
 * leaves out and that Node itself cannot load, so they are written here, as functions of the public operations.
 */
for (const gradient of [...elementwise, ...products, ...reductions, ...shapes]) tf.registerGradient(gradient);
