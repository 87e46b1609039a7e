/** The checksum of a part, in the algorithm of its upload: the client's, or computed here where it sent none, as S3 does (S3 API, UploadPart). */
import type { ChecksumName, PlaintextFacts } from "@s3eg/shared/contracts/crypto.ts";
import type { Body } from "@s3eg/shared/http/body.ts";
import { checkedBody, createDigest } from "@s3eg/shared/s3/checksums.ts";
import type { UploadRecord } from "../multipart-state/multipart-state.ts";
import { refusal } from "./uploads.ts";

/** What S3 computes where nothing is asked for (S3 API, "Checking object integrity"). */
const DEFAULT_ALGORITHM: ChecksumName = "crc64nvme";

/** A part on its way. */
interface IncomingPart {
  readonly body: Body;
  /** Plaintext bytes. */
  readonly size: number;
  /** Algorithm of the checksum that the client promised, and that is checked; it is among the facts. */
  readonly promised: ChecksumName | undefined;
  facts(): PlaintextFacts;
}

/**
 * The same part with the checksum that the whole will need; `InvalidRequest` for one that comes with another. Only beside S3's own default
 * a part may have another one, which then is what it keeps: clients that ask for none at the start still sum their parts.
 */
export function summedPart(
  { body, size, promised, facts }: IncomingPart,
  { checksum: wanted }: Pick<UploadRecord, "checksum">,
): { readonly body: Body; facts(): PlaintextFacts } {
  if (!wanted || promised === wanted.algorithm) return { body, facts };
  const { algorithm } = wanted;
  if (promised !== undefined && algorithm === DEFAULT_ALGORITHM) return { body, facts };
  if (promised !== undefined) {
    const what = `expected checksum Type: ${algorithm}, actual checksum Type: ${promised}`;
    throw refusal(400, "InvalidRequest", `Checksum Type mismatch occurred, ${what}`);
  }
  let value = "";
  const verify = (sum: Buffer) => {
    value = sum.toString("base64");
  };
  const summed = checkedBody(body, [{ digest: createDigest(algorithm), verify }], size);
  return {
    body: summed,
    facts: () => ({ ...facts(), checksum: { algorithm, type: "FULL_OBJECT", value } }),
  };
}
