#!/usr/bin/env node
import { CommanderError } from "commander";
import { program } from "./program.ts";
import { processTerminal, UsageError } from "./terminal.ts";

/**
 * Exit codes: 0 done, 1 failed, 2 wrong usage or recipe, 130 stopped by Ctrl-C.
 */
async function main(): Promise<void> {
  const interrupt = new AbortController();
  let first: number | undefined;
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) {
    process.on(signal, () => {
      // The first asks to stop in good order; another, later, ends at once. Files are whole either way. One Ctrl-C can come
      // several times: from the terminal, and passed on by npm.
      if (first !== undefined && Date.now() - first > 1000) process.exit(130);
      first ??= Date.now();
      interrupt.abort(new Error(`stopped by ${signal}`));
    });
  }
  // A reader that leaves (`nacre … | head`) is no error.
  process.stdout.on("error", (error: NodeJS.ErrnoException) => {
    if (error.code === "EPIPE") process.exit(0);
    throw error;
  });
  try {
    await program({ terminal: processTerminal, signal: interrupt.signal }).parseAsync(process.argv);
    if (interrupt.signal.aborted) process.exitCode = 130;
  } catch (error) {
    process.exitCode = exitCode(error, interrupt.signal);
  }
  // Workers and handles of backends must not keep a finished command alive.
  process.exit();
}

function exitCode(error: unknown, signal: AbortSignal): number {
  if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : 2;
  if (signal.aborted) return 130;
  const text = error instanceof Error ? error.message : String(error);
  process.stderr.write(`${text}\n`);
  if (process.env.NACRE_DEBUG && error instanceof Error) process.stderr.write(`${error.stack}\n`);
  return error instanceof UsageError || (error as Error).name === "RecipeError" ? 2 : 1;
}

await main();
