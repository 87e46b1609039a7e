/** How admin tells every process what to log. */
import { z } from "zod";
import { announcement } from "./contract.ts";

/** Announced by admin, heard by every process: log at this level from now on, or, without one, at the level that is configured. */
export const logLevelSet = announcement(
  "admin.log-level.set",
  z.object({
    level: z.enum(["debug", "info", "warn", "error"]).optional(),
    /** Milliseconds since 1970 at which the configured level is back; absent: never by itself. */
    untilMs: z.int().optional(),
    announcedAtMs: z.int(),
    /** Proof of it (trust/announcement-proof.ts), base64; empty within one process, where none is needed. */
    mac: z.base64(),
  }),
);
