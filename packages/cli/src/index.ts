export { program, type Surroundings } from "./program.ts";
export { type Progress, ProgressPrinter } from "./progress.ts";
export { RunPrinter } from "./run-printer.ts";
export { type Terminal, UsageError } from "./terminal.ts";
