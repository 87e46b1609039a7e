/**
 * A gateway whose policies, credentials and certificate are changed a thousand times, in every way that files are changed in, while clients
 * come and go. Nobody is refused who may come in, nobody let in who may not, whatever is wrong in between changes nothing, and nothing
 * of it is left behind in the process.
 */
import { deepEqual, equal, ok } from "node:assert/strict";
import { X509Certificate } from "node:crypto";
import { mkdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, it } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { sendTls } from "../clients/tls-requests.ts";
import { type OneProcessGateway, startGateway } from "../gateway.ts";
import { ChangedFiles, WAYS, type Way } from "../reload/changed-files.ts";
import { type State, Truth } from "../reload/truth.ts";
import { credentialsOf, LASTING_KEY, visit } from "../reload/visitors.ts";
import { startDevStoreProcess } from "../servers/dev-store.ts";
import { makeScratch } from "../servers/place.ts";
import { memoryBytes, openFiles } from "../servers/proc.ts";
import { makeTestPki, type TestPki } from "../servers/test-pki.ts";

const RELOADS = 1000;
const BUCKET = "visited";
const MIB = 1024 * 1024;
/** From the most in the first half of the reloads to the most in the second: what a leak of 100 KiB each, or of a watch, would go beyond. */
const MAX_GROWTH = { memoryBytes: 48 * MIB, files: 16 };

interface Shown {
  readonly cert: string;
  readonly key: string;
  readonly fingerprint: string;
}

describe("a gateway whose files are changed a thousand times under load", () => {
  it("answers every request by what is in force, and keeps nothing of what was", async (t) => {
    await using servers = new AsyncDisposableStack();
    const backend = servers.use(await startDevStoreProcess());
    const { folder } = servers.use(await makeScratch("reload"));
    const pki = await makeTestPki(folder);
    const certificates = await certificatesOf(pki);
    const files = new ChangedFiles(join(folder, "conf"));
    await mkdir(files.path(""));
    const [first] = certificates;
    ok(first);
    await files.change({ "config.yaml": configText(files) }, "rename");
    await files.change({ "policy.yaml": policyText("opaque") }, "rename");
    await files.change({ "credentials.yaml": credentialsOf(0) }, "rename");
    await files.change(tlsTexts(first), "rename");
    const tls = { cert: files.path("tls.crt"), key: files.path("tls.key") };
    const env = {
      CONFIG_PATH: files.path("config.yaml"),
      AUTH_CREDENTIALS_FILE: files.path("credentials.yaml"),
    };
    const gateway = servers.use(await startGateway({ backend, tls, env }));
    const ca = await readFile(pki.ca, "utf8");
    for (const path of [`/${BUCKET}`, `/${BUCKET}/${LASTING_KEY}`]) {
      const made = await sendTls(gateway, { method: "PUT", path }, { ca });
      equal(made.status, 200, made.body);
    }
    const state: State = { credentials: 0, etag: "opaque", fingerprint: first.fingerprint };
    const truth = new Truth(state);
    const stop = new AbortController();
    const { endpoint } = gateway;
    const visits = visit({ endpoint, ca, truth, bucket: BUCKET }, stop.signal);
    const [pid = 0] = gateway.pids;
    const kept: { readonly memoryBytes: number; readonly files: number }[] = [];
    for (let n = 1; n <= RELOADS; n++) {
      const way = WAYS[n % WAYS.length] ?? "rename";
      const isTold = n % 4 === 0;
      const { next, texts } = changeOf(n, { state: truth.settled, certificates });
      await told(gateway, "applied", async () => {
        truth.begin(next);
        await files.change(texts, way);
        if (isTold) process.kill(pid, "SIGHUP");
      });
      truth.settle();
      if (n % 20 === 0) await spoilAndMend(gateway, files, { n, way, certificates });
      if (n % (RELOADS / 10) === 0) kept.push(await held(pid));
    }
    stop.abort();
    const { counts, wrong } = await visits;
    t.diagnostic(JSON.stringify({ counts, kept }));
    deepEqual(wrong, []);
    ok(
      Object.values(counts).every((count) => count > RELOADS / 2),
      JSON.stringify(counts),
    );
    for (const what of ["memoryBytes", "files"] as const) {
      const most = (half: typeof kept) => Math.max(...half.map((sample) => sample[what]));
      const growth = most(kept.slice(5)) - most(kept.slice(0, 5));
      ok(growth <= MAX_GROWTH[what], `${what} grew by ${growth}`);
    }
  });
});

/** The next change: of credentials, policy or certificate, in turns. */
function changeOf(
  n: number,
  { state, certificates }: { state: State; certificates: readonly Shown[] },
): { next: Partial<State>; texts: Record<string, string> } {
  if (n % 3 === 0) {
    const etag = state.etag === "md5" ? "opaque" : "md5";
    return { next: { etag }, texts: { "policy.yaml": policyText(etag) } };
  }
  if (n % 3 === 1) {
    const credentials = state.credentials + 1;
    return { next: { credentials }, texts: { "credentials.yaml": credentialsOf(credentials) } };
  }
  const shown = certificates.find(({ fingerprint }) => fingerprint !== state.fingerprint);
  ok(shown);
  return { next: { fingerprint: shown.fingerprint }, texts: tlsTexts(shown) };
}

/** Writes what is refused, and then again what is in force. */
async function spoilAndMend(
  gateway: OneProcessGateway,
  files: ChangedFiles,
  { n, way, certificates }: { n: number; way: Way; certificates: readonly Shown[] },
): Promise<void> {
  const foreign = certificates.find(({ key }) => key !== files.textOf("tls.key"))?.key ?? "";
  const spoilt = [
    { "credentials.yaml": '[{ "access_key": "HALF" }]' },
    { "policy.yaml": "id: p\nbuckets: [visited]\nconents: sealed\n" },
    { "tls.key": foreign },
    { "config.yaml": "" },
    { "credentials.yaml": credentialsOf(0).slice(0, 40), "policy.yaml": "{" },
  ][(n / 20) % 5];
  ok(spoilt);
  const good = Object.fromEntries(Object.keys(spoilt).map((name) => [name, files.textOf(name)]));
  await told(gateway, "refused", () => files.change(spoilt, way));
  await told(gateway, "unchanged", () => files.change(good, way));
}

/** Changes something and waits until a reload has ended so. */
async function told(
  gateway: OneProcessGateway,
  result: "applied" | "refused" | "unchanged",
  change: () => Promise<void>,
): Promise<void> {
  const pattern = new RegExp(`^config_reload_total\\{result="${result}"\\} (\\d+)$`, "m");
  const count = async () => {
    const metrics = await (await fetch(gateway.metricsUrl)).text();
    return Number(pattern.exec(metrics)?.[1]);
  };
  const before = await count();
  await change();
  const deadline = Date.now() + 30_000;
  while ((await count()) <= before) {
    if (Date.now() > deadline) throw new Error(`no reload is ${result}\n${gateway.logTails()}`);
    await sleep(20);
  }
}

async function held(pid: number): Promise<{ memoryBytes: number; files: number }> {
  return { memoryBytes: await memoryBytes(pid), files: await openFiles(pid) };
}

async function certificatesOf(pki: TestPki): Promise<Shown[]> {
  const made = [pki.server, await pki.serverNamed("other")];
  return await Promise.all(
    made.map(async ({ cert, key }) => {
      const text = await readFile(cert, "utf8");
      const { fingerprint256: fingerprint } = new X509Certificate(text);
      return { cert: text, key: await readFile(key, "utf8"), fingerprint };
    }),
  );
}

const tlsTexts = ({ cert, key }: Shown) => ({ "tls.key": key, "tls.crt": cert });
const policyText = (etag: State["etag"]) => `id: p\nbuckets: [${BUCKET}]\netag: ${etag}\n`;
const configText = (files: ChangedFiles) =>
  JSON.stringify({ policies: [files.path("polic*.yaml")] });
