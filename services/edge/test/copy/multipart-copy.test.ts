import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { HEADER_FIELD } from "@s3eg/shared/format/layout.ts";
import { sealedPartSizeOf } from "@s3eg/shared/format/sizes.ts";
import { answer, refusal } from "../memory-backend.ts";
import { runningEdge, STANDARD } from "../running-edge.ts";
import { ETAG, FACTS, PARTS, STORED, standInParts, takeCopiedParts } from "../stand-in-parts.ts";
import { placeIn } from "../stand-in-services.ts";

const MD5 = { ...STANDARD, id: "m", etag: "md5", buckets: ["md5"] } as const;

async function edgeWithSource(
  refuse?: Parameters<typeof takeCopiedParts>[1],
  told?: Parameters<typeof standInParts>[2],
) {
  const edge = await runningEdge({ rules: [MD5] });
  const asked = standInParts(edge, "photos/cat", told);
  takeCopiedParts(edge, refuse);
  const copy = (headers: Record<string, string> = {}, path = "/copies/cat2") =>
    edge.send({
      method: "PUT",
      path,
      body: "",
      headers: { "x-amz-copy-source": "/photos/cat", ...headers },
    });
  const sent = (method: string, name: string) =>
    edge.backend.kept.filter(
      ({ request }) =>
        request.method === method && (request.query ?? []).some(([known]) => known === name),
    );
  return { edge, asked, copy, sent, [Symbol.asyncDispose]: () => edge[Symbol.asyncDispose]() };
}

describe("a copy of an object in parts", () => {
  it("is made of the backend's parts, under a header for the new place", async () => {
    await using test = await edgeWithSource();
    const { status, ...copied } = await test.copy();
    assert.equal(status, 200, copied.text);
    const [begun] = test.sent("POST", "uploads");
    const { headers = {} } = begun?.request ?? {};
    assert.equal(placeIn(headers[HEADER_FIELD]), "copies/cat2");
    assert.equal(headers["x-amz-meta-a"], "b");
    const first = sealedPartSizeOf(PARTS[0]?.size ?? 0);
    const second = first + sealedPartSizeOf(PARTS[1]?.size ?? 0);
    const parts = test.sent("PUT", "partNumber").map(({ request }) => request.headers ?? {});
    const ranges = new Set(parts.map((part) => part["x-amz-copy-source-range"]));
    const borders = [
      `bytes=0-${first - 1}`,
      `bytes=${first}-${second - 1}`,
      `bytes=${second}-${STORED - 1}`,
    ];
    assert.deepEqual(ranges, new Set(borders));
    for (const part of parts) {
      assert.equal(part["x-amz-copy-source"], "/photos/cat");
      assert.equal(part["x-amz-copy-source-if-match"], ETAG);
    }
    const [done] = test.sent("POST", "uploadId");
    const numbers = [...(done?.body.toString() ?? "").matchAll(/<PartNumber>(\d)</g)];
    assert.deepEqual(
      numbers.map(([, number]) => number),
      ["1", "2", "3"],
    );
    assert.equal(copied.xml().textOf("ETag"), '"whole-3"');
    assert.equal(copied.xml().textOf("ChecksumCRC32"), "AAAAAg==-2");
    assert.deepEqual(test.sent("DELETE", "uploadId"), []);
  });

  it("of one part asks for no range", async () => {
    const told = { facts: FACTS, parts: PARTS.slice(0, 1) };
    await using test = await edgeWithSource(undefined, told);
    const { headers } = test.edge.backend.objects.get("photos/cat") ?? assert.fail();
    const bytes = Buffer.alloc(sealedPartSizeOf(5 * 1024 * 1024) + 288);
    const etag = ETAG.replace("-3", "-1");
    test.edge.backend.objects.set("photos/cat", { bytes, headers, etag });
    assert.equal((await test.copy()).status, 200);
    const [part] = test.sent("PUT", "partNumber");
    assert.equal(part?.request.headers?.["x-amz-copy-source-range"], undefined);
  });

  it("has the ETag of its parts' MD5s where the policy shows it", async () => {
    await using test = await edgeWithSource();
    const copied = await test.copy({}, "/md5/cat2");
    assert.equal(copied.xml().textOf("ETag"), `"${FACTS.etag}"`);
  });

  it("puts conditions, keys, tags and who pays where they belong", async () => {
    await using test = await edgeWithSource();
    const own = { "x-amz-server-side-encryption-customer-key": "new" };
    const old = { "x-amz-copy-source-server-side-encryption-customer-key": "old" };
    const asked = {
      "if-none-match": "*",
      "x-amz-request-payer": "requester",
      "x-amz-tagging": "a=1",
      "x-amz-tagging-directive": "REPLACE",
      "x-amz-server-side-encryption-customer-algorithm": "AES256",
    };
    assert.equal((await test.copy({ ...asked, ...own, ...old })).status, 200);
    const key = "x-amz-server-side-encryption-customer-key";
    assert.equal(test.asked[0]?.headers[key], "old");
    const begun = test.sent("POST", "uploads")[0]?.request.headers ?? {};
    assert.deepEqual([begun[key], begun["x-amz-tagging"]], ["new", "a=1"]);
    assert.deepEqual(
      [begun["if-none-match"], begun["x-amz-tagging-directive"]],
      [undefined, undefined],
    );
    const part = test.sent("PUT", "partNumber")[0]?.request.headers ?? {};
    const source = "x-amz-copy-source-server-side-encryption-customer-key";
    assert.deepEqual([part[key], part[source], part["if-none-match"]], ["new", "old", undefined]);
    const done = test.sent("POST", "uploadId")[0]?.request.headers ?? {};
    assert.deepEqual([done["if-none-match"], done["x-amz-request-payer"]], ["*", "requester"]);
  });

  for (const [what, refuse, code] of [
    ["a part", "PUT", "SlowDown"],
    ["its end", "POST", "SlowDown"],
  ] as const) {
    it(`leaves no upload behind where ${what} is refused`, async () => {
      await using test = await edgeWithSource(({ method, query = [] }) =>
        method === refuse && query.some(([name]) => name === "uploadId")
          ? answer(200, {}, `<Error><Code>${code}</Code><Message>m</Message></Error>`)
          : undefined,
      );
      const refused = await test.copy();
      assert.equal(refused.code, code);
      assert.equal(test.sent("DELETE", "uploadId").length, 1);
    });
  }

  it("is tried again where the source changed, and completes nothing meanwhile", async () => {
    await using test = await edgeWithSource(({ method, headers = {} }) =>
      method === "PUT" && headers["x-amz-copy-source-if-match"]
        ? refusal(412, "PreconditionFailed")
        : undefined,
    );
    assert.equal((await test.copy()).code, "ServiceUnavailable");
    const { length: begun } = test.sent("POST", "uploads");
    assert.ok(begun > 1, `${begun} tries`);
    assert.equal(test.sent("DELETE", "uploadId").length, begun);
    assert.deepEqual(test.sent("POST", "uploadId"), []);
  });

  it("is not completed where the backend does not heed the pin on the source", async () => {
    let heads = 0;
    await using test = await edgeWithSource(({ method, key }) => {
      if (method !== "HEAD" || key !== "cat") return undefined;
      heads += 1;
      return heads % 2 === 0 ? answer(200, { etag: '"other"' }) : undefined;
    });
    assert.equal((await test.copy()).code, "ServiceUnavailable");
    assert.deepEqual(test.sent("POST", "uploadId"), []);
    const { length: begun } = test.sent("POST", "uploads");
    assert.equal(test.sent("DELETE", "uploadId").length, begun);
  });

  it("is refused where parts and stored size do not agree", async () => {
    await using test = await edgeWithSource(undefined, { facts: FACTS, parts: PARTS.slice(0, 1) });
    assert.equal((await test.copy()).code, "InternalError");
    assert.deepEqual(test.sent("POST", "uploads"), []);
  });
});
