import { execFile } from "node:child_process";
import { existsSync } from "node:fs";
import { resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import type { Contender } from "./benchmark.ts";

const execute = promisify(execFile);
/** The Python of contenders and of what prepares them. */
export const python = process.env.NACRE_BENCH_PYTHON ?? "python3";
const folder = fileURLToPath(new URL("contenders/", import.meta.url));

/** A contender in a process of its own, so that no one's kernels or threads help or hinder another's. */
export function nodeContender(name: string, script: string, settings: object): Contender {
  return {
    name,
    measure: () =>
      measure(process.execPath, ["--conditions=@nacre/source", "--import", "tsx", resolve(folder, script)], settings),
  };
}

/** A contender in Python, when one with its package is found: `NACRE_BENCH_PYTHON`, else python3. */
export async function pythonContender(
  name: string,
  script: string,
  {
    needs,
    install,
    ...settings
  }: { needs: string; install: string; tell: (line: string) => void } & Record<string, unknown>,
): Promise<Contender | undefined> {
  if (!(await importable(needs))) {
    settings.tell(`${name} is not measured: no ${needs} in ${python}. To compare: ${install}`);
    return undefined;
  }
  const { tell: _, ...numbers } = settings;
  return { name, measure: () => measure(python, [resolve(folder, script)], numbers) };
}

const imports = new Map<string, Promise<boolean>>();

function importable(needs: string): Promise<boolean> {
  let answer = imports.get(needs);
  if (!answer) {
    answer = execute(python, ["-c", `import ${needs}`], { timeout: 120_000 }).then(
      () => true,
      () => false,
    );
    imports.set(needs, answer);
  }
  return answer;
}

/** Runs a contender; the last line it prints is its rate, or its rates with spaces between them. */
async function measure(program: string, parameters: readonly string[], settings: object): Promise<readonly number[]> {
  const script = parameters.at(-1)!;
  if (!existsSync(script)) throw new Error(`there is no ${script}`);
  const { stdout } = await execute(program, [...parameters, JSON.stringify(settings)], {
    timeout: 600_000,
    maxBuffer: 2 ** 24,
    cwd: folder,
  }).catch((error: Error & { stderr?: string }) => {
    const reason = error.stderr?.split("\n").find((line) => /^(Uncaught )?\w*Error: /.test(line));
    throw reason === undefined ? error : new Error(reason.trim().slice(0, 200), { cause: error });
  });
  const rates = stdout.trim().split("\n").at(-1)!.split(" ").map(Number);
  if (!rates.every((rate) => Number.isFinite(rate) && rate > 0))
    throw new Error(`expected a rate on the last line of ${script}: ${stdout}`);
  return rates;
}
