/** Which attempts a Complete means, judged as S3 judges it (S3 API, CompleteMultipartUpload). */
import type { CompletedPart } from "@s3eg/shared/contracts/multipart.ts";
import type { PartAttempt } from "../multipart-state/multipart-state.ts";
import { refusal } from "./uploads.ts";

/** Plaintext that every part but the last must hold (S3 API, "Multipart upload limits"). */
const MIN_PART_BYTES = 5 * 1024 * 1024;

/**
 * The attempt behind each completed part, in order. Of several attempts at a part the latest counts, but where `held` says which one
 * the backend has, that one. `InvalidPartOrder`, `InvalidPart` for one that is unknown, replaced by another attempt or of another
 * checksum, `EntityTooSmall` for a part below 5 MiB of plaintext that is not the last.
 */
export function selectParts(
  listed: readonly CompletedPart[],
  attempts: readonly PartAttempt[],
  held: ReadonlyMap<number, string> = new Map(),
): PartAttempt[] {
  const completed = lastListed(listed);
  if (completed.length === 0)
    throw refusal(
      400,
      "MalformedXML",
      "The XML you provided was not well-formed or did not validate against our published schema",
    );
  const byNumber = attemptsByNumber(attempts);
  let before = 0;
  return completed.map((part, index) => {
    if (part.partNumber <= before) {
      throw refusal(
        400,
        "InvalidPartOrder",
        "The list of parts was not in ascending order. The parts list must be specified in order by part number.",
      );
    }
    before = part.partNumber;
    const own = byNumber.get(part.partNumber) ?? [];
    const attempt = heldAttempt(own, held.get(part.partNumber)) ?? own.at(-1);
    if (!attempt || !isMeant(part, attempt)) throw invalidPart();
    if (attempt.size < MIN_PART_BYTES && index < completed.length - 1) {
      throw refusal(
        400,
        "EntityTooSmall",
        "Your proposed upload is smaller than the minimum allowed size",
      );
    }
    return attempt;
  });
}

/**
 * Numbers of completed parts of which the state can't tell which attempt the backend has: several were stored there, and the client
 * means one that was not recorded last, or that looks like another. Where the latest attempt is parked, the state decides.
 */
export function contestedParts(
  listed: readonly CompletedPart[],
  attempts: readonly PartAttempt[],
): number[] {
  const byNumber = attemptsByNumber(attempts);
  return lastListed(listed).flatMap((part) => {
    const own = byNumber.get(part.partNumber) ?? [];
    const latest = own.at(-1);
    if (!latest || latest.isParked) return [];
    const meant = own.filter((attempt) => !attempt.isParked && isMeant(part, attempt));
    return meant.some((attempt) => attempt !== latest) ? [part.partNumber] : [];
  });
}

/** A part that is listed twice in a row counts as last listed, as Ceph has it. */
function lastListed(listed: readonly CompletedPart[]): CompletedPart[] {
  return listed.filter(({ partNumber }, index) => listed[index + 1]?.partNumber !== partNumber);
}

/** Attempts at each part in the order in which they were recorded. */
function attemptsByNumber(attempts: readonly PartAttempt[]): Map<number, PartAttempt[]> {
  const inOrder = [...attempts].sort((a, b) => a.sequence - b.sequence);
  return Map.groupBy(inOrder, ({ partNumber }) => partNumber);
}

function heldAttempt(
  attempts: readonly PartAttempt[],
  etag: string | undefined,
): PartAttempt | undefined {
  if (etag === undefined) return undefined;
  return attempts.find(
    ({ isParked, backendEtag, etag: own }) =>
      !isParked && unquoted(backendEtag ?? own) === unquoted(etag),
  );
}

/** The refusal of a part that can't be completed. */
export function invalidPart(): Error {
  return refusal(
    400,
    "InvalidPart",
    "One or more of the specified parts could not be found. The part might not have been uploaded, or the specified entity tag might not have matched the part's entity tag.",
  );
}

function isMeant({ etag, checksum }: CompletedPart, attempt: PartAttempt): boolean {
  const named = unquoted(etag);
  // What the client was told: the backend's tag, marked as no MD5, or the plaintext's MD5.
  const isSame = [unquoted(attempt.etag), `${unquoted(attempt.etag)}-0`, attempt.md5].includes(
    named,
  );
  const isSummed =
    !checksum ||
    (attempt.checksum?.algorithm === checksum.algorithm &&
      attempt.checksum.value === checksum.value);
  return isSame && isSummed;
}

function unquoted(etag: string): string {
  return etag.replaceAll('"', "").toLowerCase();
}
