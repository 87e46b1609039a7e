/** Durations in bodies and queries. */
import { durationMs } from "@s3eg/shared/runtime/config.ts";
import { z } from "zod";

/** As settings write them (`30s`, `1h30m`), up to some years, with the pattern of it for the document; milliseconds. */
export function duration() {
  return z
    .string()
    .regex(
      /^(?:0|(?:\d{1,5}(?:\.\d{1,3})?(?:ns|us|ms|s|m|h)){1,4})$/,
      "expected a duration such as 100ms, 30s or 1h30m",
    )
    .pipe(durationMs());
}
