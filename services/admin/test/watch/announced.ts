/** What a process may announce, for tests. */
import type { ProcessAlive } from "@s3eg/shared/contracts/status.ts";

/** A running process of edge that did nothing, with these differences. */
export function announced(differences: Partial<ProcessAlive> = {}): ProcessAlive {
  return {
    id: "2f1c0a52-50c4-4f0a-9d53-2f3bb0a53d11",
    host: "h",
    pid: 7,
    roles: ["edge"],
    version: "1.0.0",
    zone: "",
    startedAtMs: 1,
    phase: "running",
    checks: {},
    inFlight: 0,
    memoryBytes: 1000,
    cpuSeconds: 1,
    work: [],
    announcedAtMs: 1,
    mac: "",
    ...differences,
  };
}

/** What edge did so far; all of it took less than a tenth of a second. */
export function edgeWork(requests: number, more: { errors?: number; bytesIn?: number } = {}) {
  const { errors = 0, bytesIn = 0 } = more;
  const durations = [{ le: 0.1, count: requests }, { le: 1, count: requests }, { count: requests }];
  return { role: "edge", requests, refusals: 0, errors, bytesIn, bytesOut: 0, durations };
}
