import * as tf from "@tensorflow/tfjs-core";
import type { BackendName } from "./report.ts";

/**
 * Makes TensorFlow.js compute with a registered backend; it starts if it has not.
 *
 * @throws Error with the reason when it does not start: TensorFlow.js itself prints it and only returns false.
 */
export async function setBackend(name: BackendName): Promise<boolean> {
  const warn = console.warn;
  const warnings: string[] = [];
  console.warn = (...parts: unknown[]) => warnings.push(parts.map(describe).join(" "));
  const forgetListeners = watchListeners();
  try {
    if (await tf.setBackend(name)) return true;
  } finally {
    console.warn = warn;
    forgetListeners();
  }
  if (warnings.length > 0) throw new Error(warnings.join("; "));
  return false;
}

/** The wasm program takes every uncaught error of the process into its hands; the returned function takes them back. */
function watchListeners(): () => void {
  if (typeof process === "undefined" || typeof process.listeners !== "function") return () => {};
  const events = ["uncaughtException", "unhandledRejection"] as const;
  const before = events.map((event) => new Set<unknown>(process.listeners(event as "uncaughtException")));
  return () => {
    for (const [index, event] of events.entries()) {
      for (const listener of process.listeners(event as "uncaughtException")) {
        if (!before[index]!.has(listener)) process.off(event, listener);
      }
    }
  };
}

export function describe(error: unknown): string {
  if (error instanceof Error) return error.message;
  const message = (error as { message?: unknown } | null)?.message;
  return typeof message === "string" ? message : String(error);
}
