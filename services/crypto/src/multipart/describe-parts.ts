/** The parts of an object that was uploaded in parts: for whoever shows them, and for the copy that goes part by part (format.md §9). */
import type { Backend, BackendRequest } from "@s3eg/shared/backend/backend.ts";
import { backendFault } from "@s3eg/shared/backend/backend-fault.ts";
import { versionQuery } from "@s3eg/shared/backend/version-query.ts";
import type { describeParts } from "@s3eg/shared/contracts/crypto.ts";
import { Fault } from "@s3eg/shared/faults.ts";
import { isMultipart } from "@s3eg/shared/format/companion.ts";
import { HEADER_FIELD } from "@s3eg/shared/format/layout.ts";
import { bodyOfBytes } from "@s3eg/shared/http/body.ts";
import type { DownloadAnswerer } from "@s3eg/shared/http/transfer.ts";
import { openMetadata } from "@s3eg/shared/sealing/sealed-metadata.ts";
import type { z } from "zod";
import type { DataKeys } from "../data-keys.ts";
import { factsOfManifest, partsOfManifest } from "./multipart-facts.ts";
import { askRangeOf, manifestOf } from "./open-multipart.ts";

type DescribeParts = DownloadAnswerer<
  z.infer<typeof describeParts.head>,
  z.infer<typeof describeParts.result>
>;

/** Answers `describe-parts`: one HEAD, the proof of the header, one GET of the manifest's bytes. */
export function describePartsAnswerer(rooms: {
  readonly dataKeys: DataKeys;
  readonly backend: Backend;
}): DescribeParts {
  return async ({ target, place, etag, headers }, { requestId, signal }) => {
    const { versionId, ...object } = target;
    const request: BackendRequest = {
      method: "HEAD",
      ...object,
      query: versionQuery(versionId),
      headers: { ...headers, "if-match": etag },
      requestId,
      signal,
    };
    const response = await rooms.backend.send(request);
    if (response.status === 412 || response.status === 404 || isOther(response, etag)) {
      await response.text();
      throw new Fault("backend.changed", "object was replaced while it was looked at");
    }
    if (response.status !== 200) throw await backendFault(response);
    await response.text();
    const value = response.headers[HEADER_FIELD] ?? "";
    const { header, keys } = await rooms.dataKeys.open({ header: value, place }, requestId);
    openMetadata(response.headers, { header, keys });
    if (!isMultipart(header.flags)) {
      throw new Fault("crypto.integrity", "object was not uploaded in parts");
    }
    const opened = { keys, suite: header.suite, response };
    const manifest = await manifestOf(opened, askRangeOf(rooms.backend, request));
    const bytes = Buffer.from(JSON.stringify(partsOfManifest(manifest)));
    const result = { facts: factsOfManifest(manifest) };
    return { result, body: bodyOfBytes(bytes), sizeBytes: bytes.byteLength };
  };
}

/** A backend that ignores the condition shows so. */
function isOther(
  { status, headers }: { status: number; headers: Readonly<Record<string, string>> },
  etag: string,
): boolean {
  return status === 200 && headers.etag !== etag;
}
