// npm run nacre -- …: the command of packages/cli, installed and built first.
import { join } from "node:path";
import { bootstrap, root, run } from "./bootstrap.mjs";

const env = bootstrap();
const built = await run(
  "turbo",
  ["run", "build", "--filter=@nacre/cli", "--output-logs=errors-only", "--log-prefix=none"],
  {
    env,
  },
);
if (built.code !== 0) process.exit(built.code);
const parameters = [join(root, "packages/cli/dist/main.js"), ...process.argv.slice(2)];
const { code } = await run(process.execPath, parameters, { env, cwd: process.env.INIT_CWD ?? root });
process.exit(code);
