import { describeBackend, doctor } from "@nacre/tensor";
import type { Command } from "commander";
import type { Surroundings } from "../program.ts";

export function addDoctor(nacre: Command, { terminal }: Surroundings): void {
  nacre
    .command("doctor")
    .description("Which backend computes here and why; what this machine is.")
    .option("--json", "as JSON")
    .action(async (options: { json?: boolean }) => {
      const report = await doctor();
      if (options.json) {
        terminal.out.write(`${JSON.stringify(report, null, 2)}\n`);
        return;
      }
      terminal.out.write(`${describeBackend(report)}\n`);
    });
}
