/** The place of a request among those under way: what it may need of memory is reserved before its body is asked for, or it is told to come again. */
import { isFault } from "@s3eg/shared/faults.ts";
import type { Admission, Asking } from "@s3eg/shared/runtime/admission.ts";
import { s3Error } from "./s3/errors.ts";

/** Gives places to requests. */
export type Places = Pick<Admission, "enter">;

/** Clients that keep to it come back spread over so many seconds, not all at once. */
const RETRY_AFTER_SECONDS = 3;

/** Waits for a place, which the caller disposes of when the answer has ended. `SlowDown` with `Retry-After` where there is none in time. */
export async function placeOf(places: Places, asking: Asking): Promise<Disposable> {
  try {
    return await places.enter(asking);
  } catch (error) {
    if (!isFault(error, "limit.busy")) throw error;
    const seconds = 1 + Math.floor(Math.random() * RETRY_AFTER_SECONDS);
    throw s3Error("SlowDown", { headers: { "retry-after": String(seconds) } });
  }
}

/** What a request says of itself when it wants a place. */
export type WantedPlace = Omit<Asking, "signal" | "onWait">;
