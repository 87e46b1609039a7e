/** The state of uploads in a real Redis: the rules of every store, and what only a server on a network can do. */
import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { SealedState } from "../../services/crypto/src/multipart-state/sealed-state.ts";
import type { StoreLimits } from "../../services/crypto/src/multipart-state/state-store.ts";
import { ValkeyStore } from "../../services/crypto/src/multipart-state/valkey-store.ts";
import {
  anAttempt,
  anUpload,
  faultOf,
  GENEROUS,
  listed,
  stateContract,
  testSeal,
} from "../../services/crypto/test/multipart-state/state-contract.ts";
import { Secret } from "../../shared/src/runtime/secret.ts";
import { Valkey, type ValkeySettings } from "../../shared/src/runtime/valkey.ts";
import { KeptLog } from "../../shared/test/runtime/kept-log.ts";
import { freePort } from "../servers/place.ts";
import { pauseAll } from "../servers/proc.ts";
import {
  type RedisOptions,
  type RedisServer,
  startRedis,
  startSentinel,
} from "../servers/redis.ts";

type Changes = Partial<ValkeySettings>;

/** A command is answered or given up within this, and reconnecting is part of it. */
const COMMAND_TIMEOUT_MS = 400;

function settingsFor({ port, password }: RedisServer, changes: Changes = {}): ValkeySettings {
  return {
    mode: "standalone",
    addresses: [{ host: "127.0.0.1", port }],
    user: { password: new Secret(password) },
    db: 0,
    connectTimeoutMs: 2000,
    commandTimeoutMs: COMMAND_TIMEOUT_MS,
    ...changes,
  };
}

async function connect(settings: ValkeySettings, log = new KeptLog()): Promise<Valkey> {
  const valkey = new Valkey(settings, log);
  while (!valkey.isUp) await sleep(5);
  return valkey;
}

async function openState(
  settings: ValkeySettings,
  { limits = GENEROUS, log = new KeptLog() }: { limits?: StoreLimits; log?: KeptLog } = {},
): Promise<SealedState> {
  return new SealedState(new ValkeyStore(await connect(settings, log), { limits, log }), testSeal);
}

/** Runs the contract over a server, emptied before each test. */
function contractOver(name: string, options: RedisOptions, changes: Changes = {}): void {
  let server: RedisServer;
  before(async () => {
    server = await startRedis(options);
  });
  after(() => server[Symbol.asyncDispose]());
  stateContract(name, async (limits) => {
    const settings = settingsFor(server, changes);
    await using admin = await connect(settings);
    await admin.call("flushall");
    const store = new ValkeyStore(await connect(settings), { limits, log: new KeptLog() });
    return { store, passMs: (ms) => sleep(ms) };
  });
}

describe("one server", () => contractOver("ValkeyStore", {}, { db: 3 }));

describe("a cluster", () =>
  contractOver("ValkeyStore in a cluster", { isCluster: true }, { mode: "cluster" }));

describe("ValkeyStore", () => {
  let port: number;
  let server: RedisServer;
  before(async () => {
    port = await freePort();
    server = await startRedis({ port });
  });
  after(() => server[Symbol.asyncDispose]());

  const keysOf = async (valkey: Valkey) => {
    const keys = (await valkey.call("keys", "*")) as Buffer[];
    return keys.map(String).sort();
  };

  it("keeps nothing of an upload that ended but its result, and nothing of one that was removed", async () => {
    await using valkey = await connect(settingsFor(server));
    await using state = await openState(settingsFor(server));
    for (const id of ["one", "two"]) {
      await state.create(anUpload(id));
      await state.addAttempt(anUpload(id), anAttempt(1), Buffer.from("parked"));
    }
    const kinds = ["attempts", "parked", "upload"];
    assert.deepEqual(
      await keysOf(valkey),
      [
        ...["s3eg:{*}:parked", "s3eg:{*}:parked-total", "s3eg:{*}:uploads"],
        ...kinds.map((kind) => `s3eg:{one}:${kind}`),
        ...kinds.map((kind) => `s3eg:{two}:${kind}`),
      ].sort(),
    );
    for (const key of await keysOf(valkey)) {
      if (key.includes("{*}")) continue;
      const ttl = Number(await valkey.call("pttl", key));
      assert.ok(ttl > 0 && ttl <= GENEROUS.ttlMs, key);
    }
    await state.complete(anUpload("one"), "done");
    await state.remove(anUpload("two"));
    assert.deepEqual(await keysOf(valkey), ["s3eg:{*}:parked-total", "s3eg:{one}:result"]);
    assert.equal(String(await valkey.call("get", "s3eg:{*}:parked-total")), "0");
  });

  it("does not open a value that was changed or moved in the store", async () => {
    await using valkey = await connect(settingsFor(server));
    await using state = await openState(settingsFor(server));
    const upload = anUpload("tampered");
    await state.create(upload);
    for (const part of [1, 2]) {
      await state.addAttempt(upload, anAttempt(part), Buffer.from(`parked ${part}`));
    }
    const [attempts, parked] = ["s3eg:{tampered}:attempts", "s3eg:{tampered}:parked"];
    const first = (await valkey.call("hget", parked, '1/"1-etag"')) as Buffer;
    assert.equal(first.includes("parked"), false);
    await valkey.call("hset", parked, '2/"2-etag"', first);
    await assert.rejects(state.parked(upload, anAttempt(2)), faultOf("crypto.integrity"));
    const value = (await valkey.call("hget", attempts, '1/"1-etag"')) as Buffer;
    value[value.byteLength - 1] = (value.at(-1) ?? 0) ^ 1;
    await valkey.call("hset", attempts, '1/"1-etag"', value);
    await assert.rejects(state.attempts(upload), faultOf("crypto.integrity"));
    await state.create(anUpload("other"));
    const record = (await valkey.call("hget", "s3eg:{other}:upload", "record")) as Buffer;
    await valkey.call("hset", "s3eg:{tampered}:upload", "record", record);
    await assert.rejects(state.find(upload), faultOf("crypto.integrity"));
  });

  it("corrects what is counted as parked after a reservation that came to nothing", async () => {
    await using valkey = await connect(settingsFor(server));
    await valkey.call("flushall");
    await using state = await openState(settingsFor(server));
    await state.create(anUpload());
    await state.addAttempt(anUpload(), anAttempt(1), Buffer.alloc(71));
    await valkey.call("hset", "s3eg:{*}:parked", "upload-1", "1:900");
    await valkey.call("set", "s3eg:{*}:parked-total", 900);
    await state.addAttempt(anUpload(), anAttempt(2));
    assert.equal(String(await valkey.call("get", "s3eg:{*}:parked-total")), "100");
  });

  it("takes the same write come twice for one", async () => {
    await using valkey = await connect(settingsFor(server));
    await valkey.call("flushall");
    const store = new ValkeyStore(valkey, { limits: GENEROUS, log: new KeptLog() });
    const record = Buffer.from("record");
    assert.equal(await store.create("twice", record), true);
    assert.equal(await store.create("twice", record), true);
    assert.equal(await store.create("twice", Buffer.from("another")), false);
    const attempt = { partNumber: 1, etag: "e", value: Buffer.from("value:") };
    const parked = Buffer.from("bytes");
    assert.deepEqual(
      await store.add("twice", { ...attempt, parked }),
      await store.add("twice", { ...attempt, parked }),
    );
    const other = await store.add("twice", { ...attempt, value: Buffer.from("value") });
    assert.deepEqual(other, { kind: "void" });
  });

  it("is full when the server's memory is, and says which policies would drop uploads", async () => {
    await using valkey = await connect(settingsFor(server));
    const log = new KeptLog();
    await using state = await openState(settingsFor(server), { log });
    await state.check();
    assert.deepEqual(log.lines, ["Valkey is there"]);
    await valkey.call("config", "set", "maxmemory", 1);
    await assert.rejects(state.create(anUpload("full")), faultOf("limit.busy"));
    await valkey.call("config", "set", "maxmemory", 0);
    await valkey.call("config", "set", "maxmemory-policy", "allkeys-lru");
    const warned = new KeptLog();
    await using fresh = await openState(settingsFor(server), { log: warned });
    await fresh.check();
    await fresh.check();
    assert.deepEqual(warned.lines.slice(1), [
      "Valkey may drop uploads under way: set maxmemory-policy noeviction",
    ]);
    await valkey.call("config", "set", "maxmemory-policy", "noeviction");
  });

  it("fails at once while the server is stopped, works when it is back, and knows nothing then", async () => {
    const log = new KeptLog();
    await using state = await openState(settingsFor(server), { log });
    await state.create(anUpload("before"));
    await server[Symbol.asyncDispose]();
    await assert.rejects(state.find(anUpload("before")), faultOf("state.unavailable"));
    const adding = state.addAttempt(anUpload("before"), anAttempt(1), Buffer.from("parked"));
    await assert.rejects(adding, faultOf("state.unavailable"));
    await assert.rejects(state.check(), faultOf("state.unavailable"));
    server = await startRedis({ port });
    while ((await state.check().catch(() => undefined)) === undefined) await sleep(20);
    assert.ok(log.lines.includes("Valkey went away"));
    assert.equal(await state.find(anUpload("before")), undefined);
    const missing = faultOf("state.unknown-upload");
    await assert.rejects(state.addAttempt(anUpload("before"), anAttempt(1)), missing);
    await assert.rejects(state.attempts(anUpload("before")), missing);
    await state.create(anUpload("after"));
    await state.addAttempt(anUpload("after"), anAttempt(1));
  });

  it("gives up in time while the server does not answer, and goes on when it does", async () => {
    await using state = await openState(settingsFor(server));
    await state.create(anUpload("paused"));
    const goOn = await pauseAll(server.pids);
    try {
      const startedAt = performance.now();
      await assert.rejects(state.find(anUpload("paused")), faultOf("state.unavailable"));
      await assert.rejects(
        state.addAttempt(anUpload("paused"), anAttempt(1), Buffer.alloc(1 << 20)),
        faultOf("state.unavailable"),
      );
      assert.ok(performance.now() - startedAt < 10 * COMMAND_TIMEOUT_MS);
    } finally {
      goOn();
    }
    while ((await state.check().catch(() => undefined)) === undefined) await sleep(20);
    assert.deepEqual(await state.find(anUpload("paused")), anUpload("paused"));
    await state.addAttempt(anUpload("paused"), anAttempt(2));
  });

  it("forgets all uploads when the store is emptied, and takes no part of them", async () => {
    await using valkey = await connect(settingsFor(server));
    await using state = await openState(settingsFor(server));
    await state.create(anUpload("emptied"));
    await valkey.call("flushall");
    const late = state.addAttempt(anUpload("emptied"), anAttempt(1), Buffer.from("parked"));
    await assert.rejects(late, faultOf("state.unknown-upload"));
    assert.equal(await state.find(anUpload("emptied")), undefined);
    assert.deepEqual(await listed(state), []);
  });

  it("loads its scripts again when the server lost them", async () => {
    await using valkey = await connect(settingsFor(server));
    await using state = await openState(settingsFor(server));
    await state.create(anUpload("scripts"));
    await valkey.call("script", "flush");
    await state.addAttempt(anUpload("scripts"), anAttempt(1));
  });

  it("is out of reach, not wrong, where the password is", async () => {
    const user = { password: new Secret("another password") };
    const log = new KeptLog();
    const valkey = new Valkey(settingsFor(server, { user }), log);
    await using state = new SealedState(
      new ValkeyStore(valkey, { limits: GENEROUS, log }),
      testSeal,
    );
    while (!log.lines.includes("Valkey cannot be used")) await sleep(5);
    await assert.rejects(state.create(anUpload("denied")), faultOf("state.unavailable"));
  });
});

describe("ValkeyStore over TLS, as a user that may do no more than it must", () => {
  const user = { name: "gateway", password: new Secret("gateway-password") };
  const rule = "user gateway on >gateway-password ~s3eg:* +@all -@admin -@dangerous";

  it("works with a certificate, and says that it cannot read the eviction policy", async () => {
    await using server = await startRedis({ hasTls: true, user: rule });
    assert.ok(server.pki);
    const tls = {
      ...(await server.pki.clientOptions()),
      minVersion: "TLSv1.3",
      verifies: true,
    } as const;
    const log = new KeptLog();
    await using state = await openState(settingsFor(server, { tls, user }), { log });
    await state.create(anUpload());
    await state.addAttempt(anUpload(), anAttempt(1), Buffer.from("parked"));
    assert.deepEqual(await listed(state), [anUpload()]);
    assert.deepEqual(await state.check(), { activeUploads: 1 });
    assert.ok(log.lines.some((line) => line.includes("cannot be read (INFO)")));
    for (const wrong of [
      undefined,
      { ...tls, ca: undefined },
      { ...tls, cert: undefined, key: undefined },
    ]) {
      const heard = new KeptLog();
      await using refused = new Valkey(settingsFor(server, { tls: wrong, user }), heard);
      while (heard.lines.length === 0) await sleep(5);
      await assert.rejects(refused.call("get", "s3eg:x"), faultOf("state.unavailable"));
    }
  });
});

describe("ValkeyStore behind Sentinel", () => {
  it("finds the primary", async () => {
    await using server = await startRedis();
    await using sentinel = await startSentinel(server);
    const user = { password: new Secret(server.password) };
    await using state = await openState(
      settingsFor(sentinel, { mode: "sentinel", sentinel: { master: "gateway-state", user } }),
    );
    await state.create(anUpload());
    assert.deepEqual(await state.find(anUpload()), anUpload());
  });
});
