/**
 * Runs ceph/s3-tests (names/rgw16-pass.txt, 497 tests) and says what differs from what is known:
 * S3TESTS_DIR=<checkout of ceph/s3-tests> run.ts [--gateway [--default-policy] | --endpoint URL] [--names FILE] [--junit FILE] [-k EXPRESSION]
 * Default: directly on a radosgw that it starts. --gateway: a gateway in front of that radosgw, with the policy that the suite
 * needs or (--default-policy) with none. --endpoint: whatever answers there and knows the three users of servers/radosgw.ts.
 * The suite is fetched by whoever runs this, never kept here.
 * Status 1 when a test fails that names/baseline.txt does not list (directly: when any fails).
 */
import { existsSync } from "node:fs";
import { mkdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { startGateway } from "../gateway.ts";
import { runToEnd, startChild } from "../servers/child.ts";
import { findProgram } from "../servers/place.ts";
import { RADOSGW_USERS, type RadosgwUser, startRadosgw } from "../servers/radosgw.ts";
import { readJunit } from "./junit.ts";

const NAMES_FOLDER = join(import.meta.dirname, "names");
const PYTHON_PACKAGES = [
  "boto3==1.43.11",
  "munch",
  "isodate",
  "requests",
  "pytz",
  "httplib2",
  "lxml",
  "PyYAML",
  "pytest>=8.2",
  "pytest-xdist",
];

/** The suite compares ETags with MD5s, and asks as nobody for what ACLs of the backend let nobody do. */
const POLICY = { id: "s3-tests", buckets: ["*"], etag: "md5", anonymous: "pass" };

await runS3Tests();

async function runS3Tests(): Promise<void> {
  const { values } = parseArgs({
    options: {
      gateway: { type: "boolean", default: false },
      "default-policy": { type: "boolean", default: false },
      endpoint: { type: "string" },
      names: { type: "string", default: join(NAMES_FOLDER, "rgw16-pass.txt") },
      junit: { type: "string" },
      k: { type: "string", short: "k" },
    },
  });
  const suite = process.env.S3TESTS_DIR;
  if (suite === undefined || !existsSync(join(suite, "s3tests"))) {
    throw new Error("S3TESTS_DIR must name a checkout of ceph/s3-tests outside this repository");
  }
  const isDirect = !values.gateway && values.endpoint === undefined;
  await using servers = new AsyncDisposableStack();
  const endpoint = values.endpoint ?? (await startTarget(servers, values));
  const junit = values.junit ?? join(suite, isDirect ? "direct.xml" : "gateway.xml");
  await runSuite(suite, {
    endpoint,
    junit,
    names: values.names,
    filter: values.k === undefined ? [] : ["-k", values.k],
  });
  process.exitCode = await report(junit, isDirect ? [] : await readNames("baseline.txt"));
}

async function startTarget(
  servers: AsyncDisposableStack,
  wanted: { readonly gateway: boolean; readonly "default-policy": boolean },
): Promise<string> {
  const radosgw = servers.use(await startRadosgw());
  if (!wanted.gateway) return radosgw.endpoint;
  const gateway = await startGateway({
    backend: radosgw,
    users: Object.values(radosgw.users),
    policies: wanted["default-policy"] ? [] : [POLICY],
  });
  return servers.use(gateway).endpoint;
}

interface SuiteRun {
  readonly endpoint: string;
  readonly junit: string;
  readonly names: string;
  readonly filter: readonly string[];
}

async function runSuite(
  suite: string,
  { endpoint, junit, names, filter }: SuiteRun,
): Promise<void> {
  const python = await makeVenv(suite);
  const conf = join(suite, "e2e.conf");
  await writeFile(conf, confText(new URL(endpoint)));
  const child = await startChild({
    program: python,
    args: [
      ...["-m", "pytest", "-n", "2", "-q", "--no-header", "--tb=short", "-p", "no:cacheprovider"],
      ...[`--junit-xml=${junit}`, ...filter, `@${names}`],
    ],
    cwd: suite,
    env: {
      S3TEST_CONF: conf,
      AWS_MAX_ATTEMPTS: "2",
      AWS_CONFIG_FILE: "/dev/null",
      AWS_SHARED_CREDENTIALS_FILE: "/dev/null",
      AWS_EC2_METADATA_DISABLED: "true",
    },
  });
  await child.exited;
  process.stdout.write(child.logTail());
}

async function makeVenv(suite: string): Promise<string> {
  const folder = join(suite, ".venv");
  const python = join(folder, "bin", "python");
  const stamp = join(folder, "installed");
  if (existsSync(stamp)) return python;
  await mkdir(folder, { recursive: true });
  await runToEnd({ program: findProgram("python3", "python"), args: ["-m", "venv", folder] });
  const args = ["-m", "pip", "install", "-q", ...PYTHON_PACKAGES];
  await runToEnd({ program: python, args, inheritsEnv: true });
  await writeFile(stamp, "");
  return python;
}

function confText(endpoint: URL): string {
  const { main, alt, tenant } = RADOSGW_USERS;
  // The suite wants these sections to be there; the tests that use them are not among the names.
  const unused = { ...main, accessKey: "UNUSEDUNUSEDUNUSED01" };
  return [
    "[DEFAULT]",
    `host = ${endpoint.hostname}`,
    `port = ${endpoint.port}`,
    `is_secure = ${endpoint.protocol === "https:" ? "True" : "False"}`,
    "ssl_verify = False",
    "[fixtures]",
    "bucket prefix = e2e-{random}-",
    ...section("s3 main", main, ["api_name = default"]),
    ...section("s3 alt", alt),
    ...section("s3 tenant", { ...tenant, userId: `${tenant.tenant}$${tenant.userId}` }, [
      `tenant = ${tenant.tenant}`,
    ]),
    ...section("iam", unused),
    ...section("iam root", unused),
    ...section("iam alt root", unused),
    "",
  ].join("\n");
}

function section(name: string, user: RadosgwUser, more: readonly string[] = []): string[] {
  return [
    `[${name}]`,
    `display_name = ${user.displayName}`,
    `user_id = ${user.userId}`,
    `email = ${user.email}`,
    `access_key = ${user.accessKey}`,
    `secret_key = ${user.secretKey}`,
    ...more,
  ];
}

async function report(junit: string, known: readonly string[]): Promise<number> {
  const { passed, failed, skipped } = readJunit(await readFile(junit, "utf8"));
  const surprises = failed.filter((name) => !known.includes(name));
  const healed = known.filter((name) => passed.includes(name));
  for (const name of surprises) process.stdout.write(`NEW FAILURE ${name}\n`);
  for (const name of healed)
    process.stdout.write(`passes now, strike it from the baseline: ${name}\n`);
  process.stdout.write(
    `${passed.length} passed, ${failed.length} failed (${failed.length - surprises.length} of them known), ${skipped.length} skipped; junit: ${junit}\n`,
  );
  return surprises.length > 0 || passed.length === 0 ? 1 : 0;
}

async function readNames(file: string): Promise<string[]> {
  const text = await readFile(join(NAMES_FOLDER, file), "utf8");
  return text.split("\n").filter((line) => line !== "" && !line.startsWith("#"));
}
