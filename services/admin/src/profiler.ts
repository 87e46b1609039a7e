/** Profiles of this process while it works, through V8's own profilers. What they tell are names of functions and sizes: no value, no key. */
import { Session } from "node:inspector/promises";
import { setTimeout as pause } from "node:timers/promises";
import { Fault } from "@s3eg/shared/faults.ts";

/** Which profile. `heap`: what was allocated in the meantime and is still in use; `allocs`: also what is not any more. */
export type ProfileKind = "profile" | "heap" | "allocs";

/** Takes profiles. */
export interface Profiler {
  /** Resolves after `seconds` with the JSON that Chromium's developer tools read; `limit.busy` where too many are being taken. */
  take(kind: ProfileKind, seconds: number): Promise<string>;
}

/** At most so many at a time; of the heap, one: V8 has one sampler of it. */
export function openProfiler({ maxConcurrent }: { maxConcurrent: number }): Profiler {
  let running = 0;
  let isSamplingHeap = false;
  return {
    async take(kind, seconds) {
      const isOfHeap = kind !== "profile";
      if (running >= maxConcurrent || (isOfHeap && isSamplingHeap)) {
        throw new Fault("limit.busy", "too many profiles are being taken");
      }
      running += 1;
      if (isOfHeap) isSamplingHeap = true;
      try {
        return await profiled(kind, seconds);
      } finally {
        running -= 1;
        if (isOfHeap) isSamplingHeap = false;
      }
    },
  };
}

async function profiled(kind: ProfileKind, seconds: number): Promise<string> {
  const session = new Session();
  session.connect();
  try {
    return JSON.stringify(
      kind === "profile"
        ? await cpuProfile(session, seconds)
        : await heapProfile(session, seconds, kind === "allocs"),
    );
  } finally {
    session.disconnect();
  }
}

async function cpuProfile(session: Session, seconds: number): Promise<unknown> {
  await session.post("Profiler.enable");
  await session.post("Profiler.start");
  await pause(seconds * 1000, undefined, { ref: false });
  const { profile } = await session.post("Profiler.stop");
  return profile;
}

async function heapProfile(
  session: Session,
  seconds: number,
  withCollected: boolean,
): Promise<unknown> {
  await session.post("HeapProfiler.enable");
  await session.post("HeapProfiler.startSampling", {
    includeObjectsCollectedByMajorGC: withCollected,
    includeObjectsCollectedByMinorGC: withCollected,
  });
  await pause(seconds * 1000, undefined, { ref: false });
  const { profile } = await session.post("HeapProfiler.stopSampling");
  return profile;
}
