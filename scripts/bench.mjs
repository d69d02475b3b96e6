// npm run bench -- NAME …: one benchmark, or all of them. `npm run bench -- --help` lists them.
import { join } from "node:path";
import { bootstrap, root, run } from "./bootstrap.mjs";

const env = bootstrap();
const parameters = ["--conditions=@nacre/source", join(root, "bench/main.ts"), ...process.argv.slice(2)];
const { code } = await run("tsx", parameters, { env });
process.exit(code);
