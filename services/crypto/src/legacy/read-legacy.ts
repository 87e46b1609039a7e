/** Objects without a header of format 2: of format 1, where the bucket's policy lets that be read, else plain or refused (format.md §12). */
import type { Backend, BackendRequest, BackendResponse } from "@s3eg/shared/backend/backend.ts";
import type { ObjectFacts, openObject } from "@s3eg/shared/contracts/crypto.ts";
import type { SuiteNumber } from "@s3eg/shared/format/layout.ts";
import type { Body } from "@s3eg/shared/http/body.ts";
import { legacyHeaders } from "@s3eg/shared/legacy/legacy-headers.ts";
import { legacyMetadataOf } from "@s3eg/shared/legacy/legacy-metadata.ts";
import { legacyObjectOf } from "@s3eg/shared/legacy/legacy-object.ts";
import { legacySizeOf } from "@s3eg/shared/legacy/legacy-size.ts";
import { refuseUnsealed } from "@s3eg/shared/legacy/readable.ts";
import { refuseUnapprovedSuite } from "@s3eg/shared/sealing/fips.ts";
import type { z } from "zod";
import type { DataKeys } from "../data-keys.ts";
import { noSuchPart } from "../multipart/open-multipart.ts";
import { refuseUnreadable } from "../readable-suites.ts";
import { type LegacyStored, legacyStored } from "./legacy-stored.ts";
import { type LegacyRooms, legacyRange, openLegacy } from "./open-legacy.ts";

type Head = z.infer<typeof openObject.head>;

/** What of format 1 is opened. */
export interface LegacyOptions extends Pick<LegacyRooms, "acceptsForgeable" | "contentTypes"> {
  /** True: what is sealed with another suite than AES-256-GCM is refused. */
  readonly isFips?: boolean;
  /** Suites that are opened at all, of objects of format 2 too; absent: all. */
  readonly readableSuites?: readonly SuiteNumber[];
}

/** What reading needs. */
export interface LegacyReading {
  readonly backend: Backend;
  readonly dataKeys: DataKeys;
  readonly legacy: LegacyOptions;
}

/** An answer about an object that has no header of format 2, and the request that brought it. */
export interface Unsealed {
  /** The request without range and conditions. */
  readonly request: BackendRequest;
  readonly response: BackendResponse;
  readonly requestId: string;
}

/** True if the object is marked as one of format 1. */
export function isLegacy({ headers }: BackendResponse): boolean {
  return legacyMetadataOf(headers) !== undefined;
}

/** Opens an object of format 1. `crypto.not-sealed` where the policy does not let it be read. */
export async function openLegacyObject(
  rooms: LegacyReading,
  unsealed: Unsealed,
  { contents, range, part }: Head,
): Promise<{ result: z.infer<typeof openObject.result>; body: Body; sizeBytes: number }> {
  const { response } = unsealed;
  refuseUnsealed(response.headers, contents);
  if (part !== undefined && part > 1) throw noSuchPart(part, 1);
  const opened = await opening(rooms, unsealed, storedOf(rooms, unsealed));
  const { size, range: found, body } = await legacyRange(opened, range);
  const headers = legacyHeaders(response.headers);
  const result = { size, isSealed: true, isLegacy: true, range: found, headers };
  return { result, body, sizeBytes: found.length };
}

/**
 * What can be told of an object of format 1 without reading all of it: its size by arithmetic where the headers tell
 * it, else what opening tells. Nothing of it is authenticated before it is read.
 */
export async function describeLegacy(
  rooms: LegacyReading,
  unsealed: Unsealed,
): Promise<ObjectFacts> {
  const { headers, body } = unsealed.response;
  const stored = storedOf(rooms, unsealed);
  const size =
    legacySizeOf(headers, stored.storedBytes) ?? (await opening(rooms, unsealed, stored)).size;
  body.destroy();
  const legacy = legacyObjectOf(headers);
  const seal = legacy?.layout === "multipart" ? undefined : legacy?.seal;
  const etag = seal?.originalEtag;
  // A FIPS build recorded a SHA-256, which is no ETag that S3 would give.
  const isMd5 = etag !== undefined && /^[0-9a-f]{32}$/.test(etag);
  return { size, isSealed: true, ...(isMd5 ? { etag } : {}) };
}

function storedOf({ backend }: LegacyReading, { request, response }: Unsealed): LegacyStored {
  return legacyStored(backend, request, response);
}

async function opening(
  { dataKeys, legacy }: LegacyReading,
  { requestId }: Unsealed,
  stored: LegacyStored,
) {
  return await openLegacy(
    {
      ...legacy,
      async dataKeys(source, suite) {
        if (legacy.isFips) refuseUnapprovedSuite(suite);
        refuseUnreadable(suite, legacy.readableSuites);
        return await dataKeys.legacy(source, requestId);
      },
    },
    stored,
  );
}
