/** The state of multipart uploads: embedded in DATA_DIR where one process plays every role (ARCHITECTURE.md, "Embedded state"). */
import { randomBytes } from "node:crypto";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { Fault } from "@s3eg/shared/faults.ts";
import { Secret } from "@s3eg/shared/runtime/secret.ts";
import { createStateSeal } from "@s3eg/shared/sealing/state-seal.ts";
import type { MultipartState } from "../../../crypto/src/multipart-state/multipart-state.ts";
import { SealedState } from "../../../crypto/src/multipart-state/sealed-state.ts";
import { SqliteStore } from "../../../crypto/src/multipart-state/sqlite-store.ts";

const KEY_BYTES = 32;
/** Seven days after its last part an upload is forgotten, as users of this gateway know it. */
const TTL_MS = 7 * 24 * 60 * 60 * 1000;
const MAX_PARKED_BYTES = 1024 * 1024 * 1024;

/** Opens the embedded state. Its key is made at the first start and kept beside it, readable by its owner alone. */
export function openEmbeddedState(dataDir: string): MultipartState {
  mkdirSync(dataDir, { recursive: true, mode: 0o700 });
  const seal = createStateSeal(stateKey(join(dataDir, "state.key")), {
    encrypts: true,
    acceptsClear: false,
  });
  const limits = { ttlMs: TTL_MS, maxParkedBytes: MAX_PARKED_BYTES };
  return new SealedState(new SqliteStore({ folder: dataDir, limits, now: Date.now }), seal);
}

function stateKey(path: string): Secret<Uint8Array> {
  try {
    writeFileSync(path, randomBytes(KEY_BYTES), { mode: 0o600, flag: "wx" });
  } catch (error) {
    const exists = error instanceof Error && "code" in error && error.code === "EEXIST";
    if (!exists) throw new Fault("config.invalid", `${path} can't be written`, { cause: error });
  }
  const key = readFileSync(path);
  if (key.byteLength !== KEY_BYTES) throw new Fault("config.invalid", `${path} is damaged`);
  return new Secret<Uint8Array>(key);
}
