/** A body that tells how it ends, for whoever counts, times or reports what passes. Nothing is done per piece. */
import type { Body } from "./body.ts";

/** What is heard of a body. None of it may throw. */
export interface BodyWatch {
  /** It was read to its end, and that was a proper one. */
  onEnd?(): void;
  /** Reading it ended in any other way. */
  onError?(error: unknown): void;
  /** Somebody gives it up. Whoever reads it hears of an error, too. */
  onDestroy?(reason: unknown): void;
}

/** The same body, under watch. */
export function watchedBody(body: Body, watch: BodyWatch): Body {
  const { pumpBorrowed } = body;
  const watched = async (pumping: Promise<void>) => {
    try {
      await pumping;
    } catch (error) {
      watch.onError?.(error);
      throw error;
    }
    watch.onEnd?.();
  };
  return {
    pump: (take) => watched(body.pump(take)),
    ...(pumpBorrowed ? { pumpBorrowed: (take) => watched(pumpBorrowed.call(body, take)) } : {}),
    destroy(reason) {
      watch.onDestroy?.(reason);
      body.destroy(reason);
    },
  };
}
