/**
 * Ceph's radosgw on a one-disk cluster in memory: monitor, OSD (memstore) and gateway, all on loopback, with three users.
 * Several users, tenants, ACLs, SSE-C and keys that no file system holds are what it is for.
 */
import { randomUUID } from "node:crypto";
import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { answersHttp, type Child, runToEnd, startChild, untilReady } from "./child.ts";
import { findProgram, freePort, makeScratch } from "./place.ts";
import { orTakeDown, type S3Server, type S3User, type ThreeUsers, takeDown } from "./s3-server.ts";

/** A running radosgw; its own `accessKey` and `secretKey` are those of `main`. */
export interface RadosgwServer extends S3Server {
  readonly users: ThreeUsers;
}

/** The users, the same in every run. */
const RADOSGW_USERS = {
  main: {
    userId: "e2e-main",
    displayName: "E2E Main",
    email: "main@example.com",
    accessKey: "E2EMAINACCESSKEY0001",
    secretKey: "e2e-main-secret-key-0123456789abcdefghij",
  },
  alt: {
    userId: "e2e-alt",
    displayName: "E2E Alt",
    email: "alt@example.com",
    accessKey: "E2EALTACCESSKEY00001",
    secretKey: "e2e-alt-secret-key-0123456789abcdefghijk",
  },
  tenant: {
    userId: "e2e-tenant-user",
    displayName: "E2E Tenant",
    email: "tenant@example.com",
    accessKey: "E2ETENANTACCESSKEY01",
    secretKey: "e2e-tenant-secret-key-0123456789abcdefgh",
    tenant: "e2etenant",
  },
} as const satisfies ThreeUsers;

const OSD_TRIES = 5;

/** Starts monitor, OSD and gateway and makes the users: about 15 s, 0.4 GiB of memory plus what is stored. */
export async function startRadosgw(): Promise<RadosgwServer> {
  const scratch = await makeScratch("rgw");
  const children: Child[] = [];
  return await orTakeDown(children, scratch, async () => {
    const port = await freePort();
    const conf = await writeCephConf(scratch.folder, port);
    await startCluster(conf, children);
    const endpoint = `http://127.0.0.1:${port}`;
    children.push(
      await startChild({
        program: findProgram("radosgw", "radosgw"),
        args: ["-c", conf.file, "-n", "client.rgw", "--no-mon-config", "-f"],
        cwd: scratch.folder,
      }),
    );
    await untilReady("radosgw", children, {
      probe: () => answersHttp(endpoint, 200),
      timeoutMs: 120_000,
    });
    for (const user of Object.values(RADOSGW_USERS)) await createUser(conf, user);
    return {
      ...RADOSGW_USERS.main,
      name: "radosgw",
      endpoint,
      region: "us-east-1",
      users: RADOSGW_USERS,
      pids: children.map((child) => child.pid),
      [Symbol.asyncDispose]: () => takeDown(children, scratch),
    };
  });
}

interface CephConf {
  readonly file: string;
  readonly folder: string;
  readonly fsid: string;
  readonly monPort: number;
}

async function writeCephConf(folder: string, port: number): Promise<CephConf> {
  const monPort = await freePort();
  const fsid = randomUUID();
  const file = join(folder, "ceph.conf");
  for (const name of ["run", "log", "mon", "osd"]) await mkdir(join(folder, name));
  const text = `[global]
fsid = ${fsid}
auth_cluster_required = none
auth_service_required = none
auth_client_required = none
mon_host = v1:127.0.0.1:${monPort}
public_addr = 127.0.0.1
cluster_addr = 127.0.0.1
ms_bind_msgr2 = false
ms_bind_ipv6 = false
run_dir = ${folder}/run
admin_socket = ${folder}/run/$name.asok
pid_file = ${folder}/run/$name.pid
log_file = ${folder}/log/$name.log
osd_pool_default_size = 1
osd_pool_default_min_size = 1
osd_pool_default_pg_num = 8
osd_pool_default_pgp_num = 8
osd_pool_default_pg_autoscale_mode = off
osd_crush_chooseleaf_type = 0
mon_allow_pool_size_one = true
mon_warn_on_insecure_global_id_reclaim = false
mon_warn_on_insecure_global_id_reclaim_allowed = false
mon_data = ${folder}/mon
mon_data_avail_crit = 1
[osd]
osd_data = ${folder}/osd
osd_objectstore = memstore
memstore_device_bytes = 12884901888
[client]
rgw_data = ${folder}/run
rgw_frontends = beast endpoint=127.0.0.1:${port} tcp_nodelay=1
rgw_crypt_require_ssl = false
rgw_crypt_s3_kms_backend = testing
rgw_crypt_s3_kms_encryption_keys = testkey-1=YmluCmJvb3N0CmJvb3N0LWJ1aWxkCmNlcGguY29uZgo= testkey-2=aWIKTWFrZWZpbGUKbWFuCm91dApzcmMKVGVzdGluZwo=
rgw_s3_auth_use_sts = true
rgw_sts_key = abcdefghijklmnop
rgw_enable_usage_log = false
rgw_thread_pool_size = 64
`;
  await writeFile(file, text);
  return { file, folder, fsid, monPort };
}

async function startCluster(conf: CephConf, children: Child[]): Promise<void> {
  const cwd = conf.folder;
  const monmap = join(conf.folder, "monmap");
  const mon = findProgram("ceph-mon", "radosgw");
  const addv = ["--addv", "a", `[v1:127.0.0.1:${conf.monPort}]`];
  await runToEnd({
    program: findProgram("monmaptool", "radosgw"),
    args: ["--create", "--clobber", "--fsid", conf.fsid, ...addv, monmap],
    cwd,
  });
  await runToEnd({
    program: mon,
    args: ["-c", conf.file, "--mkfs", "-i", "a", "--monmap", monmap],
    cwd,
  });
  children.push(await startChild({ program: mon, args: ["-c", conf.file, "-i", "a", "-f"], cwd }));

  const ceph = (...args: string[]): Promise<string> =>
    runToEnd({
      program: findProgram("ceph", "radosgw"),
      args: ["-c", conf.file, "--connect-timeout", "10", ...args],
      cwd,
    });
  // It answers `fsid` before it takes any other command.
  const probe = async () => (await ceph("osd", "stat")).length > 0;
  await untilReady("ceph-mon", children, { probe });
  const osdId = randomUUID();
  await ceph("osd", "create", osdId, "0");
  const osd = findProgram("ceph-osd", "radosgw");
  await runToEnd({
    program: osd,
    args: ["-c", conf.file, "-i", "0", "--mkfs", "--osd-uuid", osdId],
    cwd,
  });
  await ceph("osd", "crush", "add", "osd.0", "1.0", "root=default");
  const start = () => startChild({ program: osd, args: ["-c", conf.file, "-i", "0", "-f"], cwd });
  const untilUp = (child: Child) =>
    untilReady("ceph-osd", [child], {
      probe: async () => (await ceph("osd", "stat")).includes("1 up"),
    });
  // It asks the monitor before it has heard from it which cluster this is, and ends ("wrong fsid") if it asks too early.
  for (let tries = 1; ; tries++) {
    const child = await start();
    children.push(child);
    try {
      await untilUp(child);
      return;
    } catch (error) {
      if (tries === OSD_TRIES || !child.logTail().includes("wrong fsid")) throw error;
      children.pop();
    }
  }
}

async function createUser(conf: CephConf, user: S3User): Promise<void> {
  const tenant = user.tenant === undefined ? [] : ["--tenant", user.tenant];
  await runToEnd({
    program: findProgram("radosgw-admin", "radosgw"),
    args: [
      ...["-c", conf.file, "-n", "client.admin", "user", "create", ...tenant],
      ...["--uid", user.userId, "--display-name", user.displayName, "--email", user.email],
      ...["--access-key", user.accessKey, "--secret", user.secretKey],
    ],
    cwd: conf.folder,
  });
}
