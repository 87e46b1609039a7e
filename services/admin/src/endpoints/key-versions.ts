/** The versions of the keys that wrap data keys: what each may do, and how many objects are known to need it. */
import { type ListedVersion, listVersions } from "@s3eg/shared/contracts/key-rotation.ts";
import { z } from "zod";
import { type Asking, askService } from "./ask-service.ts";
import { type Endpoint, endpoint } from "./endpoint.ts";

/** What somebody found who looked at all objects of a bucket, or at those that begin with `prefix`. */
export interface LookedAt {
  readonly bucket: string;
  readonly prefix: string;
  readonly startedAt?: string | undefined;
  /** Objects by the version that they need: `provider version key-id`, or `?` where that could not be seen. */
  readonly needs: Readonly<Record<string, number>>;
  /** Objects that are under the version that wrote then, by its name. */
  readonly settled?: Readonly<Record<string, number>> | undefined;
}

const Count = z.int().nonnegative();

const KeysBody = z.object({
  versions: z.array(
    z.object({
      provider: z.string(),
      key_id: z.string(),
      version: Count,
      state: z
        .enum(["active", "by-policy", "readable", "retired"])
        .describe("active: wraps new data keys; by-policy: where a policy says so"),
      check_value: z.string().optional().describe("to compare a key without seeing it"),
      objects: Count.optional().describe("known to need it; absent where nobody has looked"),
      share: z.number().min(0).max(1).optional().describe("of all objects that were looked at"),
    }),
  ),
  unknown_objects: Count.describe("looked at, and it could not be seen what they need"),
  other_objects: Count.describe("looked at, and they need a version that is not configured"),
  looked_at: z
    .array(
      z.object({
        bucket: z.string(),
        prefix: z.string(),
        started_at: z.string().optional(),
        objects: Count,
      }),
    )
    .describe("what the counts are of: objects that came later are not in them"),
});

/** `GET /admin/keys`. `lookedAt`: every look that is known of. */
export function keyVersionEndpoints(
  asking: Asking,
  lookedAt: () => Promise<readonly LookedAt[]>,
): Endpoint[] {
  return [
    endpoint({
      method: "GET",
      path: "/admin/keys",
      summary: "Versions of the keys, and how many objects are known to need each",
      answers: { 200: { description: "the versions", schema: KeysBody } },
      async handle({ request: { id: requestId } }) {
        const asked = { question: listVersions, input: {}, requestId };
        const { versions } = await askService(asking, asked);
        return { status: 200, body: keysBody(versions, await lookedAt()) };
      },
    }),
  ];
}

function keysBody(
  versions: readonly ListedVersion[],
  looks: readonly LookedAt[],
): z.infer<typeof KeysBody> {
  const last = looks.filter((one) => !looks.some((other) => isCovered(one, other)));
  const counts = new Map<string, number>();
  for (const [name, count] of last.flatMap(countsOf)) {
    counts.set(name, (counts.get(name) ?? 0) + count);
  }
  const total = [...counts.values()].reduce((sum, count) => sum + count, 0);
  const unknown = counts.get("?") ?? 0;
  const rows = versions.map(({ provider, keyId, keyVersion, state, checkValue }) => {
    const objects = counts.get(`${provider} ${keyVersion} ${keyId}`) ?? 0;
    return {
      ...{ provider, key_id: keyId, version: keyVersion, state, check_value: checkValue },
      ...(total === 0 ? {} : { objects, share: objects / total }),
    };
  });
  const known = rows.reduce((sum, { objects = 0 }) => sum + objects, 0);
  return {
    versions: rows,
    unknown_objects: unknown,
    other_objects: total - unknown - known,
    looked_at: last.map((look) => {
      const objects = countsOf(look).reduce((sum, [, count]) => sum + count, 0);
      return { bucket: look.bucket, prefix: look.prefix, started_at: look.startedAt, objects };
    }),
  };
}

function countsOf({ needs, settled = {} }: LookedAt): [string, number][] {
  return [...Object.entries(needs), ...Object.entries(settled)];
}

/** True if a later look went over all that this one did, or a wider one over the same: no object is counted twice. */
function isCovered({ bucket, prefix, startedAt = "" }: LookedAt, other: LookedAt): boolean {
  if (other.bucket !== bucket || !prefix.startsWith(other.prefix)) return false;
  return other.prefix === prefix ? (other.startedAt ?? "") > startedAt : true;
}
