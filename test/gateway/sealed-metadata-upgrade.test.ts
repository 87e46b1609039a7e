import assert from "node:assert/strict";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, it } from "node:test";
import { rewrap } from "../../services/cli/src/commands/rewrap.ts";
import { METADATA_FIELD } from "../../shared/src/format/layout.ts";
import { isMetadataField } from "../../shared/src/format/metadata.ts";
import { type Fixture, fixtures, legacyKeys, store } from "./legacy-fixtures.ts";
import { type RunningGateway, runningGateway } from "./running-gateway.ts";
import { type Answer, pathOf } from "./wire-client.ts";

/** Their keys cost nothing to have. What has no room in the clear has none sealed. */
const stored = fixtures.filter(
  ({ open, headers }: Fixture) =>
    open === "self-aes-2" && headers["x-amz-meta-big00"] === undefined,
);
const objects = stored.filter(({ role }) => role === "object");

const metadataOf = ({ headers }: Answer) =>
  Object.fromEntries(Object.entries(headers).filter(([name]) => isMetadataField(name)));

describe("objects of format 1 where the policy seals metadata", () => {
  it("are shown as they were once they are upgraded or copied, and hidden from the backend", async () => {
    const folder = await mkdtemp(join(tmpdir(), "s3eg-upgrade-"));
    const keys = await legacyKeys(folder);
    const env = { ...keys, DATA_DIR: join(folder, "data"), METADATA_POLICY: "sealed" };
    await using gateway = await runningGateway({ env });
    await store(gateway, stored);
    const { client } = gateway;
    const former = new Map<Fixture, Answer>();
    for (const object of objects) {
      const path = pathOf(object.bucket, object.key);
      former.set(object, await client.send("GET", path));
      const copying = { headers: { "x-amz-copy-source": path } };
      const copied = await client.send("PUT", `${path}.copy`, copying);
      assert.equal(copied.status, 200, copied.text);
    }
    const settings = { ...gateway.settings, ...env };
    const buckets = [...new Set(objects.map(({ bucket }) => bucket))];
    const report = await rewrap(["--upgrade", ...buckets], settings, { progress: () => undefined });
    assert.doesNotMatch(report, /failed/);
    assert.ok(objects.length > 3);
    for (const [{ bucket, key }, before] of former) {
      const path = pathOf(bucket, key);
      for (const sealed of [path, `${path}.copy`]) await assertSealed(gateway, sealed, before);
    }
    await rm(folder, { recursive: true });
  });
});

/** Hidden behind the gateway, and shown by it as `before`. */
async function assertSealed(
  { client, behind }: Pick<RunningGateway, "client" | "behind">,
  path: string,
  before: Answer,
): Promise<void> {
  const { headers } = await behind.send("HEAD", path);
  assert.ok(headers[METADATA_FIELD], path);
  assert.equal(headers["content-type"], "application/octet-stream");
  assert.deepEqual(Object.keys(metadataOf({ headers } as Answer)), ["content-type"], path);
  for (const method of ["GET", "HEAD"]) {
    assert.deepEqual(metadataOf(await client.send(method, path)), metadataOf(before), path);
  }
  assert.ok((await client.send("GET", path)).bytes.equals(before.bytes), path);
}
