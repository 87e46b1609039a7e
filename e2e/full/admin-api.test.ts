/**
 * The admin API of a distributed gateway, known from its OpenAPI document alone: schemathesis finds no answer that fails or is not
 * documented, what it does reaches the other processes, and nobody on the broker can ask for the same.
 */
import { deepEqual, equal, match, ok } from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { BrokerClient } from "../attacks/broker-client.ts";
import { RawUpload } from "../clients/raw-upload.ts";
import { sendRaw } from "../features/raw-request.ts";
import { type DistributedGateway, startDistributed } from "../gateway.ts";
import { runToEnd } from "../servers/child.ts";
import { findProgram, freePort, makeScratch } from "../servers/place.ts";
import { startVersitygw } from "../servers/versitygw.ts";

const BUCKET = "administered";
const TOKEN = "an-admin-token-of-more-than-thirty-two-characters";
/** Longer than a status is told and a level is heard of. */
const PATIENCE_MS = 20_000;
/** Longer than a server that watches its clients would wait for an answer to be written. */
const PROFILE_SECONDS = 17;

interface AdminAnswer {
  readonly status: number;
  readonly body: Readonly<Record<string, unknown>>;
}

describe("the admin API of a distributed gateway", () => {
  const servers = new AsyncDisposableStack();
  let gateway: DistributedGateway;
  let url: string;
  let folder: string;

  before(async () => {
    const scratch = servers.use(await makeScratch("admin-api"));
    ({ folder } = scratch);
    const address = `127.0.0.1:${await freePort()}`;
    url = `http://${address}`;
    const backend = servers.use(await startVersitygw());
    const env = {
      ADMIN_ENABLED: "true",
      ADMIN_ADDRESS: address,
      ADMIN_AUTH_TOKEN: TOKEN,
      ADMIN_ALLOW_INLINE_TOKEN: "true",
      ADMIN_RATE_LIMIT_RPM: "1000000",
      ADMIN_PROFILING_ENABLED: "true",
      ADMIN_PROFILING_MAX_SECONDS: String(PROFILE_SECONDS),
    };
    gateway = servers.use(await startDistributed({ backend, env }, { admins: 1 }));
    await sendRaw(gateway, { method: "PUT", path: `/${BUCKET}` });
  });
  after(() => servers.disposeAsync());

  async function admin(method: string, path: string, sent?: object): Promise<AdminAnswer> {
    const answer = await fetch(`${url}${path}`, {
      method,
      headers: { authorization: `Bearer ${TOKEN}` },
      ...(sent ? { body: JSON.stringify(sent) } : {}),
    });
    return { status: answer.status, body: (await answer.json()) as AdminAnswer["body"] };
  }

  async function until(what: string, holds: () => Promise<boolean>): Promise<void> {
    const deadline = Date.now() + PATIENCE_MS;
    while (!(await holds())) {
      ok(Date.now() < deadline, `not so in time: ${what}`);
      await sleep(200);
    }
  }

  it("shows uploads of every worker, and ends them on the backend, too", async () => {
    const uploads: RawUpload[] = [];
    for (let n = 0; n < 5; n += 1) {
      uploads.push(await RawUpload.begin(gateway, `/${BUCKET}/upload-${n}`));
    }
    const { status, body } = await admin("GET", "/admin/mpu/list");
    equal(status, 200);
    const listed = body.active_uploads as { upload_id: string; bucket: string; key: string }[];
    deepEqual(
      listed.map(({ upload_id: id, bucket, key }) => [id, bucket, key]),
      uploads
        .map(({ uploadId }, n) => [uploadId, BUCKET, `upload-${n}`])
        .sort(([one = ""], [other = ""]) => (one < other ? -1 : 1)),
    );
    for (const { uploadId } of uploads) {
      equal((await admin("POST", `/admin/mpu/abort/${uploadId}`)).status, 200);
      equal((await admin("POST", `/admin/mpu/abort/${uploadId}`)).status, 404);
    }
    equal((await admin("GET", "/admin/mpu/list")).body.count, 0);
    const answer = await sendRaw(gateway, { method: "GET", path: `/${BUCKET}?uploads=` });
    ok(!answer.body.toString().includes("<UploadId>"), answer.body.toString());
  });

  it("does nothing of it for who has all rights on the broker and no secret", async () => {
    await using attacker = await BrokerClient.connect(gateway.natsUrl);
    const { uploadId } = await RawUpload.begin(gateway, `/${BUCKET}/wanted`);
    for (const [subject, input] of [
      ["s3eg.crypto.upload.list", { limit: 10 }],
      ["s3eg.crypto.upload.abort", { uploadId }],
    ] as const) {
      const { code, payload } = await attacker.ask(subject, JSON.stringify(input));
      equal(code, "keys.refused");
      ok(!payload.toString().includes("wanted"));
    }
    const announced = { level: "error", announcedAtMs: Date.now(), mac: "" };
    attacker.publish("s3eg.admin.log-level.set", { payload: JSON.stringify(announced) });
    await attacker.flush();
    deepEqual((await admin("GET", "/admin/mpu/list")).body.count, 1);
    notSet(await admin("GET", "/admin/log/level"));
    equal((await admin("POST", `/admin/mpu/abort/${uploadId}`)).status, 200);
  });

  function notSet({ body }: AdminAnswer): void {
    equal(body.level, body.configured_level);
  }

  it("changes what every process logs, and back", async () => {
    const processes = Object.values(gateway.roles).flat().length;
    const levels = async () => {
      const { body } = await admin("GET", "/admin/log/level");
      return (body.services as { level?: string }[]).map(({ level = "" }) => level);
    };
    const configured = await levels();
    equal(configured.length, processes);
    ok(!configured.includes("debug"), configured.join());
    equal((await admin("PUT", "/admin/log/level", { level: "debug", duration: "1h" })).status, 200);
    await until("every process logs at debug", async () =>
      (await levels()).every((level) => level === "debug"),
    );
    equal((await admin("DELETE", "/admin/log/level")).status, 200);
    await until("no process logs at debug", async () => !(await levels()).includes("debug"));
  });

  it("takes a profile for longer than an answer may otherwise take", async () => {
    const { status, body } = await admin("GET", `/debug/pprof/profile?seconds=${PROFILE_SECONDS}`);
    equal(status, 200);
    const { startTime, endTime } = body as { startTime: number; endTime: number };
    ok((endTime - startTime) / 1e6 >= PROFILE_SECONDS - 1);
  });

  it("has nothing for schemathesis to find", async () => {
    const printed = await runToEnd({
      program: findProgram("schemathesis", "schemathesis"),
      args: [
        ...["run", `${url}/admin/openapi.json`, "--no-color", "--continue-on-failure"],
        ...["--warnings", "off"],
        ...["--header", `Authorization: Bearer ${TOKEN}`, "--seed", "1", "--max-examples", "15"],
        // What fits the schemas may still not fit what there is: a version that writes already, a job that has ended.
        ...["--checks", "all", "--exclude-checks", "positive_data_acceptance"],
        // Profiles take as long as is asked for; they are tried above and in the fast tests.
        ...["--exclude-path-regex", "^/debug/pprof/(profile|heap|allocs)$"],
      ],
      cwd: folder,
    });
    match(printed, /(\d{3,}) generated, \1 passed/);
    const metrics = await fetch(gateway.metricsUrls.admin[0] ?? "");
    const series = (await metrics.text()).split("\n");
    const failed = series.filter((line) => /^gateway_admin_api_requests_total.*"5\d\d"/.test(line));
    deepEqual(failed, []);
    const counted = series.filter((line) => line.startsWith("gateway_admin_api_requests_total"));
    ok(counted.length > 40, `${counted.length} series`);
  });
});
