// npm start: install, build what is missing, run the default recipe once, serve the demo.
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { isAbsolute, join, resolve } from "node:path";
import { parseArgs } from "node:util";
import { bootstrap, root, run } from "./bootstrap.mjs";

const help = `npm start [-- OPTIONS]

Installs and builds what is missing, trains and evaluates the default recipe once, then serves the demo and prints its
address. The second time it is up in seconds.

  --recipe FILE    the recipe to run first             (default: recipes/digits.yaml)
  --no-run         serve the demo only, train nothing
  --again          run the recipe even if a finished run of it exists
  --port N         the demo's port                     (default: 4321; 0 picks a free one)
  --host ADDRESS   the address to listen on            (default: 127.0.0.1: this machine only)
  --runs FOLDER    where runs are kept                 (default: runs)
  --help           this text

Examples
  npm start
  npm start -- --recipe recipes/mnist-cnn.yaml     needs the MNIST files: npm run nacre -- data get mnist
  npm start -- --no-run --port 8000
More commands: npm run nacre -- --help`;

const { values } = parse();
if (values.help) {
  console.log(help);
  process.exit(0);
}

const env = bootstrap();
const runs = absolute(values.runs);
const recipe = absolute(values.recipe);

console.log("Building what is missing …");
await must("turbo", ["run", "build", "--output-logs=errors-only", "--log-order=grouped"], "The build failed.");
if (values.run && (values.again || !finishedRun(recipe))) {
  const parameters = [join(root, "packages/cli/dist/main.js"), "run", recipe, "--runs", runs];
  await must(process.execPath, parameters, `The recipe ${values.recipe} did not finish.`);
}
const studio = [join(root, "apps/studio/dist/server/main.js"), "--runs", runs, "--recipes", join(root, "recipes")];
const { code } = await run(process.execPath, [...studio, "--port", values.port, "--host", values.host], { env });
process.exit(code);

function parse() {
  try {
    return parseArgs({
      allowNegative: true,
      options: {
        recipe: { type: "string", default: "recipes/digits.yaml" },
        run: { type: "boolean", default: true },
        again: { type: "boolean", default: false },
        port: { type: "string", default: "4321" },
        host: { type: "string", default: "127.0.0.1" },
        runs: { type: "string", default: "runs" },
        help: { type: "boolean", short: "h", default: false },
      },
    });
  } catch (error) {
    console.error(`${error.message}\n\n${help}`);
    process.exit(2);
  }
}

async function must(command, parameters, message) {
  const { code, signal } = await run(command, parameters, { env });
  if (code === 0) return;
  if (signal === null && code !== 130) console.error(message);
  process.exit(code);
}

/** Whether some run of the very same recipe is done. */
function finishedRun(path) {
  if (!existsSync(path)) {
    console.error(`There is no recipe at ${path}. The recipes here: ${readdirSync(join(root, "recipes")).join(", ")}`);
    process.exit(2);
  }
  const text = readFileSync(path, "utf8");
  if (!existsSync(runs)) return false;
  return readdirSync(runs).some((id) => {
    const state = read(join(runs, id, "run.json"));
    return state !== undefined && JSON.parse(state).state === "done" && read(join(runs, id, "recipe.yaml")) === text;
  });
}

function read(path) {
  return existsSync(path) ? readFileSync(path, "utf8") : undefined;
}

function absolute(path) {
  return isAbsolute(path) ? path : resolve(process.env.INIT_CWD ?? root, path);
}
