/** KEKs from a password: a gateway that has nothing else, and one that came to have a key and still reads what the password sealed. */
import assert from "node:assert/strict";
import { after, describe, it } from "node:test";
import { CreateBucketCommand } from "@aws-sdk/client-s3";
import { getObject, metadataOf, putObject, randomContent } from "../clients/objects.ts";
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

function decoded(header: string): string {
  return Buffer.from(header, "base64url").toString("latin1");
}
