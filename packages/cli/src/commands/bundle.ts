import { inspectBundle } from "@nacre/lineage";
import type { Command } from "commander";
import type { Surroundings } from "../program.ts";

export function addBundle(nacre: Command, { terminal }: Surroundings): void {
  nacre
    .command("bundle")
    .description("Look into bundles.")
    .command("inspect")
    .description("What a bundle is made of; every file is checked against its digest.")
    .argument("<folder>", "a bundle's folder")
    .option("--json", "as JSON")
    .addHelpText("after", "\nExit code 1 when a file is damaged or missing.")
    .action(async (folder: string, options: { json?: boolean }) => {
      const inspection = await inspectBundle(folder);
      terminal.out.write(`${options.json ? JSON.stringify(inspection, null, 2) : inspection.text}\n`);
      if (!inspection.intact) process.exitCode = 1;
    });
}
