/** A backend that keeps what it is sent, and says yes to everything. */
import type { Backend, BackendRequest, BackendResponse } from "../../src/backend/backend.ts";

/** Makes one. */
export function keptBackend() {
  const sent: BackendRequest[] = [];
  let isClosed = false;
  const backend: Backend = {
    async send(request) {
      await Promise.resolve();
      sent.push(request);
      return { status: 200 } as BackendResponse;
    },
    async [Symbol.asyncDispose]() {
      await Promise.resolve();
      isClosed = true;
    },
  };
  return { backend, sent, isClosed: () => isClosed };
}
