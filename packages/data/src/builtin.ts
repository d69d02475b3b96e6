interface Modules {
  "node:crypto": typeof import("node:crypto");
  "node:fs": typeof import("node:fs");
  "node:fs/promises": typeof import("node:fs/promises");
  "node:module": typeof import("node:module");
  "node:os": typeof import("node:os");
  "node:path": typeof import("node:path");
  "node:url": typeof import("node:url");
  "node:worker_threads": typeof import("node:worker_threads");
}

/**
 * A module of Node's own, without an import that a bundler for browsers would follow.
 *
 * @throws Error elsewhere than under Node.
 */
export function builtin<Name extends keyof Modules>(name: Name): Modules[Name] {
  const found = globalThis.process?.getBuiltinModule?.(name);
  if (found !== undefined) return found as unknown as Modules[Name];
  throw new Error(`Expected Node 20.19 or newer: this works with files, and needs ${name}.`);
}
