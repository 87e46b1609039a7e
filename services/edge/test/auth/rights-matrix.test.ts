/** Every credential against every way to ask: what may be done, and that nothing else reaches a backend. */
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { encodeComponent } from "@s3eg/shared/s3/names.ts";
import { configuredRights, type RightsSettings } from "../../src/auth/configured-rights.ts";
import { signedForm } from "../form/sent-form.ts";
import { type Answer, runningEdge, type Sending } from "../running-edge.ts";

const CREDENTIALS: Readonly<Record<string, RightsSettings>> = {
  all: {},
  ro: { permissions: "ro" },
  rw: { permissions: "rw" },
  blind: { permissions: ["read", "list"] },
  writer: { permissions: ["write"] },
  eraser: { permissions: ["delete", "list"] },
  bucket: { buckets: ["mine"] },
  prefix: { buckets: ["mine/logs/*"] },
  maker: { buckets: ["mine*"], bucketPermissions: ["create", "delete"] },
  keeper: { buckets: ["mine"], permissions: "ro", bucketPermissions: ["configure"] },
  nothing: { buckets: [] },
};

type Edge = Awaited<ReturnType<typeof runningEdge>>;
type Ask = (edge: Edge, accessKey: string) => Promise<Answer>;

const sends =
  (sending: Sending): Ask =>
  (edge, accessKey) =>
    edge.send({ ...sending, accessKey });
const presigns =
  (sending: Sending): Ask =>
  (edge, accessKey) =>
    edge.sendUnsigned({
      method: sending.method,
      path: edge.presigned({ ...sending, accessKey }),
      ...(sending.body === undefined
        ? {}
        : { body: sending.body, headers: { "content-length": String(sending.body.length) } }),
    });
const copies = (to: string, from: string): Ask =>
  sends({
    method: "PUT",
    path: to,
    body: "",
    headers: { "x-amz-copy-source": encodeComponent(from) },
  });
const posts =
  (bucket: string, key: string): Ask =>
  (edge, accessKey) =>
    edge.sendUnsigned(signedForm({ bucket, fields: { key }, bytes: Buffer.from("x"), accessKey }));
const deletes = (key: string): Ask =>
  sends({
    method: "POST",
    path: "/mine?delete",
    body: `<Delete><Object><Key>${key}</Key></Object></Delete>`,
  });

/** Who may; everybody else gets AccessDenied. */
const MATRIX: readonly (readonly [what: string, ask: Ask, who: string])[] = [
  [
    "GetObject",
    sends({ method: "GET", path: "/mine/logs/a" }),
    "all ro rw bucket prefix maker keeper",
  ],
  [
    "GetObject outside the prefix",
    sends({ method: "GET", path: "/mine/b" }),
    "all ro rw bucket maker keeper",
  ],
  ["GetObject elsewhere", sends({ method: "GET", path: "/other/b" }), "all ro rw"],
  [
    "GetObject, presigned",
    presigns({ method: "GET", path: "/mine/logs/a" }),
    "all ro rw bucket prefix maker keeper",
  ],
  ["GetObject elsewhere, presigned", presigns({ method: "GET", path: "/other/b" }), "all ro rw"],
  [
    "HeadObject",
    sends({ method: "HEAD", path: "/mine/logs/a" }),
    "all ro rw blind bucket prefix maker keeper",
  ],
  [
    "PutObject",
    sends({ method: "PUT", path: "/mine/logs/n", body: "x" }),
    "all rw writer bucket prefix maker",
  ],
  [
    "PutObject, presigned",
    presigns({ method: "PUT", path: "/mine/logs/n", body: "x" }),
    "all rw writer bucket prefix maker",
  ],
  ["PutObject elsewhere", sends({ method: "PUT", path: "/other/n", body: "x" }), "all rw writer"],
  ["PostObject", posts("mine", "logs/n"), "all rw writer bucket prefix maker"],
  ["PostObject outside the prefix", posts("mine", "n"), "all rw writer bucket maker"],
  ["PostObject elsewhere", posts("other", "logs/n"), "all rw writer"],
  ["CopyObject within", copies("/mine/logs/n", "mine/logs/a"), "all rw bucket prefix maker"],
  ["CopyObject from outside the prefix", copies("/mine/logs/n", "mine/b"), "all rw bucket maker"],
  ["CopyObject from elsewhere", copies("/mine/logs/n", "other/b"), "all rw"],
  ["CopyObject to elsewhere", copies("/other/n", "mine/logs/a"), "all rw"],
  [
    "DeleteObject",
    sends({ method: "DELETE", path: "/mine/logs/a" }),
    "all rw eraser bucket prefix maker",
  ],
  [
    "DeleteObject outside the prefix",
    sends({ method: "DELETE", path: "/mine/b" }),
    "all rw eraser bucket maker",
  ],
  ["DeleteObjects, a key", deletes("logs/a"), "all rw eraser bucket prefix maker"],
  ["DeleteObjects, a key outside the prefix", deletes("b"), "all rw eraser bucket maker"],
  [
    "ListObjectsV2",
    sends({ method: "GET", path: "/mine?list-type=2" }),
    "all ro rw blind eraser bucket maker keeper",
  ],
  [
    "ListObjectsV2 of the prefix",
    sends({ method: "GET", path: "/mine?list-type=2&prefix=logs%2F" }),
    "all ro rw blind eraser bucket prefix maker keeper",
  ],
  [
    "ListObjects of two prefixes",
    sends({ method: "GET", path: "/mine?prefix=logs%2F&prefix=" }),
    "all ro rw blind eraser bucket maker keeper",
  ],
  [
    "ListObjectVersions elsewhere",
    sends({ method: "GET", path: "/other?versions" }),
    "all ro rw blind eraser",
  ],
  [
    "ListBuckets",
    sends({ method: "GET", path: "/" }),
    "all ro rw blind eraser bucket prefix maker keeper nothing",
  ],
  [
    "HeadBucket",
    sends({ method: "HEAD", path: "/mine" }),
    "all ro rw blind writer eraser bucket prefix maker keeper",
  ],
  ["CreateBucket", sends({ method: "PUT", path: "/mine2" }), "all maker"],
  ["CreateBucket elsewhere", sends({ method: "PUT", path: "/other" }), "all"],
  ["DeleteBucket", sends({ method: "DELETE", path: "/mine" }), "all maker"],
  [
    "GetBucketAcl",
    sends({ method: "GET", path: "/mine?acl" }),
    "all ro rw blind eraser bucket maker keeper",
  ],
  ["PutBucketPolicy", sends({ method: "PUT", path: "/mine?policy", body: "{}" }), "all keeper"],
  [
    "PutObjectAcl",
    sends({ method: "PUT", path: "/mine/logs/a?acl", body: "<A/>" }),
    "all rw writer bucket prefix maker",
  ],
  [
    "GetObjectTagging",
    sends({ method: "GET", path: "/mine/logs/a?tagging" }),
    "all ro rw blind bucket prefix maker keeper",
  ],
  ["CreateSession, which nobody serves", sends({ method: "GET", path: "/mine?session" }), "all"],
];

async function isDenied(ask: Ask, accessKey: string): Promise<boolean> {
  const principals = Object.entries(CREDENTIALS).map(([name, settings]) => ({
    accessKey: name,
    rights: configuredRights(settings, name),
  }));
  await using edge = await runningEdge({ principals });
  for (const path of ["/mine/logs/a", "/mine/b", "/other/b"]) {
    await edge.send({ method: "PUT", path, body: "meow" });
  }
  edge.backend.kept.length = 0;
  const { status, text, code } = await ask(edge, accessKey);
  // A HEAD has no body to say it in; DeleteObjects says it key by key.
  const denied = status === 403 || (status === 200 && text.includes("<Code>AccessDenied</Code>"));
  if (denied) assert.deepEqual(edge.backend.kept, [], "a refused request reached the backend");
  if (status === 403 && text !== "") assert.equal(code, "AccessDenied");
  return denied;
}

describe("who may do what", () => {
  for (const [what, ask, who] of MATRIX) {
    it(what, async () => {
      const allowed: string[] = [];
      for (const name of Object.keys(CREDENTIALS)) {
        if (!(await isDenied(ask, name))) allowed.push(name);
      }
      assert.deepEqual(allowed.join(" "), who);
    });
  }
});
