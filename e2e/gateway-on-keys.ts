/** What a whole gateway must do on any key store: one story, told on each of them. */
import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { CreateBucketCommand, type S3Client } from "@aws-sdk/client-s3";
import { copyObject, getObject, putInParts, putObject, randomContent } from "./clients/objects.ts";
import { s3ClientOf } from "./clients/s3-client.ts";
import { sendRaw } from "./features/raw-request.ts";
import { type Gateway, startGateway } from "./gateway.ts";
import { pauseAll } from "./servers/proc.ts";
import type { S3Server } from "./servers/s3-server.ts";
import { startVersitygw } from "./servers/versitygw.ts";

/** A key store with two keys, and the settings of a gateway for them. */
export interface KeySite extends AsyncDisposable {
  /** With the old key alone. */
  readonly old: Readonly<Record<string, string>>;
  /** With the new key, and the old one only to read. */
  readonly both: Readonly<Record<string, string>>;
  /** With the new key alone. */
  readonly fresh: Readonly<Record<string, string>>;
  /** The processes of the store, which the story stops for a while. */
  readonly pids: readonly number[];
}

const MIB = 1024 * 1024;
const bucket = "keys";

/** Tells the story on what `open` makes. */
export function describeGatewayOn(name: string, open: () => Promise<KeySite>): void {
  describe(`a gateway whose keys are in ${name}`, () => {
    const stack = new AsyncDisposableStack();
    let site: KeySite;
    let backend: S3Server;
    before(async () => {
      site = stack.use(await open());
      backend = stack.use(await startVersitygw());
    });
    after(() => stack.disposeAsync());

    async function onGateway(
      settings: KeySite["old"],
      act: (on: { s3: S3Client; bucket: string }, gateway: Gateway) => Promise<void>,
    ): Promise<void> {
      const env = { KMS_RETRY_MAX_ELAPSED_TIME: "1s", ...settings };
      await using gateway = await startGateway({ backend, env });
      const s3 = s3ClientOf(gateway);
      try {
        await act({ s3, bucket }, gateway);
      } finally {
        s3.destroy();
      }
    }

    it("puts, gets, cuts ranges, copies and uploads in parts, and reads it all after a rotation", async () => {
      const small = randomContent(300_000).body;
      const parts = [randomContent(5 * MIB).body, randomContent(100_000).body];
      const whole = Buffer.concat(parts);
      const read = async (on: { s3: S3Client; bucket: string }) => {
        for (const key of ["one", "copy"]) assert.ok((await getObject(on, key)).equals(small));
        assert.ok((await getObject(on, "parts")).equals(whole));
        const range = await getObject(on, "parts", `bytes=${5 * MIB - 10}-${5 * MIB + 9}`);
        assert.ok(range.equals(whole.subarray(5 * MIB - 10, 5 * MIB + 10)));
      };
      await onGateway(site.old, async (on) => {
        await on.s3.send(new CreateBucketCommand({ Bucket: bucket }));
        await putObject(on, "one", { body: small });
        await copyObject(on, "one", "copy");
        await putInParts(on, "parts", parts);
        await read(on);
      });
      await onGateway(site.both, async (on) => {
        await read(on);
        await copyObject(on, "one", "copied-after");
        assert.ok((await getObject(on, "copied-after")).equals(small));
      });
      await onGateway(site.fresh, async (on) => {
        assert.ok((await getObject(on, "copied-after")).equals(small));
        await assert.rejects(getObject(on, "one"));
      });
    });

    it("answers no object and stores none while the store is away, and goes on after that", async () => {
      const { body } = randomContent(10_000);
      await onGateway(site.old, async (on, gateway) => {
        await putObject(on, "before", { body });
        const goOn = pauseAll(site.pids);
        const asked = { method: "PUT", path: `/${bucket}/during`, body };
        assert.equal((await sendRaw(gateway, asked)).status, 503);
        goOn();
        await untilAnswered(() => putObject(on, "after", { body }));
        for (const key of ["before", "after"]) assert.ok((await getObject(on, key)).equals(body));
        await assert.rejects(getObject(on, "during"));
      });
    });
  });
}

/** The circuit breaker lets one through after a while. */
async function untilAnswered(act: () => Promise<void>): Promise<void> {
  for (let tries = 0; tries < 30; tries += 1) {
    try {
      return await act();
    } catch {
      await sleep(500);
    }
  }
  await act();
}
