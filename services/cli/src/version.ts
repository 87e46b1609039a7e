/** The version of the gateway, from its package. */
import { readFileSync } from "node:fs";
import { z } from "zod";

const manifest = new URL("../package.json", import.meta.url);

/** Semantic version. */
export const VERSION: string = z
  .object({ version: z.string() })
  .parse(JSON.parse(readFileSync(manifest, "utf8"))).version;
