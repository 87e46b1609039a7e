/**
 * Runs ceph/s3-tests (by default names/rgw16-pass.txt: the 497 tests that pass on radosgw 16; on another backend also
 * names/rgw16-beyond.txt: what it may do that radosgw 16 does not) and says what differs from what is known:
 * S3TESTS_DIR=<checkout of ceph/s3-tests> run.ts [--backend radosgw|versitygw|minio] [--gateway|--compare] [--tls]
 *   [--default-policy] [--endpoint URL] [--names FILE …] [--junit FILE] [-k EXPRESSION]
 * Default: directly on a backend that it starts. --gateway: a gateway in front of that backend, with the policy that the suite
 * needs or (--default-policy) with none, over TLS with --tls. --compare: first directly, then through the gateway, each on a fresh
 * backend. --endpoint: whatever answers there and knows the users of that backend.
 * Status 1 when a test fails that names/baseline-<backend>.txt does not list (directly: when any fails; --compare: when it passes directly).
 */
import { join } from "node:path";
import { parseArgs } from "node:util";
import type { Outcomes } from "./junit.ts";
import { knownDifferences, NAMES_FOLDER, reportComparison, reportFailures } from "./known.ts";
import { runSuite, suiteFolder } from "./suite.ts";
import { startBackend, startBehind, type Target } from "./target.ts";

await runS3Tests();

type Arguments = ReturnType<typeof readArguments>;

function readArguments() {
  const { values } = parseArgs({
    options: {
      backend: { type: "string", default: "radosgw" },
      gateway: { type: "boolean", default: false },
      compare: { type: "boolean", default: false },
      tls: { type: "boolean", default: false },
      "default-policy": { type: "boolean", default: false },
      endpoint: { type: "string" },
      names: { type: "string", multiple: true },
      junit: { type: "string" },
      k: { type: "string", short: "k" },
    },
  });
  const isRadosgw = values.backend === "radosgw";
  const lists = isRadosgw ? ["rgw16-pass.txt"] : ["rgw16-pass.txt", "rgw16-beyond.txt"];
  return { ...values, names: values.names ?? lists.map((list) => join(NAMES_FOLDER, list)) };
}

async function runS3Tests(): Promise<void> {
  const values = readArguments();
  const { backend, compare, gateway, endpoint } = values;
  const isGood = compare
    ? reportComparison(
        await runOnce(values, "direct"),
        await runOnce(values, "gateway"),
        await knownDifferences(backend),
      )
    : reportFailures(
        await runOnce(values, gateway ? "gateway" : "direct"),
        gateway || endpoint !== undefined ? await knownDifferences(backend) : [],
      );
  process.exitCode = isGood ? 0 : 1;
}

async function runOnce(values: Arguments, by: "direct" | "gateway"): Promise<Outcomes> {
  await using servers = new AsyncDisposableStack();
  const { backend, tls, names, k, compare } = values;
  const given = compare ? undefined : values.junit;
  const folder = suiteFolder();
  const junit = given ?? join(folder, `${backend}-${by}${tls ? "-tls" : ""}.xml`);
  const target = await startTarget(servers, values, by);
  process.stdout.write(`${backend}, ${by}, ${target.endpoint}; junit: ${junit}\n`);
  const leavesLocked = backend !== "radosgw";
  return await runSuite({ target, junit, names, filter: k, leavesLocked });
}

async function startTarget(
  servers: AsyncDisposableStack,
  values: Arguments,
  by: "direct" | "gateway",
): Promise<Target> {
  const backend = servers.use(await startBackend(values.backend));
  if (values.endpoint !== undefined) return { endpoint: values.endpoint, users: backend.users };
  if (by === "direct") return backend;
  const behind = { isDefaultPolicy: values["default-policy"], isTls: values.tls };
  return await startBehind(servers, backend, behind);
}
