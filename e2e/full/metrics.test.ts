/** A real Prometheus scrapes loaded gateways: every metric of before is there and moves, every panel and rule finds what it asks for. */
import { deepEqual, equal, match, ok } from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { putObject, randomContent } from "../clients/objects.ts";
import { loadOnce, makeBuckets } from "../metered/load.ts";
import { type MeteredSite, startMeteredSite } from "../metered/metered-site.ts";
import { lintMetrics, type Prometheus, promtool, startPrometheus } from "../servers/prometheus.ts";

const ROOT = join(import.meta.dirname, "../..");
const filesOf = (folder: string) =>
  readdirSync(join(ROOT, folder)).map((name) => join(ROOT, folder, name));
const ruleFiles = filesOf("deploy/prometheus/rules");
const read = (path: string) => readFileSync(path, "utf8");

/** Names of the metrics of before that are here, as docs/metrics.md lists them all. */
const earlier = [
  ...read(join(ROOT, "test/earlier-metrics.ts")).matchAll(/^ {2}([a-z0-9_]+): \[/gm),
].map(([, name = ""]) => name);
const documented = [
  ...read(join(ROOT, "docs/metrics.md")).matchAll(/^\| `(\w+)` \| (counter|gauge|histogram) \|/gm),
].map(([, name = "", kind = ""]) => ({ name, kind }));

/** What the load can't move, and where it is shown to move. */
const UNMOVED: Readonly<Record<string, string>> = {
  dropped_audit_events_total: "needs a lost audit trail: the last test of gateways here",
  gateway_mpu_state_legacy_reads_total:
    "needs state that was written unsealed: services/crypto/test/multipart-state",
  gateway_upload_part_copy_legacy_fallback_total:
    "needs objects of the earlier format: services/edge/test/copy/part-copy-metrics.test.ts",
};

/** Names that others gave: dashboards of before, and prom-client. */
const KNOWN_PROBLEM = /^(?:goroutines_total|nodejs_active_\w+_total) non-counter metrics/;

/** Longest time for what was counted to be scraped and seen. */
const PATIENCE_MS = 180_000;

describe("metrics", () => {
  const stack = new AsyncDisposableStack();
  let site: MeteredSite;
  let prometheus: Prometheus;

  before(async () => {
    site = stack.use(await startMeteredSite());
    prometheus = stack.use(await startPrometheus({ jobs: site.jobs, ruleFiles }));
    await makeBuckets(site);
    await loadOnce(site);
  });
  after(() => stack.disposeAsync());

  it("of every process are well-formed", async () => {
    for (const url of Object.values(site.jobs).flat()) {
      const text = await (await fetch(url)).text();
      match(text, /^# TYPE go_info gauge$/m);
      const problems = await lintMetrics(text);
      deepEqual(
        problems.filter((problem) => !KNOWN_PROBLEM.test(problem)),
        [],
      );
    }
  });

  it("have every name of before, each of which moved", async () => {
    const wanted = documented.filter(({ name }) => earlier.includes(name));
    ok(wanted.length > 55, `${wanted.length} of ${earlier.length} are here`);
    const still = wanted.filter(({ name }) => UNMOVED[name] === undefined);
    await becomesEmpty("these did not move", site, async () => {
      const unmoved: string[] = [];
      for (const metric of still) if (!(await hasMoved(metric))) unmoved.push(metric.name);
      return unmoved;
    });
    for (const name of Object.keys(UNMOVED)) {
      ok((await prometheus.query(name)).length > 0, `${name} is not even there`);
    }
  });

  async function hasMoved({ name, kind }: { name: string; kind: string }): Promise<boolean> {
    const series = kind === "histogram" ? `${name}_count` : name;
    const seen = await prometheus.query(`max_over_time(${series}[10m])`);
    return seen.some(({ value }) => value !== 0);
  }

  for (const path of filesOf("deploy/grafana")) {
    const { title, panels } = JSON.parse(read(path)) as Dashboard;
    it(`bring data to every panel of "${title}"`, async () => {
      const asked = panels.flatMap(({ title: panel, targets = [] }) =>
        targets.map(({ expr }) => ({ panel, query: filled(expr) })),
      );
      await becomesEmpty("panels without data", site, async () => {
        const empty: string[] = [];
        for (const { panel, query } of asked) {
          const found = await prometheus.query(query);
          if (!found.some(({ value }) => !Number.isNaN(value))) empty.push(`${panel}: ${query}`);
        }
        return empty;
      });
    });
  }

  it("have no bucket as a label, but where that is wanted", async () => {
    const named = await prometheus.query('count by (job) ({bucket!="", bucket!="*"})');
    deepEqual(
      named.map(({ labels }) => labels.job),
      ["s3eg-one"],
    );
  });

  it("hold no secret and no name of an object", async () => {
    const texts = await Promise.all(
      Object.values(site.jobs)
        .flat()
        .map(async (url) => await (await fetch(url)).text()),
    );
    const { accessKey, secretKey, secrets } = site.roles.gateway;
    const told = texts.join("\n");
    const { kek, keysSecret } = secrets;
    for (const secret of [accessKey, secretKey, "without a key", "in parts"]) {
      ok(!told.includes(secret), secret);
    }
    for (const secret of [kek, keysSecret]) ok(!told.includes(secret.toString("base64")));
  });

  it("let rules fire when the audit trail is lost", async () => {
    const [audit = 0] = site.roles.gateway.roles.audit;
    process.kill(audit, "SIGKILL");
    const at = { s3: site.roles.s3, bucket: "roles" };
    await becomesEmpty("alerts that do not fire", undefined, async () => {
      await putObject(at, "unheard", { body: randomContent(10).body });
      const firing = await prometheus.alerts();
      return ["S3egAuditEventsLost", "S3egDown"].filter((name) => !firing.includes(name));
    });
    const [dropped] = await prometheus.query("sum(dropped_audit_events_total)");
    ok((dropped?.value ?? 0) > 0);
  });
});

describe("rules", () => {
  it("are what promtool takes for good", async () => {
    match(await promtool(["check", "rules", ...ruleFiles]), /SUCCESS/);
  });

  it("fire when they should, and not before", async () => {
    match(await promtool(["test", "rules", ...filesOf("deploy/prometheus/tests")]), /SUCCESS/);
  });
});

interface Dashboard {
  readonly title: string;
  readonly panels: readonly {
    readonly title: string;
    readonly targets?: readonly { readonly expr: string }[];
  }[];
}

/** As Grafana fills it in for all jobs. */
function filled(expr: string): string {
  return expr.replaceAll("$job", ".*").replaceAll("$__rate_interval", "10m");
}

/** Waits until `look` finds nothing any more; loads `site` anew in between. */
async function becomesEmpty(
  what: string,
  site: MeteredSite | undefined,
  look: () => Promise<string[]>,
): Promise<void> {
  const deadline = Date.now() + PATIENCE_MS;
  for (;;) {
    await sleep(2500);
    const found = await look();
    if (found.length === 0) return;
    if (Date.now() > deadline) equal(found.join("\n"), "", what);
    if (site) await loadOnce(site);
  }
}
