/** `seal-existing` and `unseal` on real stores, whatever conditions they heed: kinds of objects, settings, and versions from before there were any. */
import { deepEqual, equal, match, ok } from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { after, before, describe, it } from "node:test";
import {
  CreateBucketCommand,
  GetObjectTaggingCommand,
  HeadObjectCommand,
  ListObjectVersionsCommand,
  PutBucketVersioningCommand,
  PutObjectCommand,
} from "@aws-sdk/client-s3";
import { type Bucket, getObject, putInParts } from "../clients/objects.ts";
import { s3ClientOf } from "../clients/s3-client.ts";
import { type OneProcessGateway, startGateway } from "../gateway.ts";
import { startBackend } from "../servers/backends.ts";

const MIB = 1024 * 1024;
const NAMES = ["kinds", "versions"];

for (const name of ["minio", "versitygw", "radosgw"]) {
  describe(`seal-existing on ${name}`, () => {
    const stack = new AsyncDisposableStack();
    let gateway: OneProcessGateway;
    let front: (bucket: string) => Bucket;
    let behind: (bucket: string) => Bucket;

    before(async () => {
      const backend = stack.use(await startBackend(name));
      const policies = [{ id: "old", buckets: NAMES, contents: "mixed" }];
      const env = name === "radosgw" ? { BACKEND_PROVIDER: "ceph" } : {};
      gateway = stack.use(await startGateway({ backend, policies, env }));
      const [clients, store] = [s3ClientOf(gateway), s3ClientOf(backend)];
      stack.defer(() => clients.destroy());
      stack.defer(() => store.destroy());
      front = (bucket) => ({ s3: clients, bucket });
      behind = (bucket) => ({ s3: store, bucket });
      for (const one of NAMES) await store.send(new CreateBucketCommand({ Bucket: one }));
    });
    after(() => stack.disposeAsync());

    const etagOf = async ({ s3, bucket }: Bucket, Key: string) =>
      (await s3.send(new HeadObjectCommand({ Bucket: bucket, Key }))).ETag;

    it("takes every kind of object there and back, with what belongs to it", async () => {
      const [at, store] = [front("kinds"), behind("kinds")];
      const bodies: Record<string, Buffer> = {
        "a b/ü": randomBytes(3000),
        empty: Buffer.alloc(0),
        "some MiB": randomBytes(3 * MIB),
      };
      for (const [Key, Body] of Object.entries(bodies)) {
        const given = { ContentType: "text/x", CacheControl: "max-age=1", Metadata: { a: "b" } };
        await store.s3.send(
          new PutObjectCommand({ Bucket: "kinds", Key, Body, Tagging: "t=1", ...given }),
        );
      }
      const parts = [randomBytes(6 * MIB), randomBytes(6 * MIB), randomBytes(9)];
      await putInParts(store, "parts", parts);
      const before_ = await etagOf(store, "parts");
      bodies.parts = Buffer.concat(parts);
      const sealed = await gateway.runCommand(["seal-existing", "--no-writers", "kinds"]);
      match(sealed, /^(?:kinds: 4 sealed\n)+$/);
      match(await gateway.runCommand(["verify", "kinds"]), /^(?:kinds: 4 opened\n)+$/);
      for (const [key, body] of Object.entries(bodies)) {
        ok((await getObject(at, key)).equals(body), key);
        const raw = await getObject(store, key);
        ok(body.length === 0 || !raw.includes(body.subarray(0, 9)), key);
      }
      const unseal = ["unseal", "--confirm", "--no-writers", "kinds"];
      match(await gateway.runCommand(unseal), /^(?:kinds: 4 unsealed\n)+$/);
      for (const [Key, body] of Object.entries(bodies)) {
        ok((await getObject(store, Key)).equals(body), Key);
        if (Key === "parts") continue;
        const asked = { Bucket: "kinds", Key };
        const head = await store.s3.send(new HeadObjectCommand(asked));
        deepEqual([head.ContentType, head.CacheControl], ["text/x", "max-age=1"]);
        deepEqual(head.Metadata, { a: "b" });
        const { TagSet } = await store.s3.send(new GetObjectTaggingCommand(asked));
        deepEqual(TagSet, [{ Key: "t", Value: "1" }]);
      }
      // Ceph does not tell the sizes of parts: they become others.
      const after_ = await etagOf(store, "parts");
      if (name === "radosgw") match(after_ ?? "", /-3"$/);
      else equal(after_, before_);
    });

    it("leaves no plain version behind where that is wished, also of objects older than versions", async () => {
      const [at, store] = [front("versions"), behind("versions")];
      const put = async (Key: string, text: string) => {
        await store.s3.send(new PutObjectCommand({ Bucket: "versions", Key, Body: text }));
      };
      await put("older", "older than versions");
      await store.s3.send(
        new PutBucketVersioningCommand({
          Bucket: "versions",
          VersioningConfiguration: { Status: "Enabled" },
        }),
      );
      await put("newer", "a version");
      const args = ["seal-existing", "--no-writers", "--remove-superseded", "versions"];
      match(await gateway.runCommand(args), /^(?:versions: 2 sealed\n)+$/);
      match(await gateway.runCommand(args), /^(?:versions: 2 current\n)+$/);
      const listed = await store.s3.send(new ListObjectVersionsCommand({ Bucket: "versions" }));
      equal(listed.Versions?.length, 2);
      equal(listed.DeleteMarkers?.length ?? 0, 0);
      equal((await getObject(at, "older")).toString(), "older than versions");
      equal((await getObject(at, "newer")).toString(), "a version");
    });
  });
}
