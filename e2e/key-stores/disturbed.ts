/** The part of the story in which the key store is away, hangs, is slow or lies. */
import assert from "node:assert/strict";
import { randomBytes, randomInt } from "node:crypto";
import { it } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { randomContent } from "../clients/objects.ts";
import { pauseAll } from "../servers/proc.ts";
import { openRelay, PASS, type Relay, type Treatment } from "../servers/relay.ts";
import type { S3Server } from "../servers/s3-server.ts";
import {
  ask,
  copy,
  holds,
  isSealed,
  type OnGateway,
  onGateway,
  put,
  untilPut,
} from "./on-gateway.ts";
import type { Telling } from "./story.ts";
import type { Step } from "./told-table.ts";

/** Longer than any time limit of the story's gateways. */
const LATE_MS = 30_000;

const SLOW: Treatment = async (bytes) => await sleep(LATE_MS, { bytes }, { ref: false });

/** What a server that lies, or something between it and the gateway, makes of answers; and how often each is tried. */
const GARBAGE: readonly (readonly [string, number, Treatment])[] = [
  ["a bit is another", 15, async (bytes) => await Promise.resolve({ bytes: flipped(bytes) })],
  ["the half of it", 4, async (bytes) => await Promise.resolve({ bytes: half(bytes), ends: true })],
  ["nothing", 2, async () => await Promise.resolve({ bytes: undefined, ends: true })],
  ["noise", 3, async (bytes) => await Promise.resolve({ bytes: randomBytes(bytes.length) })],
  ["an empty JSON", 3, async () => await Promise.resolve({ bytes: EMPTY_JSON })],
  ["a page", 3, async () => await Promise.resolve({ bytes: PAGE, ends: true })],
  ["what was answered before", 6, async (_, former) => await Promise.resolve({ bytes: former })],
];

const JSON_HEAD = "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\n";
const EMPTY_JSON = Buffer.from(`${JSON_HEAD}content-length: 2\r\n\r\n{}`);
const PAGE = Buffer.from("HTTP/1.1 200 OK\r\ncontent-type: text/html\r\n\r\n<html>Please log in");

/** Tells it. */
export function describeDisturbed(telling: () => Telling): void {
  const { body } = randomContent(10_000);

  it("answers 503 while the store is away, hangs or is slow, stores nothing, and recovers", async () => {
    const { site, backend, lasting, told } = telling();
    await using relay = site.server ? await openRelay(site.server) : undefined;
    const settings = relay ? site.server?.by(relay.port) : site.fresh;
    assert.ok(settings);
    await onGateway(backend, lasting(settings), async ({ gateway }) => {
      assert.equal((await put(gateway, "before", body)).status, 200);
      for (const [step, begin] of outages(telling(), relay)) {
        const goOn = await begin();
        try {
          await isUnavailable(gateway, step, body);
        } finally {
          await goOn();
        }
        await untilPut(gateway, `after-${step}`, body);
        for (const key of ["before", `after-${step}`]) await holds(gateway, key, body);
        for (const key of [`during-${step}`, `copied-${step}`]) {
          assert.equal((await ask(gateway, key)).status, 404, key);
        }
        told(step);
      }
    });
    if (site.server) return;
    for (const step of ["hung", "slow"] as const) told(step, "no server");
  });

  it("leaves a store alone that keeps failing", async () => {
    const { site, backend, lasting, told } = telling();
    await using relay = site.server ? await openRelay(site.server) : undefined;
    if (!site.server || !relay) {
      told("breaker", "no server");
      return;
    }
    const breaker = {
      KMS_RETRY_ENABLED: "false",
      KMS_CIRCUIT_BREAKER_FAILURES: "3",
      KMS_CIRCUIT_BREAKER_OPEN_TIMEOUT: "1h",
    };
    const settings = { ...site.server.by(relay.port), ...breaker };
    await onGateway(backend, lasting(settings), async ({ gateway }) => {
      assert.equal((await put(gateway, "before-breaker", body)).status, 200);
      relay.treatment = SLOW;
      const failing = ["a", "b", "c"].map((key) => put(gateway, key, body));
      for (const { status } of await Promise.all(failing)) assert.equal(status, 503);
      const { heard } = relay;
      for (let n = 0; n < 20; n += 1) {
        assert.equal((await ask(gateway, "before-breaker")).status, 503);
        assert.equal((await put(gateway, "refused", body)).status, 503);
      }
      assert.equal(relay.heard, heard, "the store was asked all the same");
    });
    told("breaker");
  });

  it("believes no garbage: an error, or the right bytes, and never an object that nobody can read", async (t) => {
    const { site, backend, lasting, told } = telling();
    await using relay = site.server ? await openRelay(site.server) : undefined;
    if (!site.server || !relay) {
      told("garbage", "no server");
      return;
    }
    const bare = { KMS_RETRY_ENABLED: "false", KMS_CIRCUIT_BREAKER_ENABLED: "false" };
    const settings = { ...site.server.by(relay.port), ...bare };
    await onGateway(backend, lasting(settings), async ({ gateway }) => {
      assert.equal((await put(gateway, "known", body)).status, 200);
      let refused = 0;
      for (const [n, [what, times, treatment]] of GARBAGE.entries()) {
        relay.treatment = treatment;
        const written: Written[] = [];
        for (let time = 0; time < times; time += 1) {
          written.push(...(await disturbedRound(gateway, `${n}-${time}`, body)));
        }
        relay.treatment = PASS;
        await untilPut(gateway, `honest-${n}`, body);
        for (const each of written) await isTrue(each, body, { gateway, backend });
        await holds(gateway, "known", body);
        const failed = written.filter(({ status }) => status !== 200).length;
        assert.ok(failed > 0, `${what}: every write succeeded`);
        t.diagnostic(`${what}: ${failed} of ${written.length} writes refused`);
        refused += failed;
      }
      told("garbage", `${refused} refused`);
    });
  });
}

/** A write and what its client was told. */
interface Written {
  readonly key: string;
  readonly status: number;
}

/** A read, a write and a copy at once, while answers are garbage. */
async function disturbedRound(
  gateway: OnGateway["gateway"],
  name: string,
  body: Buffer,
): Promise<Written[]> {
  const [own, copied] = [`garbage-${name}`, `garbage-copy-${name}`];
  const [read, written, copying] = await Promise.all([
    ask(gateway, "known"),
    put(gateway, own, body),
    copy(gateway, "known", copied),
  ]);
  if (read.status === 200) assert.ok(read.body.equals(body), `wrong bytes in ${name}`);
  else assert.ok(!read.body.includes(body.subarray(0, 32)));
  return [
    { key: own, status: written.status },
    { key: copied, status: copying.status },
  ];
}

/** Checks that a write is there and can be read if its client was told so, and is not there if not. */
async function isTrue(
  { key, status }: Written,
  body: Buffer,
  { gateway, backend }: { gateway: OnGateway["gateway"]; backend: S3Server },
): Promise<void> {
  if (status !== 200) {
    assert.equal((await ask(backend, key)).status, 404, `${key} was refused with ${status}`);
    return;
  }
  await holds(gateway, key, body);
  await isSealed(backend, key, body);
}

/** The steps in which nothing works, and how each begins; what that gives ends it. */
function outages(
  { site }: Telling,
  relay: Relay | undefined,
): (readonly [Step, () => Promise<() => unknown>])[] {
  const { server, takeAway } = site;
  if (!server || !relay) return takeAway ? [["down", takeAway]] : [];
  const down = async () => {
    await relay.down();
    return () => relay.up();
  };
  const slow = async () => {
    relay.treatment = SLOW;
    return await Promise.resolve(() => {
      relay.treatment = PASS;
    });
  };
  const hung = () => pauseAll(server.pids);
  return [
    ["down", down],
    ["hung", hung],
    ["slow", slow],
  ];
}

/** Checks that nothing works and everybody is told so. */
async function isUnavailable(
  gateway: OnGateway["gateway"],
  step: string,
  body: Buffer,
): Promise<void> {
  const answers = await Promise.all([
    ask(gateway, "before"),
    put(gateway, `during-${step}`, body),
    copy(gateway, "before", `copied-${step}`),
  ]);
  for (const { status, code } of answers) {
    assert.deepEqual([status, code], [503, "ServiceUnavailable"], step);
  }
}

function flipped(bytes: Buffer): Buffer {
  const copied = Buffer.from(bytes);
  const at = randomInt(copied.length);
  copied[at] = (copied[at] ?? 0) ^ (1 << randomInt(8));
  return copied;
}

function half(bytes: Buffer): Buffer {
  return bytes.subarray(0, bytes.length >> 1);
}
