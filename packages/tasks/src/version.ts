import manifest from "../package.json" with { type: "json" };

/** The version of the code that a manifest records. */
export const version: string = manifest.version;
