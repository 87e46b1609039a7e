/**
 * Every command of the SDK, sent for real: what docs/s3-coverage.md calls supported works, what passes through does what the backend does, and
 * what is refused says so.
 */
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { after, before, describe, it } from "node:test";
// biome-ignore lint/performance/noNamespaceImport: the names of its exports are what is compared.
import * as sdk from "@aws-sdk/client-s3";
import {
  firstCommands,
  lastCommands,
  reportCommands,
  settingCommands,
} from "../every-command/bucket-commands.ts";
import { objectCommands } from "../every-command/object-commands.ts";
import { type Ground, outcomeOf } from "../every-command/sent-command.ts";
import { startGateway } from "../gateway.ts";
import type { S3Server } from "../servers/s3-server.ts";
import { startVersitygw } from "../servers/versitygw.ts";

const COMMANDS = {
  ...firstCommands,
  ...settingCommands,
  ...reportCommands,
  ...objectCommands,
  ...lastCommands,
};

/** What the gateway says of what it refuses. */
const REFUSED = "NotImplemented 501";
/** Two are signed for another service than S3, and go no further than that. */
const OTHERS: Readonly<Record<string, string>> = {
  ListDirectoryBuckets: "AuthorizationHeaderMalformed 400",
  WriteGetObjectResponse: "AuthorizationHeaderMalformed 400",
};
/** Sub-resources that versitygw does not know, and passes over: it makes the bucket, or lists it. Through the gateway they are refused. */
const PASSED_OVER = ["PutBucketAbac", "GetBucketAbac"];

/** Operation → state, as the table of the document has them. */
function documentedStates(): ReadonlyMap<string, string> {
  const text = readFileSync(new URL("../../docs/s3-coverage.md", import.meta.url), "utf8");
  const rows = [...text.matchAll(/^\| ([A-Z]\w+) \| ([a-z ]+) \|/gm)];
  return new Map(rows.map(([, name = "", state = ""]) => [name, state]));
}

describe("every command of the SDK", () => {
  const states = documentedStates();
  const servers = new AsyncDisposableStack();
  let direct: Ground;
  let through: Ground;

  const groundOn = (server: S3Server, Bucket: string): Ground => {
    const { endpoint, region, accessKey, secretKey } = server;
    const s3 = new sdk.S3({
      endpoint,
      region,
      credentials: { accessKeyId: accessKey, secretAccessKey: secretKey },
      forcePathStyle: true,
      disableHostPrefix: true,
      disableS3ExpressSessionAuth: true,
      maxAttempts: 1,
    });
    servers.defer(() => s3.destroy());
    return { s3, Bucket };
  };

  before(async () => {
    const backend = servers.use(await startVersitygw());
    const gateway = servers.use(await startGateway({ backend }));
    direct = groundOn(backend, "every-command-direct");
    through = groundOn(gateway, "every-command-through");
  });
  after(() => servers.disposeAsync());

  it("has a row in the document and a request here", () => {
    const names = Object.keys(sdk)
      .filter((name) => /^[A-Z].*Command$/.test(name))
      .map((name) => name.slice(0, -"Command".length))
      .sort();
    assert.deepEqual(Object.keys(COMMANDS).sort(), names);
    assert.deepEqual([...states.keys()].sort(), names);
  });

  for (const [name, send] of Object.entries(COMMANDS)) {
    const state = states.get(name) ?? "without a row";
    it(`${name}: ${state}`, async (test) => {
      const outcome = await outcomeOf(send, through);
      if (state === "refused") return assert.equal(outcome, OTHERS[name] ?? REFUSED);
      const onBackend = await outcomeOf(send, direct);
      test.diagnostic(`${name}: ${outcome}; backend: ${onBackend}`);
      if (state === "supported") return assert.equal(outcome, "ok");
      assert.equal(outcome, PASSED_OVER.includes(name) ? REFUSED : onBackend);
    });
  }
});
