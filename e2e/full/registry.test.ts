/** A container registry with its layers behind the gateway: images are pushed and pulled with skopeo. */
import { deepEqual, equal, ok } from "node:assert/strict";
import { hash, randomBytes } from "node:crypto";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { CreateBucketCommand } from "@aws-sdk/client-s3";
import { type Bucket, keysOf } from "../clients/objects.ts";
import { blobDigests, makeOciImage } from "../clients/oci-image.ts";
import { s3ClientOf } from "../clients/s3-client.ts";
import { scanBucket } from "../clients/stored-objects.ts";
import { startGateway } from "../gateway.ts";
import { runToEnd } from "../servers/child.ts";
import { type DockerRegistry, startDockerRegistry } from "../servers/docker-registry.ts";
import { findProgram, makeScratch } from "../servers/place.ts";
import { startVersitygw } from "../servers/versitygw.ts";

const BUCKET = "registry";
const MIB = 1024 * 1024;
const SECRET = "a layer that nobody at the backend may read";

/** Files of the layers by size: below and above what the registry sends in one part, and what it moves with one copy. */
const SIZES = [1, 100_000, 5 * MIB, 12 * MIB + 1, 40 * MIB, 70 * MIB];

/** MiB of the pieces of one layer: before each that follows a small one the registry copies what it has into a new upload. */
const PIECES = [1, 2, 7, 3, 6, 1, 1];

describe("docker-registry with its S3 driver", () => {
  const servers = new AsyncDisposableStack();
  let front: Bucket;
  let behind: Bucket;
  let folder: string;
  let registry: DockerRegistry;
  let wanted: readonly string[];

  before(async () => {
    const scratch = servers.use(await makeScratch("images"));
    folder = scratch.folder;
    const backend = servers.use(await startVersitygw());
    const gateway = servers.use(await startGateway({ backend }));
    const [s3, behindS3] = [s3ClientOf(gateway), s3ClientOf(backend)];
    servers.defer(() => s3.destroy());
    servers.defer(() => behindS3.destroy());
    front = { s3, bucket: BUCKET };
    behind = { s3: behindS3, bucket: BUCKET };
    await s3.send(new CreateBucketCommand({ Bucket: BUCKET }));
    registry = servers.use(await startDockerRegistry({ store: gateway, bucket: BUCKET }));
    const contents = SIZES.map((size) => Buffer.concat([Buffer.from(SECRET), randomBytes(size)]));
    await makeOciImage(join(folder, "made"), contents);
    wanted = await blobDigests(join(folder, "made"));
    equal(wanted.length, SIZES.length + 2);
  });
  after(() => servers.disposeAsync());

  const skopeo = (...args: string[]) =>
    runToEnd({
      program: findProgram("skopeo", "registry"),
      args: ["--insecure-policy", ...args],
      env: { HOME: folder },
    }).catch((error: unknown) => {
      throw new Error(`the registry said\n${registry.logTail()}`, { cause: error });
    });
  /** Layer for layer as it is: skopeo would compress what goes to a registry. */
  const copy = (...args: string[]) => skopeo("copy", "--preserve-digests", ...args);
  const image = (name: string) => `docker://${registry.host}/${name}:latest`;
  const layout = (name: string) => `oci:${join(folder, name)}:latest`;

  it("takes an image", async () => {
    await copy("--dest-tls-verify=false", layout("made"), image("first"));
  });

  it("gives it back, every blob as it was", async () => {
    await copy("--src-tls-verify=false", image("first"), layout("pulled"));
    deepEqual(await blobDigests(join(folder, "pulled")), wanted);
  });

  it("takes it under another name, where its layers are known", async () => {
    const tls = ["--src-tls-verify=false", "--dest-tls-verify=false"];
    await copy(...tls, image("first"), image("second/with/folders"));
    await copy("--src-tls-verify=false", image("second/with/folders"), layout("again"));
    deepEqual(await blobDigests(join(folder, "again")), wanted);
  });

  it("takes a layer in pieces that are too small to be parts", async () => {
    const layer = randomBytes(MIB * PIECES.reduce((sum, mib) => sum + mib, 0));
    const uploads = `http://${registry.host}/v2/pieces/blobs/uploads/`;
    let next = await location(await fetch(uploads, { method: "POST" }), 202);
    let at = 0;
    for (const mib of PIECES) {
      const body = layer.subarray(at, at + mib * MIB);
      const headers = { "content-range": `${at}-${at + body.length - 1}` };
      next = await location(await fetch(next, { method: "PATCH", headers, body }), 202);
      at += body.length;
    }
    const digest = `sha256:${hash("sha256", layer)}`;
    const whole = await location(
      await fetch(`${next}&digest=${encodeURIComponent(digest)}`, { method: "PUT" }),
      201,
    );
    const seen = Buffer.from(await (await fetch(whole)).arrayBuffer());
    equal(hash("sha256", seen), hash("sha256", layer));
  });

  it("deletes a name", async () => {
    await skopeo("delete", "--tls-verify=false", image("first"));
    await copy("--src-tls-verify=false", image("second/with/folders"), layout("left"));
    deepEqual(await blobDigests(join(folder, "left")), wanted);
  });

  it("left nothing readable on the backend, and nothing of its uploads", async (t) => {
    const found = await scanBucket(behind, SECRET);
    t.diagnostic(`${found.objects} objects, ${(found.bytes / MIB).toFixed(0)} MiB`);
    ok(found.bytes > 120 * MIB, "it is all there");
    deepEqual(found.holding, []);
    equal((await scanBucket(front, SECRET)).holding.length, SIZES.length);
    deepEqual(found.unsealed, []);
    const uploads = (await keysOf(behind)).filter((key) => key.includes("/_uploads/"));
    deepEqual(uploads, []);
  });
});

async function location(response: Response, status: number): Promise<string> {
  equal(response.status, status, await response.text());
  return response.headers.get("location") ?? "";
}
