/** The ways to compute, best first. */
export const backendNames = ["native", "webgpu", "wasm", "cpu"] as const;

export type BackendName = (typeof backendNames)[number];

/** What was found out about one way to compute. */
export interface BackendCandidate {
  name: BackendName;
  /** Whether it works here. False as well when it was not tried; the reason tells. */
  available: boolean;
  /** One clause: what was found, or what is missing and how to get it. */
  reason: string;
  version?: string;
}

/** Which backend computes, and what was found out about each. */
export interface BackendReport {
  chosen: BackendName;
  candidates: BackendCandidate[];
}

/** A report as text for a terminal, a line a candidate. */
export function describeBackend(report: BackendReport): string {
  return report.candidates
    .map(({ name, available, reason, version }) => {
      const mark = name === report.chosen ? "→" : available ? "·" : "–";
      return `${mark} ${name.padEnd(7)}${version === undefined ? "" : `${version}: `}${reason}`;
    })
    .join("\n");
}
