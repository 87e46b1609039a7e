/**
 * The same part uploaded twice with different bytes, one after the other and at once: the object holds one of the two, whole, as the
 * backend decided. And what lies on the backend of both has nothing in common: no key stream is used twice.
 */
import { equal, ok } from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { RawUpload, shown } from "../clients/raw-upload.ts";
import { sendRaw } from "../features/raw-request.ts";
import { type Gateway, startGateway } from "../gateway.ts";
import type { S3Server } from "../servers/s3-server.ts";
import { startVersitygw } from "../servers/versitygw.ts";

const BUCKET = "twice";
const MIB = 1024 * 1024;
const ROUNDS = 15;
const TAIL = randomBytes(1000);

describe("a part that is uploaded twice", () => {
  const servers = new AsyncDisposableStack();
  let backend: S3Server;
  let gateway: Gateway;

  before(async () => {
    backend = servers.use(await startVersitygw());
    gateway = servers.use(await startGateway({ backend }));
    await sendRaw(gateway, { method: "PUT", path: `/${BUCKET}` });
  });
  after(() => servers.disposeAsync());

  const begin = (key: string) => RawUpload.begin(gateway, `/${BUCKET}/${key}`);

  /** The bytes that the backend holds of part 1 of the one upload that is under way. */
  async function storedPart(): Promise<Buffer> {
    const folder = join(backend.folder ?? "", BUCKET);
    const entries = await readdir(folder, { recursive: true, withFileTypes: true });
    const found = entries.find((entry) => entry.isFile() && entry.name === "1");
    ok(found, "the part lies in a file of its own");
    return await readFile(join(found.parentPath, found.name));
  }

  for (const [what, first, second] of [
    ["other bytes", randomBytes(6 * MIB), randomBytes(6 * MIB)],
    ["the same bytes", Buffer.alloc(6 * MIB, 7), Buffer.alloc(6 * MIB, 7)],
  ] as const) {
    it(`with ${what} is stored under another key stream`, async () => {
      const upload = await begin("streams");
      await upload.part(1, first);
      const one = await storedPart();
      await upload.part(1, second);
      const two = await storedPart();
      equal(one.length, two.length);
      // A key stream used twice would show as the exclusive or of the plaintexts, at the same place or at another chunk's.
      const plain = xor(first, second);
      for (const at of [0, 16, 65_536 + 16, 3 * (65_536 + 16)]) {
        const chunk = Math.floor(at / (65_536 + 16));
        const plainAt = at - 16 * chunk;
        ok(
          !xor(one, two)
            .subarray(at, at + 32)
            .equals(plain.subarray(plainAt, plainAt + 32)),
        );
      }
      equal(commonBlocks(one, two), 0);
      await upload.abort();
    });
  }

  it("counts as it came last, and the ETag of the first is worth nothing", async () => {
    const upload = await begin("replaced");
    const [first, second] = [randomBytes(5 * MIB), randomBytes(7 * MIB)];
    const stale = await upload.part(1, first);
    const named = await upload.part(1, second);
    equal(shown(await upload.complete([stale])), "400 InvalidPart");
    equal((await upload.complete([named])).status, 200);
    await checkIsOneOf("replaced", [second]);
  });

  it(`at once ends as one of the two, ${ROUNDS} times`, async () => {
    const tally = { named: 0, refused: 0 };
    for (let round = 0; round < ROUNDS; round += 1) {
      const upload = await begin("raced");
      const bodies = [randomBytes(5 * MIB + round), randomBytes(5 * MIB + round)];
      const named = await Promise.all(bodies.map((body) => upload.part(1, body)));
      const last = await upload.part(2, TAIL);
      let done = 0;
      for (const [at, part] of named.entries()) {
        const answer = await upload.complete([part, last]);
        if (answer.status === 200 && done === 0) {
          await checkIsOneOf("raced", [Buffer.concat([bodies[at] ?? TAIL, TAIL])]);
          tally.named += 1;
          done += 1;
        } else if (answer.status !== 200) {
          equal(shown(answer), "400 InvalidPart");
          tally.refused += 1;
        }
      }
      equal(done, 1, "one of the two ETags is that of the part");
    }
    process.stdout.write(`${JSON.stringify(tally)}\n`);
  });

  async function checkIsOneOf(key: string, wholes: readonly Buffer[]): Promise<void> {
    const got = await sendRaw(gateway, { method: "GET", path: `/${BUCKET}/${key}` });
    equal(got.status, 200);
    ok(
      wholes.some((whole) => got.body.equals(whole)),
      "a mix",
    );
  }
});

function xor(one: Buffer, two: Buffer): Buffer {
  return Buffer.from(one.map((byte, at) => byte ^ (two[at] ?? 0)));
}

/** Blocks of 16 bytes that are in both, wherever they lie. */
function commonBlocks(one: Buffer, two: Buffer): number {
  const blocksOf = (bytes: Buffer) =>
    Array.from({ length: Math.floor(bytes.length / 16) }, (_, at) =>
      bytes.toString("latin1", 16 * at, 16 * at + 16),
    );
  const known = new Set(blocksOf(one));
  return blocksOf(two).filter((block) => known.has(block)).length;
}
