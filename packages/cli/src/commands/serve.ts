import { resolve } from "node:path";
import { openBundle } from "@nacre/lineage";
import { ServeOptions, serve } from "@nacre/serve";
import type { Command } from "commander";
import { addFlags } from "../flags.ts";
import type { Surroundings } from "../program.ts";
import { UsageError } from "../terminal.ts";

export function addServe(nacre: Command, { terminal, signal }: Surroundings): void {
  const command = nacre
    .command("serve")
    .description("Serve one bundle or many over HTTP until Ctrl-C or SIGTERM.")
    .argument("<bundles...>", "bundle folders; ID=FOLDER gives a model another id than its name")
    .option("--json", "the address as a JSON line");
  addFlags(command, ServeOptions);
  command
    .addHelpText(
      "after",
      `
Routes
  GET  /health/live  /health/ready  /metrics  /openapi.json
  GET  /v1/models
  POST /v1/models/ID/predict     {"inputs": [{"image": "<base64 PNG>"}]} or {"inputs": [{"age": 39, …}]}

Example
  nacre serve runs/…/bundle --port 8080
  curl -F image=@seven.png http://127.0.0.1:8080/v1/models/digits/predict`,
    )
    .action(async (bundles: string[], { json, ...flags }: { json?: boolean } & Record<string, unknown>) => {
      const models = await Promise.all(bundles.map(named));
      const twice = models.find(({ id }, index) => models.findIndex((other) => other.id === id) !== index);
      if (twice) throw new UsageError(`Two bundles have the id ${twice.id}. Give one another: ID=FOLDER.`);
      const server = await serve({ ...ServeOptions.parse(flags), models });
      const ids = models.map(({ id }) => id);
      terminal.out.write(
        json
          ? `${JSON.stringify({ address: server.address, models: ids })}\n`
          : `Serving ${ids.join(", ")} at ${server.address}\nCtrl-C ends it.\n`,
      );
      await new Promise<void>((done) => {
        if (signal.aborted) done();
        signal.addEventListener("abort", () => done(), { once: true });
      });
      await server.close();
    });
}

async function named(text: string): Promise<{ id: string; folder: string }> {
  const [, id, path] = text.match(/^([A-Za-z0-9][\w.-]*)=(.+)$/) ?? [];
  const folder = resolve(path ?? text);
  return { id: id ?? (await openBundle(folder)).manifest.name, folder };
}
