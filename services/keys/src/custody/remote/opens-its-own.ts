/** What a refusal was about: the wrapped key or the key of the store. Cloud services say the same of both. */
import { randomBytes } from "node:crypto";
import { isFault } from "@s3eg/shared/faults.ts";

const PAYLOAD_BYTES = 65;

/** How a key is asked. */
export interface OwnWrap {
  readonly wrap: (payload: Uint8Array) => Promise<Uint8Array>;
  readonly unwrap: (wrappedKey: Uint8Array) => Promise<Uint8Array>;
}

/**
 * True if a key opens what it wraps now: then what it refused a moment ago is not genuine. False where it may not be used, or does not
 * open what is its own. Throws `keys.unavailable` where nothing can be said.
 */
export async function opensItsOwn({ wrap, unwrap }: OwnWrap): Promise<boolean> {
  const payload = randomBytes(PAYLOAD_BYTES);
  try {
    return payload.equals(await unwrap(await wrap(payload)));
  } catch (refusal) {
    if (isFault(refusal, "keys.denied") || isFault(refusal, "crypto.integrity")) return false;
    throw refusal;
  }
}
