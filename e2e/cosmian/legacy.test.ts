/** Objects of format 1 whose keys were wrapped by a KMIP server, read and upgraded through a gateway that asks a real one with the same key. */
import assert from "node:assert/strict";
import { hash } from "node:crypto";
import { readFileSync } from "node:fs";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import {
  CreateBucketCommand,
  HeadObjectCommand,
  PutObjectCommand,
  type S3Client,
} from "@aws-sdk/client-s3";
import { copyObject, getObject, metadataOf } from "../clients/objects.ts";
import { s3ClientOf } from "../clients/s3-client.ts";
import { type OneProcessGateway, startGateway } from "../gateway.ts";
import { kmipStructure, kmipValue, startCosmian } from "../servers/cosmian.ts";
import { kmipSettings } from "../servers/kmip-keys.ts";
import { makeScratch } from "../servers/place.ts";
import type { S3Server } from "../servers/s3-server.ts";
import { makeTestPki } from "../servers/test-pki.ts";
import { startVersitygw } from "../servers/versitygw.ts";

const KEY_ID = "kek-2026-a";
const KEK = "202122232425262728292A2B2C2D2E2F303132333435363738393A3B3C3D3E3F";
const BUCKET = "earlier";
const PREFIX = "x-amz-meta-";
const FOLDER = join(import.meta.dirname, "../../test/fixtures/legacy");

/** A stored object, as test/fixtures/legacy/README.md describes it. */
interface Fixture {
  readonly variant: string;
  readonly role: string;
  readonly key: string;
  readonly file: string;
  readonly open: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly size?: number;
  readonly sha256?: string;
}

const index = JSON.parse(readFileSync(join(FOLDER, "index.json"), "utf8")) as {
  readonly objects: readonly Fixture[];
};
const objects = index.objects.filter(({ open, role }) => open === "kmip" && role === "object");

const AES_256 = [
  kmipValue("CryptographicAlgorithm", "Enumeration", "AES"),
  kmipValue("CryptographicLength", "Integer", 256),
];
const IMPORT = kmipStructure(
  "Import",
  kmipValue("UniqueIdentifier", "TextString", KEY_ID),
  kmipValue("ObjectType", "Enumeration", "SymmetricKey"),
  kmipValue("ReplaceExisting", "Boolean", true),
  kmipStructure(
    "Attributes",
    kmipValue("ActivationDate", "DateTime", "2026-01-01T00:00:00Z"),
    ...AES_256,
    kmipValue("CryptographicUsageMask", "Integer", 12),
  ),
  kmipStructure(
    "SymmetricKey",
    kmipStructure(
      "KeyBlock",
      kmipValue("KeyFormatType", "Enumeration", "Raw"),
      kmipStructure("KeyValue", kmipValue("KeyMaterial", "ByteString", KEK)),
      ...AES_256,
    ),
  ),
);

for (const way of ["url", "endpoint"] as const) {
  describe(`objects of format 1 under a key of Cosmian KMS, by its ${way}`, () => {
    const stack = new AsyncDisposableStack();
    let gateway: OneProcessGateway;
    let behind: S3Client;
    let backend: S3Server;

    before(async () => {
      const scratch = stack.use(await makeScratch("cosmian-legacy"));
      const pki = await makeTestPki(scratch.folder);
      const server = stack.use(await startCosmian(pki));
      await server.call(IMPORT);
      backend = stack.use(await startVersitygw());
      const policy = join(scratch.folder, "policy.yaml");
      await writeFile(policy, `id: all\nbuckets: ["*"]\ncontents: sealed+legacy\n`);
      const config = join(scratch.folder, "config.yaml");
      await writeFile(config, `policies: [${JSON.stringify(policy)}]\n`);
      gateway = stack.use(
        await startGateway({
          backend,
          env: {
            CONFIG_PATH: config,
            KEY_MANAGER_PROVIDER: "cosmian",
            ...kmipSettings(server[way], `${KEY_ID}:3`, pki),
          },
        }),
      );
      behind = s3ClientOf(backend);
      stack.defer(() => behind.destroy());
      await behind.send(new CreateBucketCommand({ Bucket: BUCKET }));
      for (const fixture of objects) {
        const metadata: Record<string, string> = {};
        for (const [name, value] of Object.entries(fixture.headers)) {
          if (name.startsWith(PREFIX)) metadata[name.slice(PREFIX.length)] = value;
        }
        await behind.send(
          new PutObjectCommand({
            Bucket: BUCKET,
            Key: `${fixture.variant}/${fixture.key}`,
            Body: readFileSync(join(FOLDER, fixture.file)),
            ContentType: fixture.headers["content-type"],
            Metadata: metadata,
          }),
        );
      }
    });
    after(() => stack.disposeAsync());

    it("are read whole, in ranges, and copied into format 2", async () => {
      const s3 = s3ClientOf(gateway);
      const on = { s3, bucket: BUCKET };
      assert.ok(objects.length >= 12, `${objects.length}`);
      for (const { variant, key, sha256, size = 0 } of objects) {
        const name = `${variant}/${key}`;
        const whole = await getObject(on, name);
        assert.equal(hash("sha256", whole), sha256, name);
        const head = await s3.send(new HeadObjectCommand({ Bucket: BUCKET, Key: name }));
        assert.equal(head.ContentLength, size, name);
        if (size > 0) {
          const part = await getObject(on, name, `bytes=${size >> 1}-`);
          assert.ok(part.equals(whole.subarray(size >> 1)), name);
        }
        await copyObject(on, name, `copy/${name}`);
        assert.ok((await getObject(on, `copy/${name}`)).equals(whole), name);
      }
      s3.destroy();
    });

    it("are made format 2 under the same key, with the same bytes", async () => {
      const upgrade = ["rewrap", "--upgrade", "--no-writers", BUCKET];
      const report = await gateway.runCommand(upgrade);
      assert.match(report, new RegExp(`\\b${objects.length} upgraded\\b`));
      const s3 = s3ClientOf(gateway);
      for (const { variant, key, sha256 } of objects) {
        const name = `${variant}/${key}`;
        const { s3eg, encrypted } = await metadataOf({ s3: behind, bucket: BUCKET }, name);
        assert.ok(s3eg !== undefined && encrypted === undefined, name);
        assert.equal(hash("sha256", await getObject({ s3, bucket: BUCKET }, name)), sha256, name);
      }
      s3.destroy();
    });
  });
}
