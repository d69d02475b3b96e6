// Installs the workspace when it is not installed as the lockfile says. Needs Node and npm alone: plain JavaScript, no
// dependencies. Once installed it never touches the network.
import { spawn, spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { delimiter, join } from "node:path";
import { fileURLToPath } from "node:url";

export const root = fileURLToPath(new URL("..", import.meta.url));
const stamp = join(root, "node_modules", ".nacre-installed");
const manifest = JSON.parse(readFileSync(join(root, "package.json"), "utf8"));

/** Installs what is missing and returns the environment in which the workspace's own commands are found. */
export function bootstrap() {
  checkNode();
  const digest = installDigest();
  if (!existsSync(stamp) || readFileSync(stamp, "utf8") !== digest) {
    install();
    writeAtomically(stamp, digest);
  }
  return environment();
}

/** The environment of child processes: the workspace's commands first, no telemetry, no update checks. */
function environment() {
  return {
    ...process.env,
    PATH: `${join(root, "node_modules", ".bin")}${delimiter}${process.env.PATH ?? ""}`,
    TURBO_TELEMETRY_DISABLED: "1",
    TURBO_NO_UPDATE_NOTIFIER: "1",
    NO_UPDATE_NOTIFIER: "1",
    npm_config_update_notifier: "false",
  };
}

/**
 * Runs a command to its end and gives its exit code. A signal to this process is passed on, and the child's whole process
 * group is ended with it, so Ctrl-C leaves nothing running.
 *
 * @param {string} command
 * @param {readonly string[]} parameters
 * @param {{ cwd?: string, env?: NodeJS.ProcessEnv, capture?: boolean }} [options] capture: also collect standard output
 * @returns {Promise<{ code: number, output: string, signal: NodeJS.Signals | null }>}
 */
export function run(command, parameters, { cwd = root, env = environment(), capture = false } = {}) {
  return new Promise((resolve, reject) => {
    const windows = process.platform === "win32";
    const child = spawn(command, parameters, {
      cwd,
      env,
      shell: windows,
      stdio: ["inherit", capture ? "pipe" : "inherit", "inherit"],
    });
    let output = "";
    child.stdout?.on("data", (chunk) => {
      output += chunk;
      process.stdout.write(chunk);
    });
    // A terminal sends Ctrl-C to the whole group; a plain `kill` reaches this process alone and is passed on.
    const forward = (signal) => child.kill(signal);
    const signals = ["SIGINT", "SIGTERM", "SIGHUP"];
    for (const signal of signals) process.on(signal, forward);
    child.on("error", reject);
    child.on("close", (code, signal) => {
      for (const name of signals) process.off(name, forward);
      resolve({ code: code ?? 1, output, signal });
    });
  });
}

function checkNode() {
  const [major, minor] = process.versions.node.split(".").map(Number);
  if (major > 20 || (major === 20 && minor >= 19)) return;
  console.error(`Nacre needs Node 20.19 or newer. This is Node ${process.versions.node}: https://nodejs.org`);
  process.exit(1);
}

/** Changes when the lockfile or any manifest of the workspace does. */
function installDigest() {
  const hash = createHash("sha256").update(`${process.platform} ${process.arch}`);
  const files = ["package.json", "pnpm-workspace.yaml", "pnpm-lock.yaml"];
  for (const folder of ["packages", "apps"]) {
    if (!existsSync(join(root, folder))) continue;
    for (const name of readdirSync(join(root, folder)).sort()) files.push(join(folder, name, "package.json"));
  }
  files.push("bench/package.json", "examples/package.json", "test/package.json");
  for (const file of files) if (existsSync(join(root, file))) hash.update(readFileSync(join(root, file)));
  return hash.digest("hex");
}

function install() {
  console.log(`Installing with ${manifest.packageManager} …`);
  const parameters = ["--yes", manifest.packageManager, "install", "--frozen-lockfile", "--prefer-offline"];
  const result = spawnSync("npx", parameters, { cwd: root, stdio: "inherit", shell: process.platform === "win32" });
  if (result.status === 0) return;
  console.error(
    `The installation failed (npx ${parameters.join(" ")}). It needs the npm registry once; run the same command again ` +
      "when there is a network. What is installed so far is kept.",
  );
  process.exit(result.status ?? 1);
}

function writeAtomically(path, text) {
  mkdirSync(join(path, ".."), { recursive: true });
  const temporary = `${path}.${process.pid}.tmp`;
  writeFileSync(temporary, text);
  renameSync(temporary, path);
}
