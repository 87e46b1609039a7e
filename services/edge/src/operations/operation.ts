/** The shape of an S3 operation: one file each in this folder, listed in inbox.ts. */
import type { Backend, HeaderFields } from "@s3eg/shared/backend/backend.ts";
import type { WrappingKey } from "@s3eg/shared/contracts/keys.ts";
import type { Body } from "@s3eg/shared/http/body.ts";
import type { TransferClient } from "@s3eg/shared/http/transfer.ts";
import type { Honoured } from "../backend-probe.ts";
import type { PartCopyMetrics } from "../copy/part-copy-metrics.ts";
import type { HeaderReissue } from "../header-reissue.ts";
import type { ListingSizes } from "../listing-sizes.ts";
import type { KnownObjects } from "../object-facts.ts";
import type { ResponseCache } from "../response-cache.ts";
import type { S3Request } from "../s3-request.ts";

/** What an operation may use. */
export interface Rooms {
  readonly backend: Backend;
  readonly crypto: TransferClient;
  readonly headers: HeaderReissue;
  readonly sizes: ListingSizes;
  readonly known: KnownObjects;
  /** Absent where nobody counts. */
  readonly partCopies?: PartCopyMetrics;
  /** True where the backend takes only parts of one size, and every upload in parts has its manifest beside it (format.md §7). */
  readonly needsEqualParts?: boolean;
  /** Conditions that the backend honours; absent where nobody tried. */
  readonly honoured?: Honoured | undefined;
  /** Plaintext bytes that a part may hold (`server.max_part_buffer`); absent: S3's own limit. */
  readonly maxPartBytes?: number | undefined;
  /** Bodies kept in memory (`cache`); absent: none are. */
  readonly cache?: ResponseCache | undefined;
}

/** What goes back to the client. `server.ts` adds request id, date and length. */
export interface S3Answer {
  readonly status: number;
  readonly headers?: HeaderFields;
  /** The key version that what was written is under; for the audit trail. */
  readonly wrappedUnder?: WrappingKey | undefined;
  /** XML text, or bytes on their way with their exact number. */
  readonly body?: string | { readonly body: Body; readonly sizeBytes: number };
}

/** One S3 operation and the requests that mean it. */
export interface Operation {
  /** As AWS spells it. */
  readonly name: string;
  readonly method: "GET" | "HEAD" | "PUT" | "POST" | "DELETE";
  readonly level: "service" | "bucket" | "object";
  /** The sub-resources (query parameters) that must be there; no other known one may. */
  readonly subresources?: readonly string[];
  /** True if the request must carry `x-amz-copy-source`. */
  readonly isCopy?: boolean;
  /** True if its body is a form, in which the rest of the request stands. */
  readonly readsForm?: boolean;
  run(request: S3Request, rooms: Rooms): Promise<S3Answer>;
}
