/** The function under a name. @throws Error listing the names there are. */
export function opener<Open>(openers: Readonly<Record<string, Open>>, name: string): Open {
  if (Object.hasOwn(openers, name)) return openers[name]!;
  throw new Error(`Expected one of ${Object.keys(openers).join(", ")}. Received "${name}".`);
}
