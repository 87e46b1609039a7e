/** What the services tell the audit trail. */
import { z } from "zod";
import { announcement } from "./contract.ts";

/** Announced by edge, heard by audit: an S3 operation has ended. Facts only: no key material, no plaintext, no signature. */
export const operationDone = announcement(
  "audit.operation.done",
  z.object({
    timestamp: z.iso.datetime(),
    requestId: z.string(),
    operation: z.string(),
    bucket: z.string().optional(),
    key: z.string().optional(),
    versionId: z.string().optional(),
    /** Access key and label of the credential; absent where none was accepted. */
    accessKey: z.string().optional(),
    label: z.string().optional(),
    clientIp: z.string(),
    userAgent: z.string().optional(),
    status: z.number().int(),
    success: z.boolean(),
    /** S3 error code of a refusal. */
    error: z.string().optional(),
    bytesIn: z.number().int().nonnegative(),
    bytesOut: z.number().int().nonnegative(),
    durationMs: z.number().nonnegative(),
  }),
);
export type OperationDone = z.infer<typeof operationDone.fact>;
