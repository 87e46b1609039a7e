import assert from "node:assert/strict";
import { mkdtemp, readFile, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, it } from "node:test";
import { demoBanner, openDemo } from "../../services/cli/src/demo.ts";
import { startGateway } from "../../services/cli/src/gateway.ts";
import { readGatewayConfig } from "../../services/cli/src/gateway-config.ts";
import { createLog } from "../../shared/src/runtime/log.ts";
import { wireClientOf } from "./wire-client.ts";

describe("a gateway without settings", () => {
  let folder: string;

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), "s3eg-demo-"));
  });
  afterEach(() => rm(folder, { recursive: true, force: true }));

  async function keptSecrets(): Promise<Partial<Record<string, string>>> {
    const text = await readFile(join(folder, "demo.json"), "utf8");
    return JSON.parse(text) as Partial<Record<string, string>>;
  }

  /** As `npm start` does it, but on a port of its own. */
  async function start(more: Readonly<Record<string, string>> = {}) {
    const stack = new AsyncDisposableStack();
    try {
      const env = { LISTEN_ADDR: "127.0.0.1:0", DATA_DIR: folder, AUDIT_ENABLED: "false", ...more };
      const { config, roles } = readGatewayConfig([], env);
      const lines: string[] = [];
      const destination = { write: (line: string) => void lines.push(line) };
      const log = createLog({ service: "test", level: "debug", destination });
      const demo = await openDemo({ config, env, stack, log });
      const stop = new AbortController().signal;
      const filledIn = demo.config;
      const { port = 0 } = await startGateway({ config: filledIn, roles, env, stack, stop, log });
      const banner = demoBanner(demo, port);
      const secretKey = demo.credential.madeUpSecretKey?.reveal() ?? "";
      const client = wireClientOf(port, { accessKey: demo.credential.accessKey, secretKey });
      return {
        client,
        banner,
        secretKey,
        lines,
        [Symbol.asyncDispose]: () => stack.disposeAsync(),
      };
    } catch (error) {
      await stack.disposeAsync();
      throw error;
    }
  }

  it("keeps what it made up: after a restart the objects are there and can be read", async () => {
    let secret: string;
    {
      await using first = await start();
      secret = first.secretKey;
      await first.client.send("PUT", "/demo");
      assert.equal((await first.client.send("PUT", "/demo/k", { body: "kept" })).status, 200);
    }
    await using second = await start();
    assert.equal(second.secretKey, secret);
    assert.equal((await second.client.send("GET", "/demo/k")).text, "kept");
  });

  it("prints how to sign in, and logs no secret", async () => {
    await using demo = await start();
    assert.ok(demo.banner.includes(demo.secretKey) && demo.secretKey.length >= 32);
    const { kek, storeSecretKey } = await keptSecrets();
    for (const secret of [demo.secretKey, kek, storeSecretKey]) {
      assert.ok(secret && !demo.lines.join("").includes(secret));
    }
    assert.ok(!demo.banner.includes(kek ?? ""));
    assert.equal((await stat(join(folder, "demo.json"))).mode & 0o777, 0o600);
  });

  it("takes configured credentials, and does not print their secret", async () => {
    const configured = { GW_CRED_0_ACCESS_KEY: "MINE", GW_CRED_0_SECRET_KEY: "my-own-secret" };
    await using demo = await start(configured);
    assert.match(demo.banner, /MINE/);
    assert.doesNotMatch(demo.banner, /my-own-secret/);
    const sending = { accessKey: "MINE", secretKey: "my-own-secret" };
    assert.equal((await demo.client.send("GET", "/", sending)).status, 200);
    const { accessKey = "", secretKey = "" } = await keptSecrets();
    const made = { accessKey, secretKey };
    assert.equal((await demo.client.send("GET", "/", made)).code, "InvalidAccessKeyId");
  });

  it("refuses to start over a damaged file of secrets, and leaves it alone", async () => {
    {
      await using _ = await start();
    }
    const path = join(folder, "demo.json");
    const damaged = (await readFile(path, "utf8")).slice(0, 40);
    await writeFile(path, damaged);
    await assert.rejects(start(), { code: "config.invalid", message: /damaged/ });
    assert.equal(await readFile(path, "utf8"), damaged);
  });

  it("refuses another KEK than it was started with before", async () => {
    {
      await using _ = await start();
    }
    const path = join(folder, "demo.json");
    const secrets = await keptSecrets();
    await writeFile(
      path,
      JSON.stringify({ ...secrets, kek: Buffer.alloc(32, 1).toString("base64") }),
    );
    await assert.rejects(start(), { code: "config.invalid", message: /canary/ });
  });

  it("refuses NODE_ENV=production", async () => {
    await assert.rejects(start({ NODE_ENV: "production" }), {
      code: "config.invalid",
      message: /BACKEND_ENDPOINT/,
    });
  });
});
