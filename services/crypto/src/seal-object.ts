/** PutObject's step in crypto: one data key, one streaming PUT of known length to the backend. */
import type {
  Backend,
  BackendRequest,
  BackendResponse,
  HeaderFields,
} from "@s3eg/shared/backend/backend.ts";
import { backendFault } from "@s3eg/shared/backend/backend-fault.ts";
import type { PlaintextFacts, sealObject } from "@s3eg/shared/contracts/crypto.ts";
import { Fault } from "@s3eg/shared/faults.ts";
import { namedKeyOf } from "@s3eg/shared/format/header.ts";
import { FLAG, MAX_OBJECT_BYTES } from "@s3eg/shared/format/layout.ts";
import { storedSizeOf } from "@s3eg/shared/format/sizes.ts";
import type { Trailer } from "@s3eg/shared/format/trailer.ts";
import type { UploadAnswerer } from "@s3eg/shared/http/transfer.ts";
import { sealBody } from "@s3eg/shared/sealing/seal.ts";
import type { z } from "zod";
import type { DataKeys } from "./data-keys.ts";
import { storedHeaders } from "./object-metadata.ts";

type SealObject = UploadAnswerer<
  z.infer<typeof sealObject.head>,
  PlaintextFacts,
  z.infer<typeof sealObject.result>
>;

/** Answers `seal-object`: seals the body, or stores it as it is where policy says so. Whatever fails, the backend's request stays incomplete and the old object stays as it was. */
export function sealObjectAnswerer(rooms: { dataKeys: DataKeys; backend: Backend }): SealObject {
  return async ({ head, body, tail }, { requestId, signal }) => {
    try {
      if (head.size > MAX_OBJECT_BYTES) {
        throw new Fault("limit.body-too-large", `an object may hold ${MAX_OBJECT_BYTES} bytes`);
      }
      if (head.isSealed === false) {
        const plain = {
          headers: head.headers,
          body: { body, sizeBytes: head.size, isChecked: true },
        };
        return await stored(await rooms.backend.send(putOf(head, plain, { requestId, signal })));
      }
      const { place, suite, size, sealsMetadata, keyWish } = head;
      const flags = sealsMetadata ? FLAG.sealedMetadata : 0;
      const object = { place, suite, flags, size, keyWish };
      const issued = await rooms.dataKeys.issue(object, requestId);
      const { keys } = issued;
      const headers = storedHeaders(head.headers, issued, sealsMetadata);
      const sealed = sealBody(body, { keys, suite, size, trailer: () => trailerOf(tail()) });
      const sending = { body: sealed, sizeBytes: storedSizeOf(size), isChecked: true };
      const put = putOf(head, { headers, body: sending }, { requestId, signal });
      const wrappedUnder = namedKeyOf(issued.header);
      return { ...(await stored(await rooms.backend.send(put))), wrappedUnder };
    } catch (error) {
      body.destroy(error);
      throw error;
    }
  };
}

function putOf(
  { target }: z.infer<typeof sealObject.head>,
  object: Pick<BackendRequest, "headers" | "body">,
  asked: Pick<BackendRequest, "requestId" | "signal">,
): BackendRequest {
  const { bucket, key, identity } = target;
  return { method: "PUT", bucket, key, identity, ...object, ...asked };
}

async function stored(response: BackendResponse): Promise<{ etag: string; headers: HeaderFields }> {
  if (response.status !== 200) throw await backendFault(response);
  await response.text();
  const etag = response.headers.etag;
  if (!etag) throw new Fault("backend.unavailable", "backend stored an object without an ETag");
  return { etag, headers: response.headers };
}

function trailerOf({ md5, checksum }: PlaintextFacts): Trailer {
  return {
    ...(md5 ? { md5: Buffer.from(md5, "hex") } : {}),
    ...(checksum
      ? { checksum: { ...checksum, value: Buffer.from(checksum.value, "base64") } }
      : {}),
  };
}
