/** `keys.data-key.unwrap-many`: the data keys of several headers in one question, each as `keys.data-key.unwrap` would answer it. */
import type {
  UnwrappedDataKey,
  UnwrappedDataKeys,
  unwrapDataKey,
  unwrapDataKeys,
} from "@s3eg/shared/contracts/keys.ts";
import { Fault, toWireFault } from "@s3eg/shared/faults.ts";
import type { z } from "zod";

type UnwrapOne = (input: z.infer<typeof unwrapDataKey.input>) => Promise<UnwrappedDataKey>;

/** Answers with a data key or a fault for each; what is a bug of ours fails them all. */
export function unwrapDataKeysAnswerer(unwrap: UnwrapOne) {
  return async ({ objects }: z.infer<typeof unwrapDataKeys.input>): Promise<UnwrappedDataKeys> => ({
    answers: await Promise.all(
      objects.map(async (object) => {
        try {
          return await unwrap(object);
        } catch (error) {
          if (!(error instanceof Fault) || error.code === "internal.bug") throw error;
          return { fault: toWireFault(error) };
        }
      }),
    ),
  });
}
