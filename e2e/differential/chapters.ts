/** The whole script, chapter by chapter. */
import { conditions, objects, ranges } from "./chapters/objects.ts";
import { type Chapter, PUT } from "./step.ts";

/** Every chapter, each beginning with the making of its bucket. */
export const CHAPTERS: readonly Chapter[] = [objects, ranges, conditions].map(
  ({ name, steps }) => ({
    name,
    steps: [PUT("the bucket", ""), ...steps],
  }),
);
