import { randomBytes } from "node:crypto";
import { readFile } from "node:fs/promises";

/** A name for something this process makes, by which others can tell whether the process still lives. */
export async function ownMark(): Promise<string> {
  return `${process.pid}-${await startOf(process.pid)}-${randomBytes(6).toString("hex")}`;
}

/** Whether the process that made this mark lives; false for names that are no marks. */
export async function isAlive(mark: string): Promise<boolean> {
  const [, id, start] = /^(\d+)-(\d+)-[0-9a-f]{12}$/.exec(mark) ?? [];
  if (id === undefined || !responds(Number(id))) return false;
  return start === (await startOf(Number(id)));
}

function responds(id: number): boolean {
  try {
    process.kill(id, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === "EPERM";
  }
}

/**
 * When a process started, in clock ticks since the machine did: process ids come again, in containers soon. "0" where the
 * system does not tell (it is field 22 of Linux's /proc/PID/stat; the name before it is in parentheses).
 */
async function startOf(id: number): Promise<string> {
  const text = await readFile(`/proc/${id}/stat`, "utf8").catch(() => "");
  return text.slice(text.lastIndexOf(")") + 2).split(" ")[19] ?? "0";
}
