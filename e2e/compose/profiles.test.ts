/**
 * What docker-compose.yml starts only when it is asked to, on podman and stand-ins (site.ts): Prometheus and OpenBao. Two programs are not
 * started: Grafana, which no package has, and Cosmian KMS, whose build takes 20 minutes. What can be seen without them is looked at.
 */
import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { parse } from "yaml";
import { parseGuide } from "../guides/guide.ts";
import { untilReady } from "../servers/child.ts";
import { type PrometheusApi, prometheusAt } from "../servers/prometheus.ts";
import { type ComposeSite, GATEWAY, openSite } from "./site.ts";

const ROOT = join(import.meta.dirname, "../..");
const STAND_INS = { prometheus: "prometheus", grafana: "grafana", openbao: "openbao" };
const PROCESSES = {
  "s3eg-edge": 1,
  "s3eg-crypto": 2,
  "s3eg-keys": 1,
  "s3eg-audit": 1,
  "s3eg-admin": 1,
};
/** Rules are evaluated every minute, processes asked every 15 seconds. */
const SEEN_MS = 300_000;

/** What is read of Grafana's files. */
interface DataSources {
  readonly datasources: readonly { type: string; isDefault: boolean; url: string }[];
}
interface Providers {
  readonly providers: readonly { options: { path: string } }[];
}
interface Dashboard {
  readonly uid: string;
  readonly templating: { list: readonly { name: string; type: string; query: string }[] };
}

describe("docker-compose.yml with profiles, on podman's Docker socket and stand-ins, without Grafana and Cosmian KMS themselves", () => {
  let site: ComposeSite;
  let prometheus: PrometheusApi;
  before(async () => {
    site = await openSite(STAND_INS);
    prometheus = prometheusAt(`http://127.0.0.1:${site.project.ports.prometheus}`);
    await site.compose(["up", "-d"]);
    await site.untilHealthy(GATEWAY);
    await site.compose(["--profile", "monitoring", "up", "-d", "prometheus", "grafana"]);
  });
  after(() => site[Symbol.asyncDispose]());

  const inside = (name: string, ...command: readonly string[]) =>
    site.podman.run(["exec", site.container(name), ...command]);
  const isShut = async (name: string) => {
    const status = await inside(name, "cat", "/proc/1/status");
    assert.match(status, /^CapEff:\s+0+$/m, name);
    assert.match(status, /^CapBnd:\s+0+$/m, name);
    assert.match(status, /^NoNewPrivs:\s+1$/m, name);
    return Number(/^Uid:\s+(\d+)/m.exec(status)?.[1]);
  };
  const s3 = (script: string) =>
    site.compose([
      ...["run", "--rm", "--no-deps", "-e", "AWS_MAX_ATTEMPTS=1", "demo"],
      `s3() { aws --endpoint-url http://edge:8080 s3 "$@"; }; ${script}`,
    ]);

  describe("monitoring", () => {
    it("has Prometheus scrape every process of the gateway, as a user without capabilities", async () => {
      let up: Record<string, number> = {};
      await untilReady("scrapes", [], {
        timeoutMs: SEEN_MS,
        probe: async () => {
          up = {};
          for (const { labels } of await prometheus.query("up == 1")) {
            up[labels.job ?? ""] = (up[labels.job ?? ""] ?? 0) + 1;
          }
          return Object.values(up).reduce((sum, some) => sum + some, 0) >= 6;
        },
      });
      assert.deepEqual(up, PROCESSES);
      assert.deepEqual(await prometheus.query("up == 0"), []);
      assert.equal(await isShut("prometheus-1"), 65_534);
    });

    it("has every rule of deploy/prometheus evaluated without an error", async () => {
      await untilReady("rules", [], {
        timeoutMs: SEEN_MS,
        probe: async () => (await prometheus.rules()).every(({ health }) => health !== "unknown"),
      });
      const rules = await prometheus.rules();
      assert.ok(rules.length > 20, `${rules.length}`);
      assert.deepEqual(
        rules.filter(({ health }) => health !== "ok"),
        [],
      );
    });

    it("misses a service that is gone: S3egDown", async () => {
      await site.compose(["stop", "audit"]);
      await untilReady("an alert", [], {
        timeoutMs: SEEN_MS,
        probe: async () => {
          const missed = await prometheus.query('ALERTS{alertname="S3egDown"}');
          return missed.map(({ labels }) => labels.job).join() === "s3eg-audit";
        },
      });
      await site.compose(["start", "audit"]);
      await site.untilHealthy(["audit-1"]);
    });

    it("lays out for Grafana, which itself is not started, what its user has to read", async () => {
      assert.equal(await isShut("grafana-1"), 472);
      const read = (place: string) => inside("grafana-1", "cat", place);
      const provisioning = "/etc/grafana/provisioning";
      const sources = parse(
        await read(`${provisioning}/datasources/prometheus.yml`),
      ) as DataSources;
      const [source] = sources.datasources;
      assert.ok(source?.isDefault);
      assert.equal(source.type, "prometheus");
      const { hostname, port } = new URL(source.url);
      const ask = `exec 3<>/dev/tcp/${hostname}/${port}; printf 'GET /-/ready HTTP/1.0\\r\\n\\r\\n' >&3; cat <&3`;
      assert.match(await inside("grafana-1", "bash", "-c", ask), /^HTTP\/1\.0 200 OK/);

      const { providers } = parse(await read(`${provisioning}/dashboards/s3eg.yml`)) as Providers;
      const path = providers[0]?.options.path;
      const uids = new Set<string>();
      const dashboards = await readdir(join(ROOT, "deploy/grafana"));
      assert.ok(dashboards.length >= 5);
      for (const name of dashboards) {
        const text = await readFile(join(ROOT, "deploy/grafana", name), "utf8");
        const sum = createHash("sha256").update(text).digest("hex");
        assert.match(await inside("grafana-1", "sha256sum", `${path}/${name}`), RegExp(`^${sum}`));
        const dashboard = JSON.parse(text) as Dashboard;
        uids.add(dashboard.uid);
        const [chosen] = dashboard.templating.list;
        assert.deepEqual([chosen?.type, chosen?.query], ["datasource", source.type], name);
        const asked = new Set(sourcesOf(dashboard));
        assert.deepEqual([...asked], [`${source.type} $\{${chosen?.name}}`], name);
      }
      assert.equal(uids.size, dashboards.length);

      const [, file = ""] = /FILE=(.*)/.exec(await inside("grafana-1", "env")) ?? [];
      assert.equal(await read(file), await site.project.secret("grafana-password"));
      await inside("grafana-1", "touch", "/var/lib/grafana/grafana.db");
    });
  });

  describe("openbao", () => {
    before(() => s3("s3 mb s3://kept; echo under the KEK of before | s3 cp - s3://kept/a"));

    it("opens, makes a key and seals under it, as docs/guides/key-stores.md has it", async () => {
      const path = "docs/guides/key-stores.md";
      const guide = parseGuide(path, await readFile(join(ROOT, path), "utf8"));
      const block = guide.blocks.find(({ text }) => text.includes("deploy/compose/openbao.sh"));
      const said = await site.type(block?.text ?? "exit 1");
      assert.match(said, /the same bytes came back/);
      assert.equal(await isShut("openbao-1"), 100);
      await assert.rejects(inside("openbao-1", "touch", "/x"), /Read-only file system/);
    });

    it("still opens what the KEK of before sealed", async () => {
      assert.match(await s3("s3 cp s3://kept/a -"), /under the KEK of before/);
    });

    it("seals nothing while OpenBao is sealed after its restart, until deploy/compose/openbao.sh is run again", async () => {
      await site.compose(["restart", "openbao"]);
      assert.match(await s3("echo refused | s3 cp - s3://kept/b || true"), /ServiceUnavailable/);
      await site.type("deploy/compose/openbao.sh");
      await site.untilHealthy(GATEWAY);
      assert.match(await site.demo(), /the same bytes came back/);
    });
  });

  describe("cosmian", () => {
    it("keeps the keys in its volume by the file (Cosmian KMS itself is not started)", async () => {
      const { "cosmian-kms": service } = await site.project.services();
      const target = service?.volumes?.[0]?.target;
      const command = service?.command ?? [];
      for (const option of ["--sqlite-path", "--root-data-path"]) {
        const place = command[command.indexOf(option) + 1] ?? "";
        assert.ok(target && `${place}/`.startsWith(`${target}/`), `${option} ${place}`);
      }
    });
  });
});

/** `type uid` of each data source that a dashboard names. */
function sourcesOf(part: unknown): string[] {
  if (typeof part !== "object" || part === null) return [];
  return Object.entries(part).flatMap(([key, value]: [string, unknown]) => {
    if (key !== "datasource") return sourcesOf(value);
    const { type, uid } = value as { type: string; uid: string };
    return [`${type} ${uid}`];
  });
}
