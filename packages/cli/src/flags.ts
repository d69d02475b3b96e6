import { type Command, InvalidArgumentError, Option } from "commander";
import { z } from "zod";

/**
 * Options of a command from a zod object: a field `maxBatch: z.int().default(32).describe("…")` becomes
 * `--max-batch <number>` with its description and default, checked by the field's own schema.
 */
export function addFlags(command: Command, schema: z.ZodObject): void {
  for (const [name, field] of Object.entries(schema.shape) as [string, z.ZodType][]) {
    const flag = name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
    const fallback = field.safeParse(undefined);
    const kind = kindOf(field);
    const option = new Option(kind === "boolean" ? `--${flag}` : `--${flag} <${kind}>`, field.description ?? "");
    if (fallback.success && fallback.data !== undefined) option.default(fallback.data);
    if (kind !== "boolean")
      option.argParser((text: string) => {
        const parsed = field.safeParse(kind === "number" ? Number(text) : text);
        if (parsed.success) return parsed.data;
        throw new InvalidArgumentError(parsed.error.issues.map(({ message }) => message).join("; "));
      });
    command.addOption(option);
  }
}

function kindOf(field: z.ZodType): "number" | "boolean" | "text" {
  const { type } = z.toJSONSchema(field, { io: "input" });
  if (type === "number" || type === "integer") return "number";
  return type === "boolean" ? "boolean" : "text";
}
