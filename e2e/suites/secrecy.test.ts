/** Who knows what: the memory of each process, and everything that passes the broker, searched for the keys (ARCHITECTURE.md). */
import { deepEqual, ok } from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { CreateBucketCommand, type S3Client } from "@aws-sdk/client-s3";
import { BrokerClient } from "../attacks/broker-client.ts";
import { scanMemory } from "../attacks/process-memory.ts";
import { spellingsFinder, spellingsIn, spellingsOf, spellingsOfAll } from "../attacks/spellings.ts";
import { keysOfHeader, partKeysOf, type StoredKeys } from "../attacks/stored-keys.ts";
import {
  type Bucket,
  copyObject,
  getObject,
  metadataOf,
  putInParts,
  putObject,
  randomContent,
} from "../clients/objects.ts";
import { s3ClientOf } from "../clients/s3-client.ts";
import { type DistributedGateway, startDistributed } from "../gateway.ts";
import { startBackend } from "../servers/backends.ts";

const BUCKET = "secrecy";
const SIZES = [0, 1, 100_000, 2_000_000];
const ROLES = ["edge", "crypto", "keys", "audit"] as const;

describe("after puts, gets, copies and an upload in parts through roles in processes of their own", () => {
  const servers = new AsyncDisposableStack();
  let gateway: DistributedGateway;
  let behind: Bucket;
  let listener: BrokerClient;
  const keys: string[] = [];

  before(async () => {
    const backend = servers.use(await startBackend("versitygw"));
    gateway = servers.use(await startDistributed({ backend }));
    listener = servers.use(await BrokerClient.connect(gateway.natsUrl));
    await listener.record();
    const [front, back] = [s3ClientOf(gateway), s3ClientOf(backend)];
    servers.defer(() => front.destroy());
    servers.defer(() => back.destroy());
    behind = { s3: back, bucket: BUCKET };
    await useAll(front);
  });
  after(() => servers.disposeAsync());

  async function useAll(s3: S3Client): Promise<void> {
    await s3.send(new CreateBucketCommand({ Bucket: BUCKET }));
    const bucket = { s3, bucket: BUCKET };
    for (const size of SIZES) {
      const key = `object of ${size}`;
      const copy = `copy of ${size}`;
      const { body } = randomContent(size);
      await putObject(bucket, key, { body });
      await copyObject(bucket, key, copy);
      for (const one of [key, copy]) {
        ok((await getObject(bucket, one)).equals(body), one);
        keys.push(one);
      }
    }
    const parts = [5 * 1024 * 1024, 1000].map((bytes) => randomContent(bytes).body);
    await putInParts(bucket, "in parts", parts);
    ok((await getObject(bucket, "in parts")).equals(Buffer.concat(parts)));
    keys.push("in parts");
  }

  /** As whoever holds the KEK opens what lies on the backend. */
  const storedKeysOf = async (key: string): Promise<StoredKeys> => {
    const { s3eg = "" } = await metadataOf(behind, key);
    return keysOfHeader(s3eg, gateway.secrets.kek, { bucket: BUCKET, key });
  };

  const rolesThatHold = async (secret: Buffer, t: { diagnostic(text: string): void }) => {
    const spellings = spellingsOf(secret);
    const holders: string[] = [];
    for (const role of ROLES) {
      for (const pid of gateway.roles[role]) {
        const { scannedBytes, found } = await scanMemory(pid, spellings);
        const mib = Math.round(scannedBytes / 1024 / 1024);
        t.diagnostic(`${role}: ${mib} MiB scanned, found: ${[...found].join(", ") || "nothing"}`);
        ok(mib > 30, `${role}: too little of its memory could be read`);
        if (found.size > 0) holders.push(role);
      }
    }
    return holders;
  };

  it("the KEK is in the memory of keys, and of no other process", async (t) => {
    deepEqual(await rolesThatHold(gateway.secrets.kek, t), ["keys"]);
  });

  it("the secret that opens data keys is in the memory of crypto and keys, and of no other process", async (t) => {
    deepEqual(await rolesThatHold(gateway.secrets.keysSecret, t), ["crypto", "crypto", "keys"]);
  });

  it("no data key is in the memory of edge", async (t) => {
    const secrets: [string, Buffer][] = [];
    for (const key of ["object of 1", "copy of 2000000", "in parts"]) {
      secrets.push([key, (await storedKeysOf(key)).dataKey]);
    }
    const spellings = spellingsOfAll(secrets);
    for (const pid of gateway.roles.edge) {
      const { scannedBytes, found } = await scanMemory(pid, spellings);
      const mib = Math.round(scannedBytes / 1024 / 1024);
      t.diagnostic(`edge: ${mib} MiB scanned for ${spellings.size} spellings`);
      ok(mib > 30, "too little of its memory could be read");
      deepEqual([...found], []);
    }
  });

  it("no KEK, no data key, and no key that follows from one, ever passed the broker in clear", async () => {
    const secrets: [string, Buffer][] = [["KEK", gateway.secrets.kek]];
    for (const key of keys) {
      const stored = await storedKeysOf(key);
      const used = [stored.dataKey, ...stored.derived];
      if (key === "in parts") used.push(...partKeysOf(await getObject(behind, key), stored));
      for (const [n, secret] of used.entries()) secrets.push([`${n} of ${key}`, secret]);
    }
    deepEqual(spellingsFinder(spellingsOfAll(secrets))(listener.transcript()), []);
  });

  it("the record holds all that passed: every question, and what is no secret is found in it", async () => {
    const subjects = new Set(listener.recorded.map(({ subject }) => subject));
    for (const asked of ["keys.data-key.issue", "keys.data-key.unwrap", "keys.header.reissue"]) {
      ok(subjects.has(`s3eg.${asked}`), asked);
    }
    ok(
      [...subjects].some((subject) => subject.startsWith("_INBOX")),
      "answers",
    );
    const transcript = listener.transcript();
    for (const key of keys) {
      const { objectId } = await storedKeysOf(key);
      ok(spellingsIn(transcript, spellingsOf(objectId)).length > 0, `object id of ${key}`);
    }
  });
});
