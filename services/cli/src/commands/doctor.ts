/** `s3eg doctor`: tries everything that a gateway with these settings would use, and says what is not well. */
import { createLog, type Log } from "@s3eg/shared/runtime/log.ts";
import { createMetrics } from "@s3eg/shared/runtime/metrics.ts";
import { cryptoModule, fipsSelfTest } from "@s3eg/shared/sealing/fips.ts";
import { openEntrance } from "../entrance.ts";
import { type Env, type GatewayConfig, readGatewayConfig } from "../gateway-config.ts";
import { EXIT, ToolFailure, toolArguments } from "../tool-arguments.ts";
import { sessionOf } from "../wiring/asker-session.ts";
import { backendHabits } from "../wiring/backend-habits.ts";
import { openBackend } from "../wiring/backends.ts";
import { openBus } from "../wiring/buses.ts";
import { openKeyVersions } from "../wiring/key-versions.ts";
import { keysCheck } from "../wiring/keys-check.ts";
import { secretsOf } from "../wiring/secrets.ts";
import { openUploadState } from "../wiring/upload-state.ts";
import { checkConfig } from "./check-config.ts";

const USAGE =
  "usage: s3eg doctor [role …] [--bucket BUCKET] [--config FILE] [--log-level LEVEL] [--output text|json]";
/** S3 refuses a signature that is 15 minutes off, keys refuses a question after one. */
const MAX_SKEW_MS = 30_000;
const ONE_PROCESS = ["edge", "crypto", "keys"];

/** One line of the report. */
interface Finding {
  readonly what: string;
  readonly state: "ok" | "FAIL" | "not tried";
  readonly detail: string;
}

/** The settings, and what checks of them may use. */
interface Patient {
  readonly config: GatewayConfig;
  readonly roles: ReturnType<typeof readGatewayConfig>["roles"];
  readonly env: Env;
  readonly log: Log;
  readonly bucket: string | undefined;
}

/** Text for the terminal; a failure with the same text where anything is not well. With `--bucket` it writes there and removes it again. */
export async function doctor(args: readonly string[], env: Env): Promise<string> {
  const given = toolArguments(args, env, { named: ["bucket"], usage: USAGE });
  const names = given.operands.length > 0 ? given.operands : ONE_PROCESS;
  const { config, roles } = readGatewayConfig(names, given.env);
  const log = createLog({ service: "cli", level: "error" });
  const patient = { config, roles, env: given.env, log, bucket: given.options.bucket };
  const findings = [
    ...(await found("configuration", async () => (await checkConfig(names, given.env)).trim())),
    ...(await found("FIPS profile", () => fipsProfile(patient))),
    ...(await backendFindings(patient)),
    ...(roles.has("keys") ? await found("key store", () => keyStore(patient)) : []),
    ...(roles.has("edge") && !roles.has("keys")
      ? await found("keys", () => keysElsewhere(patient))
      : []),
    ...(roles.has("crypto") ? await found("upload state", () => uploadState(patient)) : []),
    ...(await found("broker", () => broker(patient))),
  ];
  const text = given.isJson
    ? `${JSON.stringify(findings, undefined, 2)}\n`
    : findings.map((finding) => lineOf(finding)).join("");
  if (findings.every(({ state }) => state !== "FAIL")) return text;
  throw new ToolFailure(EXIT.failed, text.trimEnd());
}

function lineOf({ state, what, detail }: Finding): string {
  return `${state.padEnd(10)}${what.padEnd(16)}${detail}\n`;
}

/** Runs a check; undefined as its text means that there was nothing to try. */
async function found(what: string, check: () => Promise<string | undefined>): Promise<Finding[]> {
  try {
    const detail = await check();
    return [
      { what, state: detail === undefined ? "not tried" : "ok", detail: detail ?? "not used" },
    ];
  } catch (error) {
    const detail = error instanceof Error ? error.message : String(error);
    return [{ what, state: "FAIL", detail }];
  }
}

async function backendFindings({ config, roles, log, bucket }: Patient): Promise<Finding[]> {
  if (!roles.has("edge") && !roles.has("crypto")) return [];
  await using backend = openBackend(config.backend, { identities: [], log });
  let date: string | undefined;
  const reached = await found("backend", async () => {
    const asked = bucket ?? config.backend.probe_bucket;
    const request = { method: asked === undefined ? "GET" : "HEAD", requestId: "doctor" } as const;
    const response = await backend.send(
      asked === undefined ? request : { ...request, bucket: asked },
    );
    await response.text();
    date = response.headers.date;
    if (response.status === 200) return "answers, and takes the credentials";
    throw new Error(`answers with status ${response.status}`);
  });
  const clock = await found("clock", async () => {
    await Promise.resolve();
    return date === undefined ? undefined : skew(Date.parse(date));
  });
  if (bucket === undefined) return [...reached, ...clock, NO_BUCKET];
  return [...reached, ...clock, ...(await habits(backend, bucket))];
}

const NO_BUCKET: Finding = {
  what: "capabilities",
  state: "not tried",
  detail: "name a bucket with --bucket: small objects are written to it and removed",
};

async function habits(...[backend, bucket]: Parameters<typeof backendHabits>): Promise<Finding[]> {
  try {
    const tried = await backendHabits(backend, bucket);
    return tried.map(({ name, isKept, without }) => ({
      what: "capability",
      state: isKept ? "ok" : "FAIL",
      detail: isKept ? name : `not so: ${name}; without it there is no ${without}`,
    }));
  } catch (error) {
    const detail = error instanceof Error ? error.message : String(error);
    return [{ what: "capabilities", state: "FAIL", detail }];
  }
}

function skew(backendMs: number): string {
  const offMs = Date.now() - backendMs;
  const seconds = (offMs / 1000).toFixed(0);
  if (Math.abs(offMs) <= MAX_SKEW_MS) return `within ${MAX_SKEW_MS / 1000} s of the backend's`;
  throw new Error(
    `${seconds} s ahead of the backend's: signatures and questions between services need clocks that agree`,
  );
}

async function fipsProfile({ config }: Patient): Promise<string | undefined> {
  await Promise.resolve();
  if (!config.encryption.fips) return undefined;
  fipsSelfTest();
  const { openssl, isFipsProvider } = cryptoModule();
  return `self-tests passed; OpenSSL ${openssl} runs its ${isFipsProvider ? "FIPS" : "default"} provider`;
}

async function keyStore(patient: Patient): Promise<string> {
  await using rotation = await openKeyVersions(patient);
  const { custodian } = rotation;
  await custodian.start();
  await custodian.check();
  const { activeKey, policyKeys, readableKeys } = custodian;
  const chosen =
    policyKeys.length === 0 ? "" : `, ${policyKeys.length} more where a policy says so`;
  return `${activeKey.provider} version ${activeKey.keyVersion} wraps${chosen}, ${readableKeys.length} can be read with`;
}

/** Whether keys, in another process, answers edge, and lets policies choose the keys that they name. */
async function keysElsewhere({ config, roles, env, log }: Patient): Promise<string> {
  const secrets = await secretsOf(config, roles);
  const { keyWishes } = openEntrance(config, roles, env).policies;
  const signal = AbortSignal.timeout(10_000);
  const { bus } = await openBus(config.nats, { roles, log, signal });
  try {
    await keysCheck(bus, sessionOf(config, secrets?.service), () => keyWishes)(signal);
  } finally {
    await bus.drain();
  }
  return "answers, and has the keys that policies name";
}

async function uploadState(patient: Patient): Promise<string | undefined> {
  await using state = await openUploadState({ ...patient, metrics: createMetrics() });
  await state?.check();
  return state && "answers";
}

async function broker({ config, roles, log }: Patient): Promise<string | undefined> {
  if (config.nats.url === undefined) return undefined;
  const signal = AbortSignal.timeout(10_000);
  const { bus } = await openBus(config.nats, { roles, log, signal });
  await bus.drain();
  return "answers";
}
