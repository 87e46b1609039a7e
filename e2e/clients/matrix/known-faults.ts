/** What is known to fail, on the backend itself just as through the gateway; the suite tries both. */
import type { Operation } from "./operations.ts";

/** An operation of a client that fails on a backend, whoever stands before it. */
export interface KnownFault {
  readonly backend: string;
  readonly client: string;
  readonly operations: readonly Operation[];
  readonly why: string;
}

const KNOWN_FAULTS: readonly KnownFault[] = [
  {
    backend: "versitygw",
    client: "minio-js",
    operations: ["list", "sync"],
    why: "versitygw 1.7 ignores encoding-type=url, and minio-js decodes all the same",
  },
];

/** The known fault of an operation, if there is one. */
export function knownFault(
  backend: string,
  client: string,
  operation: Operation,
): KnownFault | undefined {
  return KNOWN_FAULTS.find(
    (fault) =>
      fault.backend === backend && fault.client === client && fault.operations.includes(operation),
  );
}
