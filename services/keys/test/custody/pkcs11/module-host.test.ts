import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { Fault, type FaultCode, isFault } from "@s3eg/shared/faults.ts";
import { type HostOptions, ModuleHost } from "../../../src/custody/pkcs11/module-host.ts";
import type { NamedKey } from "../../../src/custody/pkcs11/token-keys.ts";

const program = new URL("./memory-module-process.ts", import.meta.url);
const kek: NamedKey = { mechanism: "AES-GCM", label: "kek" };
const text = { data: randomBytes(65), iv: randomBytes(12), associatedData: randomBytes(32) };
const { signal } = new AbortController();
const is = (code: FaultCode) => (error: unknown) => isFault(error, code);

describe("ModuleHost", () => {
  let folder: string;
  before(async () => {
    folder = await mkdtemp(join(tmpdir(), "s3eg-module-"));
  });
  after(() => rm(folder, { recursive: true }));
  const place = () => ({ tokenLabel: "memory", pin: "1234" });
  const hostOf = (options: Partial<HostOptions> = {}) =>
    new ModuleHost({ module: folder, place, timeoutMs: 60_000, env: {}, program, ...options });

  it("asks a token in a process of its own, many at a time in turn", async () => {
    await using host = hostOf();
    assert.deepEqual(await host.describe(kek, signal), { isKept: true });
    const payloads = Array.from({ length: 20 }, (_, n) => Buffer.alloc(65, n));
    const opened = payloads.map(async (data) => {
      const sealed = await host.encrypt(kek, { ...text, data }, signal);
      return await host.decrypt(kek, { ...text, data: sealed }, signal);
    });
    assert.deepEqual(await Promise.all(opened), payloads);
  });

  it("gives the token's fault", async () => {
    await using host = hostOf();
    await assert.rejects(host.describe({ ...kek, label: "none" }, signal), is("keys.denied"));
  });

  it("ends a module that hangs or crashes, and starts it again", async () => {
    await using patient = hostOf();
    const sealed = await patient.encrypt(kek, text, signal);
    for (const [how, host] of [
      ["hang", hostOf({ timeoutMs: 1500 })],
      ["crash", hostOf()],
    ] as const) {
      await using _ = host;
      await host.describe(kek, signal);
      await writeFile(join(folder, how), "");
      await assert.rejects(host.encrypt(kek, text, signal), is("keys.unavailable"), how);
      await rm(join(folder, how));
      const again = async () => await host.decrypt(kek, { ...text, data: sealed }, signal);
      const opened = await again().catch(again);
      assert.deepEqual(opened, text.data);
    }
  });

  it("asks nothing for whoever does not wait any more", async () => {
    await using host = hostOf();
    const reason = new Fault("keys.unavailable", "over");
    await assert.rejects(host.encrypt(kek, text, AbortSignal.abort(reason)), reason);
    await host.encrypt(kek, text, signal);
  });

  it("says a PIN that was refused not again, and takes another one", async () => {
    let pin = "wrong";
    await using host = hostOf({ place: () => ({ ...place(), pin }) });
    const asked = () => host.describe(kek, signal);
    const refusal = await asked().catch((error: unknown) => error);
    assert.ok(isFault(refusal, "keys.denied"));
    // The very same: nobody was asked.
    await assert.rejects(asked(), (error) => error === refusal);
    pin = "1234";
    assert.deepEqual(await asked(), { isKept: true });
  });

  it("takes the process with it that is still starting, and starts no other", async () => {
    const host = hostOf();
    const asked = assert.rejects(host.describe(kek, signal), is("keys.unavailable"));
    await new Promise(setImmediate);
    await host[Symbol.asyncDispose]();
    await asked;
    await assert.rejects(host.describe(kek, signal), is("keys.unavailable"));
  });

  it("refuses settings at the start alone; later they are away", async () => {
    let isGone = true;
    const gone = () => {
      if (isGone) throw new Fault("config.invalid", "no PIN");
      return place();
    };
    await using host = hostOf({ place: gone });
    await assert.rejects(host.describe(kek, signal), is("config.invalid"));
    isGone = false;
    await host.describe(kek, signal);
    await writeFile(join(folder, "crash"), "");
    await assert.rejects(host.encrypt(kek, text, signal), is("keys.unavailable"));
    await rm(join(folder, "crash"));
    isGone = true;
    await assert.rejects(host.describe(kek, signal), is("keys.unavailable"));
  });
});
