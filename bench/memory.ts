/** How much memory the gateway takes at its worst: one object far larger than it may hold, and many uploads at once. */
import { createHash, randomBytes } from "node:crypto";
import { type Load, type Payload, runLoad, wholePayload } from "./load.ts";
import { startTargets } from "./targets.ts";

const MIB = 1024 * 1024;
const GIB_PIECES = 1024;

interface Case {
  readonly name: string;
  readonly maxPeakMib: number;
  readonly loads: readonly Pick<Load, "method" | "parallel" | "payload">[];
}

/** Runs each case against a gateway of its own and prints its peak; true when all stay under their marks. */
export async function measureMemory(say: (line: string) => void): Promise<boolean> {
  let isGood = true;
  for (const { name, maxPeakMib, loads } of cases()) {
    await using targets = await startTargets({ hasGateway: true });
    const { gateway } = targets;
    if (gateway === undefined) throw new Error("no gateway");
    for (const load of loads) {
      const path = (worker: number) => `/keep/memory-${worker}`;
      const until = { seconds: 600, requests: load.parallel };
      await runLoad(gateway, { ...load, path, until });
    }
    const peakMib = Math.max(...(await gateway.memoryPeaks())) / MIB;
    const isMet = peakMib <= maxPeakMib;
    isGood &&= isMet;
    const verdict = `${isMet ? "ok" : "MISSED"} ≤${maxPeakMib}`;
    say(`memory: ${name.padEnd(28)}${peakMib.toFixed(0).padStart(6)} MiB peak  ${verdict}`);
  }
  return isGood;
}

function cases(): Case[] {
  const gibibyte = repeated(randomBytes(MIB), GIB_PIECES);
  const small = wholePayload(randomBytes(16 * MIB));
  const large = wholePayload(randomBytes(64 * MIB));
  return [
    {
      name: "PUT and GET of 1 GiB",
      maxPeakMib: 256,
      loads: [
        { method: "PUT", parallel: 1, payload: gibibyte },
        { method: "GET", parallel: 1, payload: gibibyte },
      ],
    },
    {
      name: "32 PUTs of 16 MiB at once",
      maxPeakMib: 384,
      loads: [{ method: "PUT", parallel: 32, payload: small }],
    },
    {
      name: "32 PUTs of 64 MiB at once",
      maxPeakMib: 384,
      loads: [{ method: "PUT", parallel: 32, payload: large }],
    },
  ];
}

/** A payload that is one piece over and over. */
function repeated(piece: Buffer, times: number): Payload {
  const sha256 = createHash("sha256");
  for (let n = 0; n < times; n++) sha256.update(piece);
  return {
    bytes: piece.length * times,
    sha256: sha256.digest("hex"),
    async *body() {
      for (let n = 0; n < times; n++) yield piece;
    },
  };
}
