import assert from "node:assert/strict";
import { it } from "node:test";
import { isDuplicateOfNewest } from "../../src/jobs/former-duplicate.ts";
import { answer } from "../memory-backend.ts";
import { STANDARD } from "../running-edge.ts";
import { bucketJobs } from "./bucket-jobs.ts";

it("isDuplicateOfNewest compares the bytes of a plain version with those of the sealed one that is newest", async () => {
  for (const [newest, former, isSame] of [
    ["meow", "meow", true],
    ["purr", "meow", false],
    ["longer", "meow", false],
  ] as const) {
    const site = bucketJobs();
    site.putSealed("cat", newest);
    const headers = { etag: '"former"', "content-length": "4" };
    site.own.intercept = ({ method, query = [] }) =>
      method === "GET" && query.some(([name]) => name === "versionId")
        ? answer(200, headers, former)
        : undefined;
    const mixed = { ...STANDARD, contents: "mixed" as const };
    const request = site.requestOf("cat", { reading: mixed });
    const opens = openingByVersion(site, former);
    const rooms = { ...site.rooms, crypto: opens };
    assert.equal(await isDuplicateOfNewest(request, rooms, { versionId: "v1", headers }), isSame);
  }
  const plain = bucketJobs();
  plain.backend.put("photos/cat", Buffer.from("meow"));
  const former = { versionId: "v1", headers: { "content-length": "4" } };
  assert.equal(await isDuplicateOfNewest(plain.requestOf("cat"), plain.rooms, former), false);
});

/** The stand-in for crypto opens what is sealed; the former version is plain. */
function openingByVersion(
  { rooms, crypto }: ReturnType<typeof bucketJobs>,
  former: string,
): typeof rooms.crypto {
  return {
    upload: (contract, sending, options) => rooms.crypto.upload(contract, sending, options),
    async download(contract, head, options) {
      const { target } = head as { target: { versionId?: string } };
      crypto.plain = target.versionId !== undefined;
      const opened = await rooms.crypto.download(contract, head, options);
      if (target.versionId === undefined) return opened;
      const body = {
        pump: async (take: (piece: Uint8Array) => void | Promise<void>) => {
          await take(Buffer.from(former));
        },
        destroy: () => undefined,
      };
      return { ...opened, body };
    },
  };
}
