import { mkdir, open, readdir, rename, rm } from "node:fs/promises";
import { basename, dirname, join, resolve } from "node:path";
import { setTimeout } from "node:timers/promises";
import { isAlive, ownMark } from "./process-mark.ts";

/**
 * Fills a new folder and puts it in the place of `folder`, so that whoever looks sees the old one, the new one or, for the
 * instant between two renames, none; never a half one.
 *
 * The new folder is written beside the old one under a hidden name, flushed to the disk, and renamed. A process that dies on
 * the way leaves hidden folders, which the next call finds and puts right.
 */
export async function replaceFolder(folder: string, fill: (temporary: string) => Promise<void>): Promise<void> {
  const target = resolve(folder);
  const parent = dirname(target);
  await mkdir(parent, { recursive: true });
  await recoverFolder(target);
  const mark = await ownMark();
  const fresh = join(parent, `.${basename(target)}.new-${mark}`);
  const aside = join(parent, `.${basename(target)}.old-${mark}`);
  await mkdir(fresh);
  try {
    await fill(fresh);
    await syncFolder(fresh);
    await swap({ target, fresh, aside });
  } catch (error) {
    await rm(fresh, { recursive: true, force: true });
    throw error;
  }
  await syncFolder(parent);
  await rm(aside, { recursive: true, force: true });
}

/**
 * Puts right what a process that died inside `replaceFolder` left: where it had moved the old folder aside and not yet put
 * the new one in its place, the old one comes back; the rest is deleted. Folders of living processes are left alone.
 */
export async function recoverFolder(folder: string): Promise<void> {
  const target = resolve(folder);
  const parent = dirname(target);
  for (const { name, kind } of await leftovers(target)) {
    const path = join(parent, name);
    if (kind === "old" && !(await exists(target)) && (await renamed(path, target))) continue;
    await rm(path, { recursive: true, force: true });
  }
}

/** Whether a living process is about to put a folder here. */
export async function isBeingReplaced(folder: string): Promise<boolean> {
  const olds = (await siblings(resolve(folder))).filter(({ kind }) => kind === "old");
  return (await Promise.all(olds.map(({ mark }) => isAlive(mark)))).includes(true);
}

const mostAttempts = 100;

async function swap({ target, fresh, aside }: { target: string; fresh: string; aside: string }): Promise<void> {
  for (let attempt = 1; ; attempt++) {
    const moved = await renamed(target, aside);
    try {
      await rename(fresh, target);
      return;
    } catch (error) {
      // Someone else put a folder here between the two renames: theirs goes aside as well, after a moment by chance.
      const { code } = error as NodeJS.ErrnoException;
      if (moved && !(await renamed(aside, target))) await rm(aside, { recursive: true, force: true });
      if ((code !== "ENOTEMPTY" && code !== "EEXIST" && code !== "EPERM") || attempt === mostAttempts) throw error;
      await setTimeout(Math.random() * Math.min(attempt, 20));
    }
  }
}

interface Sibling {
  name: string;
  kind: "new" | "old";
  mark: string;
}

async function siblings(target: string): Promise<Sibling[]> {
  const prefix = `.${basename(target)}.`;
  const names = await readdir(dirname(target)).catch(() => [] as string[]);
  return names.flatMap((name): Sibling[] => {
    const match = name.startsWith(prefix) ? /^(new|old)-(.+)$/.exec(name.slice(prefix.length)) : null;
    return match ? [{ name, kind: match[1] as "new" | "old", mark: match[2]! }] : [];
  });
}

/** What dead processes left, folders moved aside first. */
async function leftovers(target: string): Promise<Sibling[]> {
  const dead: Sibling[] = [];
  for (const sibling of await siblings(target)) if (!(await isAlive(sibling.mark))) dead.push(sibling);
  return dead.sort((left, right) => right.kind.localeCompare(left.kind));
}

/** False when there was nothing to rename, or something is in the way. */
async function renamed(from: string, to: string): Promise<boolean> {
  try {
    await rename(from, to);
    return true;
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === "ENOENT" || code === "ENOTEMPTY" || code === "EEXIST") return false;
    throw error;
  }
}

async function exists(folder: string): Promise<boolean> {
  return readdir(folder).then(
    () => true,
    () => false,
  );
}

/** Makes renames inside a folder last through a power cut, where the system can. */
async function syncFolder(folder: string): Promise<void> {
  const handle = await open(folder, "r").catch(() => undefined);
  await handle?.sync().catch(() => undefined);
  await handle?.close();
}
