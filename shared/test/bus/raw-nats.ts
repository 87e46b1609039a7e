/** A NATS client that knows nothing of our bus, to look at it from outside. */
import { connect, headers, nkeys } from "@nats-io/transport-node";

/** What came back: headers by exact name ("" if absent), and the payload as JSON. */
export interface RawReply {
  header(name: string): string;
  json(): unknown;
}

/** One request on its own connection; rejects when no answer comes within `timeoutMs`. */
export async function askRaw(
  url: string,
  subject: string,
  asking: { payload?: string; fields?: Record<string, string>; timeoutMs?: number } = {},
): Promise<RawReply> {
  const nats = await connect({ servers: url });
  const head = headers();
  for (const [name, value] of Object.entries(asking.fields ?? {})) head.set(name, value);
  try {
    const { timeoutMs = 2000 } = asking;
    const reply = await nats.request(subject, asking.payload, {
      headers: head,
      timeout: timeoutMs,
    });
    return {
      header: (name) => reply.headers?.get(name) ?? "",
      json: () => reply.json<unknown>(),
    };
  } finally {
    await nats.close();
  }
}

/** A new identity: the seed for its owner, the public key for the broker's configuration. */
export function makeIdentity(): { seed: string; publicKey: string } {
  const user = nkeys.createUser();
  return { seed: Buffer.from(user.getSeed()).toString(), publicKey: user.getPublicKey() };
}
