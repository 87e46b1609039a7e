/** Exchanges with real servers, as they were recorded (recorded/). */
import { readFileSync } from "node:fs";
import { join } from "node:path";

/** One server's. */
export interface Recording {
  readonly server: string;
  readonly version: { readonly major: number; readonly minor: number };
  /** What the server calls the key whose bytes are 00 to 1f. */
  readonly keyId: string;
  /** JSON as it was sent, or hex of what was sent. */
  readonly exchanges: readonly {
    readonly name: string;
    readonly request: string;
    readonly answer: string;
    readonly status?: number;
  }[];
}

/** Reads one. */
export function recording(name: "cosmian-json" | "cosmian-binary" | "pykmip"): Recording {
  const file = join(import.meta.dirname, "recorded", `${name}.json`);
  return JSON.parse(readFileSync(file, "utf8")) as Recording;
}
