/** What may differ between the gateway's answers and its backend's, each with the reason. Everything else must be equal. */

/** Header names of answers. */
export const EXEMPT_HEADERS: Readonly<Record<string, string>> = {
  date: "each server's own clock",
  server: "each server's own name",
  "x-amz-request-id": "each server's own numbering",
  "x-amz-id-2": "each server's own numbering",
  connection: "of the hop, not of the answer (RFC 9110 §7.6.1)",
  "keep-alive": "of the hop, not of the answer",
  "transfer-encoding": "of the hop, not of the answer (RFC 9112 §6.1)",
};

/** Elements of XML answers, by the end of their path. */
export const EXEMPT_ELEMENTS: readonly string[] = [
  // Each server's own numbering.
  "Error/RequestId",
  "Error/HostId",
  // The path that was asked for: S3 has it in every error, its imitations in some or none.
  "Error/Resource",
];

/**
 * Errors that the gateway finds by itself before the backend is asked: the code must be the backend's, the words and the details beside it
 * are S3's own or none.
 */
export const OWN_REFUSALS: Readonly<Record<string, string>> = {
  AccessDenied: "who may do what is the gateway's to say",
  BadDigest: "the digest is one of the plaintext",
  InvalidAccessKeyId: "the keys are the gateway's own",
  InvalidDigest: "the digest is one of the plaintext",
  InvalidRange: "the range is one of the plaintext",
  MetadataTooLarge: "the gateway's own metadata count as well",
  SignatureDoesNotMatch:
    "the signature is checked here, and nothing is said of what it should have been",
  XAmzContentSHA256Mismatch: "the digest is one of the plaintext",
};
