/** What may differ between the gateway's answers and its backend's, each with the reason. Everything else must be equal. */

import type { WireAnswer } from "./wire.ts";

/** Why a header may differ, and in which answers alone. */
export interface Exemption {
  readonly reason: string;
  readonly only?: (answer: WireAnswer) => boolean;
}

const isError = ({ status }: WireAnswer) => status >= 400;
const hasNoContent = ({ status, body }: WireAnswer) => status >= 304 && body.length === 0;
const OF_THE_GATEWAY = "the gateway's word to browsers, which its users were promised";
const OF_A_BROWSER = "MinIO's word to browsers on what is served under its own name";

/** Header names of answers. */
export const EXEMPT_HEADERS: Readonly<Record<string, Exemption>> = {
  date: { reason: "each server's own clock" },
  server: { reason: "each server's own name" },
  "x-amz-request-id": { reason: "each server's own numbering" },
  "x-amz-id-2": { reason: "each server's own numbering" },
  connection: {
    reason:
      "ends where a refused body was not read (RFC 9112 §9.3), which is each server's to decide",
    only: isError,
  },
  "content-security-policy": { reason: OF_THE_GATEWAY },
  "x-frame-options": { reason: OF_THE_GATEWAY },
  "strict-transport-security": { reason: OF_A_BROWSER },
  "x-content-type-options": { reason: OF_A_BROWSER },
  "x-xss-protection": { reason: OF_A_BROWSER },
  "x-ratelimit-limit": { reason: "MinIO's load, as the gateway meets it" },
  "x-ratelimit-remaining": { reason: "MinIO's load, as the gateway meets it" },
  "x-minio-error-code": { reason: "MinIO's own spelling of an error that the status tells" },
  "x-minio-error-desc": { reason: "MinIO's own spelling of an error that the status tells" },
  "content-range": {
    reason: "tells how long the object is (RFC 9110 §15.5.17), which not every backend does",
    only: ({ status }) => status === 416,
  },
  "accept-ranges": { reason: "says nothing in an error; Ceph has it in all", only: isError },
  etag: {
    reason: "in an error it says nothing; MinIO tells the tag of what it has",
    only: isError,
  },
  "last-modified": { reason: "says nothing in an error", only: isError },
  vary: { reason: "an error that the gateway finds by itself varies with nothing", only: isError },
  "content-type": { reason: "there is no content to have a type", only: hasNoContent },
};

/** Elements of XML answers, by the end of their path. */
export const EXEMPT_ELEMENTS: readonly string[] = [
  // Each server's own numbering.
  "Error/RequestId",
  "Error/HostId",
];

/** What the client said itself: S3 repeats it in errors, its imitations in some or none. Equal where both do. */
export const OPTIONAL_ELEMENTS: readonly string[] = [
  "Error/Resource",
  "Error/BucketName",
  "Error/Key",
];

const PLAINTEXT = "it is about the plaintext, which the backend does not know";
const STATE = "the parts of an upload are the gateway's to know";
const DOOR = "who may ask, and how, is checked here";

/**
 * Errors that the gateway finds by itself before the backend is asked: the code must be the backend's, the words and the details beside it
 * are S3's own or none.
 */
export const OWN_REFUSALS: Readonly<Record<string, string>> = {
  AccessDenied: DOOR,
  AuthorizationQueryParametersError: DOOR,
  InvalidAccessKeyId: DOOR,
  InvalidArgument: DOOR,
  InvalidRequest: DOOR,
  KeyTooLongError: DOOR,
  MalformedXML: DOOR,
  SignatureDoesNotMatch: DOOR,
  BadDigest: PLAINTEXT,
  InvalidDigest: PLAINTEXT,
  InvalidRange: PLAINTEXT,
  MetadataTooLarge: PLAINTEXT,
  PreconditionFailed: "of a copy's source it is learned from a HEAD, whose answer has no words",
  XAmzContentSHA256Mismatch: PLAINTEXT,
  EntityTooSmall: STATE,
  InvalidPart: STATE,
  InvalidPartNumber: STATE,
  InvalidPartOrder: STATE,
  NoSuchUpload: STATE,
};
