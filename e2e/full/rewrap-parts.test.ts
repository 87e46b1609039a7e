/** Re-wrap of objects in parts: beyond what one copy takes, and with a manifest beside them. */
import { deepEqual, equal, match, ok } from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { after, describe, it } from "node:test";
import { CreateBucketCommand, HeadObjectCommand } from "@aws-sdk/client-s3";
import { aesVersions } from "../aes-versions.ts";
import { getObject, keysOf, putInParts, putObject } from "../clients/objects.ts";
import { s3ClientOf } from "../clients/s3-client.ts";
import { startGateway } from "../gateway.ts";
import { startBackend } from "../servers/backends.ts";
import { tapBackend } from "../servers/tapped-backend.ts";

const MIB = 1024 * 1024;
const GIB = 1024 * MIB;
/** Of 64 MiB: 5.06 GiB. */
const WHOLE_PARTS = 81;

/** A gateway whose objects are under version 1, on a store that is told on what it answered. */
async function rewrapping(name: string, env: Readonly<Record<string, string>> = {}) {
  const stack = new AsyncDisposableStack();
  const backend = stack.use(await startBackend(name));
  const tap = stack.use(await tapBackend(backend));
  const versions = { ...aesVersions(2), ...env };
  const gateway = stack.use(await startGateway({ backend: tap, env: versions }));
  const [s3, behind] = [s3ClientOf(gateway), s3ClientOf(backend)];
  stack.defer(() => {
    s3.destroy();
    behind.destroy();
  });
  const bucket = "inparts";
  await s3.send(new CreateBucketCommand({ Bucket: bucket }));
  const rewrap = async () => {
    await gateway.runCommand(["keys", "rotate", "2"]);
    const report = await gateway.runCommand(["rewrap", "--no-writers", bucket]);
    await gateway.runCommand(["keys", "retire", "1"]);
    return report;
  };
  return { stack, tap, gateway, rewrap, at: { s3, bucket }, behind: { s3: behind, bucket } };
}

describe("re-wrap of an object of more than 5 GiB", () => {
  const stack = new AsyncDisposableStack();
  after(() => stack.disposeAsync());

  it("copies it part by part, never as a whole, and keeps its number of parts", async () => {
    const { tap, rewrap, at, behind, ...held } = await rewrapping("minio");
    stack.use(held.stack);
    const part = Buffer.alloc(64 * MIB, "s3eg");
    const wholes = Array.from({ length: WHOLE_PARTS }, () => part);
    await putInParts(at, "large", [...wholes, randomBytes(9)]);
    const asked = { Bucket: at.bucket, Key: "large" };
    const before = await at.s3.send(new HeadObjectCommand(asked));
    equal(before.ContentLength, WHOLE_PARTS * part.byteLength + 9);
    ok(before.ContentLength > 5 * GIB);
    const stored = await behind.s3.send(new HeadObjectCommand(asked));
    const copies: string[] = [];
    tap.onAnswer = async ({ method, path }) => {
      if (method === "PUT" && path.startsWith("/inparts/large")) copies.push(path);
      await Promise.resolve();
    };
    match(await rewrap(), /inparts: 1 rewrapped\n$/);
    equal(copies.length, WHOLE_PARTS + 1);
    ok(
      copies.every((path) => /[?&]partNumber=\d+/.test(path)),
      copies.join("\n"),
    );
    const again = await behind.s3.send(new HeadObjectCommand(asked));
    match(again.ETag ?? "", new RegExp(`-${WHOLE_PARTS + 1}"$`));
    deepEqual([again.ETag, again.ContentLength], [stored.ETag, stored.ContentLength]);
    const now = await at.s3.send(new HeadObjectCommand(asked));
    deepEqual([now.ETag, now.ContentLength], [before.ETag, before.ContentLength]);
    for (const n of [1, 40, WHOLE_PARTS]) {
      const first = n * part.byteLength - 8;
      const range = await getObject(at, "large", `bytes=${first}-${first + 7}`);
      equal(range.toString(), "s3egs3eg");
    }
  });
});

describe("re-wrap of objects with a manifest beside them", () => {
  const stack = new AsyncDisposableStack();
  after(() => stack.disposeAsync());

  it("gives the manifest its new name, and what is left of the old one can be cleared", async () => {
    const { gateway, rewrap, at, behind, ...held } = await rewrapping("minio", {
      BACKEND_PROVIDER: "r2",
    });
    stack.use(held.stack);
    const parts = [randomBytes(5 * MIB), randomBytes(5 * MIB), randomBytes(1000)];
    await putInParts(at, "beside", parts);
    await putObject(at, "whole", { body: Buffer.from("whole") });
    const companions = async () =>
      (await keysOf(behind)).filter((key) => /^beside\.[0-9a-f]{16}\.mpu-manifest$/.test(key));
    const [former] = await companions();
    equal((await companions()).length, 1);
    match(await rewrap(), /inparts: 2 rewrapped\n$/);
    ok((await getObject(at, "beside")).equals(Buffer.concat(parts)));
    const both = await companions();
    equal(both.length, 2);
    await gateway.runCommand(["orphans", "--remove", "--older-than", "0", at.bucket]);
    deepEqual(
      await companions(),
      both.filter((key) => key !== former),
    );
    ok((await getObject(at, "beside")).equals(Buffer.concat(parts)));
    deepEqual(await keysOf(at), ["beside", "whole"]);
  });
});
