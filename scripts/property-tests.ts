// What tests get when they import fast-check: the same cases in every run, so that a red check means a changed program.
// NACRE_PROPERTY_SEED asks for other cases; the nightly workflow does.
import fc from "fast-check";

fc.configureGlobal({ seed: Number(process.env.NACRE_PROPERTY_SEED ?? 1) });

export * from "fast-check";
export default fc;
