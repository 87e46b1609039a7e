/** What clients give and backends must not see: a gateway that seals metadata, and what is said of its objects. */
import assert from "node:assert/strict";
import { SECRET } from "../../services/edge/test/running-edge.ts";
import { decodeHeader } from "../../shared/src/format/header.ts";
import { HEADER_FIELD, METADATA_FIELD } from "../../shared/src/format/layout.ts";
import { C, plaintextOf } from "./plaintext.ts";
import { BUCKET, type RunningGateway, runningGateway } from "./running-gateway.ts";
import type { Answer } from "./wire-client.ts";

/** Bytes of an object. */
export const PLAIN = plaintextOf(2 * C + 9, 1);
/** The bucket whose policy leaves metadata as they are. */
export const PLAIN_BUCKET = "in-the-clear";
/** UTF-8 crosses in headers as its bytes. */
const utf8 = (text: string) => Buffer.from(text).toString("latin1");
/** Content headers that give something away. */
export const CONTENT = {
  "content-type": "image/x-secret-kind",
  "content-disposition": 'attachment; filename="secret-name.pdf"',
  "content-encoding": "x-secret-coding",
  "content-language": "x-secret-tongue",
  "cache-control": "max-age=31415926",
  expires: "Fri, 01 Jan 2038 03:14:07 GMT",
};
/** What a client gives of an object. */
export const GIVEN: Readonly<Record<string, string>> = {
  ...CONTENT,
  "x-amz-meta-secretowner": "secret-person",
  "x-amz-meta-unicode": utf8("gehei\u00dfnis-\u6c34"),
  "x-amz-meta-empty": "",
};
/** What the backend must not see of them, names and values, in whatever spelling. */
const SECRETS = [
  ...Object.values(GIVEN).filter((value) => value !== ""),
  ...["secret", "geheim", "31415926", "2038", "owner", "unicode", "empty"],
].flatMap((text) => {
  const bytes = Buffer.from(text, "latin1");
  return [text, bytes.toString("utf8"), encodeURIComponent(text)].concat(
    ["base64", "hex"].map((encoding) =>
      bytes.subarray(0, bytes.length - (bytes.length % 3)).toString(encoding as "hex"),
    ),
  );
});

/** Those of an answer, and no others. */
export const shownOf = ({ headers }: Answer, names: readonly string[] = Object.keys(GIVEN)) =>
  Object.fromEntries(names.map((name) => [name, headers[name]]));
/** All user metadata of an answer. */
export const metadataOf = ({ headers }: Answer) =>
  Object.fromEntries(Object.entries(headers).filter(([name]) => name.startsWith("x-amz-meta-")));

/** Starts a gateway with a bucket whose policy seals metadata, and one whose policy does not. */
export async function hidingGateway(): Promise<RunningGateway> {
  const gateway = await runningGateway({
    env: { GW_CRED_1_ACCESS_KEY: "AK", GW_CRED_1_SECRET_KEY: SECRET.reveal() },
    policies: [
      `id: sealed\nbuckets: [${BUCKET}, sums]\nmetadata: sealed\n`,
      `id: plain\nbuckets: [${PLAIN_BUCKET}]\nmetadata: plain\n`,
    ],
  });
  await gateway.client.send("PUT", `/${PLAIN_BUCKET}`);
  return gateway;
}

/** Stores and copies objects of a gateway that may be started later, and looks at them from both sides. */
export function hiding(gatewayOf: () => RunningGateway) {
  const put = async (path: string, headers: Readonly<Record<string, string>> = GIVEN) => {
    const answer = await gatewayOf().client.send("PUT", path, { headers, body: PLAIN });
    assert.equal(answer.status, 200, answer.text);
  };
  const copy = async (path: string, from: string, headers: Record<string, string> = {}) => {
    const source = { "x-amz-copy-source": from, ...headers };
    const answer = await gatewayOf().client.send("PUT", path, { headers: source });
    assert.equal(answer.status, 200, answer.text);
  };

  /** What lies on the backend tells nothing; gives the flags of the header. */
  async function assertHidden(path: string): Promise<number> {
    const { headers } = await gatewayOf().behind.send("HEAD", path);
    assert.equal(headers["content-type"], "application/octet-stream");
    const names = Object.keys(metadataOf({ headers } as Answer)).toSorted();
    assert.deepEqual(names, [HEADER_FIELD, METADATA_FIELD]);
    for (const name of Object.keys(CONTENT).filter((one) => one !== "content-type")) {
      assert.equal(headers[name], undefined, name);
    }
    const { [HEADER_FIELD]: header, [METADATA_FIELD]: value, ...others } = headers;
    const open = JSON.stringify(others);
    const bytes = Buffer.from(String(value), "base64url").toString("latin1");
    for (const secret of SECRETS) {
      assert.ok(!open.includes(secret), `the backend sees ${secret}`);
      // Three letters may be in random bytes by chance.
      if (secret.length > 5) assert.ok(!bytes.includes(secret), `the value holds ${secret}`);
    }
    return decodeHeader(String(header)).flags;
  }

  /** GET, ranges and HEAD show exactly what the client gave. */
  async function assertShown(path: string, wanted: Readonly<Record<string, string>> = GIVEN) {
    const names = [...new Set([...Object.keys(GIVEN), ...Object.keys(wanted)])];
    const expected = Object.fromEntries(names.map((name) => [name, wanted[name]]));
    const range = { headers: { range: "bytes=5-9" } };
    for (const answer of [
      await gatewayOf().client.send("GET", path),
      await gatewayOf().client.send("GET", path, range),
      await gatewayOf().client.send("GET", path, { query: "partNumber=1" }),
      await gatewayOf().client.send("HEAD", path),
      await gatewayOf().client.send("HEAD", path, range),
      await gatewayOf().client.send("HEAD", path, { query: "partNumber=1" }),
    ]) {
      assert.ok(answer.status === 200 || answer.status === 206, answer.text);
      assert.deepEqual(shownOf(answer, names), expected);
      const user = Object.keys(wanted).filter((name) => name.startsWith("x-amz-meta-"));
      assert.deepEqual(Object.keys(metadataOf(answer)).toSorted(), user.toSorted());
    }
  }

  return { put, copy, assertHidden, assertShown };
}
