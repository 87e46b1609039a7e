/** Crypto's answerers with an eye on them: what they meet that is an incident is reported, once, and then goes its way. */
import type { Backend, BackendResponse } from "@s3eg/shared/backend/backend.ts";
import type { Asked } from "@s3eg/shared/bus/bus.ts";
import { fromWireFault, isFault } from "@s3eg/shared/faults.ts";
import { FLAG, HEADER_FIELD } from "@s3eg/shared/format/layout.ts";
import { partCountOfEtag } from "@s3eg/shared/format/sizes.ts";
import type { DownloadAnswerer, UploadAnswerer } from "@s3eg/shared/http/transfer.ts";
import { watchedBody } from "@s3eg/shared/http/watched-body.ts";
import type { Incidents, Sighting } from "./incidents.ts";

/** What every head of a transfer says. */
export interface Head {
  readonly target: {
    readonly bucket: string;
    readonly key: string;
    readonly versionId?: string | undefined;
  };
  readonly uploadId?: string | undefined;
}

/** A step of an upload. Whatever does not verify in it is tampering: its parts have no other maker, nor has its state. */
export function watchedUpload<H extends Head, Tail, Result>(
  operation: string,
  answerer: UploadAnswerer<H, Tail, Result>,
  incidents: Incidents,
): UploadAnswerer<H, Tail, Result> {
  return async (received, context) => {
    try {
      return await answerer(received, context);
    } catch (error) {
      reportStep(incidents, error, sightingOf(operation, received.head, context.requestId));
      throw error;
    }
  };
}

/** A step of an upload, or a look at what one made, that answers with bytes. */
export function watchedDownload<H extends Head, Result>(
  operation: string,
  answerer: DownloadAnswerer<H, Result>,
  incidents: Incidents,
): DownloadAnswerer<H, Result> {
  return async (head, context) => {
    try {
      return await answerer(head, context);
    } catch (error) {
      reportStep(incidents, error, sightingOf(operation, head, context.requestId));
      throw error;
    }
  };
}

/** The same for the metadata of an object, whose header was read already and says whether it was uploaded in parts. */
export function watchedOpening<H extends Head & { readonly header: string }, Result>(
  operation: string,
  answerer: DownloadAnswerer<H, Result>,
  incidents: Incidents,
): DownloadAnswerer<H, Result> {
  const ofParts = watchedDownload(operation, answerer, incidents);
  return (head, context) =>
    isHeaderOfParts(head.header) ? ofParts(head, context) : answerer(head, context);
}

/** The same for reading an object, up to its last byte. `answererOn` is the reading over a backend that is watched, too. */
export function watchedReading<H extends Head, Result extends { readonly isSealed: boolean }>(
  operation: string,
  answererOn: (backend: Backend) => DownloadAnswerer<H, Result>,
  { backend, incidents }: { backend: Backend; incidents: Incidents },
): DownloadAnswerer<H, Result> {
  return async (head, context) => {
    const seen = { isOfParts: false };
    const sighting = sightingOf(operation, head, context.requestId);
    const onError = (error: unknown) => {
      if (!seen.isOfParts || !isFault(error, "crypto.integrity")) return;
      incidents.report("mpu.tamper_detected", { ...sighting, fault: error.code });
    };
    try {
      const watching = watchedBackend(backend, (response) => {
        seen.isOfParts ||= isOfParts(response);
      });
      const answer = await answererOn(watching)(head, context);
      if (!answer.result.isSealed) incidents.report("plain_object.read", sighting);
      return { ...answer, body: watchedBody(answer.body, { onError }) };
    } catch (error) {
      onError(error);
      throw error;
    }
  };
}

/** The same for looking at objects without reading them. An object that does not verify is a fault in its own place. */
export function watchedDescribing<I extends DescribedBucket, Answer extends Described>(
  operation: string,
  answerer: (input: I, asked: Asked) => Promise<Answer>,
  incidents: Incidents,
): (input: I, asked: Asked) => Promise<Answer> {
  return async (input, asked) => {
    const answer = await answerer(input, asked);
    for (const [at, { key, versionId, etag }] of input.objects.entries()) {
      const about = answer.described[at];
      if (!(about && "fault" in about) || partCountOfEtag(etag) === undefined) continue;
      const fault = fromWireFault(about.fault);
      if (fault.code !== "crypto.integrity") continue;
      const head = { target: { bucket: input.bucket, key, versionId } };
      const sighting = sightingOf(operation, head, asked.requestId);
      incidents.report("mpu.tamper_detected", { ...sighting, fault: fault.code });
    }
    return answer;
  };
}

interface DescribedBucket {
  readonly bucket: string;
  readonly objects: readonly {
    readonly key: string;
    readonly versionId?: string | undefined;
    readonly etag: string;
  }[];
}

interface Described {
  readonly described: readonly ({ readonly facts: unknown } | { readonly fault: unknown })[];
}

function reportStep(incidents: Incidents, error: unknown, sighting: Sighting): void {
  if (isFault(error, "crypto.integrity")) {
    incidents.report("mpu.tamper_detected", { ...sighting, fault: error.code });
  }
  if (isFault(error, "state.unavailable")) {
    incidents.report("mpu.valkey_unavailable", { ...sighting, fault: error.code });
  }
}

function sightingOf(operation: string, head: Head, requestId: string): Sighting {
  const { bucket, key, versionId } = head.target;
  const { uploadId } = head;
  return {
    requestId,
    operation,
    bucket,
    key,
    ...(versionId === undefined ? {} : { versionId }),
    ...(uploadId === undefined ? {} : { uploadId }),
  };
}

/** True for what calls itself an object of parts, by its header or by the backend's ETag: one of the two may have been forged. */
function isOfParts({ headers }: BackendResponse): boolean {
  const value = headers[HEADER_FIELD];
  if (value === undefined) return false;
  return isHeaderOfParts(value) || partCountOfEtag(headers.etag ?? "") !== undefined;
}

function isHeaderOfParts(value: string): boolean {
  const flags = Buffer.from(value.slice(0, 4), "base64url")[FLAGS_OFFSET] ?? 0;
  return (flags & FLAG.multipart) !== 0;
}

/** Where a header's flags are (format.md §4). */
const FLAGS_OFFSET = 2;

function watchedBackend(backend: Backend, onAnswer: (response: BackendResponse) => void): Backend {
  return {
    async send(request) {
      const response = await backend.send(request);
      onAnswer(response);
      return response;
    },
    [Symbol.asyncDispose]: () => backend[Symbol.asyncDispose](),
  };
}
