import { builtin } from "../builtin.ts";

/**
 * A package that may be absent, looked for beside this package and then in the folder of the running program (with pnpm
 * only the program sees it). Undefined when it is nowhere.
 */
export async function importOptional<T>(name: string): Promise<T | undefined> {
  try {
    return (await import(/* @vite-ignore */ /* webpackIgnore: true */ name)) as T;
  } catch (error) {
    if (!isMissing(error, name)) throw error;
  }
  const [{ createRequire }, { pathToFileURL }] = [builtin("node:module"), builtin("node:url")];
  try {
    const file = createRequire(`${process.cwd()}/`).resolve(name);
    return (await import(/* @vite-ignore */ /* webpackIgnore: true */ pathToFileURL(file).href)) as T;
  } catch (error) {
    if (isMissing(error, name)) return undefined;
    throw error;
  }
}

/** Not when the package is there and something that it needs is missing. */
function isMissing(error: unknown, name: string): boolean {
  const { code, message } = error as NodeJS.ErrnoException;
  return (code === "ERR_MODULE_NOT_FOUND" || code === "MODULE_NOT_FOUND") && message.includes(`'${name}'`);
}
