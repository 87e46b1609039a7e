/** A backend whose requests are spans, where they belong to a request that is traced. */
import { spanned, type Tracing } from "../runtime/tracing.ts";
import type { Backend } from "./backend.ts";

/** A span from a request's beginning to the head of its answer, repetitions included. `tellsBackend`: the backend is told of it too. */
export function tracedBackend(
  backend: Backend,
  tracing: Tracing,
  { tellsBackend }: { tellsBackend: boolean },
): Backend {
  return {
    send(request) {
      const { method } = request;
      const attributes = { "http.request.method": method };
      const span = tracing.part({ name: `backend ${method}`, kind: "client", attributes });
      if (!span) return backend.send(request);
      const { traceparent } = span;
      return spanned(tracing, span, async () => {
        const response = await backend.send(tellsBackend ? { ...request, traceparent } : request);
        span.set({ "http.response.status_code": response.status });
        return response;
      });
    },
    [Symbol.asyncDispose]: () => backend[Symbol.asyncDispose](),
  };
}
