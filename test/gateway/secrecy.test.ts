/**
 * What a gateway tells of a whole run with every way of signing and every secret that a request or a setting can carry: its log, its
 * traces, its audit trail, its metrics and its errors hold none of them.
 */
import assert from "node:assert/strict";
import { createHash, randomBytes } from "node:crypto";
import { after, before, describe, it } from "node:test";
import { Secret } from "../../shared/src/runtime/secret.ts";
import { deriveSigningKey, presign, sign } from "../../shared/src/s3/sigv4.ts";
import { type AuditedGateway, auditedGateway } from "./audited-gateway.ts";
import { BUCKET, type RunningGateway } from "./running-gateway.ts";
import { MIN_PART, Uploading } from "./uploading.ts";
import { pathOf } from "./wire-client.ts";

const K = pathOf(BUCKET, "k");
const SESSION_TOKEN = `session-token-${randomBytes(6).toString("hex")}`;
const CUSTOMER_KEY = randomBytes(32);
const PASSWORD = "a password of former days, 7 words";
const SENTENCE = "nobody may find this sentence anywhere";
const CHAIN_KEY = randomBytes(32);
const TAG = "tag-of-a-secret-project";

interface Run extends AsyncDisposable {
  readonly gateway: RunningGateway;
  /** Everything that the gateway told somebody else than its clients, by whom. */
  readonly told: Readonly<Record<"log" | "traces" | "audit" | "metrics" | "errors", string>>;
  /** What must be nowhere, by name. */
  readonly secrets: ReadonlyMap<string, readonly string[]>;
}

/** Each format of the access log shows other parts of requests. */
for (const format of ["default", "json", "clf"]) {
  describe(`a run of every feature with the access log as ${format}`, () => {
    let run: Run;
    before(async () => {
      run = await everyFeature(format);
    });
    after(() => run[Symbol.asyncDispose]());

    for (const where of ["log", "traces", "audit", "metrics", "errors"] as const) {
      it(`leaves no secret in its ${where}`, () => {
        const text = run.told[where];
        assert.ok(text.length > 500, "something was told");
        for (const [name, written] of run.secrets) {
          for (const spelling of written) {
            assert.ok(spelling.length >= 6, name);
            assert.ok(!text.includes(spelling), `${where} tells of ${name}`);
          }
        }
      });
    }
  });
}

async function everyFeature(format: string): Promise<Run> {
  await using held = new AsyncDisposableStack();
  const started = await auditedGateway({
    env: {
      LOG_LEVEL: "debug",
      LOGGING_ACCESS_LOG_FORMAT: format,
      TRACING_ENABLED: "true",
      TRACING_EXPORTER: "stdout",
      TRACING_REDACT_SENSITIVE: "false",
      METRICS_ENABLE_BUCKET_LABEL: "true",
      AUTH_ALLOW_LEGACY_SIGNATURE_V2: "true",
      AUDIT_CHAIN_KEY: CHAIN_KEY.toString("hex"),
      ENCRYPTION_PASSWORD: PASSWORD,
    },
  });
  const audited = held.use(started);
  const { gateway } = audited;
  const more: string[] = [];
  const errors = [
    await headers(gateway),
    await presigned(gateway, more),
    await forms(gateway, more),
  ];
  await uploads(gateway);
  const metrics = await (await fetch(`http://127.0.0.1:${gateway.port}/metrics`)).text();
  await gateway.stop();
  const isSpan = (line: string) => line.includes('"msg":"span"');
  const told = {
    log: gateway.lines.filter((line) => !isSpan(line)).join(""),
    traces: gateway.lines.filter(isSpan).join(""),
    audit: JSON.stringify(await eventsOf(audited)),
    metrics,
    errors: errors.join(""),
  };
  const secrets = secretsOf(gateway, more);
  const parts = held.move();
  return { gateway, told, secrets, [Symbol.asyncDispose]: () => parts.disposeAsync() };
}

/** Requests signed in their heads, well and badly. The errors that clients got. */
async function headers({ client, bus }: RunningGateway): Promise<string> {
  const customer = {
    "x-amz-server-side-encryption-customer-algorithm": "AES256",
    "x-amz-server-side-encryption-customer-key": CUSTOMER_KEY.toString("base64"),
    "x-amz-server-side-encryption-customer-key-md5": md5Of(CUSTOMER_KEY),
  };
  const note = { "x-amz-meta-note": SENTENCE, "x-amz-tagging": `project=${TAG}` };
  const answers = [];
  for (const [method, path, sending] of [
    ["PUT", K, { body: SENTENCE, headers: note }],
    ["GET", K, {}],
    ["HEAD", K, {}],
    ["PUT", pathOf(BUCKET, "customers"), { body: SENTENCE, headers: customer }],
    ["GET", pathOf(BUCKET, "customers"), { headers: customer }],
    ["GET", K, { headers: { "x-amz-security-token": SESSION_TOKEN } }],
    ["GET", K, { headers: { cookie: SESSION_TOKEN, "x-encryption-password": PASSWORD } }],
    ["GET", K, { secretKey: "a-wrong-secret" }],
    ["GET", K, { accessKey: "NOBODY" }],
    ["GET", K, { now: new Date(0) }],
    ["GET", `/${BUCKET}`, { query: "list-type=2" }],
    ["GET", `/${BUCKET}`, { query: `list-type=2&X-Amz-Security-Token=${SESSION_TOKEN}` }],
    ["GET", K, { isSigned: false, query: `AWSAccessKeyId=CLIENT&Expires=1&Signature=${TAG}` }],
    ["PUT", K, { body: SENTENCE, payloadHash: "0".repeat(64) }],
    ["PUT", pathOf(BUCKET, "copy"), { headers: { "x-amz-copy-source": K } }],
    ["PUT", K, { query: "tagging=", body: `<Tagging><TagSet/>${TAG}` }],
    ["GET", "/no-such-bucket/k", {}],
    ["DELETE", pathOf(BUCKET, "copy"), {}],
  ] as const) {
    answers.push(await client.send(method, path, sending));
  }
  using _trouble = bus.trouble("keys.data-key.issue", "no-answer");
  answers.push(await client.send("PUT", K, { body: SENTENCE }));
  return answers.map(({ status, text }) => (status >= 400 ? text : "")).join("");
}

/** Requests signed in their queries: a right one, an altered one, one of a stranger. */
async function presigned(gateway: RunningGateway, signatures: string[]): Promise<string> {
  const host = `127.0.0.1:${gateway.port}`;
  const base = { method: "GET", rawPath: K, headers: [["host", host]] as [string, string][] };
  const signer = { accessKey: gateway.keys.accessKey, region: "us-east-1", now: new Date() };
  const texts = [];
  for (const [secretKey, rawQuery] of [
    [gateway.keys.secretKey, `response-content-type=text%2Fplain`],
    ["a-wrong-secret", ""],
    [gateway.keys.secretKey, `X-Amz-Security-Token=${SESSION_TOKEN}`],
  ] as const) {
    const asked = { ...signer, secretKey: new Secret(secretKey), expiresSeconds: 60 };
    const query = presign({ ...base, rawQuery }, asked);
    signatures.push(/X-Amz-Signature=([0-9a-f]+)/.exec(query)?.[1] ?? "");
    const referer = `http://${host}${K}?${query}`;
    const answer = await fetch(`http://${host}${K}?${query}`, { headers: { referer } });
    const text = await answer.text();
    if (!answer.ok) texts.push(text);
  }
  assert.ok(texts.length > 0);
  return texts.join("");
}

/** A browser's form, with a right and with a wrong signature. */
async function forms({ port, keys }: RunningGateway, signatures: string[]): Promise<string> {
  const date = new Date().toISOString().slice(0, 10).replaceAll("-", "");
  const fields = {
    key: "from-a-form",
    "x-amz-algorithm": "AWS4-HMAC-SHA256",
    "x-amz-credential": `${keys.accessKey}/${date}/us-east-1/s3/aws4_request`,
    "x-amz-date": `${date}T000000Z`,
  };
  const conditions = Object.entries(fields).map(([name, value]) => ({ [name]: value }));
  const expiration = new Date(Date.now() + 60_000).toISOString();
  const document = { expiration, conditions: [{ bucket: BUCKET }, ...conditions] };
  const policy = Buffer.from(JSON.stringify(document)).toString("base64");
  const texts = [];
  for (const secret of [keys.secretKey, "a-wrong-secret"]) {
    const scope = { date, region: "us-east-1", service: "s3" };
    const signature = sign(deriveSigningKey(secret, scope), policy);
    signatures.push(signature);
    const form = new FormData();
    for (const [name, value] of Object.entries({ ...fields, policy })) form.append(name, value);
    form.append("x-amz-signature", signature);
    form.append("file", new Blob([SENTENCE]), "cat.txt");
    const answer = await fetch(`http://127.0.0.1:${port}/${BUCKET}`, {
      method: "POST",
      body: form,
    });
    assert.equal(answer.ok, secret === keys.secretKey, `form: ${answer.status}`);
    texts.push(await answer.text());
  }
  return texts.join("");
}

async function uploads(gateway: RunningGateway): Promise<void> {
  const upload = await Uploading.begin(gateway, "upload", { "x-amz-meta-note": SENTENCE });
  const bytes = Buffer.concat([Buffer.from(SENTENCE), Buffer.alloc(MIN_PART)]);
  const part = await upload.part(1, bytes);
  assert.equal((await upload.complete([part])).status, 200);
}

async function eventsOf(audited: AuditedGateway): Promise<unknown> {
  const types = ["encrypt", "decrypt", "auth.failure", "HeadObject", "ListObjectsV2", "delete"];
  const events = await audited.events(...types, "mpu.create", "mpu.part", "mpu.complete");
  for (const type of types)
    assert.ok(
      events.some(({ event_type }) => event_type === type),
      type,
    );
  return events;
}

function secretsOf(gateway: RunningGateway, more: readonly string[]): Run["secrets"] {
  const dataKeys = gateway.bus.answers.flatMap(
    ({ json }) => /"dataKey":"([^"]+)"/.exec(json)?.[1] ?? [],
  );
  assert.ok(dataKeys.length >= 4, `${dataKeys.length} data keys crossed the bus`);
  const keys = dataKeys.map((key) => Buffer.from(key, "base64"));
  return new Map([
    ["the client's secret", [gateway.keys.secretKey]],
    ["the backend's secret", [gateway.settings.BACKEND_SECRET_KEY]],
    ["a wrong secret", ["a-wrong-secret"]],
    ["the KEK", spellings(gateway.kek)],
    ["a data key", keys.flatMap(spellings)],
    ["the customer's key", [...spellings(CUSTOMER_KEY), md5Of(CUSTOMER_KEY)]],
    ["the key of the audit chain", spellings(CHAIN_KEY)],
    ["a password", [PASSWORD]],
    ["a session token", [SESSION_TOKEN]],
    ["a signature", [...gateway.client.signatures, ...more]],
    ["plaintext", [SENTENCE]],
    ["a tag", [TAG]],
  ]);
}

function md5Of(bytes: Buffer): string {
  return createHash("md5").update(bytes).digest("base64");
}

/** The ways in which bytes are written in text. */
function spellings(bytes: Buffer): string[] {
  const hex = bytes.toString("hex");
  const base64 = bytes.toString("base64").replaceAll("=", "");
  return [hex, hex.toUpperCase(), base64, bytes.toString("base64url"), JSON.stringify([...bytes])];
}
