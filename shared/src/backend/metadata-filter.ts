/** Keeps user metadata from the backend that an operator does not want to lie there (`backend.filter_metadata_keys`). */
import type { Backend } from "./backend.ts";

const PREFIX = "x-amz-meta-";

/**
 * The same backend, never told the user metadata named by `keys`: lower case, with or without `x-amz-meta-`. Copies are filtered as
 * well. It is closed with the backend it is given.
 */
export function withoutMetadata(backend: Backend, keys: readonly string[]): Backend {
  if (keys.length === 0) return backend;
  const hidden = new Set(keys.map((key) => (key.startsWith(PREFIX) ? key : PREFIX + key)));
  return {
    async send(request) {
      const fields = Object.entries(request.headers ?? {}).filter(([name]) => !hidden.has(name));
      return await backend.send({ ...request, headers: Object.fromEntries(fields) });
    },
    [Symbol.asyncDispose]: () => backend[Symbol.asyncDispose](),
  };
}
