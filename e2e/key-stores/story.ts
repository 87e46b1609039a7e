/** What a whole gateway must do on any key store: one story, told on each of them. */
import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { CreateBucketCommand } from "@aws-sdk/client-s3";
import { copyObject, getObject, putObject, randomContent } from "../clients/objects.ts";
import { type NamedPart, RawUpload } from "../clients/raw-upload.ts";
import { startGateway } from "../gateway.ts";
import { makeScratch } from "../servers/place.ts";
import type { S3Server } from "../servers/s3-server.ts";
import { startVersitygw } from "../servers/versitygw.ts";
import { describeDisturbed } from "./disturbed.ts";
import type { KeySite, Settings } from "./key-site.ts";
import {
  ask,
  BUCKET,
  COMMON,
  copy,
  holds,
  isSealed,
  logSays,
  type OnGateway,
  onGateway,
  put,
} from "./on-gateway.ts";
import { type Step, ToldTable } from "./told-table.ts";

/** A site, opened, and what it is told with. */
export interface Telling {
  readonly site: KeySite;
  readonly backend: S3Server;
  /** Settings with a DATA_DIR that lasts, one for each name. */
  readonly lasting: (settings: Settings, name?: string) => Settings;
  readonly told: (step: Step, how?: string) => void;
}

const MIB = 1024 * 1024;
/** An object that is never re-wrapped. */
const LEFT = { bucket: "left", key: "behind" };

/** Tells the story on each store, and shows what was told as a table. */
export function tellOn(stores: Readonly<Record<string, () => Promise<KeySite>>>): void {
  const table = new ToldTable();
  for (const [name, open] of Object.entries(stores)) {
    describe(`a gateway whose keys are in ${name}`, () => {
      const stack = new AsyncDisposableStack();
      let telling: Telling;
      before(async () => {
        table.begin(name);
        const site = stack.use(await open());
        const backend = stack.use(await startVersitygw());
        const { folder } = stack.use(await makeScratch("story"));
        telling = {
          site,
          backend,
          lasting: (settings, place = "state") => ({ ...settings, DATA_DIR: `${folder}/${place}` }),
          told: (step, how) => table.told(name, step, how),
        };
      });
      after(() => stack.disposeAsync());
      describeKeys(() => telling);
      describeDisturbed(() => telling);
    });
  }
  it("showed all of it on every store", (t) => {
    for (const line of table.lines()) t.diagnostic(line);
    table.checkWhole();
  });
}

function describeKeys(telling: () => Telling): void {
  const small = randomContent(300_000).body;
  const parts = [randomContent(5 * MIB).body, randomContent(100_000).body] as const;
  const whole = Buffer.concat(parts);
  const bodies = new Map<string, Buffer>();
  const readAll = async ({ gateway, on }: OnGateway) => {
    for (const [key, body] of bodies) await holds(gateway, key, body);
    const range = await getObject(on, "one", "bytes=99990-100009");
    assert.ok(range.equals(small.subarray(99_990, 100_010)));
  };

  it("puts, gets, cuts ranges, copies and uploads in parts, and goes on after it was killed", async () => {
    const { site, backend, lasting, told } = telling();
    let upload: RawUpload | undefined;
    const named: NamedPart[] = [];
    await onGateway(backend, lasting(site.old), async (seen) => {
      const { gateway, on } = seen;
      await on.s3.send(new CreateBucketCommand({ Bucket: BUCKET }));
      await putObject(on, "one", { body: small });
      await copyObject(on, "one", "copy");
      for (const key of ["one", "copy"]) bodies.set(key, small);
      await readAll(seen);
      for (const step of ["put", "get", "range", "copy"] as const) told(step);
      await on.s3.send(new CreateBucketCommand({ Bucket: LEFT.bucket }));
      await putObject({ ...on, ...LEFT }, LEFT.key, { body: small });
      upload = await RawUpload.begin(gateway, `/${BUCKET}/parts`);
      named.push(await upload.part(1, parts[0]));
      process.kill(gateway.pids[0] ?? 0, "SIGKILL");
    });
    await onGateway(backend, lasting(site.old), async (seen) => {
      const again = upload?.at(seen.gateway);
      assert.ok(again);
      named.push(await again.part(2, parts[1]));
      assert.equal((await again.complete(named)).status, 200);
      bodies.set("parts", whole);
      await readAll(seen);
      const range = await getObject(seen.on, "parts", `bytes=${5 * MIB - 10}-${5 * MIB + 9}`);
      assert.ok(range.equals(whole.subarray(5 * MIB - 10, 5 * MIB + 10)));
      told("multipart");
      told("restart");
      for (const [key, body] of bodies) await isSealed(backend, key, body);
      told("sealed");
    });
  });

  it("writes with the new key, and reads what the old one wrapped", async () => {
    const { site, backend, lasting, told } = telling();
    await site.rotate?.();
    await onGateway(backend, lasting(site.both), async (seen) => {
      const { gateway } = seen;
      await readAll(seen);
      assert.equal((await put(gateway, "new", small)).status, 200);
      assert.equal((await copy(gateway, "one", "copied-after")).status, 200);
      for (const key of ["new", "copied-after"]) bodies.set(key, small);
      await readAll(seen);
      const dry = await gateway.runCommand(["rewrap", "--dry-run", BUCKET]);
      assert.match(dry, /\b2 current/);
      assert.match(dry, /\b3 waiting/);
    });
    told("rotate");
  });

  it("needs the old key no more once everything is re-wrapped", async () => {
    const { site, backend, lasting, told } = telling();
    await onGateway(backend, lasting(site.both), async (seen) => {
      const { gateway } = seen;
      const done = await gateway.runCommand(["rewrap", "--no-writers", BUCKET]);
      assert.match(done, /\b3 rewrapped/);
      const dry = await gateway.runCommand(["rewrap", "--dry-run", BUCKET]);
      assert.match(dry, /: 5 current\n$/);
      await readAll(seen);
    });
    told("rewrap");
    await site.removeOld();
    await onGateway(backend, lasting(site.both), async (seen) => {
      await readAll(seen);
      // What was left under it shows that it is gone.
      await assert.rejects(getObject({ ...seen.on, ...LEFT }, LEFT.key), { name: "InternalError" });
      await logSays(seen.gateway, "keys.denied");
    });
    await onGateway(backend, lasting(site.fresh), readAll);
    told("old key gone");
  });

  it("opens nothing with another key of the same name", async () => {
    const { site, backend, lasting, told } = telling();
    const { settings, impostor } = site.named;
    await onGateway(backend, lasting(settings, "named"), async ({ gateway }) => {
      assert.equal((await put(gateway, "named", small)).status, 200);
      await holds(gateway, "named", small);
    });
    const other = await impostor();
    // The canary tells it at the start, where the folder of before is there.
    await assert.rejects(async () => {
      await using _ = await startGateway({
        backend,
        env: { ...COMMON, ...lasting(other, "named") },
      });
    }, /ended with 78(.|\n)*is not the key that its canary/);
    await onGateway(backend, lasting(other, "other"), async ({ gateway }) => {
      await isRefused(gateway, "named", "crypto.integrity");
      assert.equal((await copy(gateway, "named", "from-named")).status, 500);
    });
    told("other key");
  });

  it("neither reads nor writes with a key that came to its end", async () => {
    const { site, backend, lasting, told } = telling();
    const { settings, ends } = site.doomed;
    await onGateway(backend, lasting(settings, "doomed"), async ({ gateway }) => {
      assert.equal((await put(gateway, "doomed", small)).status, 200);
      for (const { how, act, stillReads = false } of ends) {
        await act();
        const refused = await put(gateway, `written-${how}`, small);
        assert.deepEqual([refused.status, refused.code], [500, "InternalError"], how);
        assert.equal((await ask(backend, `written-${how}`)).status, 404);
        if (stillReads) await holds(gateway, "doomed", small);
        else await isRefused(gateway, "doomed", "keys.denied");
      }
    });
    told("key ended", ends.map(({ how }) => how).join(", "));
  });
}

/** Checks that an object is refused, and that the log says why. */
async function isRefused(gateway: OnGateway["gateway"], key: string, why: string): Promise<void> {
  const { status, code } = await ask(gateway, key);
  assert.deepEqual([status, code], [500, "InternalError"], key);
  await logSays(gateway, why);
}
