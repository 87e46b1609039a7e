/** What every client of the matrix is to do, and where. */
import type { S3Server } from "../../servers/s3-server.ts";
import type { Sample } from "./samples.ts";
import type { Witness } from "./witness.ts";

/** In the order in which they run: each works on what the ones before it left. */
export const OPERATIONS = [
  "upload",
  "download",
  "list",
  "copy",
  "sync",
  "presign",
  "delete",
] as const;

/** One column of the matrix. */
export type Operation = (typeof OPERATIONS)[number];

/** Where a client works. */
export interface Site {
  readonly server: S3Server;
  /** The authority that certified the server, PEM; undefined over plain HTTP. */
  readonly caFile: string | undefined;
  /** A bucket that exists, is empty and is this client's alone. */
  readonly bucket: string;
  /** A folder of its own, for settings and files. */
  readonly folder: string;
  readonly samples: readonly Sample[];
  /** Sees the same bucket through another client. */
  readonly witness: Witness;
}

/** A client that is ready to work. */
export interface Session extends AsyncDisposable {
  /** As the client tells it itself. */
  readonly version: string;
  /** Throws at the first difference. A text instead says why the client has no such operation. */
  readonly operations: Readonly<Record<Operation, (() => Promise<void>) | string>>;
  /** What is worth saying of an operation that it has. */
  readonly remarks?: Readonly<Partial<Record<Operation, string>>>;
}

/** A client of the matrix. `open` throws where its program is missing. */
export interface MatrixClient {
  readonly name: string;
  open(site: Site): Promise<Session>;
}
