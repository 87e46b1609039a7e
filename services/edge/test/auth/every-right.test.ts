/**
 * Every operation of the gateway against every right, signed in headers and in the URL: who has just what it needs may, nobody else does,
 * and nothing of a refused request reaches the backend. The whole table is printed as a diagnostic.
 */
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { type Right, Rights } from "../../src/auth/rights.ts";
import { parseScope } from "../../src/auth/scope.ts";
import { OPERATIONS } from "../../src/inbox.ts";
import type { Operation } from "../../src/operations/operation.ts";
import { signedForm } from "../form/sent-form.ts";
import { type Answer, runningEdge, type Sending } from "../running-edge.ts";
import { serveUploads } from "../stand-in-uploads.ts";

const SINGLE = [
  "read",
  "write",
  "list",
  "delete",
  "decrypt",
  "bucket-create",
  "bucket-delete",
  "bucket-configure",
] as const satisfies readonly Right[];

/** Columns of the table: rights, and the bucket they hold in. */
const COLUMNS: Readonly<Record<string, { rights: readonly Right[]; bucket?: string }>> = {
  ...Object.fromEntries(SINGLE.map((right) => [right, { rights: [right], bucket: "mine" }])),
  "read+decrypt": { rights: ["read", "decrypt"], bucket: "mine" },
  "write+read+decrypt": { rights: ["write", "read", "decrypt"], bucket: "mine" },
  "all here": { rights: SINGLE, bucket: "mine" },
  "all elsewhere": { rights: SINGLE, bucket: "other" },
  all: { rights: SINGLE },
  nothing: { rights: [], bucket: "mine" },
};

/** What an operation needs: all of one of these sets. Written from its name and the S3 API, not from the table under test. */
function needsOf({ name, level, method }: Operation): readonly (readonly Right[])[] {
  const special = SPECIAL[name];
  if (special) return special;
  if (level === "bucket") {
    if (/^List(?:Objects|Object|Multipart)/.test(name)) return [["list"]];
    return method === "GET" ? [["list"]] : [["bucket-configure"]];
  }
  return method === "GET" || method === "HEAD" ? [["read"]] : [["write"]];
}

const KNOWS_OF_BUCKET: readonly (readonly Right[])[] = [["list"], ["read"], ["write"]];
const SPECIAL: Readonly<Record<string, readonly (readonly Right[])[]>> = {
  ListBuckets: [["list"]],
  CreateBucket: [["bucket-create"]],
  DeleteBucket: [["bucket-delete"]],
  HeadBucket: KNOWS_OF_BUCKET,
  GetBucketLocation: KNOWS_OF_BUCKET,
  GetObject: [["read", "decrypt"]],
  CopyObject: [["write", "read", "decrypt"]],
  UploadPartCopy: [["write", "read", "decrypt"]],
  ListParts: [["write"]],
  PostObject: [["write"]],
  DeleteObject: [["delete"]],
  DeleteObjects: [["delete"]],
};

function isExpected(operation: Operation, column: string): boolean {
  const { rights, bucket } = COLUMNS[column] ?? assert.fail();
  // Listing buckets is asked of no bucket: the answer is cut to those that may be listed.
  const isHere = bucket !== "other" || operation.name === "ListBuckets";
  return isHere && needsOf(operation).some((set) => set.every((right) => rights.includes(right)));
}

/** A request that means the operation. */
function requestOf({ name, method, level, subresources = [], isCopy }: Operation): Sending {
  const path = { service: "/", bucket: "/mine", object: "/mine/a" }[level];
  const values: Record<string, string> = {
    "list-type": "2",
    partNumber: "1",
    uploadId: "u",
    id: "1",
  };
  const query = subresources.map((part) => `${part}${values[part] ? `=${values[part]}` : ""}`);
  const takesBody = method === "PUT" || method === "POST";
  const body = BODIES[name] ?? "";
  return {
    method,
    path: query.length > 0 ? `${path}?${query.join("&")}` : path,
    ...(takesBody ? { body } : {}),
    headers: isCopy ? { "x-amz-copy-source": "/mine/a" } : {},
  };
}

const BODIES: Readonly<Record<string, string>> = {
  DeleteObjects: "<Delete><Object><Key>a</Key></Object></Delete>",
  CompleteMultipartUpload:
    "<CompleteMultipartUpload><Part><PartNumber>1</PartNumber><ETag>e</ETag></Part></CompleteMultipartUpload>",
};

const IN_URL = "signed in the URL";

type Edge = Awaited<ReturnType<typeof runningEdge>>;
type Ask = (edge: Edge, operation: Operation, accessKey: string) => Promise<Answer>;

const WAYS: Readonly<Record<string, Ask>> = {
  "signed in headers": (edge, operation, accessKey) =>
    operation.readsForm
      ? edge.sendUnsigned(
          signedForm({ bucket: "mine", fields: { key: "a" }, bytes: Buffer.from("x"), accessKey }),
        )
      : edge.send({ ...requestOf(operation), accessKey }),
  [IN_URL]: (edge, operation, accessKey) => {
    const sending = requestOf(operation);
    const length = sending.body === undefined ? {} : { "content-length": `${sending.body.length}` };
    return edge.sendUnsigned({
      ...sending,
      path: edge.presigned({ ...sending, accessKey }),
      headers: { ...sending.headers, ...length },
    });
  },
};

/** True if the gateway let the operation run, whatever became of it. */
async function isLetIn(edge: Edge, ask: () => Promise<Answer>): Promise<boolean> {
  edge.backend.kept.length = 0;
  const { status, text, code } = await ask();
  // A HEAD has no body to say it in; DeleteObjects says it key by key.
  const isDenied = status === 403 || (status === 200 && text.includes("<Code>AccessDenied</Code>"));
  if (!isDenied) return true;
  assert.deepEqual(edge.backend.kept, [], "a refused request reached the backend");
  if (text !== "") assert.equal(code, "AccessDenied");
  return false;
}

async function edgeWithColumns(): Promise<Edge> {
  const principals = Object.entries(COLUMNS).map(([accessKey, { rights, bucket }]) => {
    const scope = bucket === undefined ? undefined : parseScope(bucket);
    return { accessKey, rights: new Rights(rights, scope ? [scope] : undefined) };
  });
  const edge = await runningEdge({ principals });
  serveUploads(edge.transfers);
  return edge;
}

function rowOf(name: string, cells: readonly string[]): string {
  return `${name.padEnd(44)} ${cells.map((cell) => cell.padEnd(3)).join("")}`;
}

/** Asks for one operation with every column's rights, and notes what went otherwise than it should. */
async function judged(
  edge: Edge,
  { operation, ask }: { operation: Operation; ask: Ask },
  wrong: string[],
): Promise<string[]> {
  await edge.send({ method: "PUT", path: "/mine/a", body: "meow" });
  const cells: string[] = [];
  for (const column of Object.keys(COLUMNS)) {
    const letIn = await isLetIn(edge, () => ask(edge, operation, column));
    cells.push(letIn ? "x" : ".");
    if (letIn !== isExpected(operation, column)) {
      wrong.push(`${operation.name} with ${column}: ${letIn ? "let in" : "denied"}`);
    }
  }
  return cells;
}

describe("every operation against every right", () => {
  const columns = Object.keys(COLUMNS);

  for (const [way, ask] of Object.entries(WAYS)) {
    it(way, async (test) => {
      await using edge = await edgeWithColumns();
      for (const [at, column] of columns.entries()) test.diagnostic(`column ${at}: ${column}`);
      const numbers = columns.map((_, at) => `${at}`);
      test.diagnostic(rowOf("", numbers));
      const wrong: string[] = [];
      // A form's signature is in its fields alone.
      const asked = OPERATIONS.filter(({ readsForm }) => !readsForm || way !== IN_URL);
      for (const operation of asked) {
        const cells = await judged(edge, { operation, ask }, wrong);
        test.diagnostic(rowOf(operation.name, cells));
      }
      assert.deepEqual(wrong, []);
    });
  }
});
