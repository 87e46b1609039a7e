/** What the system calls an error (`ENOENT`, `ECONNREFUSED` …; Node.js, "Errors", `error.code`). */

/** The code; undefined where an error has none. */
export function errorCodeOf(error: unknown): string | undefined {
  return error instanceof Error && "code" in error ? String(error.code) : undefined;
}
