/** How endpoints ask the services that own what they show or change. */
import { randomUUID } from "node:crypto";
import { askGuarded, type GuardedQuestion } from "@s3eg/shared/trust/ask.ts";
import type { Office } from "../office.ts";

/** Over what is asked, and how it is proven who does. */
export type Asking = Pick<Office, "bus" | "session">;

/** Asks the owner of a question under a request id of admin's own. Throws the owner's faults, and those of the bus. */
export async function askService<Input extends object, Answer>(
  { bus, session }: Asking,
  asked: {
    readonly question: GuardedQuestion<Input, Answer>;
    readonly input: NoInfer<Input>;
    readonly timeoutMs?: number;
  },
): Promise<Answer> {
  return await askGuarded(bus, session, { ...asked, requestId: `admin-${randomUUID()}` });
}
