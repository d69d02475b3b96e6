export { type Bundle, type BundleContents, openBundle, writeBundle } from "./bundle.ts";
export { type CardOptions, modelCard } from "./card.ts";
export { BundleInspection, type InspectedFile, type InspectedTensor, inspectBundle } from "./inspect.ts";
export { bundleFiles, Manifest, manifestFormat } from "./manifest.ts";
