/** Runs the pytest suite ceph/s3-tests against an endpoint. The suite is fetched by whoever runs this, never kept here. */
import { existsSync } from "node:fs";
import { mkdir, readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { runToEnd, startChild } from "../servers/child.ts";
import { findProgram } from "../servers/place.ts";
import type { S3User } from "../servers/s3-server.ts";
import { type Outcomes, readJunit } from "./junit.ts";
import type { Target } from "./target.ts";

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

/** Which tests are run, and where pytest writes what came of them. */
export interface SuiteRun {
  readonly target: Target;
  readonly junit: string;
  /** Files of test ids, one a line. */
  readonly names: readonly string[];
  /** An expression of pytest's `-k`. */
  readonly filter: string | undefined;
  /** Whether buckets that can't be emptied fail the tests that come after (leave_locked.py). */
  readonly leavesLocked: boolean;
}

/** Folder of the suite: environment variable S3TESTS_DIR. */
export function suiteFolder(): string {
  const folder = process.env.S3TESTS_DIR;
  if (folder === undefined || !existsSync(join(folder, "s3tests"))) {
    throw new Error("S3TESTS_DIR must name a checkout of ceph/s3-tests outside this repository");
  }
  return folder;
}

/** Runs the tests, prints the end of what pytest says, and returns what came of each. */
export async function runSuite(run: SuiteRun): Promise<Outcomes> {
  const { target, junit, names, filter, leavesLocked } = run;
  const folder = suiteFolder();
  const python = await makeVenv(folder);
  const conf = `${junit}.conf`;
  await writeFile(conf, confText(target));
  await rm(junit, { force: true });
  const child = await startChild({
    program: python,
    args: [
      ...["-m", "pytest", "-n", "2", "-q", "--no-header", "--tb=short", "-p", "no:cacheprovider"],
      `--junit-xml=${junit}`,
      ...(filter === undefined ? [] : ["-k", filter]),
      ...(leavesLocked ? ["-p", "leave_locked"] : []),
      ...(target.ca === undefined ? [] : ["-p", "unframed_body"]),
      ...names.map((list) => `@${list}`),
    ],
    cwd: folder,
    env: {
      S3TEST_CONF: conf,
      PYTHONPATH: `${folder}:${import.meta.dirname}`,
      PYTHONDONTWRITEBYTECODE: "1",
      AWS_MAX_ATTEMPTS: "2",
      AWS_CONFIG_FILE: "/dev/null",
      AWS_SHARED_CREDENTIALS_FILE: "/dev/null",
      AWS_EC2_METADATA_DISABLED: "true",
      // For the tests that open a socket of their own; boto3 is told not to verify (`ssl_verify`).
      ...(target.ca === undefined ? {} : { SSL_CERT_FILE: target.ca }),
    },
  });
  await child.exited;
  process.stdout.write(child.logTail());
  return readJunit(await readFile(junit, "utf8"));
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

function confText({ endpoint, users: { main, alt, tenant } }: Target): string {
  const { hostname, port, protocol } = new URL(endpoint);
  // The suite wants these sections to be there; the tests that use them are not among the names.
  const unused = { ...main, accessKey: "UNUSEDUNUSEDUNUSED01" };
  const inTenant = tenant.tenant === undefined ? "" : `${tenant.tenant}$`;
  return [
    "[DEFAULT]",
    `host = ${hostname}`,
    `port = ${port}`,
    `is_secure = ${protocol === "https:" ? "True" : "False"}`,
    "ssl_verify = False",
    "[fixtures]",
    "bucket prefix = e2e-{random}-",
    ...section("s3 main", main, ["api_name = default"]),
    ...section("s3 alt", alt),
    ...section("s3 tenant", { ...tenant, userId: `${inTenant}${tenant.userId}` }, [
      `tenant = ${tenant.tenant ?? ""}`,
    ]),
    ...section("iam", unused),
    ...section("iam root", unused),
    ...section("iam alt root", unused),
    "",
  ].join("\n");
}

function section(name: string, user: S3User, more: readonly string[] = []): string[] {
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
