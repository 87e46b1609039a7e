import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { mkdir, mkdtemp, rename, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { PassThrough } from "node:stream";
import { after, before, describe, it } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { configurationReloaded } from "../../shared/src/contracts/audit.ts";
import { BUCKET, type RunningGateway, runningGateway, until } from "./running-gateway.ts";
import { type WireClient, wireClientOf } from "./wire-client.ts";

const OTHER = { accessKey: "OTHER", secretKey: randomBytes(16).toString("hex") };
const SECOND = { ...OTHER, secretKey: randomBytes(16).toString("hex") };

/** Files of a gateway: its configuration, credentials of its own, and a policy in a volume whose content is exchanged by a link. */
class Files {
  readonly folder: string;
  #volume = 0;

  constructor(folder: string) {
    this.folder = folder;
  }

  get env() {
    return {
      CONFIG_PATH: join(this.folder, "config.yaml"),
      AUTH_CREDENTIALS_FILE: join(this.folder, "credentials.yaml"),
      POLICIES: "",
    };
  }

  /** As editors do it. */
  async replace(name: string, text: string): Promise<void> {
    const path = join(this.folder, name);
    await writeFile(`${path}.new`, text);
    await rename(`${path}.new`, path);
  }

  async write(name: string, text: string): Promise<void> {
    await writeFile(join(this.folder, name), text);
  }

  /** As Kubernetes does it: the file is a link into `..data`, which is a link to a folder. */
  async project(policy: string): Promise<void> {
    this.#volume += 1;
    const folder = `..${this.#volume}`;
    const volume = join(this.folder, "policies");
    await mkdir(join(volume, folder), { recursive: true });
    await writeFile(join(volume, folder, "p.yaml"), policy);
    await symlink(folder, join(volume, "..data.new"));
    await rename(join(volume, "..data.new"), join(volume, "..data"));
    if (this.#volume === 1) await symlink("..data/p.yaml", join(volume, "p.yaml"));
    else await rm(join(volume, `..${this.#volume - 1}`), { recursive: true });
  }
}

const credentialsOf = ({ accessKey, secretKey }: typeof OTHER) =>
  JSON.stringify([{ access_key: accessKey, secret_key: secretKey }]);
const configOf = (folder: string, more = {}) =>
  JSON.stringify({ policies: [join(folder, "policies/*.yaml")], ...more });
const policyOf = (etag: "opaque" | "md5") => `id: pictures\nbuckets: [${BUCKET}]\netag: ${etag}\n`;

describe("a gateway whose files change", () => {
  let files: Files;
  let gateway: RunningGateway;
  let other: WireClient;
  let second: WireClient;
  const events: unknown[] = [];

  before(async () => {
    files = new Files(await mkdtemp(join(tmpdir(), "s3eg-reload-")));
    await files.project(policyOf("opaque"));
    await files.write("config.yaml", configOf(files.folder));
    await files.write("credentials.yaml", credentialsOf(OTHER));
    gateway = await runningGateway({ env: files.env, reloads: true });
    gateway.bus.subscribe(configurationReloaded, (fact) => void events.push(fact));
    other = wireClientOf(gateway.port, OTHER);
    second = wireClientOf(gateway.port, SECOND);
    assert.equal((await other.send("PUT", `/${BUCKET}/k`, { body: "text" })).status, 200);
  });
  after(async () => {
    await gateway[Symbol.asyncDispose]();
    await rm(files.folder, { recursive: true });
  });

  /** Changes files and waits until a reload has ended with this result. */
  const reloaded = async (result: string, change: () => Promise<void>) => {
    const count = async () => {
      const text = await gateway.metrics.text();
      return Number(
        new RegExp(`config_reload_total\\{result="${result}"\\} (\\d+)`).exec(text)?.[1],
      );
    };
    const already = await count();
    await change();
    for (let tries = 0; (await count()) <= already; tries++) {
      assert.ok(tries < 1000, `a reload is ${result}`);
      await sleep(5);
    }
  };
  const statusOf = async (client: WireClient) => (await client.send("GET", `/${BUCKET}/k`)).status;
  const etagPolicy = async () => {
    const { headers } = await other.send("PUT", `/${BUCKET}/e`, { body: "text" });
    return headers.etag?.endsWith('-0"') ? "opaque" : "md5";
  };

  it("lets the new secret in and the old one no more, in whatever way the file is written", async () => {
    await reloaded("applied", () => files.replace("credentials.yaml", credentialsOf(SECOND)));
    assert.deepEqual([await statusOf(other), await statusOf(second)], [403, 200]);
    await reloaded("applied", () => files.write("credentials.yaml", credentialsOf(OTHER)));
    assert.deepEqual([await statusOf(other), await statusOf(second)], [200, 403]);
  });

  it("goes by another policy when the link of its volume is exchanged", async () => {
    for (const etag of ["md5", "opaque"] as const) {
      await reloaded("applied", () => files.project(policyOf(etag)));
      assert.equal(await etagPolicy(), etag);
    }
  });

  it("stays as it was where anything is wrong, says all of it, and is mended by the next change", async () => {
    const already = events.length;
    await reloaded("refused", async () => {
      await files.write("credentials.yaml", "- access_key: HALF\n");
      await files.project("id: pictures\nbuckets: []\n");
    });
    assert.deepEqual([await statusOf(other), await etagPolicy()], [200, "opaque"]);
    assert.match(await gateway.metrics.text(), /config_reload_refused 1\n/);
    const told = gateway.lines.findLast((line) => line.includes("not reloaded")) ?? "";
    assert.match(told, /credentials\.yaml/);
    assert.match(told, /p\.yaml line 2: buckets/);
    await until(() => events.length > already, "the audit trail is told");
    const event = configurationReloaded.fact.parse(events.at(-1));
    assert.deepEqual([event.success, event.cause], [false, "files"]);
    await reloaded("unchanged", async () => {
      await files.write("credentials.yaml", credentialsOf(OTHER));
      await files.project(policyOf("opaque"));
    });
    assert.match(await gateway.metrics.text(), /config_reload_refused 0\n/);
  });

  it("does not take an emptied configuration for one", async () => {
    await reloaded("refused", () => files.write("config.yaml", ""));
    assert.equal(await statusOf(other), 200);
    await reloaded("unchanged", () => files.write("config.yaml", configOf(files.folder)));
  });

  it("limits by another rate at once, and names what waits for a restart", async () => {
    const rate_limit = { enabled: true, limit: 2, window: "1h" };
    const more = { rate_limit, server: { idle_timeout: "7s" } };
    await reloaded("applied", () => files.replace("config.yaml", configOf(files.folder, more)));
    const statuses = [await statusOf(other), await statusOf(other), await statusOf(other)];
    assert.deepEqual(statuses, [200, 200, 503]);
    const waiting = gateway.lines.find((line) => line.includes("need a restart")) ?? "";
    assert.match(waiting, /"server.idle_timeout"/);
    assert.doesNotMatch(waiting, /rate_limit/);
    // What was counted is still counted when something else changes.
    await reloaded("applied", () => files.project(policyOf("md5")));
    assert.equal(await statusOf(other), 503);
    await reloaded("applied", () => files.replace("config.yaml", configOf(files.folder)));
    assert.equal(await statusOf(other), 200);
  });

  it("lets a request go on with what it began with", async () => {
    const stream = new PassThrough();
    const headers = { "content-length": "8" };
    const asked = gateway.bus.answers.length;
    const upload = { stream, headers, payloadHash: "UNSIGNED-PAYLOAD" };
    const answer = other.send("PUT", `/${BUCKET}/long`, upload);
    stream.write("begin");
    await until(() => gateway.bus.answers.length > asked, "a data key is asked for");
    await reloaded("applied", () => files.replace("credentials.yaml", credentialsOf(SECOND)));
    assert.equal(await statusOf(other), 403);
    stream.end("end");
    assert.equal((await answer).status, 200);
  });
});
