/** The Range header of GET and HEAD (RFC 9110 §14.2, S3 API GetObject). */
import type { ByteRange } from "../contracts/crypto.ts";
import { Fault } from "../faults.ts";

/** The one range asked for; undefined where the header is to be ignored: absent, malformed, another unit, or several ranges. */
export function parseRange(value: string | undefined): ByteRange | undefined {
  const match = /^bytes=(\d{0,15})-(\d{0,15})$/.exec(value ?? "");
  if (!match) return undefined;
  const [, first = "", last = ""] = match;
  if (first === "") return last === "" ? undefined : { suffix: Number(last) };
  if (last === "") return { first: Number(first) };
  return Number(first) <= Number(last) ? { first: Number(first), last: Number(last) } : undefined;
}

/** The value of Content-Range for `length` bytes from `offset` of `size`. */
export function contentRange(
  { offset, length }: { offset: number; length: number },
  size: number,
): string {
  return `bytes ${offset}-${offset + length - 1}/${size}`;
}

/** A client's range in an object of `size` bytes: offset and length ≥ 1; `crypto.invalid-range` if nothing lies in it (RFC 9110 §14.1.2). */
export function resolveRange(range: ByteRange, size: number): { offset: number; length: number } {
  const offset = "suffix" in range ? Math.max(0, size - range.suffix) : range.first;
  const last = "suffix" in range ? size - 1 : Math.min(range.last ?? size - 1, size - 1);
  if (offset > last) {
    throw new Fault("crypto.invalid-range", "range lies beyond the object", { details: { size } });
  }
  return { offset, length: last - offset + 1 };
}
