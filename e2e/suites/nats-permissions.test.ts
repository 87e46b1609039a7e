/** Each user of the broker that `deploy/nats` makes may do what its service needs, and is refused everything else by a real nats-server. */
import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { after, before, describe, it } from "node:test";
import { connect, type NatsConnection, nkeyAuthenticator } from "@nats-io/transport-node";
import { type NatsServer, startNats } from "../servers/nats.ts";
import { makeNatsUsers, type NatsUsers } from "../servers/nats-users.ts";
import { makeScratch, type Scratch } from "../servers/place.ts";

const SERVICES = ["edge", "crypto", "keys", "audit", "admin"];

/** Allow lists by service, as they are in the file that the broker reads. */
type Rights = ReadonlyMap<string, { readonly publish: string[]; readonly subscribe: string[] }>;

describe("users of the broker", () => {
  let scratch: Scratch;
  let users: NatsUsers;
  let nats: NatsServer;
  let rights: Rights;
  before(async () => {
    scratch = await makeScratch("nats-permissions");
    users = await makeNatsUsers(scratch.folder, SERVICES);
    rights = rightsIn(users.configText);
    nats = await startNats({ configText: users.configText });
  });
  after(async () => {
    await nats[Symbol.asyncDispose]();
    await scratch[Symbol.asyncDispose]();
  });

  const enter = async (name: string): Promise<NatsConnection> => {
    const authenticator = nkeyAuthenticator(await readFile(users.seedOf(name)));
    return await connect({ servers: nats.url, authenticator, inboxPrefix: `_INBOX.${name}` });
  };

  for (const name of SERVICES) {
    it(`${name} may send and hear its own subjects and no other`, async () => {
      const own = rights.get(name);
      assert.ok(own);
      const all = [...rights.values()];
      const toSend = [...new Set(all.flatMap(({ publish }) => publish)), "s3eg.unknown", "$SYS.x"];
      const toHear = [
        ...[...rights.keys()].map((service) => `_INBOX.${service}.>`),
        ...["s3eg.>", "_INBOX.>", ">", "$SYS.>", ...all.flatMap(({ publish }) => publish)],
      ];
      const named = (subject: string) => subject.replace(/>$/, "x");
      const refused = await refusalsTo(await enter(name), {
        publish: toSend.map(named),
        subscribe: [...new Set(toHear)],
      });
      const sent = toSend.filter((subject) => !refused.has(`publish ${named(subject)}`));
      const heard = [...new Set(toHear)].filter((to) => !refused.has(`subscription ${to}`));
      assert.deepEqual(sent.toSorted(), own.publish.toSorted());
      assert.deepEqual(
        heard.toSorted(),
        own.subscribe.filter((subject) => toHear.includes(subject)).toSorted(),
      );
    });
  }

  it("only crypto may ask for data keys, and only keys hears that it does", () => {
    const asks = "s3eg.keys.data-key.issue";
    const may = (verb: "publish" | "subscribe") =>
      SERVICES.filter((name) => rights.get(name)?.[verb].includes(asks));
    assert.deepEqual([may("publish"), may("subscribe")], [["crypto"], ["keys"]]);
  });

  it("nobody enters without a seed, or with another one", async () => {
    await assert.rejects(connect({ servers: nats.url, reconnect: false }), /[Aa]uthorization/);
  });
});

function rightsIn(configText: string): Rights {
  const found = [...configText.matchAll(/\{ # (\w+)\n([\s\S]*?)allow_responses/g)];
  return new Map(
    found.map(([, name = "", block = ""]) => {
      const [publish = "", subscribe = ""] = block.split("subscribe {");
      const subjects = (text: string) =>
        [...text.matchAll(/"([^"]+)"/g)].map(([, subject = ""]) => subject);
      return [name, { publish: subjects(publish), subscribe: subjects(subscribe) }];
    }),
  );
}

/** What the broker refuses on a connection, as `publish SUBJECT` or `subscription SUBJECT`. Closes it. */
async function refusalsTo(
  connection: NatsConnection,
  { publish, subscribe }: { publish: readonly string[]; subscribe: readonly string[] },
): Promise<ReadonlySet<string>> {
  const refused = new Set<string>();
  const watch = async () => {
    for await (const status of connection.status()) {
      const { error } = status as { error?: { operation?: string; subject?: string } };
      refused.add(`${error?.operation} ${error?.subject}`);
    }
  };
  const watching = watch();
  for (const subject of publish) connection.publish(subject);
  for (const subject of subscribe) connection.subscribe(subject, { callback: () => undefined });
  await connection.flush();
  await connection.close();
  await watching;
  return refused;
}
