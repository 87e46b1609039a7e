/** A log for tests that do not look at it. */
import { createLog } from "@s3eg/shared/runtime/log.ts";

/** Writes nowhere. */
export const silentLog = createLog({
  service: "keys",
  level: "error",
  destination: { write: () => {} },
});
