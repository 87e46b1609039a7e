/** KEKs from a password: a gateway that has nothing else, and one that came to have a key and still reads what the password sealed. */
import assert from "node:assert/strict";
import { pbkdf2, randomBytes } from "node:crypto";
import { after, describe, it } from "node:test";
import { promisify } from "node:util";
import { CreateBucketCommand } from "@aws-sdk/client-s3";
import { headerFor, keyIdOfHeader, keysOfHeader } from "../attacks/stored-keys.ts";
import {
  type Bucket,
  getObject,
  isWorthAnotherTry,
  metadataOf,
  putObject,
  randomContent,
} from "../clients/objects.ts";
import { s3ClientOf } from "../clients/s3-client.ts";
import { startGateway } from "../gateway.ts";
import { startBackend } from "../servers/backends.ts";

const NO_KEY_MANAGER = { KEY_MANAGER_ENABLED: "", SELF_CONTAINED_AES_KEYS: "" };
const PASSWORD = { ENCRYPTION_PASSWORD: "correct horse battery staple" };

describe("password mode", () => {
  const stack = new AsyncDisposableStack();
  after(() => stack.disposeAsync());

  for (const algorithm of ["pbkdf2-sha256", "argon2id"]) {
    it(`seals under one epoch of ${algorithm}, which a later key manager still reads`, async () => {
      const backend = stack.use(await startBackend("versitygw"));
      const behind = s3ClientOf(backend);
      stack.defer(() => behind.destroy());
      const bucket = "password";
      const bodies = [0, 1, 300_000].map((size) => randomContent(size).body);
      const keyIds = new Set<string>();
      {
        const env = { ...NO_KEY_MANAGER, ...PASSWORD, ENCRYPTION_KDF_ALGORITHM: algorithm };
        await using gateway = await startGateway({ backend, env });
        const s3 = s3ClientOf(gateway);
        await s3.send(new CreateBucketCommand({ Bucket: bucket }));
        for (const [n, body] of bodies.entries()) {
          await putObject({ s3, bucket }, `object ${n}`, { body });
          assert.ok((await getObject({ s3, bucket }, `object ${n}`)).equals(body));
          const { s3eg = "" } = await metadataOf({ s3: behind, bucket }, `object ${n}`);
          keyIds.add(/password..([a-z0-9-]+:[0-9:]+:[\w-]{22})/s.exec(decoded(s3eg))?.[1] ?? "");
        }
        s3.destroy();
      }
      assert.equal(keyIds.size, 1);
      assert.ok([...keyIds].every((keyId) => keyId.startsWith(`${algorithm}:`)));
      await using gateway = await startGateway({ backend, env: PASSWORD });
      const s3 = s3ClientOf(gateway);
      for (const [n, body] of bodies.entries()) {
        assert.ok((await getObject({ s3, bucket }, `object ${n}`)).equals(body));
      }
      await using other = await startGateway({
        backend,
        env: { ENCRYPTION_PASSWORD: "correct horse battery stable" },
      });
      const stranger = s3ClientOf(other);
      await assert.rejects(getObject({ s3: stranger, bucket }, "object 1"));
      for (const client of [s3, stranger]) client.destroy();
    });
  }
});

const EPOCHS = 50;

describe("a cold start over the objects of many epochs", () => {
  const stack = new AsyncDisposableStack();
  after(() => stack.disposeAsync());

  it("reads all of them, and lets no other client wait for it", async (t) => {
    const backend = stack.use(await startBackend("versitygw"));
    const s3 = s3ClientOf(backend);
    stack.defer(() => s3.destroy());
    const behind = { s3, bucket: "epochs" };
    await s3.send(new CreateBucketCommand({ Bucket: behind.bucket }));
    const { body } = randomContent(10_000);
    const env = { ...NO_KEY_MANAGER, ...PASSWORD };
    {
      await using gateway = await startGateway({ backend, env });
      const writer = s3ClientOf(gateway);
      await putObject({ s3: writer, bucket: behind.bucket }, "first", { body });
      writer.destroy();
    }
    const salts = await olderEpochs(behind);
    assert.equal(salts.size, EPOCHS);
    await using gateway = await startGateway({ backend, env });
    const front = { s3: s3ClientOf(gateway), bucket: behind.bucket };
    stack.defer(() => front.s3.destroy());
    const other = { s3: s3ClientOf(gateway), bucket: behind.bucket };
    stack.defer(() => other.s3.destroy());
    const calm = await latencies(other, { until: (done) => done >= 60 });
    let isOver = false;
    const startMs = performance.now();
    let retries = 0;
    const reading = Promise.all(
      Array.from({ length: EPOCHS }, async (_, n) => {
        const read = await patiently(
          () => getObject(front, `epoch ${n}`),
          () => void retries++,
        );
        assert.ok(read.equals(body), `epoch ${n}`);
      }),
    ).finally(() => {
      isOver = true;
    });
    const busy = await latencies(other, { until: () => isOver });
    await reading;
    const tookMs = performance.now() - startMs;
    const [before, during] = [calm, busy].map((all) => [medianOf(all), Math.max(...all)] as const);
    t.diagnostic(`${EPOCHS} epochs read in ${tookMs.toFixed(0)} ms, ${retries} more tries needed`);
    t.diagnostic(
      `another client's PUT and GET, median and most of ${calm.length}: ${shown(before)}`,
    );
    t.diagnostic(`the same meanwhile, of ${busy.length}: ${shown(during)}`);
    t.diagnostic(`ratio of the medians ${((during?.[0] ?? 0) / (before?.[0] ?? 1)).toFixed(2)}`);
    // Every derivation is 600 000 rounds: whoever had to wait for them in turn would get through next to nothing.
    assert.ok(busy.length > EPOCHS / 2, `${busy.length} of the other client's requests`);
  });
});

/** Puts the object once more for each of many epochs before, wrapped as keys would have then; gives their key ids. */
async function olderEpochs(behind: Bucket): Promise<Set<string>> {
  const { s3eg: header = "" } = await metadataOf(behind, "first");
  const stored = await getObject(behind, "first");
  const place = { bucket: behind.bucket, key: "first" };
  const keys = keysOfHeader(header, await kekOf(keyIdOfHeader(header)), place);
  const keyIds = new Set<string>();
  for (let n = 0; n < EPOCHS; n++) {
    const keyId = `pbkdf2-sha256:600000:${randomBytes(16).toString("base64url")}`;
    const key = `epoch ${n}`;
    const to = { kek: await kekOf(keyId), keyId, place: { ...place, key } };
    const metadata = { s3eg: headerFor(header, keys, to) };
    await putObject(behind, key, { body: stored, metadata });
    keyIds.add(keyId);
  }
  return keyIds;
}

/** docs/format.md §10. */
async function kekOf(keyId: string): Promise<Buffer> {
  const [, iterations, salt = ""] = keyId.split(":");
  const derive = promisify(pbkdf2);
  const password = PASSWORD.ENCRYPTION_PASSWORD;
  return await derive(password, Buffer.from(salt, "base64url"), Number(iterations), 32, "sha256");
}

/** Tries as long as the answer is to try again: a machine with other work may need longer for so many derivations than a reader waits. */
async function patiently<Result>(work: () => Promise<Result>, onRetry: () => void) {
  for (let tries = 1; ; tries++) {
    try {
      return await work();
    } catch (error) {
      if (tries === 20 || !isWorthAnotherTry(error)) throw error;
      onRetry();
    }
  }
}

/** Milliseconds of one PUT and one GET after the other, each of which must succeed, until it is enough. */
async function latencies(
  at: Bucket,
  { until }: { until: (done: number) => boolean },
): Promise<number[]> {
  const took: number[] = [];
  const { body } = randomContent(5000);
  while (!until(took.length)) {
    const startMs = performance.now();
    await putObject(at, "current", { body });
    assert.ok((await getObject(at, "current")).equals(body));
    took.push(performance.now() - startMs);
  }
  return took;
}

function medianOf(all: readonly number[]): number {
  return all.toSorted((a, b) => a - b)[all.length >> 1] ?? Number.NaN;
}

function shown([median, most]: readonly [number, number] | readonly [] = []): string {
  return `${median?.toFixed(1)} ms, ${most?.toFixed(0)} ms`;
}

function decoded(header: string): string {
  return Buffer.from(header, "base64url").toString("latin1");
}
