/** How endpoints ask the services that own what they show or change. */
import { askGuarded, type GuardedQuestion } from "@s3eg/shared/trust/ask.ts";
import type { Office } from "../office.ts";

/** Over what is asked, and how it is proven who does. */
export type Asking = Pick<Office, "bus" | "session">;

/** Asks the owner of a question under the id of the request that it is for. Throws the owner's faults, and those of the bus. */
export async function askService<Input extends object, Answer>(
  { bus, session }: Asking,
  asked: {
    readonly question: GuardedQuestion<Input, Answer>;
    readonly input: NoInfer<Input>;
    readonly requestId: string;
    readonly timeoutMs?: number;
  },
): Promise<Answer> {
  return await askGuarded(bus, session, asked);
}
