/** Lists that crypto answers as a body, because they are too long for a message (contracts/crypto.ts, contracts/multipart.ts). */
import { Fault } from "@s3eg/shared/faults.ts";
import { type Body, collectBody } from "@s3eg/shared/http/body.ts";
import { z } from "zod";

/** Ten thousand parts with ETag, MD5 and checksum each. */
const MAX_BYTES = 8 * 1024 * 1024;

/** Reads a JSON list of such items to its end; `internal.bug` for one that no object has. */
export async function collectedList<Item>(body: Body, item: z.ZodType<Item>): Promise<Item[]> {
  const tooLong = () => new Fault("internal.bug", "list of parts is too long");
  const bytes = await collectBody(body, MAX_BYTES, tooLong);
  return z.array(item).parse(JSON.parse(bytes.toString()));
}
