import { parseArgs } from "node:util";
import { createStudio } from "./studio.ts";

const help = `Serves the Nacre studio: a page where data becomes a served model.

  --port N          default 4321; 0 picks a free one
  --host ADDRESS    default 127.0.0.1: this machine only. The studio has no passwords.
  --runs FOLDER     where runs are kept       (default: runs)
  --recipes FOLDER  the recipes to choose from (default: recipes)
  --help            this text`;

const { values } = parse();
if (values.help) {
  console.log(help);
  process.exit(0);
}
const port = Number(values.port);
if (!Number.isInteger(port) || port < 0 || port > 65_535)
  fail(`Expected --port from 0 to 65535. Received ${values.port}.`);

const studio = await createStudio({ host: values.host, runsFolder: values.runs, recipesFolder: values.recipes });
let closing: number | undefined;
for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) {
  process.on(signal, () => {
    // One Ctrl-C can come several times: from the terminal, and passed on by npm.
    if (closing !== undefined && Date.now() - closing > 1000) process.exit(130);
    if (closing !== undefined) return;
    closing = Date.now();
    console.log("\nStopping …");
    void studio.close().then(() => process.exit(0));
  });
}
try {
  const address = await studio.app.listen({ port, host: values.host, listenTextResolver: () => "" });
  console.log(`\nNacre studio  ${address}\nCtrl-C ends it; runs that are under way are stopped and can be resumed.`);
} catch (error) {
  await studio.close();
  if ((error as NodeJS.ErrnoException).code === "EADDRINUSE") {
    fail(`Port ${port} is taken on ${values.host}. Choose another: npm start -- --port ${port + 1}`);
  }
  throw error;
}

function parse() {
  try {
    return parseArgs({
      options: {
        port: { type: "string", default: "4321" },
        host: { type: "string", default: "127.0.0.1" },
        runs: { type: "string", default: "runs" },
        recipes: { type: "string", default: "recipes" },
        help: { type: "boolean", short: "h", default: false },
      },
    });
  } catch (error) {
    return fail(`${(error as Error).message}\n\n${help}`);
  }
}

function fail(text: string): never {
  console.error(text);
  process.exit(2);
}
