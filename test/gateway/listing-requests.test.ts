/** What a listing of a sealed bucket costs: one request to the backend for each page, whatever is in it, and no question to another service. */
import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { C, plaintextOf } from "./plaintext.ts";
import { BUCKET, type RunningGateway, runningGateway } from "./running-gateway.ts";
import { elementOf, elementsOf, MIN_PART, uploadParts } from "./uploading.ts";
import { type Answer, pathOf } from "./wire-client.ts";

const SINGLE_SIZES = [0, 1, C - 1, C, C + 1, 2 * C - 1, 2 * C, 2 * C + 1, 300_000];

/** Sizes of the parts of one object each: with a last part that is parked, with one that is not, and with parts of odd sizes. */
const PART_SIZES = [[1], [0], [MIN_PART, 1], [MIN_PART + C + 7, MIN_PART + 1], [MIN_PART, C]];

describe("a listing of a sealed bucket", () => {
  let gateway: RunningGateway;
  const sizes = new Map<string, number>();

  before(async () => {
    gateway = await runningGateway();
    for (const size of SINGLE_SIZES) {
      const key = `single-${size}`;
      const body = plaintextOf(size, size);
      assert.equal((await gateway.client.send("PUT", pathOf(BUCKET, key), { body })).status, 200);
      sizes.set(key, size);
    }
    for (const parts of PART_SIZES) {
      const key = `parts-${parts.join("-")}`;
      const bodies = parts.map((size, n) => [n + 1, plaintextOf(size, n)] as const);
      assert.equal((await uploadParts(gateway, key, bodies)).status, 200);
      sizes.set(
        key,
        parts.reduce((sum, size) => sum + size, 0),
      );
    }
  });
  after(() => gateway[Symbol.asyncDispose]());

  /** Asks for a page, and tells what the backend was asked meanwhile. */
  const page = async (query: string): Promise<{ answer: Answer; asked: string[] }> => {
    const [lines, answers] = [gateway.lines.length, gateway.bus.answers.length];
    const answer = await gateway.client.send("GET", `/${BUCKET}`, { query });
    assert.equal(answer.status, 200);
    assert.deepEqual(gateway.bus.answers.slice(answers), [], "no service is asked");
    return { answer, asked: gateway.lines.slice(lines).flatMap(operationOfStore) };
  };

  const shownSizes = (answer: Answer) => {
    const shown = elementsOf(answer, "Size").map(Number);
    return new Map(elementsOf(answer, "Key").map((key, n) => [key, shown[n]]));
  };
  const wanted = () => new Map([...sizes].sort(([a], [b]) => (a < b ? -1 : 1)));

  for (const [operation, query] of [
    ["ListObjects", ""],
    ["ListObjectsV2", "list-type=2"],
    ["ListObjectVersions", "versions="],
  ] as const) {
    it(`shows every size exactly, by one ${operation} on the backend`, async () => {
      const { answer, asked } = await page(query);
      assert.deepEqual(shownSizes(answer), wanted());
      assert.deepEqual(asked, [operation]);
    });
  }

  it("costs one request a page", async () => {
    const seen = new Map<string, number | undefined>();
    const asked: string[] = [];
    let token = "";
    do {
      const next = token === "" ? "" : `&continuation-token=${encodeURIComponent(token)}`;
      const one = await page(`list-type=2&max-keys=4${next}`);
      for (const [key, size] of shownSizes(one.answer)) seen.set(key, size);
      asked.push(...one.asked);
      token = elementOf(one.answer, "NextContinuationToken");
    } while (token !== "");
    assert.deepEqual(seen, wanted());
    assert.equal(asked.length, Math.ceil(sizes.size / 4));
  });

  it("shows what HEAD says of each object", async () => {
    const listed = shownSizes((await page("list-type=2")).answer);
    for (const [key, size] of listed) {
      const { headers } = await gateway.client.send("HEAD", pathOf(BUCKET, key));
      assert.equal(Number(headers["content-length"]), size, key);
    }
  });
});

/** The operation of a request that the store answered, from its line in the log. */
function operationOfStore(line: string): string[] {
  const logged = JSON.parse(line) as { readonly msg: string; readonly op?: string };
  return logged.msg === "answered" ? [logged.op ?? ""] : [];
}
