/** Facts of objects that only a data key can tell: from the index where it knows, otherwise asked of crypto and then remembered. */
import { setTimeout as sleep } from "node:timers/promises";
import type { HeaderFields } from "@s3eg/shared/backend/backend.ts";
import type { Bus } from "@s3eg/shared/bus/bus.ts";
import { describeObjects, MAX_DESCRIBED, type ObjectFacts } from "@s3eg/shared/contracts/crypto.ts";
import { Fault, fromWireFault, isFault } from "@s3eg/shared/faults.ts";
import { atMost } from "@s3eg/shared/runtime/at-most.ts";
import { askGuarded } from "@s3eg/shared/trust/ask.ts";
import type { AskerSession } from "@s3eg/shared/trust/asker.ts";
import type { FactsIndex, PinnedObject } from "./facts-index.ts";
import { identityOf, type S3Request } from "./s3-request.ts";

/** Who wants to know: gives identity, policy and the headers that go along. */
export type Asking = Pick<S3Request, "id" | "principal" | "headers" | "policyOf">;

/** Facts of objects. */
export interface KnownObjects {
  /**
   * Facts of one object; undefined where the object is under a customer's key, which is never sent along. Throws the faults of
   * crypto, `backend.changed` if the object has another ETag by now.
   */
  of(asking: Asking, object: PinnedObject): Promise<ObjectFacts | undefined>;
  /** Facts of objects of one bucket, in order; undefined where there are none to be had: damaged, changed, gone, or not to be read. */
  ofMany(asking: Asking, objects: readonly PinnedObject[]): Promise<(ObjectFacts | undefined)[]>;
  /** Remembers what was learned by the way. */
  learn(object: PinnedObject, facts: ObjectFacts): void;
}

/** Looks at most at an object that many write at once, and the longest wait after the first of them. */
const LOOKS = 8;
const FIRST_WAIT_MS = 10;

/** Runs `look` again if the object changed while it was looked at, after a random wait that doubles: the last look is the true one. */
export async function retryIfChanged<Result>(look: () => Promise<Result>): Promise<Result> {
  for (let looks = 1; ; looks += 1) {
    try {
      return await look();
    } catch (error) {
      if (looks === LOOKS || !isFault(error, "backend.changed")) throw error;
      await sleep(Math.random() * FIRST_WAIT_MS * 2 ** (looks - 1));
    }
  }
}

/** How long an answer about so many objects may take. */
const TIMEOUT_MS = 30_000;
const QUESTIONS_AT_ONCE = 2;
const CUSTOMER_KEY = "server-side-encryption-customer-";

/** Objects as `index` knows them and crypto describes them; `session` proves who asks where crypto is another process. */
export function knownObjectsOf(rooms: {
  bus: Bus;
  session: AskerSession | undefined;
  index: FactsIndex;
}): KnownObjects {
  const { index } = rooms;
  const learn = (object: PinnedObject, facts: ObjectFacts) => {
    // An index that fails costs a look-up later, nothing else.
    index.set(object, facts).catch(() => undefined);
  };
  const describe = async (asking: Asking, objects: readonly PinnedObject[]) => {
    const described = await ask(rooms, asking, objects);
    for (const [at, facts] of described.entries()) {
      const object = objects[at];
      if (object && !(facts instanceof Fault)) learn(object, facts);
    }
    return described;
  };
  return {
    learn,
    async of(asking, object) {
      if (hasCustomerKey(asking.headers)) return undefined;
      const [known] = await index.get([object]);
      if (known) return known;
      const [facts] = await describe(asking, [object]);
      if (facts instanceof Fault) throw facts;
      return facts;
    },
    async ofMany(asking, objects) {
      const facts = await index.get(objects);
      const missing = objects.flatMap((object, at) => (facts[at] ? [] : [{ object, at }]));
      await atMost(QUESTIONS_AT_ONCE, batchesOf(missing), async (batch) => {
        const described = await describe(
          asking,
          batch.map(({ object }) => object),
        );
        for (const [index_, { at }] of batch.entries()) {
          const answer = described[index_];
          if (isFault(answer, ...OUTAGES)) throw answer;
          if (!(answer instanceof Fault)) facts[at] = answer;
        }
      });
      return facts;
    },
  };
}

/** What says nothing of the object: to go on without its facts would show another ETag than a moment ago. */
const OUTAGES = ["backend.unavailable", "backend.throttled", "keys.unavailable"] as const;

function batchesOf<Item>(items: readonly Item[]): Item[][] {
  const count = Math.ceil(items.length / MAX_DESCRIBED);
  return Array.from({ length: count }, (_, at) =>
    items.slice(at * MAX_DESCRIBED, (at + 1) * MAX_DESCRIBED),
  );
}

async function ask(
  { bus, session }: { bus: Bus; session: AskerSession | undefined },
  asking: Asking,
  objects: readonly PinnedObject[],
): Promise<(ObjectFacts | Fault)[]> {
  const bucket = objects[0]?.bucket ?? "";
  const policy = asking.policyOf(bucket);
  const input = {
    bucket,
    boundTo: policy.bindAs ?? bucket,
    ...identityOf(asking),
    contents: policy.contents,
    objects: objects.map(({ key, versionId, etag }) => ({
      key,
      etag,
      ...(versionId === undefined ? {} : { versionId }),
    })),
    headers: passedOn(asking.headers),
  };
  const { described } = await askGuarded(bus, session, {
    question: describeObjects,
    input,
    requestId: asking.id,
    timeoutMs: TIMEOUT_MS,
  });
  return objects.map((_, at) => {
    const answer = described[at];
    if (!answer) return new Fault("internal.bug", "crypto did not describe every object");
    return "facts" in answer ? answer.facts : fromWireFault(answer.fault);
  });
}

function passedOn(headers: HeaderFields): HeaderFields {
  const names = ["x-amz-expected-bucket-owner", "x-amz-request-payer"];
  return Object.fromEntries(Object.entries(headers).filter(([name]) => names.includes(name)));
}

/** True if a request brings the key of an object or of a copy's source along (SSE-C). */
export function hasCustomerKey(headers: HeaderFields): boolean {
  return Object.keys(headers).some((name) => name.includes(CUSTOMER_KEY));
}
